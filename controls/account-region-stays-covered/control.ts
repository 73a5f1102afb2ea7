import type { Detection, Ports, WatchingControl } from "../../shared/control.ts";
import { patience } from "../../shared/deployment/deployments.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import type { Coverage } from "../../shared/resources/account-coverage.ts";
import type { Reading } from "../../shared/resources/port.ts";
import type { Facts, Finding, ResourceRef } from "../../shared/types.ts";
import { meta } from "./meta.ts";

/** A forwarder beats every 15 minutes; two beats may get lost before it counts as silent. */
export const SILENT_AFTER_MINUTES = 45;

/** Every account and Region has a trail, a forwarder that beats, a member role that can be assumed, and a recorder that records. Those are its parts. */
export const control: WatchingControl<Coverage> = {
  meta,
  changes: "nothing",
  detect,
  ...patience,
};

async function detect(resource: ResourceRef, { coverage }: Ports): Promise<Detection<Coverage>> {
  if (coverage === undefined) throw new CordonError("misconfigured", `${meta.id} is run by functions/guard-cell only`);
  const left = coverage.whyLeft(resource);
  if (left !== undefined) return { kind: "absent", reason: left };
  const state = await coverage.read(resource);
  const facts = {
    role: role(state),
    trail: trail(state),
    forwarder: forwarder(state),
    recorder: recorder(state),
    regions: known(
      state.regions,
      "the account's Regions",
      "a Region nobody looks at may be one that nothing is heard of",
    ),
    accounts: known(state.accounts, "the accounts to be heard", "an account that was never heard is missed by nobody"),
  };
  const isShut = state.role.kind === "shut";
  const findings = Object.entries(facts).flatMap(([part, each]): Finding[] => {
    // Without entry one finding says why nothing else can be seen; the others neither come nor go.
    if (each === undefined || (isShut && each.kind === "unreadable")) return [];
    return [findingOf(resource, part, each)];
  });
  return { kind: "present", state, tags: [], findings, ...(isShut && { isPartial: true }) };
}

function role({ role }: Coverage): Facts | undefined {
  if (role.kind === "not-needed") return undefined;
  return condition(role.kind === "open", {
    expected: "the member role can be assumed with the external id",
    found: role.kind === "open" ? "it can" : role.reason,
    consequence: "nothing there can be read or stopped",
    remedy: "Deploy deploy/member-role.yml in that account, with this cell's account and external id (docs/deploy.md).",
  });
}

function trail({ trails }: Coverage): Facts {
  if (trails.kind !== "present") return { kind: "unreadable", reason: trails.reason };
  const good = trails.state.find(({ isLogging, logsWrites }) => isLogging && logsWrites);
  const hidden = trails.state.find(({ unreadable }) => unreadable !== undefined);
  if (good === undefined && hidden?.unreadable !== undefined) return { kind: "unreadable", reason: hidden.unreadable };
  const told = trails.state.map(
    ({ name, isLogging }) => `${name} ${isLogging ? "does not log management events that write" : "is not logging"}`,
  );
  return condition(good !== undefined, {
    expected: "a trail that logs this Region's management events",
    found: good !== undefined ? `${good.name} logs them` : told.join("; ") || "no trail",
    consequence: "EventBridge is told of no call there, so that Cordon hears nothing",
    remedy: "Start its logging (aws cloudtrail start-logging), or make a multi-Region trail for the organisation.",
  });
}

function forwarder({ forwarder, readAtMs }: Coverage): Facts | undefined {
  if (forwarder.kind === "not-needed") return undefined;
  const { rules, heartbeatAt } = forwarder;
  const isSilent = heartbeatAt === undefined || readAtMs - Date.parse(heartbeatAt) > SILENT_AFTER_MINUTES * 60_000;
  // Its silence says enough; only a forwarder that beats has to be seen to be believed.
  if (rules.kind === "unreadable" && !isSilent) return { kind: "unreadable", reason: rules.reason };
  const wrong =
    rules.kind === "present"
      ? rules.state.flatMap(({ name, what, differences }) =>
          differences.map((each) => `${what ?? "rule"} ${name}: ${each}`),
        )
      : [];
  const beat = heartbeatAt === undefined ? "it was never heard" : `last heard ${heartbeatAt}`;
  const found = [...(isSilent ? [beat] : []), ...wrong];
  return condition(found.length === 0, {
    expected: `the forwarding stack as deployed, heard every 15 minutes`,
    found: found.length === 0 ? "it is heard" : found.join("; "),
    consequence: "what happens there is not heard, or only in part",
    remedy:
      "Deploy deploy/forwarder.yml in that account and Region again (docs/deploy.md); put back what differs by hand.",
  });
}

function recorder({ recorders }: Coverage): Facts {
  if (recorders.kind !== "present") return { kind: "unreadable", reason: recorders.reason };
  const good = recorders.state.find(({ isRecording }) => isRecording);
  const told = recorders.state.map(({ name }) => `${name} is stopped`);
  return condition(good !== undefined, {
    expected: "AWS Config records",
    found: good !== undefined ? `${good.name} records` : told.join("; ") || "no recorder",
    consequence: "changes that CloudTrail's events miss are not heard either",
    remedy: "Start it (aws configservice start-configuration-recorder), or set AWS Config up there.",
  });
}

/** What has to be known to tell that nothing is missing. */
function known(reading: Reading<unknown> | undefined, what: string, consequence: string): Facts | undefined {
  if (reading === undefined || reading.kind === "unreadable") return reading;
  const isKnown = reading.kind === "present";
  const found = isKnown ? "they are" : reading.reason;
  return condition(isKnown, { expected: `${what} are known`, found, consequence, remedy: "Look it up by hand." });
}

function condition(
  holds: boolean,
  texts: { readonly expected: string; readonly found: string; readonly consequence: string; readonly remedy: string },
): Facts {
  return { kind: "condition", holds, ...texts };
}

const TITLES: Readonly<Record<string, string>> = {
  role: "its member role can't be assumed",
  trail: "no trail tells of its calls",
  forwarder: "its events are not forwarded",
  recorder: "AWS Config does not record",
  regions: "its Regions are not known",
  accounts: "which accounts have to be heard is not known",
};

function findingOf(resource: ResourceRef, part: string, facts: Facts): Finding {
  const where = `${resource.region} of account ${resource.account}`;
  const broken = `${where} is not covered: ${TITLES[part]}`;
  const title =
    facts.kind !== "condition"
      ? `${where}: whether it is covered can't be told (${part})`
      : facts.holds
        ? `${where} is covered (${part})`
        : broken;
  return { id: findingId(meta.id, resource, part), controlId: meta.id, resource, part, title, facts };
}
