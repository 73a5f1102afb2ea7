import { afterEach, describe, expect, it, vi } from "vitest";
import type { Command } from "../../cli/command.ts";
import { approve, aware, close, extend, reject } from "../../cli/decisions.ts";
import { outcomeOf } from "../../cli/outcome.ts";
import { HIDDEN, redactFinding } from "../../cli/redact.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { Principal, Sandbox } from "../../sandbox/index.ts";
import { STORMS } from "../../shared/lifecycle/storm.ts";
import { idOf, open as openStage, ROLE, rule } from "../controls/replication-stage.ts";
import { BY_URL, deployDecide, operator, run, TABLE } from "../support/cli.ts";
import { START_MS } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";

const ID = idOf("to-us");
const EAST = idOf("to-east");
const OPERATOR = "arn:aws:iam::111122223333:user/operator";
const DEVELOPER = "arn:aws:iam::111122223333:user/developer";
const PREVIEW = ["dynamodb:GetItem", TABLE] as const;
const RIGHTS = [...BY_URL, PREVIEW];
const WHY = ["--reason", "looked at with the owner"];
const HOUR_MS = 3_600_000;
const ASKED = ["GetItem", "GetFunctionUrlConfig", "InvokeFunctionUrl", "GetCallerIdentity"];

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Options {
  /** Limits and all else of the policy besides. */
  readonly policy?: object;
  readonly mode?: "observe" | "approve" | "enforce";
  readonly approvals?: object;
  /** How long ago the finding was found. */
  readonly hoursAgo?: number;
  readonly rules?: Parameters<typeof openStage>[0];
}

/** Two findings that wait for a person, the deployed function under the same policy, and somebody at a desk who may do no more than it takes. */
async function open({ policy, mode = "approve", approvals = {}, hoursAgo = 0, rules }: Options = {}) {
  const set = await openStage(rules ?? [rule("to-us", "us-copy"), rule("to-east", "us-east-copy")], {
    policy: {
      ...policy,
      controls: { [control.meta.id]: { mode } },
      limits: { approvals: { by: null, ...approvals }, ...(policy as { limits?: object } | undefined)?.limits },
    },
  });
  // The deployed function has the sandbox's time, which is the real one.
  set.advance(Date.now() - START_MS - hoursAgo * HOUR_MS);
  await set.container().results(set.event());
  await deployDecide(set.sandbox, set.policy);
  const asked = () =>
    set.sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  /** Somebody else sits down at the desk. */
  const sit = (name = "operator", rights: readonly (readonly [string, string])[] = RIGHTS) => {
    operator(set.sandbox, rights, name);
    set.sandbox.clearCalls();
  };
  sit();
  vi.stubEnv("CORDON_STACK", "cordon");
  return { ...set, asked, sit };
}

function sitAs(sandbox: Sandbox, principal: Principal): void {
  for (const [name, value] of Object.entries(sandbox.environment(principal))) vi.stubEnv(name, value);
}

/** The time that stands after some words of an answer. */
const timeAfter = (words: string, out: string) => new RegExp(`${words} ([\\d:.T-]+Z)`).exec(out)?.[1];
/** How many hours it is until then. */
const hoursTo = (time = "") => (Date.parse(time) - Date.now()) / HOUR_MS;

