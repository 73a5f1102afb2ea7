import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { where } from "../../cli/where.ts";
import { operator, run, TABLE } from "../support/cli.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { policyDocument } from "../support/stage.ts";
import { journalStage, journalToRead } from "./journal-stage.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const journal = journalToRead();

async function open(reading = journal) {
  const set = await reading();
  operator(set.sandbox, [["dynamodb:Scan", TABLE]]);
  set.sandbox.clearCalls();
  return set;
}

interface Report {
  readonly held: readonly Record<string, unknown>[];
  readonly sent: readonly Record<string, unknown>[];
  readonly classes: readonly Record<string, unknown>[];
  readonly unclassified: readonly Record<string, unknown>[];
  readonly outside: number;
  readonly unknown: number;
}
async function shown(...words: string[]) {
  const { code, out, err } = await run(where, ...words, "--json");
  expect(err).toBe("");
  return { code, ...(JSON.parse(out) as Report) };
}
const account = "111122223333";

/** A policy's file with patches over the shipped one. */
function policyFile(...patches: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), "cordon-policy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "policy.yaml");
  writeFileSync(file, JSON.stringify(policyDocument(...patches)));
  return file;
}

describe("cordon where", () => {
  it("tells which Regions hold data of a class and which it is sent to, and how each of them stands", async () => {
    const set = await open();

    const { code, held, sent, outside, unknown } = await shown("--classification", "eu-only");

    const row = { classification: "eu-only", account, byDefault: 0 };
    expect(held).toEqual([
      { ...row, region: "eu-central-1", resources: 5, residency: "inside" },
      // Nobody has classified it; policy's default counts.
      { ...row, region: "eu-north-1", resources: 1, residency: "inside", byDefault: 1 },
      { ...row, region: "eu-west-1", resources: 1, residency: "inside" },
      { ...row, region: "us-east-2", resources: 1, residency: "outside" },
    ]);
    const one = { ...row, resources: 1 };
    const fromFrankfurt = { ...one, from: "eu-central-1" };
    expect(sent).toHaveLength(5);
    expect(sent).toEqual(
      expect.arrayContaining([
        { ...fromFrankfurt, to: null, because: "awaiting-approval", residency: "unknown" },
        { ...fromFrankfurt, to: "eu-west-1", because: "allowed", residency: "inside" },
        { ...one, from: "eu-west-1", to: "us-east-1", because: "observed", residency: "outside" },
        { ...fromFrankfurt, to: "us-west-2", because: "allowed", residency: "outside" },
        { ...fromFrankfurt, to: "us-west-2", because: "exempt", residency: "outside" },
      ]),
    );
    expect({ code, outside, unknown }).toEqual({ code: 1, outside: 4, unknown: 1 });
    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["Scan"]);
  });

  it("says it to people, and at the end in a sentence", async () => {
    await open();
    const { code, out, err } = await run(where, "--classification", "eu-only");
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out.split("\n").slice(0, 2)).toEqual([
      'Class "eu-only" (rank 50) has to stay in eu.',
      "Policy eu-gdpr (built in).",
    ]);
    expect(out).toMatch(/^CLASS +HELD IN +ACCOUNT +RESOURCES +RESIDENCY$/m);
    expect(out).toMatch(/^eu-only +us-east-2 +111122223333 +1 +OUTSIDE$/m);
    expect(out).toMatch(/^eu-only +us-west-2 +eu-central-1 +111122223333 +1 +exempt +OUTSIDE$/m);
    expect(out).toMatch(/^eu-only +unknown +eu-central-1 +111122223333 +1 +awaiting-approval +unknown$/m);
    expect(out).toContain(
      'Data of class "eu-only" lies in eu-central-1, eu-north-1, eu-west-1, us-east-2, and is sent to us-east-1, us-west-2 besides. ' +
        "OUTSIDE its residency: us-east-2, us-east-1, us-west-2. Of 1 place above it can't be told.",
    );
    expect(out).toContain("Nobody has classified 1 resource of these: policy's default counts.");
    expect(out).not.toContain("arn:aws:s3");
  });

  it("names the resources when asked to", async () => {
    await open();
    const { out } = await run(where, "--classification", "eu-only", "--list");
    expect(out).toMatch(/^arn:aws:s3:::contained +eu-central-1 +eu-west-1 +2026-03-01T09:01:00Z$/m);
    expect(out).toMatch(/^arn:aws:s3:::stray +us-east-2 +- +2026-03-01T/m);
    const { held } = await shown("--classification", "eu-only", "--list");
    expect(held.at(-1)).toMatchObject({ names: [{ arn: "arn:aws:s3:::stray" }] });
  });

  it("is fine with data that may live anywhere, and with none at all", async () => {
    await open();
    const open_ = await shown("--classification", "public");
    expect(open_).toMatchObject({ code: 0, held: [{ region: "us-east-1", residency: "inside" }], sent: [] });

    const file = policyFile({
      classifications: [
        { name: "pii", rank: 60, residency: ["eu"], recognisedBy: [{ tag: { key: "a", value: "b" } }] },
        ...classesOf(),
      ],
    });
    const { code, out } = await run(where, "--classification", "pii", "--policy", file);
    expect(code).toBe(0);
    expect(out).toContain('Cordon has seen no resource with data of class "pii".');
    expect(out).not.toContain("inside");
  });

  it("includes higher classes when asked to, each by its own residency", async () => {
    await open();
    const { code, classes, held } = await shown("--classification", "public", "--or-higher");
    expect(classes.map(({ name, rank }) => [name, rank])).toEqual([
      ["public", 0],
      ["eu-only", 50],
    ]);
    expect(held.map(({ classification, region, residency }) => [classification, region, residency])).toContainEqual([
      "public",
      "us-east-1",
      "inside",
    ]);
    expect(held).toHaveLength(5);
    expect(code).toBe(1);
  });

  it("goes by the policy it is given, by option or setting", async () => {
    await open();
    const file = policyFile({
      classifications: [
        {
          name: "eu-only",
          rank: 50,
          residency: ["eu", "us"],
          recognisedBy: [{ tag: { key: "data-residency", value: "eu-only" } }],
        },
      ],
      transfers: [],
    });
    expect(await shown("--classification", "eu-only", "--policy", file)).toMatchObject({ outside: 0, unknown: 1 });
    vi.stubEnv("CORDON_POLICY", file);
    expect(await shown("--classification", "eu-only")).toMatchObject({ outside: 0, unknown: 1 });
  });

  it("can't say of a class that policy no longer knows where it may be", async () => {
    await open();
    const file = policyFile({
      classifications: [
        { name: "restricted", rank: 50, residency: ["eu"], recognisedBy: [{ tag: { key: "a", value: "b" } }] },
      ],
      unclassified: { treatAs: "restricted" },
      transfers: [],
      objects: null,
    });
    const report = await shown("--classification", "eu-only", "--policy", file);
    expect(report).toMatchObject({ code: 1, outside: 0, classes: [{ name: "eu-only", isInPolicy: false }] });
    expect(new Set(report.held.map(({ residency }) => residency))).toEqual(new Set(["unknown"]));
    const higher = await run(where, "--classification", "eu-only", "--policy", file, "--or-higher");
    expect([higher.code, higher.err]).toEqual([2, expect.stringContaining("only they have a rank")]);
  });

  it("counts what has no known class, for it may hold such data", async () => {
    const set = await journalStage();
    set.sandbox.deny({ principal: set.role.arn, action: "s3:GetBucketTagging" });
    set.sandbox.createBucket({ name: "mystery", region: "eu-west-3", versioning: true });
    await set
      .container()
      .results(cloudTrailRecord("mystery", { region: "eu-west-3", atMs: set.clock.nowMs() - 60_000, id: "m" }));
    operator(set.sandbox, [["dynamodb:Scan", TABLE]]);

    expect((await shown("--classification", "public")).unclassified).toEqual([
      { region: "eu-west-3", account, resources: 1 },
    ]);
    const { out } = await run(where, "--classification", "public");
    expect(out).toContain("1 resource of no known class may hold such data too (eu-west-3).");
  });

  it.each<readonly [string, readonly string[], string]>([
    ["no class", [], "--classification"],
    ["a class nobody knows", ["--classification", "eu-olny"], 'unknown class "eu-olny"; did you mean "eu-only"?'],
    ["one like no other", ["--classification", "secret-things"], "expected one of: eu-only, public"],
    [
      "a policy that is not there",
      ["--classification", "eu-only", "--policy", "/nowhere.yaml"],
      "/nowhere.yaml can't be read",
    ],
  ])("refuses %s with exit code 2", async (_, words, said) => {
    await open();
    const { code, out, err } = await run(where, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});

function classesOf(): readonly unknown[] {
  return (policyDocument() as { classifications: readonly unknown[] }).classifications;
}
