import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findings } from "../../cli/findings.ts";
import { HIDDEN } from "../../cli/redact.ts";
import { startSandbox } from "../../sandbox/index.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { operator, run, TABLE } from "../support/cli.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";
import { lookAt } from "../support/stage.ts";
import { idOf, journalStage, journalToRead } from "./journal-stage.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const journal = journalToRead();

/** The journal, and somebody who may scan the table and nothing else. */
async function open(reading = journal) {
  const set = await reading();
  operator(set.sandbox, [["dynamodb:Scan", TABLE]]);
  set.sandbox.clearCalls();
  return set;
}

/** What a command said as JSON. */
async function shown(...words: string[]) {
  const { code, out, err } = await run(findings, ...words, "--json");
  expect(err).toBe("");
  return {
    code,
    ...(JSON.parse(out) as { findings: FindingRecord[]; counts: Record<string, unknown>; answers?: Answer[] }),
  };
}
interface Answer {
  readonly complies: string;
  readonly sentence: string;
  readonly seen?: Record<string, unknown>;
}
const partsOf = ({ findings: all }: { findings: FindingRecord[] }) =>
  all.map(({ resource, part }) => `${resource.name}/${part}`);

describe("cordon findings", () => {
  it("lists what there is, the most severe first, then the newest, with the count last", async () => {
    const set = await open();

    const { code, out, err } = await run(findings);

    expect({ code, err }).toEqual({ code: 1, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ID +STATUS +SEVERITY +CLASS +RESOURCE +MOVES +SINCE +TITLE$/);
    const [undecided, observed, contained, waived] = lines.slice(1, 5);
    expect(contained).toMatch(
      new RegExp(
        `^${idOf("contained", "to-us")} +contained +high +eu-only +contained \\(111122223333\\) +eu-central-1 -> us-west-2 +2026-03-01T09:01:00Z +Replication rule "to-us"`,
      ),
    );
    expect(undecided).toMatch(/awaiting-approval .* eu-central-1 -> unknown /);
    expect(observed).toMatch(/observed .* eu-west-1 -> us-east-1 /);
    expect(waived).toMatch(/exempt +medium /);
    expect(lines.at(-1)).toBe("4 findings, 2 open: 1 observed, 1 awaiting-approval, 1 exempt, 1 contained.");
    // One consistent pass, and nothing but reads.
    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["Scan"]);
    expect(out).not.toContain("\u001b");
  });

  it.each<readonly [string, readonly string[], readonly string[]]>([
    ["a status", ["--status", "exempt"], ["waived/to-us"]],
    ["several", ["--status", "exempt,observed"], ["observed/to-east", "waived/to-us"]],
    ["a Region", ["--region", "eu-west-1"], ["observed/to-east"]],
    ["a severity", ["--severity", "medium"], ["waived/to-us"]],
    ["a resource's name", ["--resource", "contained"], ["contained/to-us"]],
    ["a resource's ARN", ["--resource", "arn:aws:s3:::contained"], ["contained/to-us"]],
    ["another account", ["--account", "999999999999"], []],
    ["a class without findings", ["--classification", "public"], []],
    ["another control", ["--control", "cordon-cell-stays-deployed"], []],
    ["a framework nothing cites here", ["--framework", "AWS Security Hub"], []],
    [
      "all of it together",
      [
        "--framework",
        "gdpr",
        "--control",
        "s3-replication-stays-in-jurisdiction",
        "--region",
        "eu-central-1",
        "--status",
        "contained",
        "--classification",
        "eu-only",
        "--account",
        "111122223333",
      ],
      ["contained/to-us"],
    ],
  ])("shows only those of %s", async (_, words, parts) => {
    await open();
    const found = await shown(...words);
    expect(partsOf(found)).toEqual(parts);
    const isOpen = found.findings.some(({ status }) => status === "observed" || status === "awaiting-approval");
    if (!words.includes("--resource")) expect(found.code).toBe(isOpen ? 1 : 0);
  });

  it("counts as open what somebody has to see to: not what is contained, exempt or resolved", async () => {
    const set = await open(journalStage);
    const { replication: _, ...rest } = set.sandbox.bucket("contained");
    set.sandbox.createBucket({
      name: "contained",
      region: rest.region,
      versioning: true,
      tags: { "data-residency": "eu-only" },
    });
    const event = cloudTrailRecord("contained", {
      name: "DeleteBucketReplication",
      atMs: set.clock.nowMs() - 60_000,
      id: "gone",
    });
    await set.container().results(event);
    operator(set.sandbox, [["dynamodb:Scan", TABLE]]);

    const all = await shown("--region", "eu-central-1", "--status", "resolved,exempt");
    expect(partsOf(all)).toEqual(["contained/to-us", "waived/to-us"]);
    expect(all.counts).toMatchObject({ shown: 2, open: 0, byStatus: { resolved: 1, exempt: 1 } });
    expect(partsOf(await shown("--status", "resolved,exempt", "--open"))).toEqual([]);
    expect((await shown("--status", "resolved")).code).toBe(0);
  });

  it("hides who and what unless it is asked to reveal it", async () => {
    await open();
    const hidden = await shown("--resource", "waived");
    expect(hidden.findings[0]).toMatchObject({
      exception: { approver: HIDDEN, reason: HIDDEN },
      facts: { prefix: HIDDEN },
    });
    expect(JSON.stringify(hidden)).not.toMatch(/data-protection-officer|a contract is in place|developer/);
    const revealed = await shown("--resource", "waived", "--reveal");
    expect(revealed.findings[0]).toMatchObject({
      exception: { approver: "arn:aws:iam::111122223333:user/data-protection-officer" },
      facts: { prefix: "to-us/" },
    });
  });

  it("lets no name write to the terminal", async () => {
    const sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
    try {
      operator(sandbox, [["dynamodb:*", TABLE]]);
      const record = findingOf({ title: "rule \u001b]0;owned\u0007\n\u202eevil" });
      const Item = marshall({ pk: "FINDING#1", sk: "FINDING", entity: "finding", record });
      await new DynamoDBClient().send(new PutItemCommand({ TableName: "cordon", Item }));
      const { out } = await run(findings);
      expect(lookAt(sandbox).findings()).toHaveLength(1);
      expect(out.split("\n")).toHaveLength(5);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    } finally {
      await sandbox.close();
    }
  });

  it.each<readonly [string, readonly string[], string]>([
    [
      "a status that is none",
      ["--status", "containd"],
      '--status: unknown status "containd"; did you mean "contained"?',
    ],
    ["a severity that is none", ["--severity", "severe"], "expected one of: critical, high, medium, low"],
    ["a control that is none", ["--control", "s3-replication"], 'unknown control "s3-replication"'],
    ["a class that is none", ["--classification", "eu-olny"], 'did you mean "eu-only"?'],
    ["a Region that is none", ["--region", "eu-centrl-1"], 'did you mean "eu-central-1"?'],
    ["an account that is none", ["--account", "12"], '--account: found "12", expected 12 digits'],
    ["a framework nobody cites", ["--framework", "GDRP"], 'did you mean "GDPR"?'],
    ["an empty list", ["--status", ","], "--status is empty"],
    ["a policy that is not there", ["--resource", "x", "--policy", "/nowhere.yaml"], "/nowhere.yaml can't be read"],
  ])("refuses %s with exit code 2, so that a slip is no good news", async (_, words, said) => {
    await open();
    const { code, out, err } = await run(findings, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  it("names settings that are missing, a table that is not there, and a permission that is", async () => {
    const set = await open();
    vi.stubEnv("CORDON_TABLE", "cordn");
    const gone = await run(findings);
    expect([gone.code, gone.err]).toEqual([2, expect.stringContaining("dynamodb:Scan")]);
    operator(set.sandbox, [["dynamodb:Scan", "*"]]);
    vi.stubEnv("CORDON_TABLE", "cordn");
    expect((await run(findings)).err).toContain('There is no table "cordn" in this account and Region');
    vi.stubEnv("CORDON_TABLE", "");
    vi.stubEnv("AWS_REGION", "");
    const { err } = await run(findings);
    expect(err).toContain("CORDON_TABLE is missing");
    expect(err).toContain("AWS_REGION is missing");
  });
});

describe("cordon findings --resource: does it comply?", () => {
  const answerTo = async (resource: string, ...more: string[]) => {
    const { code, answers } = await shown("--resource", resource, "--framework", "GDPR", ...more);
    return { code, answer: answers?.[0] };
  };

  it.each([
    [
      "plain",
      0,
      "yes",
      "plain complies with GDPR, as far as s3-replication-stays-in-jurisdiction sees: nothing is found.",
    ],
    ["released", 0, "yes", "nothing is found."],
    [
      "contained",
      0,
      "yes",
      "contained complies with GDPR at present, as far as s3-replication-stays-in-jurisdiction sees: what offended has been stopped, and 1 finding stays until it is gone.",
    ],
    ["observed", 1, "no", "observed does not comply with GDPR: 1 finding (observed)."],
    ["waived", 1, "no", "waived does not comply with GDPR: 1 finding only let be, by an exception."],
    [
      "undecided",
      1,
      "unknown",
      "Whether undecided complies with GDPR can't be said: 1 finding could not be decided (awaiting-approval).",
    ],
    ["stray", 1, "no", 'stray does not comply with GDPR: it lies in us-east-2, and "eu-only" has to stay in eu.'],
    ["never-seen", 1, "unknown", "Cordon has never seen never-seen: that is no claim that it complies with GDPR."],
  ])("%s", async (resource, code, complies, sentence) => {
    await open();
    const found = await answerTo(resource);
    expect(found.code).toBe(code);
    expect(found.answer).toMatchObject({ complies, sentence: expect.stringContaining(sentence) });
  });

  it("says when Cordon saw it last, its class, its Region and where it sends data", async () => {
    await open();
    const { out } = await run(findings, "--resource", "contained", "--framework", "gdpr");
    const lines = out.split("\n");
    expect(lines[0]).toContain("contained complies with GDPR at present");
    expect(lines.slice(1, 4)).toEqual([
      "  arn:aws:s3:::contained, account 111122223333, eu-central-1",
      "  class eu-only, last seen 2026-03-01T09:01:00Z",
      "  sends data to eu-west-1",
    ]);
    const { answers } = await shown("--resource", "unclassified");
    expect(answers?.[0]?.seen).toMatchObject({ classification: "eu-only", classSource: "default", sentTo: [] });
    expect((await run(findings, "--resource", "unclassified")).out).toContain("nobody has classified it");
  });

  it("is not said to comply with what none of Cordon's controls for it cites", async () => {
    await open();
    const { code, answers } = await shown("--resource", "plain", "--framework", "AWS Security Hub");
    expect(code).toBe(1);
    expect(answers?.[0]?.sentence).toBe(
      "Whether plain complies with AWS Security Hub can't be said: none of Cordon's controls looks at it for that.",
    );
  });

  it("is judged by all its findings, whichever are shown", async () => {
    await open();
    const { code, answer } = await answerTo("observed", "--status", "resolved");
    expect({ code, complies: answer?.complies }).toEqual({ code: 1, complies: "no" });
  });

  it("says in its help what its exit codes mean", () => {
    expect(findings.notes).toContain("Exit code: 0 ");
  });
});