describe("N6: cordon approve", () => {
  it("shows the plan, and with --yes has the function carry it out in the name of whoever asks, once", async () => {
    const set = await open();

    const { code, out, err } = await run(approve, ID, ...WHY, "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const part of [
      `Finding   ${ID}, awaiting-approval, high`,
      'Replication rule "to-us" of eu-data sends data from eu-central-1 to us-west-2',
      "arn:aws:s3:::eu-data, account 111122223333, eu-central-1, class eu-only",
      'us-west-2 is outside eu, where "eu-only" has to stay',
      'Plan      Rules[to-us].Status: "Enabled" -> "Disabled"',
      "takes s3:PutReplicationConfiguration, iam:PassRole",
      "Done: ",
      `approved by ${HIDDEN} at `,
      '\n  Rules[to-us].Status: "Enabled" -> "Disabled"\n',
    ])
      expect(out).toContain(part);
    expect(hoursTo(timeAfter("waits until", out))).toBeCloseTo(72, 1);
    expect(set.asked()).toEqual(ASKED);
    // What was not approved goes on waiting.
    expect(set.status()).toEqual({ "to-us": "Disabled", "to-east": "Enabled" });
    expect(set.journal.finding(EAST)?.status).toBe("awaiting-approval");
    const said = { action: "approve", by: OPERATOR, how: "signed GetCallerIdentity", reason: WHY[1], outcome: "done" };
    expect(set.journal.finding(ID)).toMatchObject({ status: "contained", sayings: [said] });
    const kinds = set.journal.evidence().filter(({ findingId }) => findingId === ID);
    expect(kinds.map(({ kind }) => kind)).toEqual(["awaiting-approval", "approve-done", "contained"]);

    set.sandbox.clearCalls();
    const again = await run(approve, ID, ...WHY, "--yes");
    expect(again.code).toBe(1);
    expect(again.out).toContain("Refused: the finding is contained; nothing of it waits for a person.");
    expect(set.asked()).toEqual(["GetItem"]);
  });

  it("refuses by itself what nobody has decided in time, and what is only observed", async () => {
    const expired = await open({ approvals: { validHours: 2 }, hoursAgo: 3 });
    const late = await run(approve, ID, ...WHY, "--yes");
    expect(late.code).toBe(1);
    expect(hoursTo(timeAfter("Refused: the question expired at", late.out))).toBeCloseTo(-1, 1);
    expect(late.out).toContain("it is asked anew at the next look");
    expect(expired.asked()).toEqual(["GetItem"]);

    await open({ mode: "observe" });
    const observed = await run(approve, ID, ...WHY, "--yes");
    expect([observed.code, observed.out]).toEqual([1, expect.stringContaining("Refused: the finding is observed")]);
  });

  it("does nothing when it is no longer what was shown, and shows the plan that it is now", async () => {
    const set = await open();
    await set.configure({
      Role: ROLE,
      Rules: [rule("to-us", "us-copy", { Filter: { Prefix: "all/" } }), rule("to-east", "us-east-copy")],
    });
    set.sit();
    const plan = set.journal.finding(ID)?.pending?.id;

    const stale = await run(approve, ID, ...WHY, "--yes");

    expect(stale.code).toBe(1);
    expect(stale.out).toContain("Not done: it is not as it was when the plan was shown; nothing was done: look at the");
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Enabled" });
    const next = set.journal.finding(ID)?.pending?.id;
    expect(next).not.toBe(plan);
    expect(stale.out).toContain(`look at the plan ${next} and approve that`);
    await set.container().results(set.event("PutBucketReplication", "the-change"));
    set.sit();
    const again = await run(approve, ID, ...WHY, "--yes");
    expect([again.code, again.out]).toEqual([0, expect.stringContaining(`plan ${next}, waits until`)]);
    expect(set.status()).toMatchObject({ "to-us": "Disabled" });
  });

  it("is for somebody else than who caused it, who can be told from him; that he asked is kept", async () => {
    const set = await open();
    set.sit("developer");
    const own = await run(approve, ID, ...WHY, "--yes", "--reveal");
    expect(own.code).toBe(1);
    expect(own.out).toContain(`Refused: ${DEVELOPER} caused it: somebody else has to decide.`);

    // STS tells no source identity of whoever calls it.
    const session = { type: "AssumedRole", name: "on-call", sessionName: "night", sourceIdentity: "ann" } as const;
    sitAs(set.sandbox, set.sandbox.createPrincipal(session));
    const unknown = await run(approve, ID, ...WHY, "--yes");
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain(
      `Refused: who is behind arn:aws:sts::111122223333:assumed-role/on-call/${HIDDEN} can't`,
    );

    expect(set.status()).toMatchObject({ "to-us": "Enabled" });
    // Once a minute: nobody fills the journal by asking.
    const why = `${DEVELOPER} caused it: somebody else has to decide`;
    const refused = { action: "approve", outcome: "refused", reason: WHY[1], how: "signed GetCallerIdentity", why };
    expect(set.journal.finding(ID)).toMatchObject({
      status: "awaiting-approval",
      sayings: [{ ...refused, by: DEVELOPER }],
    });
    const kept = set.journal.evidence().filter(({ kind }) => kind === "approve-refused");
    expect(kept.map(({ content }) => content.said)).toEqual(set.journal.finding(ID)?.sayings);
    set.sit();
    expect((await run(approve, ID, ...WHY, "--yes")).code).toBe(0);
  });

  it("may have been done all the same when no answer comes: asking again tells, and changes nothing", async () => {
    const set = await open();
    set.sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind: "reset-after" });
    const lost = await run(approve, ID, ...WHY, "--yes");
    expect([lost.code, lost.err]).toEqual([
      2,
      expect.stringContaining("It may have been done all the same: ask again"),
    ]);
    await set.sandbox.settle();
    const writes = set.sandbox.bucket("eu-data").replicationHistory.length;

    const { code, out } = await run(approve, ID, ...WHY, "--yes");

    expect([code, out]).toEqual([1, expect.stringContaining("the finding is contained")]);
    expect(set.sandbox.bucket("eu-data").replicationHistory).toHaveLength(writes);
  });
});

