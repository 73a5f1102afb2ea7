import { readdirSync } from "node:fs";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, openAccount } from "../../bench/account.ts";
import type { Budgeted } from "../../bench/budget.ts";
import { type Bundles, openBundles } from "../../bench/bundles.ts";
import { openContestants } from "../../bench/contestants.ts";
import { figuresOf } from "../../bench/figures.ts";
import { type Folder, openFolder, root } from "../../bench/folder.ts";
import { incidentsIn } from "../../bench/incidents.ts";
import { keysCase, mostCalls } from "../../bench/keys/figures.ts";
import { measureKeys } from "../../bench/keys/measure.ts";
import { readOptions } from "../../bench/options.ts";
import type { Cold } from "../../bench/policy/cold.ts";
import { growingDocument, SIZES, usualDocument } from "../../bench/policy/decisions.ts";
import { compileDocument, openDocument, policyDocument } from "../../bench/policy/documents.ts";
import { traceEvaluated } from "../../bench/policy/evaluated.ts";
import { DECISION_KINDS, examine } from "../../bench/policy/examine.ts";
import { policyFigures } from "../../bench/policy/figures.ts";
import { defaultPolicy } from "../../bench/policy/files.ts";
import { builtInPlugin, isLanguage } from "../../bench/policy/plugins.ts";
import { situationsFor } from "../../bench/policy/situations.ts";
import { holds, type Report } from "../../bench/report.ts";
import { assertSameCalls } from "../../bench/same-calls.ts";
import { type Burst, isBurstKept } from "../../bench/tickets/figures.ts";
import { measureBursts } from "../../bench/tickets/measure.ts";
import type { RecordedCall } from "../../sandbox/index.ts";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { inForce } from "../../shared/policy/load-policy.ts";

describe("the floor of the benchmark", () => {
  let account: Account;
  let bundles: Bundles;
  beforeAll(async () => {
    [account, bundles] = await Promise.all([openAccount(), openBundles("quarantine-replication")]);
  });
  afterAll(async () => {
    await Promise.all([account?.close(), bundles?.remove()]);
  });

  it("contains as Cordon does, by the same calls", async () => {
    const { operations } = await openContestants(account, bundles, incidentsIn(account));
    expect(operations).toEqual([
      "BatchGetItem",
      "GetBucketReplication",
      "GetBucketReplication",
      "GetBucketTagging",
      "HeadBucket",
      "PutBucketReplication",
      "TransactWriteItems",
      "TransactWriteItems",
      "UpdateItem",
    ]);
  });

  const call = (operation: string, more: Partial<RecordedCall> = {}) =>
    ({
      service: "s3",
      operation,
      region: "eu-central-1",
      mutating: false,
      input: { Bucket: "a" },
      ...more,
    }) as RecordedCall;
  const read = call("GetBucketTagging");
  const write = call("PutBucketReplication", { mutating: true });
  const count = call("UpdateItem", { mutating: true, service: "dynamodb", input: { text: "x".repeat(200) } });

  it("is taken when reads that go together arrive in another order", () => {
    expect(() => assertSameCalls([read, call("HeadBucket"), write], [call("HeadBucket"), read, write])).not.toThrow();
  });

  it.each<[string, RecordedCall[]]>([
    ["leaves out a call", [read, write]],
    ["makes a call twice", [read, read, write, count]],
    ["calls another Region", [{ ...read, region: "us-east-1" }, write, count]],
    ["writes in another order", [read, count, write]],
    ["sends less", [read, write, { ...count, input: { text: "x" } }]],
  ])("is none when it %s", (_, floor) => {
    expect(() => assertSameCalls([read, write, count], floor)).toThrow("The floor is none");
  });
});

