import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { CELL, type FaultKind } from "../../sandbox/index.ts";
import { cloudTrailRecord, eventBridge, sqs } from "../support/events.ts";
import { assertAgreement } from "./agreement.ts";
import {
  answerOf,
  type Cell,
  CONTAINS,
  containedReplicationOf,
  OFFENDING_RULE,
  openCell,
  replicationOf,
  WITHOUT_LOOKS,
} from "./cell.ts";

/** A containment's calls in the order of DESIGN's budget; the first two and the two Regions are asked for at the same time. */
const CONTAINMENT = [
  "GetBucketReplication",
  "GetBucketTagging",
  "HeadBucket",
  "HeadBucket",
  "BatchGetItem",
  "UpdateItem",
  "TransactWriteItems",
  "PutBucketReplication",
  "GetBucketReplication",
  "TransactWriteItems",
];
/** A rollback's: the finding, its resource and runs, live state with the Region of what is switched on, and the run. */
const ROLLBACK = [
  "GetItem",
  "BatchGetItem",
  "GetItem",
  "GetItem",
  "GetItem",
  "GetBucketReplication",
  "GetBucketTagging",
  "HeadBucket",
  "TransactWriteItems",
  "PutBucketReplication",
  "GetBucketReplication",
  "TransactWriteItems",
  // The proof of who asks is used up.
  "UpdateItem",
];

/** A call by its operation and how many of the same name come before it. */
interface CallAt {
  readonly operation: string;
  readonly skip: number;
  readonly title: string;
}

function placed(operations: readonly string[]): readonly CallAt[] {
  return operations.map((operation, index) => {
    const skip = operations.slice(0, index).filter((each) => each === operation).length;
    return { operation, skip, title: `${operation} no. ${skip + 1}` };
  });
}

const DEATHS = ["crash-before", "crash-after"] as const satisfies readonly FaultKind[];
const bucketFor = (kind: string, { operation, skip }: CallAt) => `${kind}-${operation}-${skip + 1}`.toLowerCase();
/** Reads leave nothing behind: dying after one is dying before it. And before any call but the first is after the last that left something. */
const isRead = (operation: string) => /^(Get|Head|BatchGet)/.test(operation);
const isTold = ({ operation }: CallAt, kind: FaultKind, index: number) =>
  kind === "crash-before" ? index === 0 : !isRead(operation);
const deathsAt = (operations: readonly string[]) =>
  DEATHS.flatMap((kind) =>
    placed(operations)
      .filter((call, index) => isTold(call, kind, index))
      .map((call) => ({ ...call, kind, bucket: bucketFor(kind, call) })),
  );

/** In the end there is one containment of the bucket, whole in AWS, journal, evidence and tickets. */
function assertContained({ sandbox, journal, findingOf, ticket, ticketNames }: Cell, bucket: string): void {
  const finding = findingOf(bucket);
  expect(sandbox.bucket(bucket).replication).toEqual(containedReplicationOf(bucket));
  expect(journal.finding(finding)).toMatchObject({ status: "contained", occurrence: 1 });
  assertNothingOpen({ journal }, bucket);
  const contained = journal.evidence().filter((entry) => entry.findingId === finding && entry.kind === "contained");
  expect(contained.map(({ occurrence }) => occurrence)).toEqual([1]);
  expect(ticketNames().filter((name) => name.startsWith(finding))).toEqual([`${finding}.md`]);
  expect(ticket(finding)).toContain("[CONTAINED]");
  expect(ticket(finding)).toContain("occurrences: 1");
  expect(sandbox.deadLetters).toEqual([]);
  expect(sandbox.queues[CELL.refusedQueue]).toEqual([]);
}

function assertNothingOpen({ journal }: Pick<Cell, "journal">, bucket: string): void {
  const own = journal.items().filter(({ pk }) => String(pk).endsWith(`:s3:::${bucket}`));
  const resource = own.find(({ entity }) => entity === "resource");
  expect(resource).toMatchObject({ leaseUntilMs: 0 });
  expect(resource).not.toHaveProperty("unfinishedRun");
  expect(own.filter(({ entity, status }) => entity === "run" && status === "claimed")).toEqual([]);
}