describe("cordon reject", () => {
  it("has it let be for so many hours, and no more than policy allows", async () => {
    const set = await open();
    const tooLong = await run(reject, ID, ...WHY, "--hours", "721", "--yes");
    expect([tooLong.code, tooLong.out]).toEqual([
      1,
      expect.stringContaining("Refused: expiresInHours: found 721, expected"),
    ]);

    const { code, out } = await run(reject, ID, ...WHY, "--hours", "3", "--yes");

    expect(code).toBe(0);
    expect(out).toContain("Then      nothing is changed: it is let be for 3 hours, then judged anew");
    expect(out).toContain(`Done: let be by ${HIDDEN} until `);
    expect(hoursTo(timeAfter("Done: let be by .* until", out))).toBeCloseTo(3, 1);
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Enabled" });
    expect(set.journal.finding(ID)).toMatchObject({
      status: "exempt",
      exception: { approver: OPERATOR, reason: WHY[1], classification: "eu-only" },
      sayings: [{ action: "reject", by: OPERATOR, outcome: "done" }],
    });
    const { grantedAt = "", expiresAt = "" } = set.journal.finding(ID)?.exception ?? {};
    expect(Math.abs(Date.parse(expiresAt) - Date.parse(grantedAt) - 3 * HOUR_MS)).toBeLessThan(5000);
    // Policy's default, where nobody says how long.
    const other = await run(reject, EAST, ...WHY, "--yes");
    expect(other.out).toContain("it is let be for as long as policy gives exceptions");
    expect(hoursTo(timeAfter("Done: let be by .* until", other.out))).toBeCloseTo(24, 1);
    // It waits for nobody now.
    expect((await run(approve, ID, ...WHY, "--yes")).out).toContain("Refused: the finding is exempt");
  });

  it("is no way out where nobody can tell what would be let be, and approving none where AWS refuses", async () => {
    const set = await open({ rules: [rule("to-us", "nobody-has-this-bucket")] });

    const { code, out } = await run(reject, ID, ...WHY, "--yes");

    expect(code).toBe(1);
    expect(out).toContain(
      "Refused: its destination or its class is not known, so that nobody can let it be: settle that",
    );
    expect(set.journal.finding(ID)).toMatchObject({ status: "awaiting-approval", severity: "high" });

    const approved = await run(approve, ID, ...WHY, "--yes");

    expect(approved.code).toBe(1);
    expect(approved.out).toMatch(/Not done: .*AWS refused the change \(.*must exist.*\); a person has to stop this/);
    expect(set.status()).toEqual({ "to-us": "Enabled" });
    expect(set.journal.finding(ID)).toMatchObject({ status: "awaiting-approval", severity: "critical" });
  });
});

