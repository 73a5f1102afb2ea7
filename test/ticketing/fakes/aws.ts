import type { FaultSpec, Sandbox } from "../../../sandbox/index.ts";
import type { TrackerAws } from "../../../shared/ticketing/tracker.ts";
import { clientConfig } from "../../sandbox/clients.ts";
import { type Failure, type FakeServer, failFor } from "../fake-server.ts";

/** The sandbox in the place of a vendor's server. */
export function serverOf(sandbox: Sandbox, denied = "AccessDeniedException"): FakeServer {
  const mistakes: string[] = [];
  const codes: Readonly<Record<number, string>> = { 400: "InvalidParameter", 403: denied, 404: "NotFound" };
  const faultOf = (failure: Failure): FaultSpec => {
    if (failure === "none") return { kind: "delay" };
    if (failure === "drop") return { kind: "reset" };
    if (failure === "crash") return { kind: "reset-after" };
    if (failure === "slow") return { kind: "timeout" };
    const { status } = failure;
    if (status === 429) return { kind: "throttle" };
    if (status >= 500) return { kind: "server-error" };
    return { kind: "error", status, errorCode: codes[status] ?? "InvalidParameter" };
  };
  return {
    url: sandbox.endpoint,
    heard: [],
    mistakes,
    failNext(...failures) {
      for (const failure of failures) sandbox.faults.inject(faultOf(failure));
    },
    async close() {
      await sandbox.close();
      failFor(mistakes);
    },
  };
}

/** Calls of the sandbox's administrator, who has no patience: one attempt, and a moment for it. */
export function awsOfSandbox(sandbox: Sandbox, asked: [account: string, region: string][] = []): TrackerAws {
  return {
    region: sandbox.region,
    account: sandbox.account,
    async configFor(account, region) {
      asked.push([account, region]);
      const principal =
        account === sandbox.account
          ? undefined
          : sandbox.createPrincipal({ type: "AssumedRole", name: "cordon-member", account });
      return {
        ...clientConfig(sandbox, region, principal),
        requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
      };
    },
  };
}
