import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { confirmed } from "../../cli/confirm.ts";
import { HIDDEN } from "../../cli/redact.ts";
import { rollback } from "../../cli/rollback.ts";
import { idOf, open as openStage, ROLE, rule } from "../controls/replication-stage.ts";
import { BY_URL, DECIDE_SETTINGS, operator, run, TABLE } from "../support/cli.ts";
import { policyDocument } from "../support/stage.ts";

const DECIDE = fileURLToPath(new URL("../../functions/decide/handler.ts", import.meta.url));
const ACTOR = fileURLToPath(new URL("../sandbox/functions/actor.ts", import.meta.url));
const PREVIEW = ["dynamodb:GetItem", TABLE] as const;
const WHY = ["--reason", "a contract is in place"];
const ID = idOf("to-us");

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The policy that the command goes by as well. */
const AS_SHIPPED = { policy: { limits: { approvals: { by: null } } } };

/** A contained finding, the deployed function, and somebody at a desk who may do no more than it takes. */
async function open(rights: readonly (readonly [string, string])[] = [...BY_URL, PREVIEW]) {
  const set = await openStage([rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")], AS_SHIPPED);
  await set.container().results(set.event());
  const deploy = (bundle = DECIDE, settings: Record<string, string> = DECIDE_SETTINGS) =>
    set.sandbox.deploy({ name: "cordon-decide", bundle, environment: settings, timeoutMs: 30_000, hasUrl: true });
  deploy();
  operator(set.sandbox, rights);
  vi.stubEnv("CORDON_STACK", "cordon");
  vi.stubEnv("CORDON_TABLE", "");
  set.sandbox.clearCalls();
  /** Calls that the person at the desk made. */
  const asked = () =>
    set.sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  return { ...set, deploy, asked };
}

describe("S6: cordon rollback", () => {
  it("shows what would be put back and until when, and with --yes has the function do it", async () => {
    const set = await open();

    const { code, out, err } = await run(rollback, ID, ...WHY, "--hours", "2", "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const until = new Date(Date.now() + 2 * 3_600_000).toISOString().slice(0, 13);
    for (const part of [
      `Finding    ${ID}, contained, high`,
      'Replication rule "to-us" of eu-data sends data from eu-central-1 to us-west-2',
      "arn:aws:s3:::eu-data, account 111122223333, eu-central-1, class eu-only",
      'Puts back  Rules[to-us].Status: "Disabled" -> "Enabled"',
      'data of class "eu-only" goes from eu-central-1 to us-west-2 again',
      `Exception  until ${until}`,
      "(2 h; policy allows up to 720 h)",
      "by you: a contract is in place",
      "Done: rolled back by (hidden: --reveal) until ",
      '\n  Rules[to-us].Status: "Disabled" -> "Enabled"',
    ])
      expect(out).toContain(part);
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-ireland": "Enabled" });
    expect(set.journal.finding(ID)).toMatchObject({
      status: "exempt",
      exception: { approver: "arn:aws:iam::111122223333:user/operator", reason: "a contract is in place" },
    });
    const { grantedAt = "", expiresAt = "" } = set.journal.finding(ID)?.exception ?? {};
    expect(Math.abs(Date.parse(expiresAt) - Date.parse(grantedAt) - 2 * 3_600_000)).toBeLessThan(5_000);
    expect(set.asked()).toEqual(["GetItem", "GetFunctionUrlConfig", "InvokeFunctionUrl", "GetCallerIdentity"]);
  });

  it("changes nothing the second time, and says so", async () => {
    const set = await open();
    await run(rollback, ID, ...WHY, "--yes");
    const writes = set.sandbox.bucket("eu-data").replicationHistory.length;

    const { code, out } = await run(rollback, ID, ...WHY, "--yes");

    expect(code).toBe(0);
    expect(out).toContain("it is let be already, until ");
    expect(out).toContain("Puts back  nothing that is known of");
    expect(out).toContain("it is let be already, until ");
    expect(set.sandbox.bucket("eu-data").replicationHistory).toHaveLength(writes);
  });

  it("shows with --dry-run the same, finds out whether it may ask, and asks for nothing", async () => {
    const set = await open();
    const { code, out } = await run(rollback, ID, ...WHY, "--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("Puts back  Rules[to-us].Status");
    expect(out).toContain("It could be done: cordon-decide could be asked to; nothing was changed.");
    expect(set.status()).toMatchObject({ "to-us": "Disabled" });
    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["GetItem", "GetFunctionUrlConfig"]);

    operator(set.sandbox, [PREVIEW]);
    vi.stubEnv("CORDON_TABLE", "");
    const denied = await run(rollback, ID, ...WHY, "--dry-run");
    expect([denied.code, denied.err]).toEqual([2, expect.stringContaining("lambda:GetFunctionUrlConfig")]);
  });

  it("does nothing without a terminal to ask on, unless --yes is given", async () => {
    const set = await open();
    const { code, out, err } = await run(rollback, ID, ...WHY);
    expect(code).toBe(2);
    expect(out).toContain("Puts back");
    expect(err).toContain("found no terminal to ask on; expected one, or --yes");
    expect(set.asked()).toEqual(["GetItem", "GetFunctionUrlConfig"]);
  });

  it("needs no more than to invoke the function, with --yes and without a preview", async () => {
    const set = await open([...BY_URL]);
    const unsure = await run(rollback, ID, ...WHY);
    expect([unsure.code, unsure.err]).toEqual([2, expect.stringContaining("dynamodb:GetItem")]);

    const { code, out, err } = await run(rollback, ID, ...WHY, "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "The table may not be read: going on without a preview.\n" });
    expect(out).toMatch(/^Done: /);
    expect(set.status()).toMatchObject({ "to-us": "Enabled" });
  });

  it("shows the difference that made the function refuse", async () => {
    const set = await open();
    await set.configure({
      Role: ROLE,
      Rules: [
        rule("to-us", "us-copy", { Status: "Disabled" }),
        rule("to-ireland", "ireland-copy", { Status: "Disabled" }),
      ],
    });
    operator(set.sandbox, [...BY_URL, PREVIEW]);
    vi.stubEnv("CORDON_TABLE", "");

    const { code, out } = await run(rollback, ID, ...WHY, "--yes");

    expect(code).toBe(1);
    expect(out).toContain("Refused: somebody has changed the configuration since; it is not as Cordon left it.");
    expect(out).toContain('  Rules[to-ireland].Status: Cordon left "Enabled", found "Disabled"');
    expect(set.status()).toMatchObject({ "to-us": "Disabled" });
  });

  it("refuses by itself what was never contained", async () => {
    const set = await open();
    const observed = await openStage([rule("to-us", "us-copy")], { mode: "observe" });
    await observed.container().results(observed.event());
    operator(observed.sandbox, [...BY_URL, PREVIEW]);
    vi.stubEnv("CORDON_TABLE", "");
    const { code, out } = await run(rollback, ID, ...WHY, "--yes");
    expect(code).toBe(1);
    expect(out).toContain("Refused: the finding is observed; only a contained one can be taken back.");
    expect(set.asked()).toEqual([]);
  });

  it("refuses more hours than policy allows, and leaves it to the function when that goes by another policy", async () => {
    const set = await open();
    const same = await run(rollback, ID, ...WHY, "--hours", "721", "--yes");
    expect(same.code).toBe(1);
    expect(same.out).toContain("Refused: 721 hours are more than the 720 that policy eu-gdpr allows.");
    expect(set.asked()).not.toContain("InvokeFunctionUrl");

    const folder = mkdtempSync(join(tmpdir(), "cordon-policy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "policy.yaml");
    writeFileSync(file, JSON.stringify(policyDocument({ limits: { exceptions: { maxDays: 10 } } })));
    vi.stubEnv("CORDON_POLICY", file);
    const { code, out } = await run(rollback, ID, ...WHY, "--hours", "300", "--yes");
    expect(out).toContain("Mind       the finding was decided by another policy than eu-gdpr");
    expect(out).toContain("300 hours are more than the 240 that policy eu-gdpr allows: expect a refusal");
    // The function's own policy allows it.
    expect(code).toBe(0);
  });

  it("says the same as JSON and nothing else on stdout, and hides values that could name somebody", async () => {
    await open();
    const { code, out, err } = await run(rollback, ID, ...WHY, "--yes", "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      outcome: "done",
      changes: [{ path: "Rules[to-us].Status", before: "Disabled", after: "Enabled" }],
      preview: { puttingBack: [{ path: "Rules[to-us].Status" }], exception: { hours: 24, mostHours: 720 } },
      result: { status: "exempt", findingId: ID },
    });
  });

  it("hides what a containment took away, unless it is revealed", async () => {
    const set = await openStage([rule("to-us", "us-copy", { Filter: { Prefix: "patients/doe/" } })]);
    // AWS lets nobody change the rule any more, so that the whole configuration was taken away.
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    await set.container().results(set.event());
    set.sandbox.deploy({ name: "cordon-decide", bundle: ACTOR, environment: {}, timeoutMs: 3_000, hasUrl: true });
    operator(set.sandbox, [...BY_URL, PREVIEW]);
    vi.stubEnv("CORDON_STACK", "cordon");
    const hidden = await run(rollback, ID, ...WHY, "--dry-run");
    expect(hidden.out).toContain(HIDDEN);
    expect(hidden.out).not.toContain("patients/doe");
    expect((await run(rollback, ID, ...WHY, "--dry-run", "--reveal")).out).toContain("patients/doe");
  });

  it.each<readonly [string, readonly string[], string]>([
    ["no finding", WHY, "found none or several of a finding, --run and --since"],
    ["something that is no finding's id", ["f-12", ...WHY], 'found "f-12", expected a finding\'s id'],
    [
      "a finding that is not there",
      ["f-00000000000000000000", ...WHY],
      "there is no finding f-00000000000000000000 in the table",
    ],
    ["no reason", [ID], "--reason"],
    ["an empty reason", [ID, "--reason", " "], "--reason: found 0 characters, expected 1 to 500"],
    ["a time besides a finding", [ID, ...WHY, "--since", "1h"], "expected one of them"],
    ["a time that is none", [...WHY, "--since", "yesterday"], '--since: found "yesterday", expected a time'],
    ["a control that is not there", [...WHY, "--since", "1h", "--control", "s3"], "--control"],
    ["hours that are no number", [ID, ...WHY, "--hours", "soon"], '--hours: found "soon", expected a number above 0'],
    ["hours below nought", [ID, ...WHY, "--hours=-1"], "expected a number above 0"],
  ])("refuses %s with exit code 2 and asks nobody", async (_, words, said) => {
    const set = await open();
    const { code, out, err } = await run(rollback, ...words, "--yes");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
    expect(set.asked()).not.toContain("InvokeFunctionUrl");
  });

  it("names a stack that is not set, and a function that is not there", async () => {
    await open([["lambda:GetFunctionUrlConfig", "*"], PREVIEW]);
    vi.stubEnv("CORDON_STACK", "");
    expect((await run(rollback, ID, ...WHY, "--yes")).err).toContain("CORDON_STACK is not set: expected");
    vi.stubEnv("CORDON_TABLE", "cordon");
    const { code, err } = await run(rollback, ID, ...WHY, "--yes", "--stack", "cordon-prod");
    expect([code, err]).toEqual([2, expect.stringContaining('There is no function "cordon-prod-decide" with a URL')]);
  });

  it("tells a function that fails, one that is not Cordon's, and one that can't be reached", async () => {
    const set = await open();
    set.deploy(DECIDE, { CORDON_TABLE: "cordon" });
    const failed = await run(rollback, ID, ...WHY, "--yes");
    expect([failed.code, failed.err]).toEqual([2, expect.stringContaining("status 502")]);

    set.deploy(ACTOR, {});
    const other = await run(rollback, ID, ...WHY, "--yes");
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("gave an answer that can't be understood")]);

    set.sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind: "reset-after" });
    const lost = await run(rollback, ID, ...WHY, "--yes");
    expect(lost.code).toBe(2);
    expect(lost.err).toContain("It may have been done all the same: ask again");
    // Asked once: whoever asked decides whether to ask again.
    expect(set.asked().filter((operation) => operation === "InvokeFunctionUrl")).toHaveLength(3);
  });

  it("is inconclusive when the function could not finish", async () => {
    const set = await open();
    set.sandbox.faults.inject({ operation: "PutBucketReplication", kind: "server-error", times: 20 });
    const { code, out } = await run(rollback, ID, ...WHY, "--yes");
    expect(code).toBe(1);
    expect(out).toMatch(/Not certain \((failed|inconclusive)\)/);
    expect(out).toContain("Ask again: what is done already is not done twice.");
    expect(set.status()).toMatchObject({ "to-us": "Disabled" });
  });
});

describe("a question on the terminal", () => {
  const ask = async (answer: string | undefined) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = Object.assign(new PassThrough(), { isTTY: true });
    const asked = confirmed("Sure?", { input, output });
    if (answer === undefined) input.end();
    else input.write(`${answer}\n`);
    const said = await asked;
    expect(String(output.read())).toContain("Sure? [y/N] ");
    return said;
  };

  it.each([
    ["y", true],
    ["yes", true],
    ["Y", true],
    ["", false],
    ["n", false],
    ["yep", false],
    [undefined, false],
  ])("answered by %j is %s", async (answer, expected) => {
    expect(await ask(answer)).toBe(expected);
  });

  it("is asked of nobody when one side is no terminal", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    await expect(confirmed("Sure?", { input, output: new PassThrough() })).rejects.toThrow("no terminal");
  });
});
