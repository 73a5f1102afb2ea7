import type { ResourceRef } from "../types.ts";

/**
 * The table's keys. One resource's item, runs and evidence share a partition, so that they read together in order; a finding has its own, so
 * that its id alone finds it.
 *
 *   RESOURCE#<account>#<arn>   RESOURCE                      class, Region, version, lease, state of each finding
 *   RESOURCE#<account>#<arn>   RUN#<number>[#PIECE#<n>]        plan, receipts, verification
 *   RESOURCE#<account>#<arn>   EVIDENCE#<version>#<finding>  content and hash
 *   FINDING#<id>               FINDING                       the finding as people read it; the outbox of tickets
 *   COUNTER#<scope>            <window>                      automatic changes (TTL)
 *   BRAKE                      BRAKE                         { on, reason, by }
 */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export const BRAKE_KEY: Key = { pk: "BRAKE", sk: "BRAKE" };

export function resourceKey(resource: ResourceRef): Key {
  return { pk: `RESOURCE#${resource.account}#${resource.arn}`, sk: "RESOURCE" };
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