describe("cordon extend", () => {
  it("gives more time to decide, counted from now and no more than policy has", async () => {
    const set = await open({ approvals: { validHours: 10 }, hoursAgo: 5 });
    for (const hours of ["4", "11"]) {
      const refused = await run(extend, ID, ...WHY, "--hours", hours, "--yes");
      expect(refused.code).toBe(1);
      expect(refused.out).toMatch(
        /Refused: found .*, expected a time later than .*, when it ends now, and not after .*, as policy allows/,
      );
    }

    const { code, out } = await run(extend, ID, ...WHY, "--hours", "8", "--yes");

    expect(code).toBe(0);
    expect(out).toContain("Then      its end is moved: it lasts for 8 hours from now");
    const until = timeAfter("Done: extended until", out);
    expect(hoursTo(until)).toBeCloseTo(8, 1);
    expect(set.journal.finding(ID)).toMatchObject({
      status: "awaiting-approval",
      pending: { expiresAt: until },
      sayings: [
        {
          action: "extend",
          by: OPERATOR,
          outcome: "refused",
          why: expect.stringContaining("expected a time later than"),
        },
        { action: "extend", by: OPERATOR, outcome: "done" },
      ],
    });
    expect(set.journal.evidence().at(-1)).toMatchObject({ kind: "extend-done", findingId: ID });
    expect((await run(approve, ID, ...WHY, "--yes")).code).toBe(0);
  });

  it("lets something be for longer, up to what policy has from when a person granted it", async () => {
    const written = {
      id: "written-down",
      control: control.meta.id,
      resources: ["arn:aws:s3:::eu-data"],
      parts: ["to-east"],
      reason: "a contract",
      approver: OPERATOR,
      ticket: "PRIV-1",
      grantedAt: `${new Date(Date.now() - HOUR_MS).toISOString().slice(0, 19)}Z`,
      expiresAt: `${new Date(Date.now() + 20 * HOUR_MS).toISOString().slice(0, 19)}Z`,
    };
    const set = await open({
      policy: { limits: { exceptions: { defaultHours: 1, maxDays: 1 } }, exceptions: [written] },
    });
    await run(reject, ID, ...WHY, "--yes");

    const { code, out } = await run(extend, ID, ...WHY, "--hours", "20", "--yes");

    expect(code).toBe(0);
    const until = timeAfter("Done: extended until", out);
    expect(hoursTo(until)).toBeCloseTo(20, 1);
    expect(set.journal.finding(ID)).toMatchObject({
      status: "exempt",
      exception: { approver: OPERATOR, expiresAt: until },
      decision: { until, reasons: [expect.stringContaining(`until ${until}`)] },
    });
    const most = await run(extend, ID, ...WHY, "--hours", "24", "--yes");
    expect([most.code, most.out]).toEqual([1, expect.stringContaining("as policy allows")]);
    expect(set.journal.finding(ID)?.exception?.expiresAt).toBe(until);
    // What the policy itself lets be ends as the policy says.
    const other = await run(extend, EAST, ...WHY, "--hours", "23", "--yes");
    expect(other.code).toBe(1);
    expect(other.out).toContain(
      "Refused: the finding is exempt: only a question that waits for a person, or an exception that a person granted",
    );
  });
});

describe("cordon close", () => {
  /** A storm is on: one automatic change was let through, and the next has no turn yet. */
  const storm = async () => {
    const automaticChanges = { count: 1, windowMinutes: 60, cappedIntervalSeconds: 600 };
    const set = await open({
      mode: "enforce",
      policy: { limits: { automaticChanges } },
      rules: [rule("to-us", "us-copy")],
    });
    for (const id of ["to-east", "to-west"]) {
      const now = set.configuration();
      await set.configure({ Role: ROLE, Rules: [...(now?.Rules ?? []), rule(id, "us-east-copy")] });
      await set.container().results(set.event());
      set.advance(1000);
    }
    set.sit();
    const finding = set.journal.findings().find(({ controlId }) => controlId === STORMS.id);
    if (finding === undefined) throw new Error("there is no storm");
    return { ...set, storm: finding };
  };

  it("ends a storm, also by who caused it: what waits is changed at its next event", async () => {
    const set = await storm();
    expect(set.status()).toEqual({ "to-us": "Disabled", "to-east": "Disabled", "to-west": "Enabled" });
    const { id } = set.storm;
    const other = await run(approve, id, ...WHY, "--yes", "--reveal");
    expect([other.code, other.out]).toEqual([1, expect.stringContaining("Refused: a storm is ended by cordon close")]);
    set.sit("developer");

    const { code, out } = await run(close, id, ...WHY, "--yes");

    expect([code, out]).toEqual([0, expect.stringContaining(`Done: ended by ${HIDDEN}`)]);
    expect(set.journal.finding(id)).toMatchObject({
      status: "resolved",
      sayings: [{ action: "close", by: DEVELOPER, reason: WHY[1], outcome: "done" }],
    });
    await set.container().results(set.event());
    expect(set.status()).toMatchObject({ "to-west": "Disabled" });
    set.sit("developer");
    const again = await run(close, id, ...WHY, "--yes");
    expect([again.code, again.out]).toEqual([1, expect.stringContaining("Refused: the finding is resolved")]);
  });
});

