import { type FindingRecord, KEPT_SAYINGS } from "../journal/journal.ts";
import type { Saying } from "../types.ts";

/** What has been said, with one more. What was done is kept before what was only said, and who confirmed awareness before all: the time of the law counts from it. Pure. */
export function saidSoFar({ sayings = [] }: FindingRecord, saying: Saying): readonly Saying[] {
  const all = [...sayings, saying];
  const [idle] = all.filter(({ outcome }) => outcome !== "done");
  const oldest = all.find(({ action }) => action !== "aware");
  return all.length <= KEPT_SAYINGS ? all : all.filter((each) => each !== (idle ?? oldest));
}
