import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context, SQSBatchResponse } from "aws-lambda";
import { describe, expect, it, onTestFinished } from "vitest";
import { outboxShards } from "../../shared/journal/keys.ts";
import { outboxOnAws } from "../../shared/outbox/outbox-aws.ts";
import type { Swept } from "../../shared/outbox/sweep-outbox.ts";
import { eventBridge, lambdaContext, sqs } from "../support/events.ts";
import { BUCKET, outboxStage } from "../support/outbox-stage.ts";

const HOUR_MS = 3_600_000;
type Sweep = (event: unknown, context: Context) => Promise<Swept & SQSBatchResponse>;

const SCHEDULED = eventBridge({}, "Scheduled Event", "aws.events");

async function sweepStage() {
  const set = await outboxStage();
  const sweep = await set.container<Sweep>("sweep");
  return { ...set, sweep: (event: unknown) => sweep(event, lambdaContext()) };
}

describe("the sweep brings through what a consumer missed for longer than the stream remembers", () => {
  it("tickets and evidence alike", async () => {
    const set = await sweepStage();
    set.goBack(30 * HOUR_MS);
    await set.write("orders-eu", ["to-us", "to-brazil"]);
    // The stream has forgotten.
    set.take();

    const swept = await set.sweep({});
    const emitted = set.take();
    const folder = mkdtempSync(join(tmpdir(), "cordon-tickets-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    process.env.CORDON_TICKETS = `file:${folder}`;
    await (await set.container("archive-evidence"))({ Records: emitted } as never);
    await (await set.container("open-tickets"))({ Records: emitted } as never);

    expect(swept).toMatchObject({ reEmitted: { tickets: 2, archive: 2 }, left: { tickets: false, archive: false } });
    expect(swept.oldestAgeSeconds.archive).toBeGreaterThanOrEqual(30 * 3_600);
    expect(set.waiting("archive")).toEqual([]);
    expect(set.waiting("tickets")).toEqual([]);
    expect(set.verdict(set.head())).toMatchObject({ ok: true, head: { sequence: 2 } });
    expect(set.sandbox.objects(BUCKET)).toHaveLength(2);
  });

  it("but nothing that was acknowledged, or that is on its way", async () => {
    const set = await sweepStage();
    set.goBack(2 * HOUR_MS);
    await set.write("orders-eu");
    await (await set.container("archive-evidence"))({ Records: set.take() } as never);
    set.goBack(0);
    await set.write("invoices-eu");
    set.take();

    const swept = await set.sweep({});

    expect(swept.reEmitted).toEqual({ tickets: 1, archive: 0 });
    expect(set.take()).toHaveLength(1);
  });

  it("nor what the index, which lags behind, still shows as waiting", async () => {
    const set = await sweepStage();
    set.goBack(2 * HOUR_MS);
    await set.write("orders-eu");
    await (await set.container("archive-evidence"))({ Records: set.take() } as never);
    set.sandbox.stale({ table: "cordon", index: "outbox", times: 16 });
    // Of the table's last write, which is the archive's, the index shows nothing yet.
    const outbox = outboxOnAws(new DynamoDBClient(), "cordon");
    const waiting = await Promise.all(
      outboxShards("archive").map((shard) => outbox.readWaiting(shard, new Date().toISOString(), 10)),
    );

    const emitted = await Promise.all(
      waiting.flatMap((each) => each.waiting).map((entry) => outbox.reEmit(entry, new Date().toISOString())),
    );

    expect(emitted).toEqual([undefined]);
    expect(set.waiting("archive")).toEqual([]);
  });

  it("once, though it is asked twice, and without any call to what is not due, but to the brake", async () => {
    const set = await sweepStage();
    set.goBack(2 * HOUR_MS);
    await set.write("orders-eu");
    await set.sweep({});
    set.sandbox.clearCalls();

    expect((await set.sweep(SCHEDULED)).reEmitted).toEqual({ tickets: 0, archive: 0 });
    expect(new Set(set.sandbox.calls.map(({ operation }) => operation))).toEqual(new Set(["Query", "BatchGetItem"]));
  });

  it("from whichever partitions of the index they are in", async () => {
    const set = await sweepStage();
    set.goBack(3 * HOUR_MS);
    const rules = Array.from({ length: 40 }, (_, index) => `rule-${index}`);
    await set.write("orders-eu", rules);
    expect(new Set(set.waiting("archive").map(({ outbox }) => outbox)).size).toBeGreaterThan(4);
    expect((await set.sweep({})).reEmitted).toEqual({ tickets: 40, archive: 40 });
  });
});

describe("the sweep is asked", () => {
  it("by its queue, one sweep for all messages; what is no request is refused and not lost", async () => {
    const set = await sweepStage();
    set.sandbox.clearCalls();

    const answer = await set.sweep(sqs(SCHEDULED, {}, { detail: "surprise" }, "not JSON"));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.sandbox.calls.filter(({ operation }) => operation === "Query")).toHaveLength(24);
    expect(set.sandbox.queues["cordon-refused"]?.map(({ attributes }) => attributes.reason)).toEqual([
      expect.stringContaining("expected"),
      expect.stringContaining("expected"),
    ]);
  });

  it("again by its queue when the table gives no answer", async () => {
    const set = await sweepStage();
    set.sandbox.faults.inject({ operation: "Query", kind: "server-error", times: 3 });
    const answer = await set.sweep(sqs(SCHEDULED, {}));
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["message-1", "message-2"]);
  });

  it.each([
    ["a list", []],
    ["an event of S3's", eventBridge({})],
    ["text", "now"],
    ["nothing", null],
  ])("not by %s", async (_, event) => {
    const set = await sweepStage();
    await expect(set.sweep(event)).rejects.toThrow(/expected \{\} or the event of a schedule/);
  });

  it("in vain without a table", async () => {
    const set = await sweepStage();
    delete process.env.CORDON_TABLE;
    await expect(set.sweep({})).rejects.toThrow(/CORDON_TABLE is missing/);
  });
});
