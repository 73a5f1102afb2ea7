import { DeleteBucketReplicationCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CELL, type EventBridgeEvent } from "../../sandbox/index.ts";
import { s3Client } from "../sandbox/clients.ts";
import { type Cell, CONTAINS, containedReplicationOf, OFFENDING_RULE, openCell, WITHOUT_LOOKS } from "./cell.ts";

/** What one containment leaves, however often and in whatever order its event came. */
function assertContainedOnce({ sandbox, journal, findingOf, ticket, ticketNames }: Cell, bucket: string): void {
  const finding = findingOf(bucket);
  const contained = journal.evidence().filter((entry) => entry.findingId === finding && entry.kind === "contained");
  const writes = sandbox.calls.filter(
    ({ resource, service, applied, functionName }) =>
      resource === bucket && service === "s3" && applied && functionName,
  );
  expect(sandbox.bucket(bucket).replication).toEqual(containedReplicationOf(bucket));
  expect(writes.map(({ operation }) => operation)).toEqual(["PutBucketReplication"]);
  expect(contained).toHaveLength(1);
  expect(journal.finding(finding)).toMatchObject({ status: "contained", occurrence: 1 });
  expect(ticketNames().filter((name) => name.startsWith(finding))).toEqual([`${finding}.md`]);
  expect(ticket(finding)).toContain("occurrences: 1");
}

/** Lambda's poller of the function's queue, switched off or on; returns the call that does the opposite. */
function switchPoller({ sandbox }: Pick<Cell, "sandbox">, Enabled: boolean): () => void {
  const mapping = sandbox.registry
    .list("AWS::Lambda::EventSourceMapping")
    .find(({ properties }) => String(properties.EventSourceArn).endsWith(`:cordon-${CONTAINS}`));
  if (mapping === undefined) throw new Error(`nothing polls the queue of ${CONTAINS}`);
  mapping.properties.Enabled = Enabled;
  sandbox.registry.changed(mapping);
  return () => switchPoller({ sandbox }, !Enabled);
}

/** How often the function's queue delivers a message before it gives it up; live. */
function redriveOf({ sandbox }: Cell): { maxReceiveCount: number } {
  const queue = sandbox.registry
    .list("AWS::SQS::Queue")
    .find(({ properties }) => properties.QueueName === `cordon-${CONTAINS}`);
  if (queue === undefined) throw new Error(`there is no queue of ${CONTAINS}`);
  return queue.properties.RedrivePolicy as { maxReceiveCount: number };
}

describe("events as AWS delivers them", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, WITHOUT_LOOKS);
  });
  afterAll(() => cell.close());
  const silently = () => {
    cell.sandbox.routing = false;
    onTestFinished(() => {
      cell.sandbox.routing = true;
    });
  };
  const eventsSince = (from: number): readonly EventBridgeEvent[] => cell.sandbox.events.slice(from);

  it("the same event many times, a batch of it included, is one containment", async () => {
    cell.createSource("duplicates");
    silently();
    const from = cell.sandbox.events.length;
    await cell.replicate("duplicates");
    const [event] = eventsSince(from);
    cell.sandbox.routing = true;

    for (let times = 0; times < 25; times++) cell.sandbox.putEvent(event as EventBridgeEvent);
    await cell.sandbox.drain();

    assertContainedOnce(cell, "duplicates");
  });

  it("events in any order, each twice: what counts is how the bucket stands", async () => {
    silently();
    const developer = s3Client(cell.sandbox, cell.sandbox.region);
    onTestFinished(() => developer.destroy());
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 0, 1, 2], { minLength: 3 }), async (order) => {
        const bucket = `order-${++number}`;
        cell.createSource(bucket);
        cell.sandbox.routing = false;
        const from = cell.sandbox.events.length;
        await cell.replicate(bucket);
        await developer.send(new DeleteBucketReplicationCommand({ Bucket: bucket }));
        await cell.replicate(bucket);
        const events = eventsSince(from);
        cell.sandbox.routing = true;

        for (const index of order) cell.sandbox.putEvent(events[index] as EventBridgeEvent);
        await cell.sandbox.drain();

        assertContainedOnce(cell, bucket);
      }),
      { numRuns: 5, seed: 20_260_301 },
    );
  });

  it("what kills the function ends in the dead letters with all that is known, and takes no neighbour with it", async () => {
    const neighbours = Array.from({ length: 9 }, (_, index) => `neighbour-${index + 1}`);
    for (const bucket of [...neighbours, "poison"]) cell.createSource(bucket);
    silently();
    const from = cell.sandbox.events.length;
    for (const bucket of ["poison", ...neighbours]) await cell.replicate(bucket);
    const heal = cell.sandbox.faults.inject({
      function: CONTAINS,
      resource: "poison",
      kind: "crash-before",
      times: Number.POSITIVE_INFINITY,
    });
    onTestFinished(heal);
    cell.sandbox.routing = true;

    const redrive = redriveOf(cell);
    const { maxReceiveCount } = redrive;
    redrive.maxReceiveCount = 14;
    const poller = switchPoller(cell, false);
    for (const event of eventsSince(from)) cell.sandbox.putEvent(event);
    await cell.sandbox.settle();
    expect(cell.sandbox.queues[`cordon-${CONTAINS}`]).toHaveLength(10);
    // All ten in one batch, and again so until it is taken apart.
    poller();
    await cell.sandbox.drain();

    for (const bucket of neighbours) assertContainedOnce(cell, bucket);
    expect(cell.statusOf("poison", OFFENDING_RULE)).toBe("Enabled");
    const dead = cell.sandbox.deadLetters.filter(({ body }) => body.includes('"poison"'));
    expect(dead.map((letter) => letter.function)).toEqual([CONTAINS]);
    expect(cell.sandbox.deadLetters).toHaveLength(1);
    expect(cell.sandbox.queues[CELL.refusedQueue]).toEqual([]);
    redrive.maxReceiveCount = maxReceiveCount;
  });

  it("an outage of S3 that outlasts several deliveries costs time, and no event", async () => {
    const buckets = Array.from({ length: 25 }, (_, index) => `outage-${index + 1}`);
    for (const bucket of buckets) cell.createSource(bucket);
    const heal = cell.sandbox.faults.inject({
      function: CONTAINS,
      operation: "GetBucketReplication",
      kind: "server-error",
      times: Number.POSITIVE_INFINITY,
    });
    const dead = cell.sandbox.deadLetters.length;

    for (const bucket of buckets) await cell.replicate(bucket);
    for (let delivery = 0; delivery < 3; delivery++) {
      await cell.sandbox.settle();
      cell.sandbox.clock.advance(181_000);
    }
    heal();
    await cell.sandbox.drain();

    expect(buckets.filter((bucket) => cell.statusOf(bucket, OFFENDING_RULE) === "Enabled")).toEqual([]);
    expect(cell.sandbox.deadLetters).toHaveLength(dead);
  });
});
