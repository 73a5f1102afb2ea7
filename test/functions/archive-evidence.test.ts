import { Metrics } from "@aws-lambda-powertools/metrics";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { objectKey, parseLink } from "../../shared/evidence/chain.ts";
import { verifyChain } from "../../shared/evidence/verify-chain.ts";
import { lambdaContext } from "../support/events.ts";
import { BUCKET, CHAIN, outboxStage } from "../support/outbox-stage.ts";

const batch = (Records: unknown[]) => ({ Records }) as never;

describe("archive-evidence", () => {
  it("puts each entry into the locked bucket, in a chain that verifies, and takes it out of the outbox", async () => {
    const set = await outboxStage();
    await set.write("orders-eu", ["to-us", "to-brazil"]);
    await set.write("invoices-eu");
    const archive = await set.container("archive-evidence");

    const answer = await archive(batch(set.take()));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.sandbox.objects(BUCKET)).toHaveLength(3);
    for (const { retention } of set.sandbox.objects(BUCKET)) expect(retention?.mode).toBe("COMPLIANCE");
    expect(set.waiting("archive")).toEqual([]);
    expect(set.head()?.sequence).toBe(3);
    expect(set.verdict(set.head())).toMatchObject({ ok: true, chain: CHAIN, head: { sequence: 3 } });
    for (const { pk, key, sequence, archiveKey, archivedAt } of set.table.items().filter(({ kind }) => kind)) {
      const object = set.sandbox.objects(BUCKET).find((each) => each.key === archiveKey);
      const parsed = parseLink(String(archiveKey), object?.body ?? "");
      expect(parsed).toMatchObject({ ok: true, link: { sequence, entry: { pk, record: { key } } } });
      expect(archivedAt).toBeDefined();
    }
  });

  it("needs, for an entry, one read, one object and one transaction once it knows the head", async () => {
    const set = await outboxStage();
    const archive = await set.container("archive-evidence");
    await set.write("orders-eu");
    await archive(batch(set.take()));
    await set.write("invoices-eu");
    const records = set.take();
    set.sandbox.clearCalls();

    await archive(batch(records));

    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual([
      "BatchGetItem",
      "PutObject",
      "TransactWriteItems",
    ]);
  });

  it("does nothing about duplicates, re-emissions and its own acknowledgements, whichever container gets them", async () => {
    const set = await outboxStage();
    await set.write("orders-eu");
    await set.write("invoices-eu");
    const records = set.take();
    const archive = await set.container("archive-evidence");
    await archive(batch([...records, ...records]));
    const acknowledgements = set.take();
    const items = set.table.items();

    await archive(batch(acknowledgements));
    await (await set.container("archive-evidence"))(batch([...records].reverse()));

    expect(acknowledgements.length).toBeGreaterThan(0);
    expect(set.table.items()).toEqual(items);
    expect(set.sandbox.objects(BUCKET)).toHaveLength(2);
  });

  it("goes on where a container died between object and acknowledgement", async () => {
    const set = await outboxStage();
    await set.write("orders-eu");
    const first = set.take();
    set.sandbox.faults.inject({ operation: "TransactWriteItems", kind: "server-error", times: 3 });
    const dying = await set.container("archive-evidence");
    const failed = await dying(batch(first));
    expect(failed.batchItemFailures).toHaveLength(1);
    expect(set.sandbox.objects(BUCKET)).toHaveLength(1);
    expect(set.waiting("archive")).toHaveLength(1);

    await set.write("invoices-eu");
    const answer = await (await set.container("archive-evidence"))(batch(set.take()));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.waiting("archive")).toEqual([]);
    expect(set.verdict(set.head())).toMatchObject({ ok: true, head: { sequence: 2 } });
  });

  it("gives back what it can't understand, and that alone", async () => {
    const set = await outboxStage();
    await set.write("orders-eu", ["to-us", "to-brazil", "to-japan"]);
    const altered = set.waiting("archive")[1] as { pk: unknown; sk: unknown; kind: unknown };
    set.take();
    await set.tamper({ pk: altered.pk, sk: altered.sk }, "content", { kind: "resolved" });
    for (const { pk, sk } of set.waiting("archive")) await set.tamper({ pk, sk }, "emissions", 1);
    const records = set.take();
    const broken = records.filter(({ dynamodb }) => dynamodb?.Keys?.sk?.S === altered.sk);

    const answer = await (await set.container("archive-evidence"))(batch(records));

    const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(failed).toEqual(broken.map(({ dynamodb }) => dynamodb?.SequenceNumber));
    expect(set.waiting("archive").map(({ sk }) => sk)).toEqual([altered.sk]);
    expect(set.verdict(set.head())).toMatchObject({ ok: true, head: { sequence: 2 } });
  });

  it("archives nothing behind an object that is not the chain's", async () => {
    const set = await outboxStage();
    await set.write("orders-eu");
    const archive = await set.container("archive-evidence");
    await archive(batch(set.take()));
    const [link = { key: "", body: "" }] = set.sandbox.objects(BUCKET);
    const { S3Client, PutObjectCommand } = await import("@aws-sdk/client-s3");
    await new S3Client({ forcePathStyle: true }).send(
      new PutObjectCommand({ Bucket: BUCKET, Key: link.key.replace("000001.json", "000002.json"), Body: link.body }),
    );
    await set.write("invoices-eu");

    const answer = await archive(batch(set.take()));

    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.waiting("archive")).toHaveLength(1);
    expect(set.sandbox.objects(BUCKET)).toHaveLength(2);
  });

  it("goes on over a delete marker that a person has put on such an object; it stays locked underneath", async () => {
    const set = await outboxStage();
    await set.write("orders-eu");
    const archive = await set.container("archive-evidence");
    await archive(batch(set.take()));
    const { S3Client, PutObjectCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    const s3 = new S3Client({ forcePathStyle: true });
    const place = { Bucket: BUCKET, Key: objectKey(CHAIN, 2) };
    const { VersionId } = await s3.send(new PutObjectCommand({ ...place, Body: "forged" }));
    await set.write("invoices-eu");
    const records = set.take();
    expect((await archive(batch(records))).batchItemFailures).toHaveLength(1);

    await s3.send(new DeleteObjectCommand(place));
    const answer = await archive(batch(records));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.waiting("archive")).toEqual([]);
    const current = new Map(set.sandbox.objects(BUCKET).map(({ key, body }) => [key, { key, body }]));
    const { sequence = 0, hash = "" } = set.head() ?? {};
    expect(verifyChain([...current.values()], { head: { sequence, hash } })).toMatchObject({ ok: true });
    expect(sequence).toBe(2);
    const removal = s3.send(new DeleteObjectCommand({ ...place, VersionId }));
    await expect(removal).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, number]>([
    ["ahead of the objects", { sequence: 7 }, 1],
    ["of another hash", { hash: "f".repeat(64) }, 1],
    ["of a number that is text", { sequence: "many" }, 1],
    ["of a number that no chain reaches", { sequence: 1e15 }, 1],
    ["without a hash", { hash: 5 }, 1],
    ["of number 0", { sequence: 0 }, 0],
  ])("believes the objects, not a head %s that somebody has set, and counts it", async (_, forgery, times) => {
    const set = await outboxStage();
    await set.write("orders-eu");
    await (await set.container("archive-evidence"))(batch(set.take()));
    const { pk, sk } = set.head() as unknown as { pk: string; sk: string };
    for (const [attribute, value] of Object.entries(forgery)) await set.tamper({ pk, sk }, attribute, value);
    await set.write("invoices-eu");
    const published: string[] = [];
    vi.spyOn(Metrics.prototype, "addMetric").mockImplementation(function (this: Metrics, name) {
      published.push(name);
      return this;
    });
    onTestFinished(() => void vi.restoreAllMocks());

    const answer = await (await set.container("archive-evidence"))(batch(set.take()));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.verdict(set.head())).toMatchObject({ ok: true, head: { sequence: 2 } });
    expect(set.waiting("archive")).toEqual([]);
    expect(published.filter((name) => name === "chain-head-mistrusted")).toHaveLength(times);
  });

  it("gives back what the table no longer has, time after time, and gives it no number", async () => {
    const set = await outboxStage();
    await set.write("orders-eu", ["to-us", "to-brazil"]);
    const records = set.take();
    const [deleted] = set.waiting("archive") as unknown as { pk: string; sk: string }[];
    await set.remove({ pk: deleted?.pk, sk: deleted?.sk });
    const archive = await set.container("archive-evidence");

    const answers = [await archive(batch(records)), await archive(batch(records))];

    const [number] = records.filter(({ dynamodb }) => dynamodb?.Keys?.sk?.S === deleted?.sk);
    const failed = { batchItemFailures: [{ itemIdentifier: number?.dynamodb?.SequenceNumber }] };
    expect(answers).toEqual([failed, failed]);
    expect(set.verdict(set.head())).toMatchObject({ ok: true, head: { sequence: 1 } });
  });

  it("gives back what it has no time for", async () => {
    const set = await outboxStage();
    await set.write("orders-eu");
    const records = set.take();
    const archive = await set.container("archive-evidence");
    let remainingMs = 60_000;
    const context = { ...lambdaContext(), getRemainingTimeInMillis: () => (remainingMs -= 30_000) };

    const answer = await archive(batch(records), context);

    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.sandbox.objects(BUCKET)).toEqual([]);
    expect(set.waiting("archive")).toHaveLength(1);
  });

  it.each([
    ["CORDON_EVIDENCE_BUCKET", /CORDON_EVIDENCE_BUCKET is missing: expected the name of the bucket/],
    ["CORDON_TABLE", /CORDON_TABLE is missing/],
  ])("says what is missing when %s is not set", async (name, message) => {
    const set = await outboxStage();
    vi.stubEnv(name, undefined);
    const archive = await set.container("archive-evidence");
    await expect(archive(batch([]))).rejects.toThrow(message);
  });

  it("refuses what is no stream", async () => {
    const set = await outboxStage();
    const archive = await set.container("archive-evidence");
    await expect(archive({} as never)).rejects.toThrow(/expected an event with a list of Records/);
  });
});