describe("cordon aware", () => {
  it("has it kept once that somebody is aware of a breach, whatever becomes of the finding, and tells when the time of the law ends", async () => {
    const tickets = { clocks: [{ classifications: ["eu-only"], hours: 72, citation: "GDPR Art. 33" }] };
    const set = await open({ mode: "enforce", policy: { tickets } });
    set.sit();

    const { code, out, err } = await run(aware, ID, ...WHY, "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Then      the time of the law begins now, and the finding's ticket says when it ends");
    expect(out).toContain(`aware since ${set.journal.finding(ID)?.sayings?.[0]?.at} by ${HIDDEN}`);
    expect(hoursTo(timeAfter("Done: GDPR Art. 33: 72 h end", out))).toBeCloseTo(72, 1);
    for (const secret of [OPERATOR, String(WHY[1])]) expect(out).not.toContain(secret);
    expect(set.journal.finding(ID)).toMatchObject({
      status: "contained",
      sayings: [{ action: "aware", by: OPERATOR, how: "signed GetCallerIdentity", reason: WHY[1], outcome: "done" }],
    });
    expect(set.journal.evidence().at(-1)).toMatchObject({ kind: "aware-done", findingId: ID });

    const again = await run(aware, ID, "--reason", "once more", "--yes", "--reveal");
    expect(again.code).toBe(0);
    expect(again.out).toContain("confirmed already, and the first time counts: aware since");
    expect(again.out).toContain(`by ${OPERATOR}: ${WHY[1]}`);
    expect(set.journal.finding(ID)?.sayings).toHaveLength(1);
  });

  it("is refused where no clock runs", async () => {
    await open();
    const { code, out } = await run(aware, ID, ...WHY, "--yes");
    expect([code, out]).toEqual([1, expect.stringContaining("Refused: no clock runs for it: policy has none")]);
  });
});

const ALL: readonly (readonly [string, Command, readonly string[]])[] = [
  ["approve", approve, []],
  ["reject", reject, []],
  ["extend", extend, ["--hours", "80"]],
  ["close", close, []],
];

