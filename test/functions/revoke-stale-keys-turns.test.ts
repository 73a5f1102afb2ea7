import { setImmediate as soon } from "node:timers/promises";
import { expect, it } from "vitest";
import { ACCOUNT, functionInMemory, type Key } from "../keys/function-in-memory.ts";
import { keyPolicy } from "../lifecycle/keys-in-memory.ts";
import { type cloudTrailRecord, eventBridge, START_MS } from "../support/events.ts";
import { caseUserRef, exposedByHealth, userRecord } from "../support/iam-cases.ts";

const KEY = "AKIAIOSFODNN7EXAMPL1";
const key: Key = { id: KEY, createdMs: START_MS, changedMs: START_MS, status: "Active", lastUsed: "never" };
const CI = { name: "ci", path: "/service/", keys: [key] };
const ANN = { name: "ann", path: "/", keys: [{ ...key, id: "AKIAIOSFODNN7EXAMPL2" }] };
const byName = (name: string) =>
  eventBridge(
    userRecord({ name, keys: [] }, { name: "TagUser", region: "us-east-1" }) as ReturnType<typeof cloudTrailRecord>,
    "AWS API Call via CloudTrail",
    "aws.iam",
  );
const byArn = (user: typeof CI) => ({ cordon: "keys", user: caseUserRef(user).arn });

/** How many have begun to read keys while the first of them has got no answer yet. */
async function begunTogether(events: readonly object[]) {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const begun: string[] = [];
  const world = functionInMemory([CI, ANN], {
    beforeRead: async (name) => {
      begun.push(name);
      if (begun.length <= events.length) await answered;
    },
  });
  const policy = keyPolicy();
  const ears = world.earsUnder(policy);
  const signals = events
    .flatMap((event) => ears.hear(event, ACCOUNT))
    .map((parsed) => {
      if (parsed.kind !== "signal") throw new Error(parsed.reason);
      return parsed.signal;
    });
  const deadlineMs = world.clock.nowMs() + 60_000;
  const work = signals.map((signal) => ears.handle(signal, deadlineMs));
  for (let turns = 0; turns < 20; turns++) await soon();
  const together = [...begun];
  answer();
  await Promise.all(work);
  return { together, arns: new Set(signals.map(({ resource }) => resource.arn)).size };
}

it.each([
  ["by his key, and by his ARN", [exposedByHealth(KEY), byArn(CI)]],
  ["by his name without its path, and by his key", [byName("ci"), exposedByHealth(KEY)]],
])("events that name one user in different ways are treated one after the other: %s", async (_, events) => {
  expect(await begunTogether(events)).toEqual({ together: ["ci"], arns: 2 });
});

it("those of different users are treated at the same time", async () => {
  expect((await begunTogether([exposedByHealth(KEY), byArn(ANN)])).together).toEqual(["ann", "ci"]);
});
