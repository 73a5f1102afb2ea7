import { describe, expect, it } from "vitest";
import { type Cause, groupTicket, oneMore } from "../../shared/ticketing/group.ts";
import { someTicket } from "./some-ticket.ts";

const group = {
  key: "g-0123456789abcdef0123",
  routeId: "r",
  labels: someTicket().labels,
  severity: "critical" as const,
  what: "S3 replication stays in the jurisdiction: account 111122223333, by arn:aws:iam::111122223333:user/deploy",
  members: 490,
  over: 12,
  version: 502,
  lastAt: "2026-11-27T08:02:00.000Z",
  some: ["[CONTAINED] Bucket customer-records sends personal data to us-east-1 (f-0123456789abcdef0123)"],
  law: ["To be assessed since 2026-11-27T08:00:00.000Z: has personal data crossed, and whose?"],
  before: ["f-00000000000000000001", "f-00000000000000000002"],
};

describe("the ticket of many findings from one cause", () => {
  it("says how many there are, from what, and how to see each", async () => {
    const { title, severity, state, body } = groupTicket(group);
    const text = `${title}\nseverity ${severity}, ${state}\n\n${body}\n`;
    await expect(text).toMatchFileSnapshot("__texts__/group.txt");
  });

  it("is resolved when all of them are over, and open again with one", () => {
    expect(groupTicket({ ...group, over: 490 })).toMatchObject({ state: "resolved", occurrences: 490 });
    expect(groupTicket({ ...group, over: 489 })).toMatchObject({ state: "open" });
  });
});

describe("tickets from one cause", () => {
  const rules = { count: 2, windowMs: 1_000 };
  const after = (...atMs: readonly number[]) =>
    atMs.reduce<Cause | undefined>((cause, ms, index) => oneMore(cause, "cause", rules, ms, `f-${index}`), undefined);

  it.each([
    ["a few", [0, 10], undefined, ["f-0", "f-1"]],
    ["one more than policy wants", [0, 10, 20], "g-", ["f-0", "f-1"]],
    ["one more, once the window is over", [0, 10, 1_011], undefined, ["f-2"]],
    ["still coming, each within the window of the last", [0, 10, 20, 1_000, 1_900, 2_800], "g-", ["f-0", "f-1"]],
    ["again, long after a storm", [0, 10, 20, 5_000], undefined, ["f-3"]],
  ] as const)("%s", (_, times, prefix, own) => {
    const cause = after(...times);
    expect(cause?.group?.slice(0, 2)).toBe(prefix);
    expect(cause?.own).toEqual(own);
  });
});
