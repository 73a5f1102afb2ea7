import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { explain } from "../../cli/explain.ts";
import type { ExplainReport } from "../../cli/explain-report.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { operator, run } from "../support/cli.ts";
import { cloudTrailRecord, eventBridge, sqs } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";
import { policyDocument, stage } from "../support/stage.ts";

const { id } = control.meta;
const ENFORCED = { controls: { [id]: { mode: "enforce" } } };
const EVENT = cloudTrailRecord("orders");

const bucket = (more: Record<string, unknown> = {}) => ({
  name: "orders",
  region: "eu-central-1",
  versioning: true,
  tags: { "data-residency": "eu-only" },
  replication: {
    Role: "arn:aws:iam::111122223333:role/replication",
    Rules: [
      {
        ID: "out",
        Priority: 1,
        Status: "Enabled" as const,
        Filter: { Prefix: "customers/jane" },
        DeleteMarkerReplication: { Status: "Disabled" as const },
        Destination: { Bucket: "arn:aws:s3:::copies" },
      },
    ],
  },
  ...more,
});
const worldOf = (...more: Record<string, unknown>[]) => ({
  buckets: [bucket(...more), { name: "copies", region: "us-east-1", versioning: true }],
});

/** Files in a folder of their own, and their paths. */
function written<Name extends string>(files: Readonly<Record<Name, unknown>>): Readonly<Record<Name, string>> {
  const folder = mkdtempSync(join(tmpdir(), "cordon-explain-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = Object.entries(files).map(([name, content]) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return [name, path];
  });
  return Object.fromEntries(paths);
}

/** An event explained against a world, under a policy. */
async function explained(
  event: unknown,
  world: unknown = worldOf(),
  policy: unknown = {},
  ...words: readonly string[]
) {
  const files = written({ event, world, policy: policyDocument(ENFORCED, policy) });
  return run(explain, files.event, "--world", files.world, "--policy", files.policy, ...words);
}

const reportIn = ({ out }: { readonly out: string }) => JSON.parse(out) as ExplainReport;