describe("each of them", () => {
  it("is for those whom policy names, and close for storms alone", async () => {
    const set = await open({ approvals: { by: [DEVELOPER, "arn:aws:iam::*:role/data-owner"] } });
    for (const [, command, more] of ALL.slice(0, 3)) {
      const { code, out } = await run(command, ID, ...WHY, ...more, "--yes");
      expect(code).toBe(1);
      expect(out).toContain(
        `Refused: found arn:aws:iam::111122223333:user/${HIDDEN}, expected one of those who may decide`,
      );
    }
    const closed = await run(close, ID, ...WHY, "--yes");
    expect([closed.code, closed.out]).toEqual([
      1,
      expect.stringContaining(`Refused: it is no storm's finding; expected one of ${STORMS.id}`),
    ]);
    expect(set.journal.finding(ID)).toMatchObject({
      status: "awaiting-approval",
      sayings: [{ action: "approve", by: OPERATOR, outcome: "refused" }],
    });
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Enabled" });
  });

  it("shows with --dry-run the same, finds out whether it may ask, and asks nobody", async () => {
    const set = await open();
    const before = set.journal.items();
    for (const [action, command, more] of ALL) {
      set.sandbox.clearCalls();
      const { code, out } = await run(command, ID, ...WHY, ...more, "--dry-run");
      expect([action, code]).toEqual([action, 0]);
      expect(out).toContain('Plan      Rules[to-us].Status: "Enabled" -> "Disabled"');
      expect(out).toContain("It could be done: cordon-decide could be asked to; nothing was done.");
      expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["GetItem", "GetFunctionUrlConfig"]);
    }
    expect(set.journal.items()).toEqual(before);
  });

  it("does nothing without a terminal to ask on, unless --yes is given", async () => {
    const set = await open();
    for (const [, command, more] of ALL) {
      set.sandbox.clearCalls();
      const { code, out, err } = await run(command, ID, ...WHY, ...more);
      expect([code, out]).toEqual([2, expect.stringContaining("Plan  ")]);
      expect(err).toContain("found no terminal to ask on; expected one, or --yes");
      expect(set.asked()).toEqual(["GetItem", "GetFunctionUrlConfig"]);
    }
  });

  it("says the same as JSON and nothing else on stdout; what is asked about is on stderr", async () => {
    const set = await open();
    const plan = set.journal.finding(ID)?.pending?.id;
    const preview = { finding: { id: ID }, plan: { id: plan, changes: [{ path: "Rules[to-us].Status" }] } };
    const dry = await run(approve, ID, ...WHY, "--json", "--dry-run");
    expect(JSON.parse(dry.out)).toMatchObject({ isDryRun: true, outcome: "possible", changes: [], preview });
    const unasked = await run(approve, ID, ...WHY, "--json");
    expect(unasked).toMatchObject({ code: 2, out: "", err: expect.stringContaining(`plan ${plan}, waits until`) });

    const { code, out, err } = await run(approve, ID, ...WHY, "--json", "--yes");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const changes = [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }];
    const result = { status: "contained", findingId: ID, occurrence: 1, decision: "contain" };
    expect(JSON.parse(out)).toMatchObject({ isDryRun: false, outcome: "done", changes, preview, result });
    const refused = await run(approve, ID, ...WHY, "--json", "--yes");
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({ outcome: "refused", preview: { refusal: expect.any(String) } });
    expect(JSON.parse(refused.out)).not.toHaveProperty("result");
  });

  it("hides who has decided, why, and what could name somebody, unless it is asked to reveal all", async () => {
    const set = await open({ rules: [rule("for-j.doe@example.org", "us-copy")] });
    const id = idOf("for-j.doe@example.org");
    const secrets = ["j.doe@example.org", OPERATOR, String(WHY[1])];
    const shown = [
      await run(approve, id, ...WHY, "--dry-run"),
      await run(reject, id, ...WHY, "--yes"),
      await run(extend, id, "--reason", "x", "--hours", "40", "--dry-run", "--json"),
    ];
    for (const { code, out } of shown) {
      expect(code).toBe(0);
      expect(out).toContain(HIDDEN);
      for (const secret of secrets) expect(out).not.toContain(secret);
    }
    const revealed = await run(extend, id, "--reason", "x", "--hours", "40", "--reveal", "--yes");
    for (const secret of secrets) expect(revealed.out).toContain(secret);
    expect(set.journal.finding(id)?.status).toBe("exempt");
  });

  it("names the rights that whoever asks does not have", async () => {
    const set = await open();
    const [getUrl, byUrl, invoke] = BY_URL;
    const without = (right: readonly [string, string] | undefined) => RIGHTS.filter((each) => each !== right);
    for (const [, command, more] of ALL) {
      for (const [right, said] of [
        [PREVIEW, "dynamodb:GetItem"],
        [getUrl, "which takes lambda:GetFunctionUrlConfig"],
        [
          byUrl,
          "it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on arn:aws:lambda:eu-central-1:111122223333",
        ],
        [
          invoke,
          "it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on arn:aws:lambda:eu-central-1:111122223333",
        ],
      ] as const) {
        set.sit("operator", without(right));
        const { code, err } = await run(command, ID, ...WHY, ...more, "--yes");
        expect([code, err]).toEqual([2, expect.stringContaining(said)]);
      }
    }
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Enabled" });
  });

  it("names a stack that is not set, a function that is not there, and a finding that there never was", async () => {
    const set = await open();
    const none = await run(approve, "f-00000000000000000000", ...WHY, "--yes");
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining("there is no finding f-00000000000000000000 in the"),
    ]);
    vi.stubEnv("CORDON_STACK", "");
    expect((await run(approve, ID, ...WHY, "--yes")).err).toContain("CORDON_STACK is not set: expected the name of");
    set.sit("operator", [["lambda:GetFunctionUrlConfig", "*"], PREVIEW]);
    const other = await run(approve, ID, ...WHY, "--yes", "--stack", "cordon-prod");
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining('There is no function "cordon-prod-decide" with'),
    ]);
  });
});

