import { CordonError } from "../../shared/errors.ts";
import { type StrayReport, settleStrayReport, tellStrayReport } from "../../shared/lifecycle/stray-reports.ts";
import type { Handled } from "../../shared/pipeline.ts";
import { withoutFinding } from "../../shared/runtime/answer.ts";
import type { Connection } from "../../shared/runtime/wire.ts";
import { isTemporaryKey, rootRef } from "../../shared/signals/iam-refs.ts";
import type { Result, Signal } from "../../shared/types.ts";
import { exposed, type KeyControl, roleSessions } from "./controls.ts";

/** What strays are told with. */
export type StrayOffice = Pick<Connection, "journal" | "policy" | "clock"> & {
  /** Judges root's keys, with what is reported of them or without. */
  lookAtRoot(signal: Signal): Promise<Handled>;
};

/** Whether it says that a credential is known to others. Of denied calls alone nobody concludes that. Pure. */
export function isOfExposure({ report }: Signal): boolean {
  return report !== undefined && report.by !== "cloudtrail";
}

/**
 * A report that fits no user, or of whose key AWS says nothing. It may be root's: root's keys are looked at once more.
 *
 * Side effects: writes the journal; IAM's reads for root's keys.
 * @throws CordonError `unavailable`, `conflict`
 */
export async function handleStray(
  signal: Signal,
  stray: Pick<StrayReport, "whose" | "why">,
  office: StrayOffice,
): Promise<Handled> {
  const { policy, clock } = office;
  const nowMs = clock.nowMs();
  const results = [await tell(signal, stray, office)];
  const { keyId, report: _, ...unreported } = signal;
  if (keyId !== undefined && !isTemporaryKey(keyId)) {
    const about: Signal = { ...unreported, id: `${signal.id}:root`, resource: accountIn(signal) };
    results.push(...(await office.lookAtRoot(about)).results);
  }
  // IAM shows a user or a key that has just been made a moment late.
  const settledMs = Date.parse(signal.at) + policy.limits.settleWindowMs;
  const isYoung = signal.source !== "operator" && nowMs < settledMs;
  return { results, ...(isYoung && { retryAtMs: settledMs }) };
}

/** A report of root's credential: of its keys, where there are any, by their own finding; of any other by one for the report. */
export async function handleRoots(signal: Signal, office: StrayOffice): Promise<Handled> {
  const handled = await office.lookAtRoot(signal);
  const hasNoKeys = handled.results.every(({ status }) => status === "compliant");
  const isSession = signal.keyId !== undefined && isTemporaryKey(signal.keyId);
  if (!hasNoKeys && !isSession) return handled;
  const why = isSession ? "it is of a session of root's" : "root has no access key now";
  return { ...handled, results: [...handled.results, await tell(signal, { whose: "root", why }, office)] };
}

/** The report fits a user: what was told of it before, when it did not, is over. */
export async function settleStray(
  signal: Signal,
  user: string,
  { journal, policy, clock }: StrayOffice,
): Promise<void> {
  const how = `it is of ${user}, whose own finding tells how it goes on`;
  await settleStrayReport(
    exposed.meta,
    { signal, account: accountIn(signal), how },
    { journal, policy },
    clock.nowMs(),
  );
}

/**
 * That roles may have been assumed with a reported key which nobody has found: one finding for each report, over once a later delivery finds all, or a person says so.
 *
 * @param missing why there may be more; nothing where all was looked through
 */
export async function tellMissingRoles(
  signal: Signal,
  missing: readonly string[],
  office: StrayOffice,
): Promise<readonly Result[]> {
  if (missing.length > 0)
    return [await tell(signal, { whose: "roles", why: missing.join("; ") }, office, roleSessions)];
  const { journal, policy, clock } = office;
  const how = "CloudTrail's history was read to its end at a later delivery";
  const settled = { signal, account: accountIn(signal), how };
  await settleStrayReport(roleSessions.meta, settled, { journal, policy }, clock.nowMs());
  return [];
}

async function tell(
  signal: Signal,
  stray: Pick<StrayReport, "whose" | "why">,
  { journal, policy, clock }: StrayOffice,
  { meta }: KeyControl = exposed,
): Promise<Result> {
  const account = accountIn(signal);
  const told = { ...stray, signal, account };
  const { isOpen, ...which } = await tellStrayReport(meta, told, { journal, policy }, clock.nowMs());
  const { id } = meta;
  return isOpen
    ? { ...withoutFinding(id, account, "awaiting-approval", stray.why), ...which, decision: "approve" }
    : { ...withoutFinding(id, account, "ignored", "a person has settled it already"), ...which };
}

function accountIn({ resource }: Signal) {
  const account = rootRef(resource.account, resource.arn.split(":")[1] ?? "");
  if (account === undefined) throw new CordonError("malformed", `${resource.arn} is of no known account`);
  return account;
}
