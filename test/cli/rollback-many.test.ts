import { afterEach, describe, expect, it, vi } from "vitest";
import { HIDDEN } from "../../cli/redact.ts";
import { rollback } from "../../cli/rollback.ts";
import { type Choice, chosen, describeChosen, timeOf } from "../../cli/rollback-choice.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed } from "../../sandbox/index.ts";
import { findingId } from "../../shared/ids.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import { asTold, open as openStage, ROLE, rule } from "../controls/replication-stage.ts";
import { BY_URL, deployDecide, operator, run, TABLE } from "../support/cli.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const HOUR_MS = 3_600_000;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("what is chosen to be taken back", () => {
  const of = (id: string, containedAt: string | undefined, more: Partial<FindingRecord> = {}) =>
    findingOf({ id, run: 1, timings: { ...(containedAt !== undefined && { containedAt }) }, ...more });
  const { resource } = findingOf();
  const elsewhere = { ...resource, arn: "arn:aws:s3:::other" };
  const abroad = { ...resource, account: "444455556666" };
  const FINDINGS = [
    of("b", "2026-03-01T10:00:00.000Z"),
    of("a", "2026-03-01T10:00:00.000Z"),
    of("later", "2026-03-01T11:00:00.000Z", { run: 2 }),
    of("other control", "2026-03-01T10:30:00.000Z", { controlId: "another-control" }),
    of("other resource", "2026-03-01T10:40:00.000Z", { resource: elsewhere }),
    of("other account", "2026-03-01T10:50:00.000Z", { resource: abroad }),
    of("no run", "2026-03-01T09:00:00.000Z", { run: undefined } as object),
    of("no time", undefined, { run: 3 }),
    of("exempt", "2026-03-01T10:00:00.000Z", { status: "exempt" }),
    of("on its way", "2026-03-01T10:00:00.000Z", { status: "containing" }),
    of("resolved", "2026-03-01T10:00:00.000Z", { status: "resolved" }),
  ];
  const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);
  const [B] = FINDINGS;
  const noRun = FINDINGS.find(({ id }) => id === "no run") as FindingRecord;

  it.each<[string, Choice, readonly string[]]>([
    [
      "all that is contained, the last first and by id where that is the same",
      {},
      ["later", "other account", "other resource", "other control", "a", "b", "no run", "no time"],
    ],
    ["since a time, and at it", { sinceMs: at("10:40:00") }, ["later", "other account", "other resource"]],
    [
      "until a time, and at it; what does not tell is old",
      { untilMs: at("10:00:00") },
      ["a", "b", "no run", "no time"],
    ],
    ["between two times", { sinceMs: at("10:10:00"), untilMs: at("10:45:00") }, ["other resource", "other control"]],
    ["nothing between two times the wrong way round", { sinceMs: at("11:00:00"), untilMs: at("10:00:00") }, []],
    ["of one control", { control: "another-control" }, ["other control"]],
    ["of one account", { account: "444455556666" }, ["other account"]],
    ["nothing of an account that has none", { account: "999999999999" }, []],
    ["of one control in one account", { control: "another-control", account: "444455556666" }, []],
    ["of one run: of that control, on that resource, in that account", { runOf: B as FindingRecord }, ["a", "b"]],
    ["of one run of a finding that is let be", { runOf: { ...(B as FindingRecord), status: "exempt" } }, ["a", "b"]],
    ["of one run since a time", { runOf: B as FindingRecord, sinceMs: at("10:00:01") }, []],
    ["nothing of a finding that no run has contained", { runOf: noRun }, []],
  ])("is %s", (_, choice, ids) => {
    expect(chosen(FINDINGS, choice).map(({ id }) => id)).toEqual(ids);
    expect(chosen([...FINDINGS].reverse(), choice).map(({ id }) => id)).toEqual(ids);
  });

  it("is shown with what would be put back, from what Cordon left to what was there", () => {
    const changes = [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }];
    const finding = of("f-1", "2026-03-01T10:00:00.123Z", { changes, title: "Replication\nto \u001b[31mus" });
    expect(describeChosen([finding])).toBe(
      'f-1  2026-03-01T10:00:00Z  Replication to  [31mus\n    Rules[to-us].Status: "Disabled" -> "Enabled"\n',
    );
  });

  it("is shown with what is absent as other commands show it", () => {
    const changes = [{ path: "Rules[to-us]", before: "Enabled" }];
    const finding = of("f-1", "2026-03-01T10:00:00.123Z", { changes });
    expect(describeChosen([finding])).toContain('    Rules[to-us]: (absent) -> "Enabled"\n');
  });
});

