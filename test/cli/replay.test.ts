import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { JsonPieces } from "../../cli/json-pieces.ts";
import { readOnly } from "../../cli/live.ts";
import { describeProgress, progressOn } from "../../cli/progress.ts";
import { replay } from "../../cli/replay.ts";
import { readEvents } from "../../cli/replay-events.ts";
import type { ReplayReport } from "../../cli/replay-report.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { startSandbox } from "../../sandbox/index.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { hasCorpus, readCorpus } from "../corpus/corpus.ts";
import { operator, run } from "../support/cli.ts";
import { cloudTrailRecord, configItem, eventBridge, sqs } from "../support/events.ts";
import { callsOf, stage } from "../support/stage.ts";

if (!hasCorpus) console.log("replay of the corpus: SKIPPED, ../shared/corpus/events is not on this machine");

const { id } = control.meta;
const CORPUS = fileURLToPath(new URL("../../../shared/corpus/events/", import.meta.url));

const rule = (ID: string, to: string) => ({
  ID,
  Priority: ID.length,
  Status: "Enabled" as const,
  DeleteMarkerReplication: { Status: "Disabled" as const },
  Filter: { Prefix: "customers/jane" },
  Destination: { Bucket: `arn:aws:s3:::${to}` },
});
const bucket = (name: string, ...Rules: ReturnType<typeof rule>[]) => ({
  name,
  region: "eu-central-1",
  tags: { "data-residency": "eu-only" },
  replication: { Role: "arn:aws:iam::111122223333:role/replication", Rules },
});
const BUCKETS = [
  bucket("leaking", rule("out", "usa"), rule("in", "ireland")),
  bucket("fine", rule("in", "ireland")),
  bucket("lost", rule("nowhere", "not-there")),
  { name: "usa", region: "us-east-1" },
  { name: "ireland", region: "eu-west-1" },
];

/** A folder with these files; an object is written as JSON, a text or bytes as they are. */
function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "cordon-replay-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({ "w/world.json": { buckets: BUCKETS }, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const isRaw = typeof content === "string" || Buffer.isBuffer(content);
    writeFileSync(join(folder, name), isRaw ? content : JSON.stringify(content));
  }
  return folder;
}

/** Replays what is in a folder's `e` against the world beside it. */
async function replayed(files: Readonly<Record<string, unknown>>, ...words: readonly string[]) {
  const folder = folderOf(Object.fromEntries(Object.entries(files).map(([name, content]) => [`e/${name}`, content])));
  const said = await run(replay, join(folder, "e"), "--world", join(folder, "w/world.json"), "--json", ...words);
  if (said.code === 2) throw new Error(said.err);
  expect(said.err).toBe("");
  return { code: said.code, report: JSON.parse(said.out) as ReplayReport };
}

const tallyOf = ({ controls }: ReplayReport) => controls.find(({ controlId }) => controlId === id);
const LEAK = cloudTrailRecord("leaking");
const FINE = cloudTrailRecord("fine");

