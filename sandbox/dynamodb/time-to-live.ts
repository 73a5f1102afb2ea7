import type { AttributeMap } from "./store.ts";
import { commit, type StreamRecord, type Table } from "./table.ts";

/** AWS deletes "within a few days" of the expiry; here it is two, so that tests can rely on either side of it. */
const DELAY_MS = 2 * 86_400_000;

/** Delete what has been over for two days, as the service itself: its stream records say so. Returns them. */
export function expireItems(table: Table, at: number, createId: () => string): StreamRecord[] {
  const { timeToLiveAttribute: attribute } = table;
  if (attribute === undefined) return [];
  const isOver = (item: AttributeMap): boolean => {
    const seconds = item[attribute]?.N;
    return seconds !== undefined && Number(seconds) * 1000 + DELAY_MS <= at;
  };
  const changes = [...table.items]
    .filter(([, item]) => isOver(item))
    .map(([key, before]) => ({ key, before, after: undefined }));
  const records = commit(table, changes, at, createId);
  for (const record of records) record.userIdentity = { type: "Service", principalId: "dynamodb.amazonaws.com" };
  return records;
}