describe("a time", () => {
  it.each<[string, number]>([
    ["30m", NOW_MS - 30 * 60_000],
    ["6h", NOW_MS - 6 * HOUR_MS],
    ["2d", NOW_MS - 48 * HOUR_MS],
    ["0m", NOW_MS],
    ["99999d", NOW_MS - 99_999 * 24 * HOUR_MS],
    [" 6h ", NOW_MS - 6 * HOUR_MS],
    ["2026-03-01T09:00:00Z", Date.parse("2026-03-01T09:00:00Z")],
    ["2026-03-01T09:00Z", Date.parse("2026-03-01T09:00:00Z")],
    ["2026-03-01T09:00:00.250Z", Date.parse("2026-03-01T09:00:00Z") + 250],
    ["2026-03-01T09:00:00+01:00", Date.parse("2026-03-01T08:00:00Z")],
    ["2026-03-01T09:00:00-09:30", Date.parse("2026-03-01T18:30:00Z")],
  ])("is told by %j", (text, ms) => {
    expect(timeOf("since", text, NOW_MS)).toBe(ms);
  });

  it.each([
    "",
    "yesterday",
    "6",
    "6 h",
    "-6h",
    "1.5h",
    "6H",
    "6w",
    "100000h",
    "1h30m",
    "2026-03-01",
    "2026-03-01T09:00:00",
    "2026-03-01 09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-03-01T25:00:00Z",
    "2026-03-01T09:00:00CET",
    "1772355600",
    "1772355600000",
  ])("is not told by %j", (text) => {
    expect(() => timeOf("until", text, NOW_MS)).toThrow(
      `--until: found "${text}", expected a time with an offset such as 2026-03-01T09:00:00Z, or how long ago: 30m, 6h, 2d`,
    );
  });
});

const ACCOUNT = "111122223333";
const idOf = (bucket: string, part: string) => {
  const ref = s3BucketRef(bucket, ACCOUNT, "eu-central-1");
  if (ref === undefined) throw new Error(`${bucket} is no bucket's name`);
  return findingId(control.meta.id, ref, part);
};
const [US, EAST, OLD, NEW] = [
  idOf("eu-data", "to-us"),
  idOf("eu-data", "to-east"),
  idOf("eu-old", "to-us"),
  idOf("eu-new", "to-us"),
];
const RIGHTS = [...BY_URL, ["dynamodb:GetItem", TABLE], ["dynamodb:Scan", TABLE]] as const;
const WHY = ["--reason", "the policy was wrong"];

/** Three runs: of eu-old five hours ago, of both rules of eu-data two hours ago, of eu-new ten minutes ago; and somebody at a desk who may do no more than it takes. */
async function open() {
  const source = (name: string, rules: readonly string[]): BucketSeed => ({
    name,
    region: "eu-central-1",
    versioning: true,
    tags: { "data-residency": "eu-only" },
    replication: { Role: ROLE, Rules: rules.map((id) => rule(id, "us-copy")) },
  });
  const buckets = [
    source("eu-old", ["to-us"]),
    source("eu-data", ["to-us", "to-east"]),
    source("eu-new", ["to-us"]),
    { name: "us-copy", region: "us-west-2", versioning: true },
  ];
  const set = await openStage([], {
    world: { buckets },
    policy: { limits: { approvals: { by: ["arn:aws:iam::111122223333:user/operator"] } } },
  });
  const container = set.container();
  const event = (bucket: string) => ({
    ...cloudTrailRecord(bucket, { atMs: set.clock.nowMs(), id: `event-${bucket}`, requestId: `USER${bucket}` }),
    requestParameters: { bucketName: bucket, ReplicationConfiguration: asTold(rulesOf(bucket)) },
  });
  const rulesOf = (bucket: string) => set.sandbox.bucket(bucket).replication ?? null;
  for (const [bucket, agoMs] of [
    ["eu-old", 5 * HOUR_MS],
    ["eu-data", 2 * HOUR_MS],
    ["eu-new", HOUR_MS / 6],
  ] as const) {
    set.advance(Date.now() - agoMs - set.clock.nowMs());
    await container.results(event(bucket));
  }
  await deployDecide(set.sandbox, set.policy);
  const asked = () =>
    set.sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  const sit = (rights: readonly (readonly [string, string])[] = RIGHTS) => {
    operator(set.sandbox, rights);
    vi.stubEnv("CORDON_STACK", "cordon");
    vi.stubEnv("CORDON_TABLE", "");
    set.sandbox.clearCalls();
  };
  sit();
  /** Whether a rule sends data. */
  const status = () =>
    Object.fromEntries(
      ["eu-old", "eu-data", "eu-new"].flatMap((bucket) =>
        (rulesOf(bucket)?.Rules ?? []).map(({ ID, Status }) => [`${bucket} ${ID}`, Status]),
      ),
    );
  return { ...set, asked, sit, status };
}

