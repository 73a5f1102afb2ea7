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
  it.each<[string, number[], { together: number[]; oneByOne: number[] }]>([
    ["of new messages stays together", [1, 1, 1], { together: [1, 1, 1], oneByOne: [] }],
    ["that comes a second time is given another chance as it is", [2, 2], { together: [2, 2], oneByOne: [] }],
    ["that comes a third time is treated one by one", [3, 3, 3], { together: [], oneByOne: [3, 3, 3] }],
    ["of new and old has the new ones treated first", [1, 4, 1, 4], { together: [1, 1], oneByOne: [4, 4] }],
  ])("%s", (_, counts, { together, oneByOne }) => {
    const apart = takeApart(batch(...counts));

    expect(countsOf(apart.together)).toEqual(together);
    expect(countsOf(apart.oneByOne)).toEqual(oneByOne);
  });

  it("is in another order at each delivery: nobody stays behind the one that kills", () => {
    const ahead = new Set<string>();
    for (let receives = 3; receives < 13; receives++) {
      const order = takeApart(batch(...Array.from({ length: 10 }, () => receives))).oneByOne.map(
        ({ messageId }) => messageId,
      );
      for (const messageId of order.slice(0, order.indexOf("message-1"))) ahead.add(messageId);
    }
    expect(ahead.size).toBe(9);
  });
});
