import type { RecordedCall } from "../sandbox/index.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { Account } from "./account.ts";
import { bySide, type Containment, evidenceOf } from "./look.ts";
import type { Teller } from "./tell.ts";

/** A delivery that took longer than this has started a container. */
const COLD_MS = 80;

export function tellFinding(teller: Teller, { id, title, decision, occurrence }: FindingRecord): void {
  teller.say("finding", `${id}, occurrence ${occurrence}`, title);
  teller.say("decision", `${decision.kind}, by ${decision.rule} of policy ${decision.policyDigest.slice(0, 12)}`);
  teller.say("", ...decision.reasons.map((reason) => `- ${reason}`));
}

export function tellChanges(teller: Teller, { changes }: Pick<FindingRecord, "changes">): void {
  const lines = changes.map(
    ({ path, before, after }) => `${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
  );
  teller.say("change", ...lines);
}

export function cost(calls: readonly RecordedCall[]): string {
  const { s3, table } = bySide(calls);
  return `${s3} S3 calls and ${table} of the table`;
}

/** Operations in order, repeated ones folded, as one paragraph. */
export function tellCalls(teller: Teller, { calls }: Pick<Containment, "calls">): void {
  const folded: { operation: string; times: number }[] = [];
  for (const { operation } of calls) {
    const last = folded.at(-1);
    if (last?.operation === operation) last.times += 1;
    else folded.push({ operation, times: 1 });
  }
  const names = folded.map(({ operation, times }) => (times > 1 ? `${operation} x${times}` : operation));
  teller.say("calls", `${cost(calls)}: ${names.join(", ")}`);
}

/** What a call of the container is for, in the order of a containment. */
export function meaningOf({ operation, resource }: RecordedCall, isWrite: boolean, isBefore: boolean): string {
  if (isWrite) return "CONTAIN: the offending rule's Status, nothing else";
  switch (operation) {
    case "GetBucketReplication":
      return isBefore ? "live state" : "verify: read again";
    case "GetBucketTagging":
      return "the bucket's class";
    case "HeadBucket":
      return `where ${resource} lies`;
    case "BatchGetItem":
      return "what the journal knows, and the brake";
    case "UpdateItem":
      return "count the change against the limit";
    case "TransactWriteItems":
      return isBefore ? "claim: lease, plan, state before" : "finish: outcome, evidence, ticket in the outbox";
    default:
      return "";
  }
}

export function tellTime(teller: Teller, { containedAfterMs, startedAfterMs }: Containment): void {
  const cold = startedAfterMs > COLD_MS ? `, ${startedAfterMs} ms of it to start a cold container` : "";
  teller.say("contained", `after ${containedAfterMs} ms${cold}`);
}

export function tellEvidence({ sandbox }: Account, teller: Teller, finding: FindingRecord): void {
  const entries = evidenceOf(sandbox, finding.id).filter(({ key }) => finding.evidence.includes(key));
  for (const { key, kind, contentHash: hash } of entries) teller.say("evidence", `${kind}, ${key}`, `sha256 ${hash}`);
}