const CONTAINED = {
  "eu-old to-us": "Disabled",
  "eu-data to-us": "Disabled",
  "eu-data to-east": "Disabled",
  "eu-new to-us": "Disabled",
};

describe("cordon rollback of many", () => {
  it("takes back all of one run and nothing else, each by its own order", async () => {
    const set = await open();

    const { code, out, err } = await run(rollback, "--run", US, ...WHY, "--hours", "3", "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [first, second] = [US, EAST].sort();
    expect(out.split("\n").filter((line) => line.startsWith("f-"))).toEqual([
      expect.stringMatching(`^${first}  \\d{4}-.*  Replication rule "to-.*" of eu-data sends data`),
      expect.stringMatching(`^${second}  \\d{4}-`),
      expect.stringMatching(`^${first}  done  rolled back by `),
      expect.stringMatching(`^${second}  done  rolled back by `),
    ]);
    expect(out).toContain('    Rules[to-us].Status: "Disabled" -> "Enabled"\n');
    expect(out).toMatch(/\n2 of 2 containments taken back\.\n$/);
    expect(set.status()).toEqual({ ...CONTAINED, "eu-data to-us": "Enabled", "eu-data to-east": "Enabled" });
    for (const id of [US, EAST]) {
      const { status, exception } = set.journal.finding(id) ?? {};
      expect(status).toBe("exempt");
      expect(exception).toMatchObject({ approver: "arn:aws:iam::111122223333:user/operator", reason: WHY[1] });
      const lasts = Date.parse(exception?.expiresAt ?? "") - Date.parse(exception?.grantedAt ?? "");
      expect(Math.abs(lasts - 3 * HOUR_MS)).toBeLessThan(5000);
    }
    expect([OLD, NEW].map((id) => set.journal.finding(id)?.status)).toEqual(["contained", "contained"]);
    expect(set.asked()).toEqual([
      "GetItem",
      "Scan",
      "GetFunctionUrlConfig",
      ...["InvokeFunctionUrl", "GetCallerIdentity", "InvokeFunctionUrl", "GetCallerIdentity"],
    ]);
    // What is taken back already is not there to be taken back.
    const again = await run(rollback, "--run", US, ...WHY, "--yes");
    expect([again.code, again.out]).toEqual([0, "Nothing that was contained matches; nothing was changed.\n"]);
  });

  it("takes back what is left of a run of which some is taken back already", async () => {
    const set = await open();
    await run(rollback, US, ...WHY, "--yes");
    expect(set.status()).toEqual({ ...CONTAINED, "eu-data to-us": "Enabled" });

    const { code, out } = await run(rollback, "--run", US, ...WHY, "--yes");

    expect([code, out]).toEqual([0, expect.stringMatching(/\n1 of 1 containment taken back\.\n$/)]);
    expect(set.status()).toEqual({ ...CONTAINED, "eu-data to-us": "Enabled", "eu-data to-east": "Enabled" });
  });

  it("takes back the last first, and one that is refused or fails does not hold up the others", async () => {
    const set = await open();
    const [one, other] = [US, EAST].sort();
    const rules = set.sandbox.bucket("eu-new").replication?.Rules ?? [];
    set.sandbox.createBucket({
      name: "eu-new",
      region: "eu-central-1",
      versioning: true,
      tags: { "data-residency": "eu-only" },
      replication: { Role: ROLE, Rules: rules.map((each) => ({ ...each, Filter: { Prefix: "all/" } })) },
    });
    // The order about the second of the four is lost on its way.
    set.sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind: "reset", skip: 1 });

    const { code, out } = await run(rollback, "--since", "6h", ...WHY, "--yes");

    expect(code).toBe(1);
    expect(out.split("\n").filter((line) => /^f-\w+ {2}[a-z]/.test(line))).toEqual([
      expect.stringMatching(`^${NEW}  refused  somebody has changed the configuration since`),
      expect.stringMatching(`^${one}  inconclusive  .*It may have been done all the same: ask again`),
      expect.stringMatching(`^${other}  done  `),
      expect.stringMatching(`^${OLD}  done  `),
    ]);
    expect(out).toMatch(
      /\n2 of 4 containments taken back; the others are as they were, each with its reason above\.\n$/,
    );
    const lost = one === US ? "to-us" : "to-east";
    expect(set.status()).toEqual({
      "eu-old to-us": "Enabled",
      "eu-data to-us": "Enabled",
      "eu-data to-east": "Enabled",
      [`eu-data ${lost}`]: "Disabled",
      "eu-new to-us": "Disabled",
    });
  });

  it("shows with --dry-run what a time, a control and an account choose, and asks nobody", async () => {
    const set = await open();
    const before = set.journal.items();
    const [one, other] = [US, EAST].sort();
    const since = new Date(Date.now() - 3 * HOUR_MS).toISOString();
    const choices: readonly (readonly [readonly string[], readonly (string | undefined)[]])[] = [
      [["--since", "30m"], [NEW]],
      [
        ["--since", "3h"],
        [NEW, one, other],
      ],
      [
        ["--since", since],
        [NEW, one, other],
      ],
      [
        ["--since", "1d"],
        [NEW, one, other, OLD],
      ],
      [
        ["--since", "1d", "--until", "1h"],
        [one, other, OLD],
      ],
      [
        ["--since", "3h", "--until", "1h"],
        [one, other],
      ],
      [
        ["--since", "1d", "--control", control.meta.id],
        [NEW, one, other, OLD],
      ],
      [
        ["--since", "1d", "--account", ACCOUNT],
        [NEW, one, other, OLD],
      ],
      [["--run", OLD], [OLD]],
      [
        ["--run", US, "--control", control.meta.id, "--account", ACCOUNT],
        [one, other],
      ],
    ];
    for (const [words, ids] of choices) {
      set.sandbox.clearCalls();
      const { code, out } = await run(rollback, ...words, ...WHY, "--dry-run");
      const many = `${ids.length} containment${ids.length === 1 ? "" : "s"}`;
      expect([words, code, out.match(/^f-\w+/gm)]).toEqual([words, 0, ids]);
      expect(out).toMatch(`${many} could be taken back by cordon-decide; nothing was changed.\n`);
      expect(set.asked()).not.toContain("InvokeFunctionUrl");
    }
    expect(set.journal.items()).toEqual(before);
    expect(set.status()).toEqual(CONTAINED);
  });

  it("is content when nothing matches, and asks for nothing then", async () => {
    const set = await open();
    for (const words of [
      ["--since", "5m"],
      ["--since", "1d", "--until", "6h"],
      ["--since", "1d", "--account", "444455556666"],
      ["--since", "1d", "--control", "account-region-stays-covered"],
    ]) {
      set.sandbox.clearCalls();
      const { code, out, err } = await run(rollback, ...words, ...WHY, "--yes");
      expect({ code, out, err }).toEqual({
        code: 0,
        out: "Nothing that was contained matches; nothing was changed.\n",
        err: "",
      });
      expect(set.asked()).toEqual(["Scan"]);
    }
  });

  it("says the same as JSON and nothing else on stdout, and hides who decided", async () => {
    const set = await open();
    const none = await run(rollback, "--since", "5m", ...WHY, "--json", "--yes");
    expect([none.code, JSON.parse(none.out)]).toEqual([0, { isDryRun: false, chosen: [], outcomes: [] }]);
    const dry = await run(rollback, "--since", "30m", ...WHY, "--json", "--dry-run");
    expect(JSON.parse(dry.out)).toMatchObject({ isDryRun: true, chosen: [{ id: NEW }], outcomes: [] });
    const unasked = await run(rollback, "--since", "30m", ...WHY, "--json");
    expect(unasked).toMatchObject({ code: 2, out: "", err: expect.stringContaining(`${NEW}  `) });

    const { code, out, err } = await run(rollback, "--since", "30m", ...WHY, "--json", "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const changes = [{ path: "Rules[to-us].Status", before: "Disabled", after: "Enabled" }];
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      chosen: [{ id: NEW, status: "contained" }],
      outcomes: [{ findingId: NEW, outcome: "done", reasons: [expect.stringContaining(HIDDEN)], changes }],
    });
    expect(out).not.toContain("user/operator");
    expect(set.status()).toEqual({ ...CONTAINED, "eu-new to-us": "Enabled" });
  });

  it("does nothing without a terminal to ask on, nor without the rights to look and to ask", async () => {
    const set = await open();
    const alone = await run(rollback, "--since", "6h", ...WHY);
    expect([alone.code, alone.out]).toEqual([2, expect.stringContaining(NEW)]);
    expect(alone.err).toContain("found no terminal to ask on; expected one, or --yes");
    for (const [right, words, said] of [
      ["dynamodb:Scan", ["--since", "6h"], "dynamodb:Scan"],
      ["dynamodb:GetItem", ["--run", US], "dynamodb:GetItem"],
      ["lambda:GetFunctionUrlConfig", ["--since", "6h"], "lambda:GetFunctionUrlConfig"],
    ] as const) {
      set.sit(RIGHTS.filter(([action]) => action !== right));
      const { code, err } = await run(rollback, ...words, ...WHY, "--yes");
      expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    }
    // Each is told for itself, as any other that fails is.
    set.sit(RIGHTS.filter(([action]) => action !== "lambda:InvokeFunction"));
    const { code, out } = await run(rollback, "--run", US, ...WHY, "--yes");
    expect(code).toBe(1);
    expect(out.match(/^f-\w+ {2}inconclusive {2}.*lambda:InvokeFunction on/gm)).toHaveLength(2);
    expect(set.status()).toEqual(CONTAINED);
  });

  it("names a finding of which there is none, and one that no run has contained", async () => {
    const set = await open();
    const none = await run(rollback, "--run", "f-00000000000000000000", ...WHY, "--yes");
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining("there is no finding f-00000000000000000000 in"),
    ]);
    const observed = findingOf({ status: "observed" });
    await set.putItem({ pk: `FINDING#${observed.id}`, sk: "FINDING", entity: "finding", record: observed });
    set.sit();
    const { code, err } = await run(rollback, "--run", observed.id, ...WHY, "--yes");
    expect([code, err]).toEqual([2, expect.stringContaining(`no run has contained ${observed.id}: it is observed`)]);
  });
});