describe("the verdict on containments", () => {
  const cold = (sinceImportMs: number) => [{ sinceImportMs, waitedMs: 100, cpuMs: 100, peakMb: 80 }];
  const warm = (cpuMs: number, peakMb = 100) => [{ cpuMs, waitedMs: 20, peakMb }];
  const counted = (s3: number, other = 0): Budgeted => ({
    what: "containment",
    budget: { s3: 5, table: 4, other: 0 },
    made: { s3, table: 4, other },
  });
  const report = (
    [coldMs, warmMs, peakMb]: readonly [number, number, number],
    budgeted = counted(5),
    isJudged = true,
  ): Report => ({
    machine: "",
    node: "",
    isJudged,
    containment: {
      runs: { cold: 1, warm: "1" },
      figures: figuresOf(
        { cordon: cold(coldMs), floor: cold(100) },
        [{ cordon: warm(warmMs, peakMb), floor: warm(10) }],
        { cordon: warm(20), floor: warm(10) },
      ),
      budget: [budgeted],
      requestBytes: 0,
      bundles: {},
    },
  });

  it.each<[string, boolean, Report]>([
    ["every ratio at its limit", true, report([140, 11.5, 130])],
    ["fewer calls than the budget", true, report([100, 10, 100], counted(4))],
    ["a cold start too slow", false, report([141, 10, 100])],
    ["too much CPU", false, report([100, 11.6, 100])],
    ["too much memory", false, report([100, 10, 131])],
    ["a ratio that is no number", false, report([Number.NaN, 10, 100])],
    ["a call too many", false, report([100, 10, 100], counted(6))],
    ["a call to a service nobody expects", false, report([100, 10, 100], counted(5, 1))],
    ["ratios over the limit that are not judged", true, report([200, 20, 200], counted(5), false)],
    ["a call too many where ratios are not judged", false, report([100, 10, 100], counted(6), false)],
  ])("of %s is %s", (_, expected, given) => {
    expect(holds(given)).toBe(expected);
  });

  it("weighs pair by pair, and CPU as a whole", () => {
    // The machine gets ten times slower in between: the pairs' ratios are 1.2 all the same, and one expensive containment counts.
    const figures = figuresOf(
      { cordon: [120, 120, 1200].flatMap(cold), floor: [100, 100, 1000].flatMap(cold) },
      [{ cordon: [10, 10, 40].flatMap((each) => warm(each)), floor: [10, 10, 10].flatMap((each) => warm(each)) }],
      { cordon: warm(10), floor: warm(10) },
    );
    const ratioOf = (what: string) => figures.find((figure) => figure.what.startsWith(what))?.ratio.value;
    expect(ratioOf("cold: import")).toBeCloseTo(1.2);
    expect(ratioOf("warm: CPU")).toBeCloseTo(2);
    expect(ratioOf("warm: time")).toBeCloseTo(1);
  });
});

describe("the benchmark's policies", () => {
  const countRules = (document: object) => {
    const { transfers, controls, exceptions, expressions } = compileDocument(document);
    const scopes = Object.values(controls).reduce((sum, control) => sum + control.scopes.length, 0);
    return { rules: transfers.length + scopes, exceptions: exceptions.length, conditions: expressions.length };
  };

  it.each<readonly [string, object, ReturnType<typeof countRules>]>([
    ["the usual", usualDocument(), { rules: 100, exceptions: 10, conditions: 10 }],
    ["the smallest", growingDocument(10), { rules: 10, exceptions: 1, conditions: 0 }],
    ["a larger", growingDocument(1_000), { rules: 1_000, exceptions: 50, conditions: 0 }],
    ["what all can match", openDocument(1_000), { rules: 1_000, exceptions: 0, conditions: 0 }],
  ])("compile without a mistake: %s has as many rules as it says", (_, document, counts) => {
    expect(countRules(document)).toEqual(counts);
  });

  it("are the same each time, and the largest is small enough to be compiled", () => {
    const largest = JSON.stringify(growingDocument(10_000));
    expect(largest).toBe(JSON.stringify(growingDocument(10_000)));
    expect(largest.length).toBeLessThan(1_000_000);
  });

  it("decide as expected, whether they say it in CEL or not", async () => {
    const [usual, plain] = [usualDocument(), policyDocument({ rules: 100, exceptions: 10 })];
    const [inCel, without] = await Promise.all([usual, plain].map((each) => inForce(compileDocument(each))));
    if (inCel === undefined || without === undefined) throw new Error("there are two");
    const examined = examine(situationsFor(inCel, "all"), inCel);
    expect(examined.kinds).toEqual(examine(situationsFor(without, "all"), without).kinds);
    expect(Object.keys(examined.kinds).sort()).toEqual([...DECISION_KINDS].sort());
    expect(examined.conditions).toBeGreaterThan(2);
  });

  it("have decisions look at the same number of rules, however many there are, or at all of them", async () => {
    const looked = async (document: object, about: "known" | "unreadable") => {
      const policy = await inForce(compileDocument(document));
      return examine(situationsFor(policy, about), policy).rules;
    };
    const smallest = await looked(growingDocument(SIZES[0]), "known");
    expect(smallest).toBeGreaterThan(0.5);
    expect(await looked(growingDocument(SIZES[2]), "known")).toBe(smallest);
    expect(await looked(openDocument(1_000), "unreadable")).toBe(1_000);
  });

  it("are found out when they decide otherwise", async () => {
    const policy = await inForce(compileDocument(growingDocument(10)));
    const [situation] = situationsFor(policy, "known");
    if (situation === undefined) throw new Error("there are some");
    const wrong = { ...situation, expected: { ...situation.expected, rule: "classification:secret" } };
    expect(() => examine([wrong], policy)).toThrow("expected compliant by classification:secret, found compliant by");
  });
});

