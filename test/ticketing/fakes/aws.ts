import type { FaultSpec, Sandbox } from "../../../sandbox/index.ts";
import type { TrackerAws } from "../../../shared/ticketing/tracker.ts";
import { clientConfig } from "../../sandbox/clients.ts";
import { type Failure, type FakeServer, failFor } from "../fake-server.ts";
import type { InputSchema } from "./aws-schema.ts";

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
    mend: () => sandbox.faults.clear(),
    async close() {
      await sandbox.close();
      failFor(mistakes);
    },
  };
}

/** What a call's input has wrong, by its schema. */
export type CheckInput = (schema: InputSchema, input: unknown) => readonly string[];

export interface SandboxCalls {
  /** Where mistakes are told. */
  readonly server: FakeServer;
  /** Of the client: `AwsQueryProtocol` of @aws-sdk/core/protocols, say. */
  readonly protocol: new (
    ...settings: never[]
  ) => object;
  readonly check: CheckInput;
  readonly asked?: [account: string, region: string][];
}

/** Calls of the sandbox's administrator, who has no patience: one attempt, and a moment for it. Each input is looked at before the SDK makes a request of it. */
export function awsOfSandbox(sandbox: Sandbox, calls: SandboxCalls): TrackerAws {
  const { asked = [] } = calls;
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
        protocol: checkedProtocol(calls),
        requestHandler: { requestTimeout: 1_500, throwOnRequestTimeout: true },
      };
    },
  };
}

/** The client's own protocol, which is given the input as the adapter wrote it: a request has no more what the SDK did not know. */
function checkedProtocol({ protocol, check, server }: SandboxCalls): SandboxCalls["protocol"] {
  return new Proxy(protocol, {
    construct(target, settings) {
      const made: { serializeRequest: (...given: unknown[]) => unknown } = Reflect.construct(target, settings);
      const serialize = made.serializeRequest.bind(made);
      made.serializeRequest = (operation, input, ...more) => {
        const { name, input: schema } = operation as { readonly name: string; readonly input: InputSchema };
        server.mistakes.push(...check(schema, input).map((mistake) => `${name}: ${mistake}`));
        return serialize(operation, input, ...more);
      };
      return made;
    },
  });
}