beforeEach(() => {
  for (const name of ["CORDON_POLICY", "CORDON_TABLE"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("an event explained", () => {
  it("begins with a sentence for whoever reads no further, and then says why", async () => {
    const { code, out, err } = await explained(EVENT);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").slice(0, 3)).toEqual([
      'Would be contained: Replication rule "out" of orders sends data from eu-central-1 to us-east-1.',
      "Cordon would stop this by itself, at once, and leave everything else of the resource as it is.",
      "",
    ]);
    for (const said of [
      /^ {2}Why {9}classified "eu-only" by the bucket tag data-residency=eu-only\n {14}us-east-1 is outside eu/m,
      /^ {2}Decided by {2}classification:eu-only$/m,
      /^ {2}Mode {8}enforce, by control:s3-replication-stays-in-jurisdiction$/m,
      /^ {2}Undone {6}Disabling a rule is undone by enabling it again/m,
      /^ {2}Law {9}cited by the policy: GDPR Art\. 44; GDPR Art\. 46$/m,
      /^ {2}Considered {2}transfer:released-by-data-owner does not apply: data without the tag Sovereignty=Global moves too$/m,
      /^ {2}Facts {7}account {9}111122223333$/m,
      /^ {14}to {14}us-east-1$/m,
      /^ {2}Policy {6}eu-gdpr \(.*policy\.json\)\n {14}digest [0-9a-f]{64}$/m,
      /^ {2}Finding {5}f-[0-9a-f]{20}$/m,
      /^Looked at: the world in .*world\.json, .*Nothing was changed and nothing was recorded\.$/m,
    ])
      expect(out).toMatch(said);
    expect(out).not.toContain("\u001b");
  });

  it.each<readonly [string, unknown, unknown, string, string]>([
    ["contained", worldOf(), {}, "contain", "Would be contained: "],
    [
      "let be by its mode",
      worldOf(),
      { controls: { [id]: { mode: "observe" } } },
      "observe",
      "Would only be observed: ",
    ],
    ["asked for", worldOf(), { controls: { [id]: { mode: "approve" } } }, "approve", "Needs approval: "],
    ["not decidable", worldOf({ unreadable: ["tags"] }), {}, "approve", "Needs approval: "],
    [
      "not readable",
      worldOf({ unreadable: ["replication"] }),
      {},
      "approve",
      "Needs approval: The configuration of orders",
    ],
    ["compliant", worldOf({ tags: { "data-residency": "public" } }), {}, "compliant", "Compliant: "],
    [
      "exempt",
      worldOf({
        exception: {
          part: "out",
          reason: "a contract",
          approver: "Jane Doe",
          expiresAt: "2999-01-01T00:00:00Z",
          classification: "eu-only",
        },
      }),
      {},
      "exempt",
      "Exempt: ",
    ],
  ])("says in its first words when something is %s", async (_, world, policy, kind, sentence) => {
    const { code, out } = await explained(EVENT, world, policy, "--json");
    const [first] = JSON.parse(out).findings;
    expect({ code, kind: first.finding.decision.kind }).toEqual({ code: 0, kind });
    expect(first.summary.startsWith(sentence)).toBe(true);
    expect((await explained(EVENT, world, policy)).out.startsWith(sentence)).toBe(true);
  });

  it("says who may approve and for how long that is waited for", async () => {
    const approve = (limits: object) => ({ controls: { [id]: { mode: "approve" } }, limits });
    const named = await explained(
      EVENT,
      worldOf(),
      approve({ approvals: { by: ["arn:aws:iam::111122223333:role/dpo"], validHours: 24 } }),
    );
    expect(named.out).toMatch(
      /^ {2}Approval {4}by arn:aws:iam::111122223333:role\/dpo\n {14}a decision is waited for 24 hours$/m,
    );
    const anybody = await explained(EVENT, worldOf(), approve({ approvals: { validHours: 1 } }));
    expect(anybody.out).toMatch(
      /by whoever may call Cordon's decide function \(the policy names nobody\)\n {14}a decision is waited for 1 hour$/m,
    );
    expect((await explained(EVENT)).out).not.toContain("Approval");
  });

  it("says of every exception and scope that was considered whether it applies and why", async () => {
    const exception = {
      control: id,
      accounts: ["111122223333"],
      reason: "r",
      approver: "dpo",
      ticket: "T-1",
      grantedAt: "2026-01-01T00:00:00Z",
    };
    const { out, err } = await explained(EVENT, worldOf(), {
      exceptions: [{ id: "over", ...exception, expiresAt: "2026-01-15T00:00:00Z" }],
      controls: {
        [id]: {
          mode: "enforce",
          scopes: [
            { id: "london", regions: ["eu-west-2"], mode: "observe" },
            { id: "frankfurt", regions: ["eu-central-1"], accounts: ["111122223333"], mode: "approve" },
          ],
        },
      },
    });
    expect(err).toBe("");
    expect(out).toContain("exception:over does not apply: the exception by");
    expect(out).toContain(`control:${id}/frankfurt applies: everything it names matches`);
    expect(out).toContain(`approve, by control:${id}/frankfurt`);
  });

  it("takes what is journalled into account", async () => {
    const lowered = worldOf({ tags: { "data-residency": "public" }, classification: "eu-only" });
    expect((await explained(EVENT, lowered)).out).toContain('journalled as "eu-only" (its tags say "public"');
  });

  it("says nothing of people, keys and tags unless it is asked to reveal them", async () => {
    const exception = {
      part: "out",
      reason: "she asked for it",
      approver: "Jane Doe",
      expiresAt: "2999-01-01T00:00:00Z",
      classification: "eu-only",
    };
    for (const words of [[], ["--json"]]) {
      const hidden = await explained(EVENT, worldOf({ exception }), {}, ...words);
      expect(hidden.out).not.toMatch(/customers\/jane|user\/developer|Jane Doe|she asked/);
      expect(hidden.out).toContain("(hidden: --reveal)");
      const shown = await explained(EVENT, worldOf({ exception }), {}, "--reveal", ...words);
      for (const said of ["customers/jane", "user/developer", "Jane Doe", "she asked"])
        expect(shown.out).toContain(said);
    }
  });

  it.each<readonly [string, unknown, unknown, number, string]>([
    [
      "on which nothing is configured",
      EVENT,
      worldOf({ replication: null }),
      0,
      "Compliant: nothing is configured on arn:aws:s3:::orders",
    ],
    [
      "that is not there",
      cloudTrailRecord("nobody"),
      worldOf(),
      0,
      "Nothing to judge: the bucket nobody does not exist",
    ],
    [
      "about which a call failed",
      { ...EVENT, errorCode: "AccessDenied" },
      worldOf(),
      1,
      "Ignored: PutBucketReplication failed with AccessDenied",
    ],
    [
      "that no control judges",
      { ...EVENT, eventName: "CreateBucket" },
      worldOf(),
      1,
      "Ignored: no control listens to CreateBucket",
    ],
    [
      "that is not named",
      { ...EVENT, requestParameters: null, resources: [] },
      worldOf(),
      1,
      "Refused: PutBucketReplication names no bucket",
    ],
    [
      "in no event",
      { some: "thing" },
      worldOf(),
      1,
      "Refused: found an object with some; expected an EventBridge event",
    ],
  ])("is told in a sentence, with its exit code, of a resource %s", async (_, event, world, code, said) => {
    const answer = await explained(event, world);
    expect(answer.code).toBe(code);
    expect(answer.out.startsWith(said)).toBe(true);
  });

  it("holds each of several events in one, the worst first", async () => {
    const fine = { ...bucket({ name: "fine" }), tags: { "data-residency": "public" } };
    const world = { buckets: [...worldOf().buckets, fine] };
    const batch = sqs(
      eventBridge(cloudTrailRecord("fine")),
      eventBridge(EVENT),
      eventBridge({ ...EVENT, errorCode: "x" }),
    );
    const { code, out } = await explained(batch, world);
    expect(code).toBe(0);
    expect(out.match(/^(Would be contained|Compliant): /gm)).toEqual(["Would be contained: ", "Compliant: "]);
    expect(out).toContain("1 more event concerned no control.");
    expect((await explained(sqs(eventBridge(EVENT), "{"), world)).code).toBe(1);
  });

  it("is JSON and nothing else with --json", async () => {
    const answer = await explained(EVENT, worldOf(), {}, "--json");
    expect(reportIn(answer)).toMatchObject({
      policy: { name: "eu-gdpr", digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      findings: [
        {
          summary: expect.stringContaining("Would be contained"),
          finding: {
            controlId: id,
            part: "out",
            classification: "eu-only",
            decision: {
              kind: "contain",
              explanation: {
                mode: "enforce",
                considered: [{ rule: "transfer:released-by-data-owner", applies: "no" }],
              },
            },
          },
        },
      ],
      undecided: [],
    });
    expect(Object.keys(reportIn(answer).findings[0]?.finding ?? {})).not.toContain("status");
  });
});

describe("an event explained against AWS", () => {
  const READS = control.meta.iam.read.map((action) => [action, "*"] as const);

  it("needs no more rights than the control's reads and the table's, and changes nothing", async () => {
    const set = await stage(control, { world: worldOf() });
    await set.container().results(EVENT);
    const before = set.journal.items();
    operator(set.sandbox, [...READS, ["dynamodb:BatchGetItem", "*"]]);
    const files = written({ event: EVENT });
    set.sandbox.clearCalls();

    const { code, out, err } = await run(explain, files.event);

    expect({ code, err }).toEqual({ code: 0, err: "" });
    // What Cordon contained is switched off now.
    expect(out).toMatch(/^Compliant: .*\n/);
    expect(out).toContain("it is switched off and moves no data");
    expect(out).toContain("Looked at: AWS, as account 111122223333, and the journal in cordon");
    expect(set.journal.items()).toEqual(before);
    expect(set.sandbox.calls.filter(({ mutating }) => mutating)).toEqual([]);
  });

  it("could not be run where AWS gives no answer", async () => {
    const set = await stage(control, { world: worldOf() });
    operator(set.sandbox, READS);
    vi.stubEnv("CORDON_TABLE", "");
    set.sandbox.faults.inject({ operation: "GetBucketReplication", kind: "throttle", times: 20 });
    const { code, out } = await run(explain, written({ event: EVENT }).event);
    expect(code).toBe(2);
    expect(out).toContain("Not to be told now: AWS gave no usable answer to GetBucketReplication");
  });
});

describe("a recorded finding explained", () => {
  const approval = { by: ["arn:aws:iam::111122223333:role/dpo"], validMs: 3_600_000 };
  const record = findingOf({
    status: "awaiting-approval",
    decision: {
      ...findingOf().decision,
      kind: "approve",
      rule: "built-in:unclassified",
      reasons: ["the bucket is not classified"],
      approval,
      explanation: {
        verdict: "undecidable",
        mode: "approve",
        modeRule: `control:${id}`,
        facts: { to: "us-west-2" },
        considered: [{ rule: "exception:x", applies: "unknown", why: "its condition can't be evaluated" }],
      },
    },
  });

  it.each<readonly [string, unknown]>([
    ["by itself", record],
    ["in a list", [record]],
    ["as cordon findings --json prints it", { table: "cordon", counts: {}, findings: [record] }],
  ])("is told from a file that holds it %s", async (_, content) => {
    const { code, out, err } = await run(explain, written({ finding: content }).finding);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const said of [
      "Waits for approval: Replication to us-west-2.\nIt can't be decided from what is known, so Cordon changes nothing until a person has decided.\n",
      "the bucket is not classified",
      "by arn:aws:iam::111122223333:role/dpo",
      "a decision is waited for 1 hour\n",
      "exception:x may apply, which can't be told: its condition can't be evaluated",
      `approve, by control:${id}`,
      "awaiting-approval, occurrence 1, first seen 2026-03-01T09:00:00Z",
      `digest ${record.decision.policyDigest}\n              the policy at hand is another:`,
    ])
      expect(out.replace(/\n {16}/g, " ")).toContain(said);
  });

  it("is told by its id from the table with one read, and AWS is asked for nothing else", async () => {
    const set = await stage(control, { world: worldOf() });
    await set.container().results(EVENT);
    const [finding] = set.journal.findings();
    operator(set.sandbox, [["dynamodb:GetItem", "*"]]);
    set.sandbox.clearCalls();

    const { code, out } = await run(explain, finding?.id ?? "");

    expect(code).toBe(0);
    expect(out).toMatch(
      /^Was contained: Replication rule "out" of orders.*\nDecided then: Cordon contains it by itself\.\n/,
    );
    expect(out).toContain("contained, occurrence 1");
    expect(out).not.toMatch(/customers\/jane|user\/developer/);
    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["GetItem"]);
    expect(reportIn(await run(explain, finding?.id ?? "", "--json", "--reveal")).findings[0]?.finding).toEqual(finding);
  });

  it("names the policy that decided when that is the one at hand", async () => {
    const files = written({ event: EVENT, world: worldOf() });
    const { policy } = reportIn(await run(explain, files.event, "--world", files.world, "--json"));
    const decided = { ...record, decision: { ...record.decision, policyDigest: policy?.digest ?? "" } };
    const { out } = await run(explain, written({ finding: decided }).finding);
    expect(out).toContain(`Policy      eu-gdpr (built in)\n              digest ${policy?.digest}`);
  });

  it("is explained though no policy can be read", async () => {
    const files = written({ finding: record, policy: "{" });
    vi.stubEnv("CORDON_POLICY", files.policy);
    const { code, out } = await run(explain, files.finding);
    expect(code).toBe(0);
    expect(out).toContain("the policy at hand is another: none could be read");
  });

  it("of Cordon's own resources is for a person, and nobody is asked to approve it", async () => {
    const decision = {
      ...record.decision,
      explanation: { ...record.decision.explanation, verdict: "for-a-person" as const },
    };
    const { out } = await run(explain, written({ finding: { ...record, decision } }).finding);
    expect(out).toContain("Cordon does not change this: a person has to put it right.");
    expect(out).not.toContain("a decision is waited for");
  });
});

describe("cordon explain", () => {
  const { explanation: _, ...unexplained } = findingOf().decision;
  it.each<readonly [string, unknown, readonly string[], string]>([
    ["what is no JSON", "{", [], "is not JSON; expected one event, or a finding"],
    ["a list of events", [EVENT, EVENT], [], "holds no single event; for many there is: cordon replay"],
    ["a text", '"x"', [], "holds no single event"],
    ["a world for a recorded finding", findingOf(), ["--world", "w.yaml"], "--world is for events"],
    [
      "a finding without an explanation",
      { ...findingOf(), decision: unexplained },
      [],
      "has no explanation with its decision",
    ],
    ["a world that is not there", EVENT, ["--world", "/nowhere.yaml"], "the world /nowhere.yaml can't be read"],
    ["a policy that is not there", EVENT, ["--policy", "/nowhere.yaml"], "The policy /nowhere.yaml can't be read"],
    [
      "a log file's worth",
      JSON.stringify({ Records: ["x".repeat(10_000_001)] }),
      [],
      "for log files there is cordon replay",
    ],
  ])("refuses %s, and says what it expected", async (_, content, words, said) => {
    const { code, out, err } = await run(explain, written({ file: content }).file, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  it.each<readonly [string, string, string]>([
    ["a file that is not there", "/nowhere.json", "expected a file with an event, or a finding's id"],
    ["an id without a table to read it from", "f-0123456789abcdef0123", "CORDON_TABLE is missing"],
  ])("refuses %s", async (_, what, said) => {
    const { code, err } = await run(explain, what);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it("says that there is no such finding", async () => {
    const set = await stage(control, { world: worldOf() });
    operator(set.sandbox, [["dynamodb:GetItem", "*"]]);
    const { code, err } = await run(explain, "f-0123456789abcdef0123");
    expect(code).toBe(2);
    expect(err).toContain("there is no finding f-0123456789abcdef0123 in cordon; cordon findings lists them");
  });
});
