import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { journalledIn, portsOf, readWorld, type World } from "../../cli/world.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { findingId, subjectOf } from "../../shared/ids.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { type Case, casesOf, subjectRef } from "../support/cases.ts";
import { stage, UNASKED } from "../support/stage.ts";

const cases = casesOf(control.meta.id);
const SAMPLE = new URL("../../events/s3-replication-stays-in-jurisdiction/world.json", import.meta.url);

const YAML = `
buckets:
  - name: orders
    region: eu-central-1
    tags: { data-residency: eu-only }
    unreadable: [tags]
    classification: eu-only
    replication:
      Role: arn:aws:iam::111122223333:role/replication
      Rules:
        - ID: out
          Status: Enabled
          Filter: { And: { Prefix: a/, Tags: [{ Key: k, Value: v }] } }
          Destination: { Bucket: "arn:aws:s3:::copies" }
    exception:
      part: out
      reason: a contract is in place
      approver: dpo
      expiresAt: 2026-12-31T23:59:59Z
      classification: eu-only
  - { name: copies, region: us-east-1 }
`;

function world(text = YAML): World {
  const read = readWorld(text, "world.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.world;
}

function ref(name: string, { account = "111122223333", region = "eu-central-1" } = {}): ResourceRef {
  const made = s3BucketRef(name, account, region);
  if (made === undefined) throw new Error(name);
  return made;
}

describe("a world in a file", () => {
  it("is read from YAML and from JSON alike", () => {
    expect(readWorld(JSON.stringify(world()), "world.json")).toEqual({ ok: true, world: world() });
  });

  it("can be one of the sandbox's", () => {
    expect(readWorld(readFileSync(SAMPLE, "utf8"), "world.json")).toMatchObject({ ok: true });
    for (const each of cases) expect(readWorld(JSON.stringify(each.world), each.file)).toMatchObject({ ok: true });
  });

  it.each<readonly [string, string, string]>([
    ["no buckets", "{}", "w:1:1: buckets: found nothing, expected a list"],
    ["a misspelt field", "buckets: [{ name: aaa, regoin: x }]", 'unknown key "regoin"; did you mean "region"?'],
    ["no Region", "buckets: [{ name: aaa }]", "buckets.0.region: found nothing, expected a text"],
    [
      "a Region that is none",
      "buckets:\n  - name: aaa\n    region: eu-centrl-1",
      'w:3:13: unknown Region "eu-centrl-1"; did you mean',
    ],
    ["a Local Zone", "buckets: [{ name: aaa, region: us-east-1-bos-1 }]", 'unknown Region "us-east-1-bos-1"'],
    [
      "a bucket that is there twice",
      "buckets: [{ name: aaa, region: eu-west-1 }, { name: aaa, region: eu-west-1 }]",
      'found the bucket "aaa" twice',
    ],
    [
      "an ARN for a name",
      'buckets: [{ name: "arn:aws:s3:::a", region: eu-west-1 }]',
      "expected the name of a bucket, no ARN",
    ],
    [
      "an account without quotes",
      "buckets: [{ name: aaa, region: eu-west-1, account: 111122223333 }]",
      "found 111122223333, expected a text",
    ],
    [
      "a misspelt part of a rule",
      YAML.replace("Prefix: a/", "Prefx: a/"),
      'unknown key "Prefx"; did you mean "Prefix"?',
    ],
    [
      "a status that is none",
      YAML.replace("Status: Enabled", "Status: On"),
      'found "On", expected "Enabled" or "Disabled"',
    ],
    ["an exception for no rule", YAML.replace("part: out", "part: oot"), 'unknown part "oot"; did you mean "out"?'],
    ["an exception without its end", YAML.replace(/ +expiresAt.*\n/, ""), "exception.expiresAt: found nothing"],
    [
      "an end that is no time",
      YAML.replace("2026-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
      "expected a time with seconds and an offset",
    ],
    [
      "something else that can't be read",
      YAML.replace("[tags]", "[tag]"),
      'found "tag", expected "tags" or "replication" or "region"; did you mean "tags"?',
    ],
    ["no YAML", "buckets: [", "w:1:"],
    [
      "a rule that is there twice",
      YAML.replace("Rules:", "Rules:\n        - { ID: out, Status: Disabled, Destination: { Bucket: b } }"),
      'found the rule "out" twice',
    ],
    [
      "a source of no class",
      "buckets: [{ name: aaa, region: eu-west-1, classSource: tag }]",
      "found no classification that it could be of",
    ],
  ])("refuses %s, and says where", (_, text, said) => {
    const read = readWorld(text, "w");
    const told = read.ok
      ? ""
      : read.errors.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join("\n");
    expect(told).toContain(said);
  });
});

describe("ports of a world", () => {
  const detected = async (each: Case) => {
    const set = await stage(control, each);
    Object.assign(process.env, set.sandbox.environment(set.role));
    return control.detect(subjectRef(each), { s3: s3BucketsOnAws(new AwsClients(), set.clock) }, UNASKED);
  };

  it("show a control what AWS would show it, in all of its cases", async () => {
    for (const each of cases) {
      const read = world(JSON.stringify(each.world));
      expect(await control.detect(subjectRef(each), portsOf(read), UNASKED), each.title).toEqual(await detected(each));
    }
  });

  it("refuse what AWS would refuse", async () => {
    const each = cases.find(({ world }) => world.buckets.some(({ replication }) => replication)) as Case;
    const { s3 } = portsOf(
      world(JSON.stringify({ buckets: each.world.buckets.map((bucket) => ({ ...bucket, account: "111122223333" })) })),
    );
    const set = await stage(control, each);
    Object.assign(process.env, set.sandbox.environment());
    const aws = s3BucketsOnAws(new AwsClients(), set.clock);
    for (const asked of [
      ref("not-there"),
      ref(each.subject, { region: "eu-west-1" }),
      ref(each.subject, { account: "444455556666" }),
    ]) {
      const [one, other] = [await s3.replication.read(asked), await aws.replication.read(asked)];
      expect(one.kind).toBe(other.kind);
      if (one.kind === "absent") expect(one).toEqual(other);
      expect("unreadable" in (await s3.readTags(asked))).toBe("unreadable" in (await aws.readTags(asked)));
    }
    expect(await s3.regionOf("not-there", ref(each.subject))).toEqual(
      await aws.regionOf("not-there", ref(each.subject)),
    );
  });

  it("show nothing of what the world says can't be read", async () => {
    const { s3 } = portsOf(world(YAML.replace("[tags]", "[tags, replication, region]")));
    expect(await s3.readTags(ref("orders"))).toEqual({ unreadable: "AccessDenied: Access Denied" });
    expect((await s3.replication.read(ref("orders"))).kind).toBe("unreadable");
    expect(await s3.regionOf("orders", ref("copies"))).toEqual({ unknown: "AccessDenied: Access Denied" });
  });

  it("write nothing, and give copies", async () => {
    const { s3 } = portsOf(world());
    await expect(s3.replication.write(ref("orders"), null)).rejects.toThrow("only read");
    const reading = await s3.replication.read(ref("orders"));
    if (reading.kind === "present") reading.state?.Rules?.splice(0);
    expect(await s3.replication.read(ref("orders"))).toMatchObject({ state: { Rules: [{ ID: "out" }] } });
  });
});

describe("what a world says is journalled", () => {
  const id = findingId(control.meta.id, ref("orders"), "out");

  it("is a class, and an exception for what the world shows", async () => {
    const journalled = await journalledIn(world(), ref("orders"), control, UNASKED);
    const detection = await control.detect(ref("orders"), portsOf(world()), UNASKED);
    const facts = detection.kind === "present" ? detection.findings[0]?.facts : undefined;
    expect(journalled).toEqual({
      classification: "eu-only",
      classSource: "tag",
      exceptions: {
        [id]: {
          findingId: id,
          reason: "a contract is in place",
          approver: "dpo",
          grantedAt: "1970-01-01T00:00:00Z",
          expiresAt: "2026-12-31T23:59:59Z",
          classification: "eu-only",
          subject: facts && subjectOf(facts),
        },
      },
    });
  });

  it("is nothing for other controls' exceptions and for buckets without any", async () => {
    const other = world(YAML.replace("part: out", "part: out\n      control: another-control"));
    expect(await journalledIn(other, ref("orders"), control, UNASKED)).toMatchObject({ exceptions: {} });
    expect(await journalledIn(other, ref("copies"), control, UNASKED)).toEqual({ exceptions: {} });
    expect(await journalledIn(other, ref("nobody"), control, UNASKED)).toEqual({ exceptions: {} });
  });
});
