import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { readOnly } from "../../cli/live.ts";
import { portsOf } from "../../cli/world.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Ports } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import type { ObjectCount, ReplicationRule, S3Buckets } from "../../shared/resources/s3-buckets.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { ExposureWindow, Facts, Finding } from "../../shared/types.ts";
import { s3Client } from "../sandbox/clients.ts";
import { START_MS } from "../support/events.ts";
import { UNASKED } from "../support/stage.ts";
import { BUCKET, idOf, ROLE, ref, rule } from "./replication-stage.ts";

const window: ExposureWindow = { fromMs: START_MS, toMs: START_MS + 2_500 };
const NOTHING: ObjectCount = { objects: 0, bytes: 0, looked: 0, isAll: true };

function findingOf(more: object = {}): Finding {
  const facts: Facts = {
    kind: "transfer",
    active: true,
    from: "eu-central-1",
    to: "us-west-2",
    destination: "arn:aws:s3:::us-copy",
    tags: [],
    ...more,
  };
  return { id: idOf("to-us"), controlId: control.meta.id, resource: ref, part: "to-us", title: "t", facts };
}

/** A port that only counts, and what it was asked. */
function counting(answer: ObjectCount | { unreadable: string } | Error) {
  const asked: Parameters<S3Buckets["countObjects"]>[] = [];
  const s3: Pick<S3Buckets, "countObjects"> = {
    async countObjects(...args) {
      asked.push(args);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { ports: { s3: s3 as S3Buckets } satisfies Ports, asked };
}

describe("what may have crossed by a rule", () => {
  it("is told with its window, its times and how it was estimated", async () => {
    const { ports, asked } = counting({
      objects: 3,
      bytes: 80,
      firstMs: START_MS,
      lastMs: START_MS + 2_000,
      looked: 9,
      isAll: true,
    });

    expect(await control.exposure?.(findingOf(), ports, window)).toEqual({
      from: "2026-03-01T09:00:00.000Z",
      to: "2026-03-01T09:00:02.500Z",
      objects: 3,
      bytes: 80,
      firstAt: "2026-03-01T09:00:00.000Z",
      lastAt: "2026-03-01T09:00:02.000Z",
      isAll: true,
      basis:
        "Estimated from a listing of the bucket, made afterwards: what is there now and was last written in that time, to the second. Too high by what S3 did not replicate; too low by what has been overwritten or deleted since, by uploads in parts that began before that time, and by older objects that S3 Batch Replication sent.",
    });

    expect(asked).toEqual([[ref, "", window]]);
  });

  it("is looked for below the rule's prefix only, which its basis says without naming it", async () => {
    const { ports, asked } = counting(NOTHING);

    const exposure = await control.exposure?.(findingOf({ prefix: "jane.doe/" }), ports, window);

    expect(asked).toEqual([[ref, "jane.doe/", window]]);
    expect(exposure?.basis).toContain("what lies below the rule's prefix");
    expect(JSON.stringify(exposure)).not.toContain("jane.doe");
  });

  it("is at most what is listed where the rule has a tag filter", async () => {
    const { ports } = counting({ ...NOTHING, looked: 4 });
    const tags = [{ key: "Sovereignty", value: "Global" }];

    const exposure = await control.exposure?.(findingOf({ tags }), ports, window);

    expect(exposure?.basis).toContain(
      "The rule sends only objects that carry its tags, which a listing doesn't show: of those looked at, at most so many moved.",
    );
  });

  it("is at least so much where not all could be looked at", async () => {
    const { ports } = counting({ ...NOTHING, looked: 100_000, isAll: false });

    const exposure = await control.exposure?.(findingOf(), ports, window);

    expect(exposure).toMatchObject({ objects: 0, isAll: false });
    expect(exposure).not.toHaveProperty("isUnreadable");
    expect(exposure?.basis).toContain(
      "Only the first 100,000 objects, in the order of their keys, were looked at: there may be more.",
    );
  });

  it("is nothing, without times, in an empty bucket", async () => {
    const exposure = await control.exposure?.(findingOf(), counting(NOTHING).ports, window);
    expect(exposure).toMatchObject({ objects: 0, bytes: 0, isAll: true });
    expect(exposure).not.toHaveProperty("firstAt");
    expect(exposure).not.toHaveProperty("lastAt");
  });

  it("is unreadable, and never nothing, where AWS refuses the listing", async () => {
    const { ports } = counting({ unreadable: "AccessDenied: Access Denied" });
    expect(await control.exposure?.(findingOf(), ports, window)).toMatchObject({
      isUnreadable: true,
      isAll: false,
      basis: "It is not known what crossed: the bucket's objects can't be listed (AccessDenied: Access Denied).",
    });
  });

  it("throws where AWS gives no answer", async () => {
    const { ports } = counting(new CordonError("unavailable", "AWS gave no usable answer to ListObjectsV2"));
    await expect(control.exposure?.(findingOf(), ports, window)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each([
    ["a time that ends before it begins", findingOf(), { fromMs: START_MS, toMs: START_MS - 1 }],
    ["a time that can't be read", findingOf(), { fromMs: Number.NaN, toMs: START_MS }],
    ["what is no transfer", { ...findingOf(), facts: { kind: "unreadable", reason: "none" } } as Finding, window],
  ])("can't be told of %s, and nobody is asked", async (_, finding, within) => {
    const { ports, asked } = counting(NOTHING);
    expect(await control.exposure?.(finding, ports, within)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe("from the command line", () => {
  it("is not known of a world in a file, which names no objects", async () => {
    const ports = portsOf({ buckets: [{ name: BUCKET, region: "eu-central-1" }] });
    expect(await control.exposure?.(findingOf(), ports, window)).toMatchObject({
      isUnreadable: true,
      basis: expect.stringContaining("a world in a file says nothing of objects"),
    });
  });

  it("can be read where nothing can be written", async () => {
    const { ports, asked } = counting({ ...NOTHING, objects: 1, bytes: 5 });
    expect(await control.exposure?.(findingOf(), readOnly(ports), window)).toMatchObject({ objects: 1, bytes: 5 });
    expect(asked).toEqual([[ref, "", window]]);
  });
});

describe("at an account", () => {
  /** A bucket with a rule to the United States, whose clock stands still between moves. */
  async function open(more: Partial<ReplicationRule> = {}) {
    const sandbox = await startSandbox({ schedule: { serial: true } });
    onTestFinished(() => sandbox.close());
    // A whole second, near to real time: an SDK client that sees quite another date corrects its clock and asks again.
    const startMs = Math.floor(sandbox.clock.now() / 1_000) * 1_000;
    sandbox.createBucket({ name: "us-copy", region: "us-west-2", versioning: true });
    sandbox.createBucket({
      name: BUCKET,
      versioning: true,
      replication: { Role: ROLE, Rules: [rule("to-us", "us-copy", { Filter: { Prefix: "" }, ...more })] },
    });
    const user = s3Client(sandbox);
    const at = (ms: number) => sandbox.clock.set(startMs + ms);
    const put = async (Key: string, Body: string, ms: number) => {
      at(ms);
      await user.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    };
    const remove = (Key: string) => user.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    const role = sandbox.createPrincipal({ type: "AssumedRole", name: "cordon", sessionName: "container" });
    Object.assign(process.env, sandbox.environment(role));
    const ports: Ports = {
      s3: s3BucketsOnAws(new AwsClients(), { nowMs: sandbox.clock.now, sleep: async () => {} }),
    };
    const detection = await control.detect(ref, ports, UNASKED);
    const finding = detection.kind === "present" ? detection.findings[0] : undefined;
    if (finding === undefined) throw new Error("the rule has to be found");
    /** By default from 10.5 to 20.5 seconds after the start. */
    const exposure = (fromMs = 10_500, toMs = 20_500) =>
      control.exposure?.(finding, ports, { fromMs: startMs + fromMs, toMs: startMs + toMs });
    return { sandbox, startMs, at, put, remove, exposure };
  }

  it("counts what was last written in the time, to the second, and nothing that is gone", async () => {
    const { sandbox, startMs, put, remove, exposure } = await open();
    await put("before", "12345", 9_999);
    await put("in-the-first-second", "1", 10_100);
    await put("within", "twelve bytes", 15_000);
    await put("gone", "12345", 16_000);
    await put("overwritten-later", "12345", 17_000);
    await put("in-the-last-second", "123", 20_900);
    await put("after", "12345", 21_000);
    await put("overwritten-later", "12345", 22_000);
    await remove("gone");
    sandbox.clearCalls();

    const found = await exposure();

    expect(found).toMatchObject({
      objects: 3,
      bytes: 16,
      firstAt: new Date(startMs + 10_000).toISOString(),
      lastAt: new Date(startMs + 20_000).toISOString(),
      isAll: true,
    });
    expect(JSON.stringify(found)).not.toMatch(/within|second"/);
    expect(sandbox.calls.map(({ operation }) => operation)).toEqual(["ListObjectsV2"]);
    const actions = sandbox.calls.flatMap(({ permissions }) => permissions.map(({ action }) => action));
    for (const action of actions) expect(control.meta.iam.read).toContain(action);
  });

  it("counts below the rule's prefix only, whatever letters the keys have", async () => {
    const { put, exposure } = await open({
      Filter: { And: { Prefix: "orders+é/", Tags: [{ Key: "a", Value: "b" }] } },
    });
    await put("orders+é/a b\u0001", "12", 15_000);
    await put("other/1", "12345", 15_000);

    const found = await exposure();

    expect(found).toMatchObject({ objects: 1, bytes: 2 });
    expect(found?.basis).toContain("at most so many moved");
  });

  it("finds nothing in an empty bucket", async () => {
    const { exposure } = await open();
    expect(await exposure()).toMatchObject({ objects: 0, bytes: 0, isAll: true });
  });

  it("doesn't take a refusal for nothing", async () => {
    const { sandbox, put, exposure } = await open();
    await put("a", "1", 15_000);
    sandbox.deny({ action: "s3:ListBucket", principal: "cordon" });
    expect(await exposure()).toMatchObject({ isUnreadable: true, basis: expect.stringContaining("AccessDenied") });
  });

  it("throws while AWS doesn't answer", async () => {
    const { sandbox, put, exposure } = await open();
    await put("a", "1", 15_000);
    sandbox.faults.inject({ operation: "ListObjectsV2", kind: "throttle", times: Number.POSITIVE_INFINITY });
    await expect(exposure()).rejects.toMatchObject({ kind: "unavailable" });
  });
});
