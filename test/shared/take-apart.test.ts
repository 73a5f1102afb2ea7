import type { SQSEvent, SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { takeApart } from "../../shared/runtime/take-apart.ts";
import { sqs } from "../support/events.ts";

/** A batch by how often each message has been received. */
function batch(...receiveCounts: readonly number[]): readonly SQSRecord[] {
  const { Records } = sqs(...receiveCounts.map(() => ({}))) as unknown as SQSEvent;
  return Records.map((record, index) => ({
    ...record,
    attributes: { ...record.attributes, ApproximateReceiveCount: String(receiveCounts[index]) },
  }));
}
const countsOf = (records: readonly SQSRecord[]) =>
  records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount));

describe("a batch", () => {
  it.each<[string, number[], { together: number[]; alone: number[]; later: number[] }]>([
    ["of new messages stays together", [1, 1, 1], { together: [1, 1, 1], alone: [], later: [] }],
    ["that comes a second time is given another chance as it is", [2, 2], { together: [2, 2], alone: [], later: [] }],
    ["that comes a third time is taken apart", [3, 3, 3], { together: [], alone: [3], later: [3, 3] }],
    ["of new and old has the new ones treated first", [1, 4, 1, 3], { together: [1, 1], alone: [4], later: [3] }],
    ["of one old message has it treated", [7], { together: [], alone: [7], later: [] }],
  ])("%s", (_, counts, { together, alone, later }) => {
    const apart = takeApart(batch(...counts));

    expect(countsOf(apart.together)).toEqual(together);
    expect(countsOf(apart.alone)).toEqual(alone);
    expect(countsOf(apart.later)).toEqual(later);
  });
});