describe("the verdict on policies", () => {
  interface Found {
    readonly perSecond?: number;
    readonly largest?: number;
    readonly compiled?: number;
    readonly evaluated?: readonly string[];
    readonly isJudged?: boolean;
  }
  const report = ({ perSecond = 20_000, largest = 50_000, compiled = 40, ...more }: Found): Report => {
    const decided = (rate: number) => ({ perSecond: [rate], kinds: {}, rules: 1, conditions: 0 });
    const cold: Cold = {
      builtIn: [1],
      compiled: [compiled],
      yaml: [999],
      conditions: [99],
      shipped: [9],
      without: [8],
    };
    const growing = [
      { ...decided(150_000), size: 10 },
      { ...decided(largest), size: 10_000 },
    ];
    const decisions = { usual: decided(perSecond), growing, open: decided(1) };
    const evaluated = { builtIn: more.evaluated ?? [], compiled: [], conditions: ["cel"], yaml: ["yaml"] };
    const figures = policyFigures(decisions, cold, evaluated);
    const policy = { runs: { cold: 1, decisions: "1" }, figures, usual: decided(1) };
    return { machine: "", node: "", isJudged: more.isJudged ?? true, policy };
  };

  it.each<[string, boolean, Found]>([
    ["every figure at its limit", true, {}],
    ["too few decisions", false, { perSecond: 19_999 }],
    ["decisions that take longer the more rules there are", false, { largest: 49_000 }],
    ["a compiled file that takes long", false, { compiled: 40.1 }],
    ["a time that is no number", false, { compiled: Number.NaN }],
    ["a cold start that evaluates the language", false, { evaluated: ["yaml"] }],
    ["times over the limit that are not judged", true, { perSecond: 1, largest: 1, compiled: 99, isJudged: false }],
    ["a cold start that evaluates it where times are not judged", false, { evaluated: ["yaml"], isJudged: false }],
  ])("of %s is %s", (_, expected, found) => {
    expect(holds(report(found))).toBe(expected);
  });
});