describe("the built functions, when somebody switches on replication out of the EU", () => {
  let cell: Cell;
  beforeAll(async () => {
    // One container at a time, so that the nth call of an operation is the containment's own and not that of its echo.
    cell = await openCell({ maxConcurrency: 1 }, WITHOUT_LOOKS);
  });
  afterAll(() => cell.close());

  it("contain it with the calls of the budget", async () => {
    cell.createSource("clean-run");
    cell.sandbox.clearCalls();

    const cause = await cell.replicate("clean-run");
    await cell.sandbox.drain();

    const write = cell.sandbox.calls.findIndex(({ functionName, mutating, service }) => {
      return functionName === CONTAINS && service === "s3" && mutating;
    });
    const [finish] = cell.sandbox.calls.slice(write).filter(({ operation }) => operation === "TransactWriteItems");
    const made = cell.sandbox.calls.filter(
      ({ functionName, sequence }) =>
        functionName === CONTAINS && sequence > cause.sequence && sequence <= (finish?.sequence ?? 0),
    );
    expect(made.map(({ operation }) => operation).sort()).toEqual([...CONTAINMENT].sort());
    assertContained(cell, "clean-run");
  });

  it("contain it within a second of the event's arrival when the container is warm", async () => {
    cell.createSource("warm-up");
    cell.createSource("timed");
    await cell.replicate("warm-up");
    await cell.sandbox.drain();
    cell.sandbox.clearCalls();

    const cause = await cell.replicate("timed");
    await cell.sandbox.drain();

    const own = cell.sandbox.calls.filter(({ functionName }) => functionName === CONTAINS);
    const write = own.find(({ mutating, applied, service }) => service === "s3" && mutating && applied);
    const arrivedAt = own[0]?.at ?? 0;
    const containedAt = write?.at ?? Number.POSITIVE_INFINITY;
    console.log(
      `time to contain, warm: ${containedAt - arrivedAt} ms from the function's first call, ${containedAt - cause.at} ms from the developer's`,
    );
    expect(containedAt - cause.at).toBeLessThan(1_000);
    assertContained(cell, "timed");
  });

  it.each(deathsAt(CONTAINMENT))("$kind $title of a containment: the redelivery converges", async (death) => {
    const { operation, skip, kind, bucket } = death;
    cell.createSource(bucket);
    cell.sandbox.faults.inject({ function: CONTAINS, operation, skip, kind });

    await cell.replicate(bucket);
    await cell.sandbox.drain();

    expect(cell.sandbox.faults.pending).toBe(0);
    assertContained(cell, bucket);
  });

  it("ride out a throttled first attempt of every call without a redelivery", async () => {
    cell.createSource("throttled");
    cell.sandbox.clearCalls();
    for (const { operation, skip } of placed(CONTAINMENT)) {
      // HeadBucket is asked for two Regions at once: both first attempts come before any second one.
      cell.sandbox.faults.inject({
        function: CONTAINS,
        operation,
        skip: operation === "HeadBucket" ? 0 : skip,
        kind: "throttle",
      });
    }

    await cell.replicate("throttled");
    await cell.sandbox.settle();

    expect(cell.sandbox.faults.pending).toBe(0);
    expect(cell.sandbox.queues[`cordon-${CONTAINS}`]).toEqual([]);
    assertContained(cell, "throttled");
  });

  it("leave journal, evidence, archive and tickets that agree with what really changed, whatever died", async () => {
    await cell.sandbox.drain();
    assertAgreement(cell);
  });
});

describe("the built functions, when a containment is rolled back", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({ maxConcurrency: 1 }, WITHOUT_LOOKS);
  });
  afterAll(() => cell.close());

  const contain = async (bucket: string): Promise<void> => {
    cell.createSource(bucket);
    await cell.replicate(bucket);
    await cell.sandbox.drain();
  };
  const order = (bucket: string) => ({
    action: "roll-back",
    findingId: cell.findingOf(bucket),
    reason: "a contract is in place",
  });

  it("take it back with the calls expected", async () => {
    await contain("clean-rollback");
    cell.sandbox.clearCalls();

    expect((await cell.decide(order("clean-rollback"))).status).toBe("exempt");

    expect([...cell.callsOf("decide")].sort()).toEqual([...ROLLBACK].sort());
    expect(cell.sandbox.bucket("clean-rollback").replication).toEqual(replicationOf("clean-rollback"));
  });

  it.each(deathsAt(ROLLBACK))("$kind $title of a rollback: asking again converges", async (death) => {
    const { operation, skip, kind, bucket } = death;
    await contain(bucket);
    // In half of the cases the echo of the rollback's own call takes the run up first, in the others it got lost.
    cell.sandbox.routing = kind === "crash-after";
    onTestFinished(() => {
      cell.sandbox.routing = true;
    });
    cell.sandbox.faults.inject({ function: "decide", operation, skip, kind });

    const died = await cell.decide(order(bucket)).catch((error: unknown) => error);
    cell.sandbox.clock.advance(180_000);
    await cell.sandbox.drain();
    const again = await cell.decide(order(bucket));
    await cell.sandbox.drain();

    expect(String(died)).toContain("status 502");
    expect(again.status).toBe("exempt");
    expect(cell.sandbox.bucket(bucket).replication).toEqual(replicationOf(bucket));
    expect(cell.journal.finding(cell.findingOf(bucket))).toMatchObject({ status: "exempt" });
    assertNothingOpen(cell, bucket);
    const kinds = cell.journal
      .evidence()
      .filter(({ findingId }) => findingId === cell.findingOf(bucket))
      .map((entry) => entry.kind);
    expect(kinds.filter((each) => each === "contained")).toHaveLength(1);
    expect(kinds.filter((each) => each === "exempt")).toHaveLength(1);
    expect(kinds).toContain("exception-granted");
    expect(cell.ticket(cell.findingOf(bucket))).toContain("[EXEMPT]");
    expect(cell.sandbox.deadLetters).toEqual([]);
  });

  it("leave journal, evidence, archive and tickets that agree with what really changed, whatever died", async () => {
    await cell.sandbox.drain();
    assertAgreement(cell);
  });
});

