import { isVersioned, shortHash } from "../ids.ts";
import type { ResourceRef } from "../types.ts";

/**
 * The table's keys. One resource's item, runs and evidence share a partition, so that they read together in order; a finding has its own, so
 * that its id alone finds it.
 *
 * An object's version stands before its ARN: RESOURCE#<account>#v=<version>#<arn>.
 *
 *   RESOURCE#<account>#<arn>   RESOURCE                      class, Region, where data is sent, version, lease, state of each finding
 *   RESOURCE#<account>#<arn>   RUN#<number>[#PIECE#<n>]        plan, receipts, verification
 *   RESOURCE#<account>#<arn>   EVIDENCE#<version>#<finding>  content and hash
 *   FINDING#<id>               FINDING                       the finding as people read it
 *   COUNTER#<scope>#<storms>   <window>                      automatic changes since the last storm (TTL)
 *   STORM#<scope>              STORM                         too many automatic changes: whose turn it is, since when
 *   BRAKE                      BRAKE                         { on, reason, by, at }
 *   PROOF#<hash>               PROOF                         a proof that has been used (TTL)
 *   TICKET#<finding>           <route>                       the link to the finding's ticket there (shared/ticketing/link.ts)
 *   TICKET#<group>             <route>, GROUP#<route>        the same of many findings from one cause, and what they are
 *   CAUSE#<hash>               <route>                       tickets that were opened from one cause lately (TTL)
 *   CHAIN#<id>                 HEAD                          the last archived entry of a chain of evidence
 *
 * What the guard remembers lies beside it; its keys are in shared/resources/table-items-aws.ts:
 *
 *   HEARTBEAT                  <account>#<region>            when a forwarder was heard last
 *   CODE                       <function>                    who changed a function's code last
 *   ROUND                      NEXT, DEPLOYMENT              where the next round begins, when a deployment was last heard of
 *   TROUBLE                    <type>#<arn>                  resources the guard has findings of
 *
 * What somebody outside the table has to be told carries `outbox`, until its consumer acknowledges it: findings for tickets, evidence for the
 * archive. The index of that name finds what the stream, which keeps 24 hours, has forgotten. A resource that has to be looked at again at some time carries
 * it too, as `looks`, with that time: the sweep finds it there.
 */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export const BRAKE_KEY: Key = { pk: "BRAKE", sk: "BRAKE" };

export function resourceKey({ account, arn, version }: ResourceRef): Key {
  // An ARN begins with "arn:", so that no key of an object can be read as a version.
  const which = isVersioned(version) ? `v=${version}#` : "";
  return { pk: `RESOURCE#${account}#${which}${arn}`, sk: "RESOURCE" };
}

export function runKey(resource: ResourceRef, number: number, piece?: number): Key {
  const run = `RUN#${String(number).padStart(8, "0")}`;
  return {
    pk: resourceKey(resource).pk,
    sk: piece === undefined ? run : `${run}#PIECE#${String(piece).padStart(2, "0")}`,
  };
}

export function findingKey(id: string): Key {
  return { pk: `FINDING#${id}`, sk: "FINDING" };
}

/** The sort key of an entry of evidence; the version makes it unique and puts a resource's entries in order. */
export function evidenceKey(version: number, findingId: string): string {
  return `EVIDENCE#${String(version).padStart(8, "0")}#${findingId}`;
}

export function counterKey(scope: string, window: number): Key {
  return { pk: `COUNTER#${scope}`, sk: String(window) };
}

export function stormKey(scope: string): Key {
  return { pk: `STORM#${scope}`, sk: "STORM" };
}

export function proofKey(hash: string): Key {
  return { pk: `PROOF#${hash}`, sk: "PROOF" };
}

/** The link to a ticket: `key` is a finding's id, or a group's. */
export function ticketKey(key: string, routeId: string): Key {
  return { pk: `TICKET#${key}`, sk: routeId };
}

export function groupKey(key: string, routeId: string): Key {
  return { pk: `TICKET#${key}`, sk: `GROUP#${routeId}` };
}

export function causeItemKey(causeId: string, routeId: string): Key {
  return { pk: `CAUSE#${causeId}`, sk: routeId };
}

export function chainKey(chain: string): Key {
  return { pk: `CHAIN#${chain}`, sk: "HEAD" };
}

/** Who is told by the outbox. */
export type Consumer = "tickets" | "archive";
export const CONSUMERS: readonly Consumer[] = ["tickets", "archive"];
/** Whose entries lie in the index: a consumer's, or the sweep's own, which are looks that are due. */
export type Shelf = Consumer | "looks";

export const OUTBOX_INDEX = "outbox";
/** An index is written at 1,000 units a second for each of its partitions; a storm writes thousands of entries. */
const OUTBOX_SHARDS = 8;

/** The partitions of the index that hold a consumer's entries. */
export function outboxShards(consumer: Shelf): readonly string[] {
  return Array.from({ length: OUTBOX_SHARDS }, (_, shard) => `${consumer}#${shard}`);
}

/** The attributes that put an item into a consumer's outbox. An item keeps its shard. */
export function outboxAttributes(consumer: Shelf, { pk, sk }: Key, at: string) {
  const shard = Number.parseInt(shortHash(`${pk} ${sk}`).slice(0, 8), 16) % OUTBOX_SHARDS;
  return { outbox: `${consumer}#${shard}`, outboxAt: at };
}