describe("an answer that is not revealed", () => {
  const reasonsOf = (reason: string) => {
    const about = { findingId: ID, occurrence: 1, controlId: control.meta.id, resource: null, decision: null };
    return outcomeOf({ ...about, status: "refused", reasons: [reason], changes: [] }, [], false).reasons.join();
  };

  it.each([
    "jane-roe caused it as arn:aws:iam::111122223333:user/admin: somebody else has to decide",
    "it was caused by arn:aws:sts::111122223333:assumed-role/ops/x (source identity jane-roe), and who is behind that can't be told",
    "the brake is on by jane-roe: from the next event on nothing is contained; a person's rollback still is carried out",
    "the brake is off by jane-roe: what left meanwhile is contained with its next event",
    "who is behind member T012AB3CD/U0JANEROE of Slack can't be told",
  ])("does not tell who is named in: %s", (reason) => {
    expect(reasonsOf(reason)).not.toMatch(/jane-?roe/i);
  });

  it("tells what a storm is ended by", () => {
    expect(reasonsOf("a storm is ended by cordon close, and by nothing else")).toContain("cordon close");
  });

  it("does not tell in a finding whose word was refused, and why", () => {
    const why = `${DEVELOPER} caused it: somebody else has to decide`;
    const saying = {
      action: "approve",
      at: "2026-03-01T09:00:00.000Z",
      by: DEVELOPER,
      how: "a test",
      reason: "so",
    } as const;
    const finding = findingOf({ sayings: [{ ...saying, outcome: "refused", why }] });
    expect(JSON.stringify(redactFinding(finding))).not.toContain("user/developer");
  });
});

describe("arguments that make no order", () => {
  it.each(
    [...ALL, ["aware", aware, []] as const].flatMap(([action, command, more]) =>
      [
        ["no finding", [...WHY, ...more], "FINDING"],
        ["something that is no finding's id", ["f-12", ...WHY, ...more], 'found "f-12", expected a finding\'s id'],
        ["no reason", [ID, ...more], "--reason"],
        ["an empty reason", [ID, "--reason", " ", ...more], "--reason: found 0 characters, expected 1 to 500"],
        ["a reason as long as a book", [ID, "--reason", "x".repeat(501), ...more], "--reason: found 501 characters"],
        ["a word too many", [ID, "now", ...WHY, ...more], "found now besides; expected 1 argument"],
        ["an option that it does not have", [ID, ...WHY, ...more, "--force"], "found --force, which this command does"],
        ...(action === "reject" || action === "extend"
          ? [
              [
                "hours that are no number",
                [ID, ...WHY, "--hours", "soon"],
                '--hours: found "soon", expected a number above 0',
              ],
              ["no hours at all", [ID, ...WHY, "--hours=0"], '--hours: found "0", expected a number above 0'],
              ["hours without an end", [ID, ...WHY, "--hours", "Infinity"], "expected a number above 0"],
            ]
          : [["hours", [ID, ...WHY, "--hours", "2"], "found --hours, which this command does not have"]]),
        ...(action === "extend" ? [["no hours", [ID, ...WHY], "--hours"]] : []),
      ].map(
        ([what, words, said]) => [action, what, command, words, said] as [string, string, Command, string[], string],
      ),
    ),
  )("are refused by %s, with exit code 2 and before anybody is asked: %s", async (_, __, command, words, said) => {
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("CORDON_STACK", "cordon");
    const { code, out, err } = await run(command, ...words, "--yes");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});