describe("a cold start pays nothing for parsing", () => {
  const functions = readdirSync(`${root}functions`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const entryOf = (name: string) => `functions/${name}/handler.ts`;
  let folder: Folder;
  let inputs: Metafile["inputs"] = {};
  beforeAll(async () => {
    folder = await openFolder();
    const { metafile } = await build({
      ...bundleOptions,
      absWorkingDir: root,
      entryPoints: functions.map(({ name }) => entryOf(name)),
      outdir: "dist",
      plugins: [builtInPlugin(await defaultPolicy())],
      write: false,
      metafile: true,
    });
    inputs = metafile.inputs;
  });
  afterAll(() => folder?.remove());

  it("evaluates no module of the policy language, unless YAML or conditions are to be read", async () => {
    const { builtIn, compiled, conditions, yaml } = await traceEvaluated(folder, await defaultPolicy());
    expect(builtIn).toEqual([]);
    expect(compiled).toEqual([]);
    expect(conditions.filter((module) => !/cel-js|re2js|condition|safe-pattern/.test(module))).toEqual([]);
    expect(yaml).toContain("shared/policy/language/parse-policy.ts");
  });

  it.each(functions.map(({ name }) => name))("%s reaches the policy language by import() only", (name) => {
    const reached = new Set([entryOf(name)]);
    for (const file of reached) {
      for (const { path, kind, external } of inputs[file]?.imports ?? [])
        if (kind !== "dynamic-import" && !external) reached.add(path);
    }
    expect(reached.size).toBeGreaterThan(10);
    expect([...reached].filter(isLanguage)).toEqual([]);
  });
});

describe("looks through an account's keys", () => {
  it("deactivate what is too old, as the plain scan does, and are counted", async () => {
    const users = { users: 30, stale: 2, rotating: 0 };
    const { cases } = await measureKeys({ rounds: 1, cases: [users] }, () => () => {});
    expect(cases[0]).toMatchObject({
      ...users,
      cordon: { calls: 14, tableCalls: expect.any(Number) },
      scan: { calls: 1 + 30 + 2, tableCalls: 0 },
      mostCalls: 14,
    });
  });

  it("may make calls for the stale keys, and for nobody else but whose turn it is", () => {
    const stale = 50;
    expect(mostCalls({ users: 1_000, stale, rotating: 0 })).toBe(254);
    expect(mostCalls({ users: 5_000, stale, rotating: 0 })).toBe(254);
    expect(mostCalls({ users: 5_000, stale, rotating: 4_950 })).toBeLessThan(1_200);
  });

  const report = (found: {
    calls?: number;
    tableCalls?: number;
    peakMb?: number;
    cpuMs?: number;
    isJudged?: boolean;
  }) => {
    const { isJudged = true, ...more } = found;
    const cordon = { calls: 254, tableCalls: 200, peakMb: 199, cpuMs: 1_300, ...more };
    const floor = { calls: 1_051, tableCalls: 0, peakMb: 500, cpuMs: 1_000 };
    const measured = keysCase({ users: 1_000, stale: 50, rotating: 0 }, { cordon: [cordon], floor: [floor] });
    return { machine: "", node: "", isJudged, keys: { rounds: 1, cases: [measured] } } satisfies Report;
  };
  it.each<[string, boolean, Parameters<typeof report>[0]]>([
    ["every figure at its limit", true, {}],
    ["a call too many", false, { calls: 255 }],
    ["as many calls as a scan, were they the table's", false, { tableCalls: 700 }],
    ["too much memory", false, { peakMb: 200 }],
    ["too much CPU", false, { cpuMs: 1_301 }],
    ["CPU that is no number", false, { cpuMs: Number.NaN }],
    ["CPU over the limit that is not judged", true, { cpuMs: 9_999, isJudged: false }],
    ["a call too many where times are not judged", false, { calls: 255, isJudged: false }],
  ])("of %s: all is kept: %s", (_, expected, found) => {
    expect(holds(report(found))).toBe(expected);
  });
});

describe("a burst of tickets", () => {
  it("takes one request a finding, however often messages come; from one cause it is a few tickets", async () => {
    const [apart, together] = await measureBursts(12, () => () => {});
    expect(apart).toMatchObject({ tickets: 12, requests: 12 });
    expect(together).toMatchObject({ tickets: 11, requests: 11 });
  });

  const kept = {
    ...{ what: "", findings: 100, tickets: 100, requests: 100, mostTickets: 100, mostRequests: 100 },
    ...{ earlyMb: 100, lateMb: 125, cpuMsPerFinding: 1 },
  };
  it.each<[string, boolean, Partial<Burst>]>([
    ["every figure at its limit", true, {}],
    ["a ticket too many", false, { tickets: 101 }],
    ["a request too many", false, { requests: 101 }],
    ["no ticket at all", false, { tickets: 0 }],
    ["memory that grows", false, { lateMb: 126 }],
    ["memory that is no number", false, { earlyMb: Number.NaN }],
  ])("of %s: all is kept: %s", (_, expected, found) => {
    expect(isBurstKept({ ...kept, ...found })).toBe(expected);
  });
});

describe("the benchmark's options", () => {
  it.each<readonly [readonly string[], readonly string[], boolean]>([
    [[], ["containment", "policy", "keys", "tickets"], true],
    [["--only", "policy"], ["policy"], true],
    [["--only", "keys", "--quick"], ["keys"], false],
    [["--only", "containment", "--quick"], ["containment"], false],
    [["--n", "14"], ["containment", "policy", "keys", "tickets"], false],
  ])("%j measure %j, judged: %s", (list, parts, isJudged) => {
    expect(readOptions(list)).toMatchObject({ parts, isJudged });
  });

  it.each([[["--only", "floor"]], [["--n", "0"]], [["--fast"]]])("%j are refused", (list) => {
    expect(() => readOptions(list)).toThrow();
  });
});
