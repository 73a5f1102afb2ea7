import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { RecordedCall, Sandbox } from "../sandbox/index.ts";
import type { EvidenceRecord, FindingRecord } from "../shared/journal/journal.ts";
import type { Account } from "./account.ts";

/** What can be seen from outside afterwards: the call log, the journal's table, the ticket's file. Nothing here asks Cordon itself. */

export const CONTAINER = "quarantine-replication";

/** One containment as the account saw it: from the event's first call to the transaction that finished it. */
export interface Containment {
  /** What the function did, in order. */
  readonly calls: readonly RecordedCall[];
  readonly write: RecordedCall;
  /** From the call that caused it, as S3 took it, until S3 took Cordon's own. */
  readonly containedAfterMs: number;
  /** From the call that caused it until the function's first call: delivery, and the container's start if it is new. */
  readonly startedAfterMs: number;
}

/** Finds the containment of `cause`'s bucket in the call log. Throws when there is none. */
export function containmentAfter({ calls }: Sandbox, cause: RecordedCall): Containment {
  const later = calls.filter(({ sequence }) => sequence > cause.sequence);
  const write = later.find(
    (call) => call.functionName === CONTAINER && call.service === "s3" && call.mutating && call.applied,
  );
  if (write === undefined) throw new Error(`Cordon has not written to ${cause.resource}`);
  const own = later.filter(({ container }) => container === write.container);
  const end = own.findIndex(
    ({ sequence, operation }) => sequence > write.sequence && operation === "TransactWriteItems",
  );
  const run = end < 0 ? own : own.slice(0, end + 1);
  return {
    calls: run,
    write,
    containedAfterMs: write.at - cause.at,
    startedAfterMs: (run[0]?.at ?? write.at) - cause.at,
  };
}

/** Calls on customers' resources, and calls of the journal. */
export function bySide(calls: readonly RecordedCall[]): { readonly s3: number; readonly table: number } {
  return {
    s3: calls.filter(({ service }) => service === "s3").length,
    table: calls.filter(({ service }) => service === "dynamodb").length,
  };
}

function itemsOf<Item>(sandbox: Sandbox, entity: string): Item[] {
  const items = sandbox.table("cordon").items();
  return items.map((item) => unmarshall(item as never)).filter((item) => item.entity === entity) as Item[];
}

/** The finding about one rule of one bucket. Throws when there is none. */
export function findingOf(sandbox: Sandbox, bucket: string, rule: string): FindingRecord {
  const found = itemsOf<{ record: FindingRecord }>(sandbox, "finding").find(
    ({ record }) => record.resource.name === bucket && record.part === rule,
  );
  if (found === undefined) throw new Error(`the journal has no finding for the rule ${rule} of ${bucket}`);
  return found.record;
}

/** A finding's evidence, oldest first. */
export function evidenceOf(sandbox: Sandbox, findingId: string): readonly EvidenceRecord[] {
  return itemsOf<EvidenceRecord>(sandbox, "evidence")
    .filter((entry) => entry.findingId === findingId)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** The class the journal holds for a bucket. */
export function journalledClass(sandbox: Sandbox, bucket: string): string | undefined {
  const items = itemsOf<{ resource: { name: string }; classification?: string }>(sandbox, "resource");
  return items.find(({ resource }) => resource.name === bucket)?.classification;
}

/** The ticket's file: one a finding. Throws when there is none. */
export async function ticketOf({ tickets }: Account, findingId: string): Promise<string> {
  return readFile(join(tickets, `${findingId}.md`), "utf8");
}

export async function countTickets({ tickets }: Account): Promise<number> {
  return (await readdir(tickets)).length;
}