describe.concurrent("the built function, when AWS does not answer within its time limit", () => {
  /** The SDK gives a silent call up after 4 s and asks once more: the time limit strikes before. */
  const open = async ({ onTestFinished }: TestContext): Promise<Cell> => {
    const cell = await openCell({ maxConcurrency: 1, timeoutMs: 3_900 }, WITHOUT_LOOKS);
    onTestFinished(() => cell.close());
    return cell;
  };

  it("ends without a change, and the redelivery converges", async (context) => {
    const cell = await open(context);
    cell.createSource("silent-read");
    cell.sandbox.faults.inject({ function: CONTAINS, operation: "GetBucketReplication", kind: "timeout" });

    await cell.replicate("silent-read");
    await cell.sandbox.settle();
    const before = cell.statusOf("silent-read", OFFENDING_RULE);
    await cell.sandbox.drain();

    expect(before).toBe("Enabled");
    expect(cell.sandbox.faults.pending).toBe(0);
    assertContained(cell, "silent-read");
  });

  it("does nothing any more once its time is up, least of all write over what somebody set since", async (context) => {
    const cell = await open(context);
    const bucket = "silent-write";
    cell.createSource("warm");
    cell.createSource(bucket);
    cell.sandbox.routing = false;
    answerOf(await cell.sandbox.invoke(CONTAINS, cloudTrailRecord("warm")));
    await cell.replicate(bucket);
    cell.sandbox.faults.inject({ function: CONTAINS, operation: "PutBucketReplication", kind: "timeout" });

    const outcome = await cell.sandbox.invoke(CONTAINS, cloudTrailRecord(bucket));
    const callsInTime = cell.callsOf(CONTAINS).length;
    await cell.replicate(bucket);
    // As long as a call that was left behind would take to be tried again.
    await sleep(1_000);

    expect(cell.callsOf(CONTAINS).slice(callsInTime)).toEqual([]);
    expect(cell.sandbox.bucket(bucket).replication).toEqual(replicationOf(bucket));
    expect(outcome).toMatchObject({ ok: false, timedOut: true });
  });
});

describe("a batch of ten messages", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, [CONTAINS]);
    cell.sandbox.routing = false;
  });
  afterAll(() => cell.close());

  const offend = async (bucket: string) => {
    cell.createSource(bucket);
    await cell.replicate(bucket);
    return eventBridge(cloudTrailRecord(bucket));
  };
  const names = (prefix: string) => Array.from({ length: 10 }, (_, index) => `${prefix}-${index + 1}`);

  it("of which one is garbage: nine are contained, the garbage is refused with its reason and acknowledged", async () => {
    const buckets = names("garbage");
    const messages = await Promise.all(buckets.map(offend));
    const bodies = messages.map((message, index) => (index === 2 ? '{"detail-type": "AWS API Ca' : message));

    const answer = answerOf(await cell.sandbox.invoke(CONTAINS, sqs(...bodies)));

    expect(answer.batchItemFailures).toEqual([]);
    expect(buckets.filter((bucket) => cell.statusOf(bucket, OFFENDING_RULE) === "Enabled")).toEqual(["garbage-3"]);
    const refused = cell.sandbox.queues[CELL.refusedQueue] ?? [];
    expect(refused.map(({ body, attributes }) => [body, attributes.messageId])).toEqual([
      ['{"detail-type": "AWS API Ca', "message-3"],
    ]);
    expect(refused[0]?.attributes.reason).toMatch(/not JSON.*expected/);
  });

  it("of which one's bucket gives no answer: only that one is delivered again", async () => {
    const buckets = names("unavailable");
    const messages = await Promise.all(buckets.map(offend));
    const heal = cell.sandbox.faults.inject({
      function: CONTAINS,
      resource: "unavailable-5",
      times: Number.POSITIVE_INFINITY,
      kind: "server-error",
    });

    const answer = answerOf(await cell.sandbox.invoke(CONTAINS, sqs(...messages)));
    heal();
    const again = answerOf(await cell.sandbox.invoke(CONTAINS, sqs(messages[4])));

    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "message-5" }]);
    expect(again.batchItemFailures).toEqual([]);
    expect(buckets.filter((bucket) => cell.statusOf(bucket, OFFENDING_RULE) !== "Disabled")).toEqual([]);
    expect(cell.journal.evidence().filter(({ kind }) => kind === "contained").length).toBeGreaterThanOrEqual(10);
  });
});
