import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { ObjectView, QueueMessage, RecordedCall, Sandbox } from "../sandbox/index.ts";
import type { Head } from "../shared/evidence/chain.ts";
import type { EvidenceRecord, FindingRecord } from "../shared/journal/journal.ts";
import type { Account } from "./account.ts";

/**
 * What can be seen from outside afterwards: the call log, the queues, the journal's table, the locked bucket, the ticket's file. Nothing here asks
 * Cordon itself.
 */

export const CONTAINER = "quarantine-replication";
export const QUEUE = `cordon-${CONTAINER}`;

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

/** What Cordon has written to a bucket, refused calls left out. */
export function writesTo({ calls }: Sandbox, bucket: string): readonly RecordedCall[] {
  return calls.filter(
    ({ functionName, service, resource, applied }) =>
      functionName && service === "s3" && resource === bucket && applied,
  );
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
  const found = findingItems(sandbox).find(({ record }) => record.resource.name === bucket && record.part === rule);
  if (found === undefined) throw new Error(`the journal has no finding for the rule ${rule} of ${bucket}`);
  return found.record;
}

/** An entry of evidence as the table has it: in the outbox, or with its place in the archive. */
export interface EvidenceItem extends EvidenceRecord {
  readonly outbox?: string;
  readonly sequence?: number;
  readonly archiveKey?: string;
  readonly archivedAt?: string;
  /** How often the sweep has told it again. */
  readonly emissions?: number;
}

/** A finding's evidence, oldest first. */
export function evidenceOf(sandbox: Sandbox, findingId: string): readonly EvidenceItem[] {
  return allEvidence(sandbox)
    .filter((entry) => entry.findingId === findingId)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

export function allEvidence(sandbox: Sandbox): readonly EvidenceItem[] {
  return itemsOf<EvidenceItem>(sandbox, "evidence");
}

/** Findings as the table has them: in the outbox, or told. */
export function findingItems(sandbox: Sandbox) {
  return itemsOf<{ record: FindingRecord; outbox?: string; ticketedAt?: string }>(sandbox, "finding");
}

/** The locked bucket's name, and what is in it. */
export function evidenceBucket({ account, region }: Sandbox): string {
  return `cordon-evidence-${account}-${region}`;
}

export function archiveOf(sandbox: Sandbox): readonly ObjectView[] {
  return sandbox.objects(evidenceBucket(sandbox));
}

/** A control's chain of evidence: its objects, and where the table says that it ends. */
export interface Chain extends Head {
  readonly chain: string;
  readonly objects: readonly ObjectView[];
}

export function chainsOf(sandbox: Sandbox): readonly Chain[] {
  const objects = archiveOf(sandbox);
  return itemsOf<Head & { pk: string }>(sandbox, "chain").map(({ pk, sequence, hash }) => {
    const chain = pk.replace("CHAIN#", "");
    return { chain, sequence, hash, objects: objects.filter(({ key }) => key.startsWith(`evidence/${chain}/`)) };
  });
}

/** The chain that an object belongs to. Throws when the table knows none. */
export function chainOf(sandbox: Sandbox, key: string): Chain {
  const found = chainsOf(sandbox).find(({ chain }) => key.startsWith(`evidence/${chain}/`));
  if (found === undefined) throw new Error(`the journal has no chain of evidence for ${key}`);
  return found;
}

/** The message with a call's event. It is in the queue right after the call; deliveries change it in place, and take it out at last. */
export function messageOf({ queues }: Sandbox, { requestId }: RecordedCall): QueueMessage | undefined {
  return queues[QUEUE]?.find(({ body }) => body.includes(requestId));
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

/** The files of all tickets, in order. */
export async function ticketNames({ tickets }: Account): Promise<readonly string[]> {
  return (await readdir(tickets)).sort();
}