describe("arguments that choose nothing", () => {
  it.each<[string, readonly string[], string]>([
    ["no choice", WHY, "found none or several of a finding, --run and --since; expected one of them"],
    ["an end without a beginning", ["--until", "1h", ...WHY], "expected one of them"],
    ["a control by itself", ["--control", control.meta.id, ...WHY], "expected one of them"],
    ["a run and a time", ["--run", US, "--since", "1h", ...WHY], "expected one of them"],
    ["a finding and its run", [US, "--run", US, ...WHY], "expected one of them"],
    [
      "a finding with an end",
      [US, "--until", "1h", ...WHY],
      "--until goes with --since or --run, not with one finding",
    ],
    ["a finding with an account", [US, "--account", ACCOUNT, ...WHY], "--account goes with --since or --run"],
    ["a finding with a control", [US, "--control", control.meta.id, ...WHY], "--control goes with --since or --run"],
    ["a run of no finding's id", ["--run", "7", ...WHY], 'found "7", expected a finding\'s id'],
    ["a time that is none", ["--since", "yesterday", ...WHY], '--since: found "yesterday", expected a time'],
    ["an end that is none", ["--since", "1h", "--until", "now", ...WHY], '--until: found "now", expected a time'],
    ["a control that there is not", ["--since", "1h", "--control", "s3-replication", ...WHY], "--control"],
    ["an account that is none", ["--since", "1h", "--account", "1111", ...WHY], '--account: found "1111", expected 12'],
    ["no reason", ["--since", "1h"], "--reason"],
    [
      "hours that are no number",
      ["--since", "1h", "--hours", "x", ...WHY],
      '--hours: found "x", expected a number above 0',
    ],
    [
      "a misspelt option",
      ["--since", "1h", "--contol", "x", ...WHY],
      "found --contol, which this command does not have",
    ],
  ])("are %s: exit code 2, and nobody is asked", async (_, words, said) => {
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("CORDON_STACK", "cordon");
    const { code, out, err } = await run(rollback, ...words, "--yes");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});