beforeEach(() => {
  for (const name of ["CORDON_POLICY", "CORDON_TABLE"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("recorded events", () => {
  const looked = { Events: [{ EventId: "e", Username: "jane", CloudTrailEvent: JSON.stringify(LEAK) }] };
  const indented = JSON.stringify({ Records: [LEAK, FINE] }, null, 2);
  it.each<readonly [string, string, unknown, number]>([
    ["a log file of CloudTrail's", "a.json", { Records: [LEAK, FINE] }, 2],
    ["a gzipped one", "a.json.gz", gzipSync(JSON.stringify({ Records: [LEAK, FINE] })), 2],
    ["one that is gzipped and not called so", "a.json", gzipSync(JSON.stringify({ Records: [LEAK, FINE] })), 2],
    [
      "one in several gzip members",
      "a.json.gz",
      Buffer.concat([gzipSync('{"Records":['), gzipSync(`${JSON.stringify(LEAK)}]}`)]),
      1,
    ],
    [
      "one with members around its records",
      "a.json",
      { v: "Records", x: [1, "]"], Records: [LEAK, FINE], y: { Records: [LEAK] } },
      2,
    ],
    ["an indented one", "a.json", indented, 2],
    ["one with a byte order mark", "a.json", `\uFEFF${indented}`, 2],
    ["one record", "a.json", LEAK, 1],
    ["an event in EventBridge's envelope", "a.json", eventBridge(LEAK), 1],
    ["a list of both", "a.json", [LEAK, eventBridge(FINE)], 2],
    ["one a line", "a.ndjson", `${JSON.stringify(LEAK)}\n${JSON.stringify(FINE)}\n`, 2],
    [
      "one a line, with empty lines and Windows' ends",
      "a.json",
      `\r\n${JSON.stringify(LEAK)}\r\n\r\n${JSON.stringify(FINE)}\r\n`,
      2,
    ],
    [
      "log files, one a line",
      "a.json",
      `${JSON.stringify({ Records: [LEAK] })}\n${JSON.stringify({ Records: [FINE] })}`,
      2,
    ],
    ["one after the other", "a.json", `${JSON.stringify(LEAK, null, 1)} ${JSON.stringify(FINE, null, 1)}`, 2],
    ["a batch of a queue", "a.json", sqs(eventBridge(LEAK), eventBridge(FINE)), 2],
    ["what lookup-events prints", "a.json", looked, 1],
    [
      "a snapshot of AWS Config's",
      "a.json",
      { fileVersion: "1.0", configurationItems: [configItem("leaking"), configItem("fine")] },
      2,
    ],
  ])("are read as %s", async (_, name, content, heard) => {
    const { code, report } = await replayed({ [name]: content });
    expect(report.refused).toEqual([]);
    expect(tallyOf(report)).toMatchObject({ heard, ignored: 0, refused: 0, failed: 0 });
    expect(code).toBe(1);
    expect(report.findings.map(({ part, decision }) => [part, decision.kind])).toEqual([["out", "contain"]]);
  });

  it("are passed over where CloudTrail's folders hold no calls", async () => {
    const digest = { digestS3Object: "x", logFiles: [], digestPublicKeyFingerprint: "y" };
    const insight = { Records: [{ eventType: "AwsCloudTrailInsight", insightDetails: {} }] };
    const { code, report } = await replayed({
      "digest.json.gz": gzipSync(JSON.stringify(digest)),
      "insight.json": insight,
    });
    expect({ code, events: report.events }).toEqual({ code: 0, events: { read: 0, outsideWindow: 0, notEvents: 2 } });
  });

  const text = JSON.stringify({ Records: [FINE, LEAK, FINE] });
  const cut = gzipSync(text.repeat(3)).subarray(0, -20);
  it.each<readonly [string, string, unknown, string, number]>([
    ["a file that is empty", "b.json", "", "found nothing in it", 0],
    ["a text", "b.json", "hello, world", "found neither { nor [", 0],
    ["a log file that is cut off", "b.json", text.slice(0, -30), "ends in the middle", 2],
    ["a gzip file that is cut off", "b.json.gz", cut, "it can't be read any further: ", 0],
    [
      "what only begins like gzip",
      "b.json.gz",
      Buffer.from([0x1f, 0x8b, 1, 2, 3]),
      "it can't be read any further: ",
      0,
    ],
    ["a record that is none", "b.json", { Records: [FINE, 7, "x", null, FINE] }, "in Records; expected", 2],
    [
      "a record that is no JSON",
      "b.json",
      `{"Records":[${JSON.stringify(FINE)},{"a":tru},${JSON.stringify(FINE)}]}`,
      "it is not JSON",
      2,
    ],
    [
      "a line that is cut off",
      "b.ndjson",
      `${JSON.stringify(FINE)}\n${JSON.stringify(LEAK).slice(0, 90)}\n${JSON.stringify(FINE)}`,
      "the line ends in the middle",
      2,
    ],
    [
      "a line that is no JSON",
      "b.jsonl",
      `${JSON.stringify(FINE)}\nnothing\n${JSON.stringify(FINE)}`,
      "found neither { nor [",
      2,
    ],
    [
      "a bracket too many",
      "b.jsonl",
      `${JSON.stringify(FINE)}\n{"a":1]}\n${JSON.stringify(FINE)}`,
      "closes nothing",
      2,
    ],
    [
      "a value beyond all measure",
      "b.json",
      { Records: [FINE, { a: "x".repeat(4_100_000) }, FINE] },
      "expected 4000000 at most",
      2,
    ],
    [
      "a depth beyond all measure",
      "b.json",
      `{"Records":[${JSON.stringify(FINE)},${"[".repeat(10_000)}`,
      "more than 200 levels",
      1,
    ],
    ["a gzip bomb", "b.json.gz", gzipSync(Buffer.alloc(64_000_000, 0x20)), "as a gzip bomb does", 0],
    ["something else as JSON", "b.json", { some: "thing" }, "expected an EventBridge event", 0],
    [
      "an entry of Events that is none",
      "b.json",
      { Events: [{}, { CloudTrailEvent: "{" }] },
      "without CloudTrailEvent",
      0,
    ],
  ])("that can't be read, as %s, don't stop the others and are told", async (_, name, content, reason, heard) => {
    const { code, report } = await replayed({ "a.json": LEAK, [name]: content, "c.json": FINE });
    expect(code).toBe(1);
    expect(report.refused.length).toBeGreaterThan(0);
    for (const refused of report.refused)
      expect(refused).toMatchObject({
        file: expect.stringMatching(`/${name}$`),
        reason: expect.stringContaining(reason),
      });
    expect(tallyOf(report)?.heard).toBe(heard + 2);
  });

  it("tell where in a file something is wrong, and count what is wrong alike", async () => {
    const bad = { eventName: "PutBucketReplication", eventSource: "s3.amazonaws.com" };
    const { report } = await replayed({ "a.json": { Records: [FINE, bad, bad] } });
    expect(report.refused).toEqual([
      expect.objectContaining({ where: "record 2", times: 2, reason: expect.stringContaining("names no bucket") }),
    ]);
    expect(tallyOf(report)).toMatchObject({ heard: 1, refused: 2 });
  });

  it("are cut into the same values wherever their bytes are cut", () => {
    const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    const record = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("Records", "a")), fc.jsonValue());
    const form = fc.oneof(
      fc.tuple(fc.array(record), fc.nat(2)).map(([records, indent]) => ({
        text: JSON.stringify({ x: "Records", Records: records, y: [1] }, null, indent),
        values: records,
      })),
      fc.array(value).map((list) => ({ text: JSON.stringify(list), values: list })),
      fc
        .array(record.filter((each) => !Array.isArray(each.Records)))
        .map((list) => ({ text: list.map((each) => JSON.stringify(each)).join("\n"), values: list })),
    );
    fc.assert(
      fc.property(
        form,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.boolean(),
        ({ text, values }, sizes, isLines) => {
          fc.pre(!isLines || !text.includes("\n "));
          const pieces = new JsonPieces({
            lists: ["Records"],
            isLines: isLines && !text.includes("[\n"),
            maxBytes: 1_000_000,
          });
          const bytes = Buffer.from(text);
          const found = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = sizes[turn % sizes.length] as number;
            found.push(...pieces.push(bytes.subarray(at, at + size)));
            at += size;
          }
          found.push(...pieces.end());
          expect(found.map((piece) => (piece.kind === "value" ? JSON.parse(piece.text) : piece))).toEqual(
            JSON.parse(JSON.stringify(values)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("are never more than a file's limit when unpacked", async () => {
    const folder = folderOf({ "a.json.gz": gzipSync(JSON.stringify({ Records: Array(500).fill(LEAK) })) });
    const limits = { maxPlainBytes: 100_000, maxRatio: 200, ratioFromBytes: 32e6 };
    const all = [];
    for await (const each of readEvents(join(folder, "a.json.gz"), undefined, limits)) all.push(each);
    expect(all.at(-1)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("over 100000 bytes when unpacked"),
    });
  });
});

describe("the files of a replay", () => {
  const files = {
    "a.json": LEAK,
    "deep/er/b.json.gz": gzipSync(JSON.stringify(FINE)),
    "notes.txt": "no event",
    "c.log": "neither",
  };

  it("are all below a folder that are called like events; others are counted, links named, and neither is followed", async () => {
    const folder = folderOf({ ...files, "elsewhere/x.json": LEAK });
    mkdirSync(join(folder, "e"));
    symlinkSync(join(folder, "a.json"), join(folder, "e/link.json"));
    symlinkSync(join(folder, "deep"), join(folder, "e/linked"));
    writeFileSync(join(folder, "e/own.json"), JSON.stringify(FINE));
    writeFileSync(join(folder, "e/notes.txt"), "no event");
    const { code, out } = await run(replay, join(folder, "e"), "--world", join(folder, "w/world.json"), "--json");
    expect(JSON.parse(out).files).toEqual({
      read: 1,
      others: 1,
      links: [join(folder, "e/link.json"), join(folder, "e/linked")],
    });
    expect(code).toBe(0);
  });

  it("can be several, and globs, each file once; a world beside them is none of them", async () => {
    const folder = folderOf(files);
    symlinkSync(join(folder, "a.json"), join(folder, "deep/link.json"));
    symlinkSync(join(folder, "deep"), join(folder, "linked"));
    const { out } = await run(
      replay,
      join(folder, "**/*.json*"),
      join(folder, "*/er/*"),
      join(folder, "a.json"),
      "--world",
      join(folder, "w/world.json"),
      "--json",
    );
    const report = JSON.parse(out);
    expect({ read: report.files.read, heard: tallyOf(report)?.heard }).toEqual({ read: 2, heard: 2 });
    expect(report.files.links).toContain(join(folder, "deep/link.json"));
  });

  it.each<readonly [string, (folder: string) => readonly string[], string]>([
    ["a file that is not there", (folder) => [join(folder, "none.json")], "there is no "],
    ["a glob that matches nothing", (folder) => [join(folder, "*.gz")], "nothing to replay"],
    ["a glob of folders", (folder) => [join(folder, "d*")], "1 folders, which a glob does not enter"],
    ["a folder without events", (folder) => [join(folder, "notes")], "1 files with other names"],
    ["a link", (folder) => [join(folder, "link")], "is a symbolic link, which is not followed"],
    [
      "times that are none",
      (folder) => [folder, "--since", "2026-03-01"],
      '--since is "2026-03-01": expected a time with seconds and an offset',
    ],
    [
      "times the wrong way round",
      (folder) => [folder, "--since", "2026-03-01T00:00:00Z", "--until", "2026-03-01T00:00:00Z"],
      "is not before --until",
    ],
    [
      "too much at a time",
      (folder) => [folder, "--concurrency", "0"],
      '--concurrency is "0": expected a whole number from 1 to 64',
    ],
    ["a world that is none", (folder) => [folder, "--world", join(folder, "a.json")], "a.json:1:"],
    ["a world that is not there", (folder) => [folder, "--world", join(folder, "none.yaml")], "can't be read"],
    ["a policy that is none", (folder) => [folder, "--policy", join(folder, "a.json")], "The policy is refused"],
  ])("can't be %s", async (_, words, said) => {
    const folder = folderOf({ ...files, "notes/notes.txt": "" });
    symlinkSync(join(folder, "a.json"), join(folder, "link"));
    const { code, out, err } = await run(replay, "--world", join(folder, "w/world.json"), ...words(folder));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});

describe("what a replay tells", () => {
  const events = {
    Records: [
      LEAK,
      FINE,
      cloudTrailRecord("lost"),
      cloudTrailRecord("gone"),
      LEAK,
      cloudTrailRecord("fine", { errorCode: "AccessDenied" }),
    ],
  };

  it("is what policy would have done by itself, and how it was held", async () => {
    const { code, report } = await replayed({ "a.json": events });
    expect(code).toBe(1);
    expect(tallyOf(report)).toEqual({
      controlId: id,
      heard: 5,
      ignored: 1,
      refused: 0,
      failed: 0,
      decisions: { contain: 1, approve: 1, observe: 0, exempt: 0, compliant: 2 },
      unclear: 0,
    });
    expect(report.gone).toEqual([{ arn: "arn:aws:s3:::gone", reason: "the bucket gone does not exist" }]);
    expect(
      report.findings.map(({ part, decision, recordedAs, status }) => ({
        part,
        kind: decision.kind,
        mode: decision.explanation.mode,
        recordedAs,
        status,
      })),
    ).toEqual([
      { part: "out", kind: "contain", mode: "enforce", recordedAs: "observe", status: "observed" },
      { part: "nowhere", kind: "approve", mode: "enforce", recordedAs: "observe", status: "observed" },
    ]);
  });

  it.each<readonly [string, Record<string, unknown>, Record<string, number>, number]>([
    ["approve", {}, { approve: 2 }, 1],
    ["observe", {}, { observe: 2 }, 1],
  ])("follows the policy that is given: %s", async (mode, _, counts, code) => {
    const text = readFileSync(new URL("../../policies/eu-gdpr.yaml", import.meta.url), "utf8").replace(
      "mode: enforce",
      `mode: ${mode}`,
    );
    const folder = folderOf({ "a.json": events, "policy.yaml": text });
    const said = await run(
      replay,
      join(folder, "a.json"),
      "--world",
      join(folder, "w/world.json"),
      "--policy",
      join(folder, "policy.yaml"),
      "--json",
    );
    expect(said.code).toBe(code);
    expect(tallyOf(JSON.parse(said.out))?.decisions).toMatchObject(counts);
  });

  it("takes what is journalled for what it is: a class, and an exception while it lasts", async () => {
    const exception = {
      part: "out",
      reason: "r",
      approver: "dpo",
      classification: "eu-only",
      expiresAt: "2999-01-01T00:00:00Z",
    };
    const world = (more: object) => ({ buckets: [{ ...BUCKETS[0], ...more }, ...BUCKETS.slice(1)] });
    const folder = folderOf({
      "a.json": { Records: [LEAK, LEAK] },
      "exempt.json": world({ exception }),
      "expired.json": world({ exception: { ...exception, expiresAt: "2026-01-01T00:00:00Z" } }),
      "lowered.json": world({ tags: { "data-residency": "public" }, classification: "eu-only" }),
    });
    const kinds = async (name: string) => {
      const { code, out } = await run(replay, join(folder, "a.json"), "--world", join(folder, name), "--json");
      return [
        code,
        ...(JSON.parse(out) as ReplayReport).findings.map(({ decision, status }) => `${decision.kind}, ${status}`),
      ];
    };
    expect(await kinds("exempt.json")).toEqual([0, "exempt, exempt"]);
    expect(await kinds("expired.json")).toEqual([1, "contain, observed"]);
    expect(await kinds("lowered.json")).toEqual([1, "contain, observed"]);
  });

  it("leaves out what is not within --since and --until, the first included and the last not", async () => {
    const at = (iso: string) => cloudTrailRecord("fine", { atMs: Date.parse(iso), id: iso });
    const { eventTime: _, ...timeless } = FINE;
    const records = ["2026-03-01T08:59:59Z", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"].map(at);
    const files = {
      "a.json": { Records: records },
      "b.json": sqs(...records.map((record) => eventBridge(record))),
      "c.json": timeless,
    };
    const { report } = await replayed(files, "--since", "2026-03-01T10:00:00+01:00", "--until", "2026-03-01T10:00:00Z");
    expect({ outside: report.events.outsideWindow, heard: tallyOf(report)?.heard }).toEqual({ outside: 4, heard: 3 });
  });

  it("says nothing of people, keys and tags unless it is asked to reveal them", async () => {
    const hidden = JSON.stringify((await replayed({ "a.json": LEAK })).report);
    expect(hidden).not.toMatch(/user\/developer|customers\/jane/);
    const shown = JSON.stringify((await replayed({ "a.json": LEAK }, "--reveal")).report);
    expect(shown).toMatch(/user\/developer.*|customers\/jane/);
  });

  it("is told to people with no more than they need, and without colours where nobody sees them", async () => {
    const folder = folderOf({ "a.json": events, "b.json": "{" });
    const { code, out, err } = await run(
      replay,
      join(folder, "a.json"),
      join(folder, "b.json"),
      "--world",
      join(folder, "w/world.json"),
    );
    expect({ code, err }).toEqual({ code: 1, err: "" });
    for (const said of [
      "6 events in 2 files, against the world in ",
      "Policy eu-gdpr (built in), digest ",
      "Nothing was changed and nothing was recorded",
      "WOULD CONTAIN  NEEDS APPROVAL  OBSERVED  EXEMPT  COMPLIANT",
      'would contain   Replication rule "out" of leaking sends data from eu-central-1 to us-east-1',
      "needs approval  Replication rule",
      "No longer there:\n  arn:aws:s3:::gone: the bucket gone does not exist",
      "b.json, line 1: it ends in the middle of a value; it may be cut off",
    ])
      expect(out).toContain(said);
    expect(out).not.toContain("\u001b");
  });

  it("is the same however many events are under way at a time", async () => {
    const many = {
      Records: Array.from({ length: 60 }, (_, index) =>
        cloudTrailRecord(BUCKETS[index % 3]?.name ?? "", { id: String(index) }),
      ),
    };
    const one = await replayed({ "a.json": many }, "--concurrency", "1");
    const more = await replayed({ "a.json": many }, "--concurrency", "16");
    expect(tallyOf(more.report)).toEqual(tallyOf(one.report));
    expect(more.report.findings.map((each) => each.id)).toEqual(one.report.findings.map((each) => each.id));
  });

  it("is not certain while an event is so young that S3 may not show it yet", async () => {
    const young = {
      ...cloudTrailRecord("fine", { atMs: Date.now() }),
      requestParameters: { bucketName: "fine", ReplicationConfiguration: { Rule: rule("new", "usa") } },
    };
    const { code, report } = await replayed({ "a.json": young });
    expect(code).toBe(1);
    expect(report.unclear).toEqual([{ arn: "arn:aws:s3:::fine", reason: expect.stringContaining("doesn't show yet") }]);
    expect(tallyOf(report)).toMatchObject({ decisions: { compliant: 0 }, unclear: 1 });
  });

  it.skipIf(!hasCorpus)(
    "holds for events that nobody wrote for it: every one is heard, ignored or refused with a reason",
    async () => {
      const folder = folderOf({});
      const { out } = await run(replay, `${CORPUS}*__*.json`, "--world", join(folder, "w/world.json"), "--json");
      const report = JSON.parse(out) as ReplayReport;
      const tally = tallyOf(report);
      expect(report.files.read).toBe(250);
      expect((tally?.heard ?? 0) + (tally?.ignored ?? 0) + (tally?.refused ?? 0)).toBeGreaterThanOrEqual(250);
      expect(report.failed).toEqual([]);
      const wanted = new Set(readCorpus().flatMap(({ buckets }) => buckets.map(({ name }) => `arn:aws:s3:::${name}`)));
      expect(new Set(report.gone.map(({ arn }) => arn))).toEqual(wanted);
    },
  );
});

describe("a replay against AWS", () => {
  const READS = control.meta.iam.read.map((action) => [action, "*"] as const);
  const world = { buckets: BUCKETS.map((each) => ({ ...each, versioning: true })) };

  it("needs no more rights than the control's reads, and makes no call that could change anything", async () => {
    const set = await stage(control, { world });
    operator(set.sandbox, READS);
    vi.stubEnv("CORDON_TABLE", "");
    const folder = folderOf({ "a.json": { Records: [LEAK, FINE, LEAK, cloudTrailRecord("gone")] } });
    set.sandbox.clearCalls();

    const { code, out } = await run(replay, join(folder, "a.json"), "--json");

    const report = JSON.parse(out) as ReplayReport;
    expect({ code, kinds: report.findings.map(({ decision }) => decision.kind) }).toEqual({
      code: 1,
      kinds: ["contain"],
    });
    expect(report.source).toContain("AWS, as account 111122223333; CORDON_TABLE is not set");
    expect(set.sandbox.calls.filter(({ mutating }) => mutating)).toEqual([]);
    expect(set.sandbox.calls.length).toBeGreaterThan(4);
  });

  it("could not write even if something in it wanted to", async () => {
    const set = await stage(control, { world });
    const wrap = <State>(cordon: Cordon<State>): Cordon<State> => ({ ...cordon, ports: readOnly(cordon.ports) });

    await expect(set.container({ mode: "enforce", wrap }).results(LEAK)).rejects.toThrow(
      "this command only reads, and something was about to write to arn:aws:s3:::leaking",
    );

    expect(callsOf(set.sandbox).writes).toEqual([]);
  });

  it("knows what Cordon has journalled, from its table, and leaves that as it is", async () => {
    const set = await stage(control, { world });
    await set.container({ mode: "observe" }).results(LEAK);
    const [finding] = set.journal.findings();
    await set.container().results(LEAK);
    await set.container().rollBack(finding?.id ?? "");
    const before = set.journal.items();
    operator(set.sandbox, [...READS, ["dynamodb:BatchGetItem", "*"]]);
    const folder = folderOf({ "a.json": { Records: [LEAK] } });
    set.sandbox.clearCalls();
    // The exception that a rollback grants lasts a day of the stage's clock.
    vi.useFakeTimers({ now: set.clock.nowMs(), toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());

    const { code, out, err } = await run(replay, join(folder, "a.json"), "--json");

    expect(err).toBe("");
    const report = JSON.parse(out) as ReplayReport;
    expect({ code, kinds: report.findings.map(({ decision }) => decision.kind) }).toEqual({
      code: 0,
      kinds: ["exempt"],
    });
    expect(set.journal.items()).toEqual(before);
    expect(set.sandbox.calls.filter(({ mutating }) => mutating)).toEqual([]);
  });

  it("refuses other accounts' resources, and tells of what AWS gives no answer to", async () => {
    const set = await stage(control, { world });
    operator(set.sandbox, READS);
    vi.stubEnv("CORDON_TABLE", "");
    set.sandbox.faults.inject({ operation: "GetBucketReplication", kind: "throttle", times: 20 });
    const folder = folderOf({ "a.json": { Records: [FINE, cloudTrailRecord("theirs", { account: "444455556666" })] } });

    const { code, out } = await run(replay, join(folder, "a.json"), "--json");

    const report = JSON.parse(out) as ReplayReport;
    expect(code).toBe(1);
    expect(report.refused).toEqual([
      expect.objectContaining({ reason: expect.stringContaining("found a resource of account 444455556666") }),
    ]);
    expect(report.failed).toEqual([
      expect.objectContaining({ reason: expect.stringContaining("AWS gave no usable answer to GetBucketReplication") }),
    ]);
  });

  it("could not be run where AWS is not there, which is told once and not for each event", async () => {
    const sandbox = await startSandbox();
    for (const [name, value] of Object.entries(sandbox.environment())) vi.stubEnv(name, value);
    await sandbox.close();
    const folder = folderOf({ "a.json": LEAK });
    const { code, out, err } = await run(replay, join(folder, "a.json"));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("AWS gave no usable answer to GetCallerIdentity");
  });
});

describe("the progress of a replay", () => {
  const clock = { nowMs: () => now, sleep: async () => {} };
  let now = 0;
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return {
      written,
      stream: { isTTY, columns: 60, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
    };
  };

  it("is shown on a terminal only, not too often, and is gone in the end", () => {
    const [there, nowhere] = [stream(true), stream(false)];
    for (const each of [there, nowhere]) {
      const progress = progressOn(each.stream, 1_000_000, clock);
      progress.at(0, "/a/first.json");
      progress.at(1, "/a/first.json");
      now += 200;
      progress.at(500_000, "/a/a-very-long-name-of-a-file-that-does-not-fit-on-the-line.json.gz");
      progress.end();
    }
    expect(nowhere.written).toEqual([]);
    expect(there.written).toHaveLength(3);
    expect(there.written[0]).toBe("\r\u001b[K[........................] 0 %  0.0 of 1.0 MB  first.json");
    expect(there.written[1]).toHaveLength(4 + 59);
    expect(there.written[2]).toBe("\r\u001b[K");
  });

  it("is the share of all bytes", () => {
    expect(describeProgress(500_000, 1_000_000, "x/y.gz")).toBe("[############............] 50 %  0.5 of 1.0 MB  y.gz");
    expect(describeProgress(0, 0, "y.gz")).toContain("100 %");
  });
});
