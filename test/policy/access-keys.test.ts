import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactFacts } from "../../cli/redact.ts";
import type { Classified } from "../../shared/classification/classify.ts";
import { subjectOf } from "../../shared/ids.ts";
import { DAY_MS } from "../../shared/policy/judge-key-age.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { AccessKeyFacts, Decision, Facts, KeyReport, ResourceRef, SessionFacts } from "../../shared/types.ts";
import { daysAgo, keyPolicy, usedToday, userRef } from "../lifecycle/keys-in-memory.ts";
import { START_MS } from "../support/events.ts";
import { decisionOf, type Given } from "./policy-stage.ts";

const NO_DATA: Classified = { kind: "not-applicable", reason: "it is no data" };
const DEFAULTS = keyPolicy();
const SET_BY = { principals: ["arn:aws:iam::*:role/admin"], enforcement: "declared" };

const facts = (more: Partial<AccessKeyFacts> = {}): AccessKeyFacts => ({
  kind: "access-key",
  about: "age",
  key: "AKIA...MPLE",
  status: "Active",
  createdAt: daysAgo(100),
  lastUsed: { at: daysAgo(40), service: "s3", region: "eu-central-1" },
  ...more,
});
const report = (more: Partial<KeyReport> = {}): KeyReport => ({
  by: "aws-health",
  id: "health-1",
  type: "AWS_RISK_CREDENTIALS_EXPOSED",
  at: daysAgo(1),
  ...more,
});

function decided(its: Facts, policy = DEFAULTS, user: ResourceRef = userRef(), more: Given = {}): Decision {
  return decisionOf(policy, {
    facts: its,
    finding: { resource: user },
    classified: NO_DATA,
    tags: [],
    defaultMode: "enforce",
    ...more,
  });
}
const shortly = ({ kind, rule }: Decision) => `${kind} by ${rule}`;

describe("the age of an access key", () => {
  it.each<readonly [string, Partial<AccessKeyFacts>, string]>([
    ["K1 younger than 80 days is as it should be", { createdAt: daysAgo(79) }, "compliant by built-in:young"],
    ["K1 of 80 days is warned of", { createdAt: daysAgo(80) }, "observe by built-in:key-warning"],
    ["K1 just short of 90 days is warned of", { createdAt: daysAgo(89.99) }, "observe by built-in:key-warning"],
    ["K1 of 90 days is deactivated", { createdAt: daysAgo(90) }, "contain by access-keys:deactivate"],
    ["that is said to be from tomorrow is as it should be", { createdAt: daysAgo(-1) }, "compliant by built-in:young"],
    ["that can't be read can't be decided", { createdAt: "soon" }, "approve by built-in:unreadable"],
    ["K2 used today and never warned of needs approval", { lastUsed: usedToday }, "approve by access-keys:warn-first"],
    [
      "K2 used today and warned of six days ago needs approval",
      { lastUsed: usedToday, warnedAt: daysAgo(6) },
      "approve by access-keys:warn-first",
    ],
    [
      "K2 used today and warned of a week ago is deactivated",
      { lastUsed: usedToday, warnedAt: daysAgo(7) },
      "contain by access-keys:deactivate",
    ],
    [
      "K2 whose last use can't be read counts as used",
      { lastUsed: { unreadable: "AccessDenied" } },
      "approve by access-keys:warn-first",
    ],
    [
      "K2 whose last use is no time counts as used",
      { lastUsed: { at: "N/A", service: "s3", region: "us-east-1" } },
      "approve by access-keys:warn-first",
    ],
    ["not used for long is no less within its warning", { warnedAt: daysAgo(2) }, "approve by access-keys:warn-first"],
    [
      "with a warning of before it was created was never warned of",
      { lastUsed: usedToday, warnedAt: daysAgo(400) },
      "approve by access-keys:warn-first",
    ],
    [
      "K3 never used is warned of at 20 days",
      { createdAt: daysAgo(20), lastUsed: "never" },
      "observe by built-in:key-warning",
    ],
    [
      "K3 never used is deactivated at 30",
      { createdAt: daysAgo(30), lastUsed: "never" },
      "contain by access-keys:deactivate",
    ],
    [
      "K4 goes after the older one",
      { other: { key: "AKIA...OLDR", status: "Active", createdAt: daysAgo(200) } },
      "observe by built-in:older-first",
    ],
    [
      "K4 goes when the older one is off",
      { other: { key: "AKIA...OLDR", status: "Inactive", createdAt: daysAgo(200) } },
      "contain by access-keys:deactivate",
    ],
    [
      "K4 goes before the newer one",
      { other: { key: "AKIA...NEWR", status: "Active", createdAt: daysAgo(95) } },
      "contain by access-keys:deactivate",
    ],
    [
      "K4 K3 never used goes before an older one that may stay on a person's word only",
      {
        createdAt: daysAgo(40),
        lastUsed: "never",
        other: { key: "AKIA...OLDR", status: "Active", createdAt: daysAgo(60) },
      },
      "approve by built-in:older-first",
    ],
    [
      "deactivated by Cordon is kept for 30 days",
      { status: "Inactive", deactivatedAt: daysAgo(29) },
      "compliant by built-in:inactive",
    ],
    [
      "K1 deactivated by Cordon is deleted after 30 days, with approval",
      { status: "Inactive", deactivatedAt: daysAgo(30) },
      "approve by access-keys:delete",
    ],
    [
      "deactivated at a time that is none is not deleted",
      { status: "Inactive", deactivatedAt: "then" },
      "compliant by built-in:inactive",
    ],
    ["switched off by somebody is let be", { status: "Inactive" }, "compliant by built-in:inactive"],
    [
      "switched off by somebody waits for a person once it is old",
      { status: "Inactive", createdAt: daysAgo(120) },
      "approve by access-keys:delete",
    ],
    [
      "switched off by somebody and used of late is let be",
      { status: "Inactive", createdAt: daysAgo(120), lastUsed: usedToday },
      "compliant by built-in:inactive",
    ],
    [
      "switched off by somebody, with a use that can't be read, can't be decided",
      { status: "Inactive", createdAt: daysAgo(120), lastUsed: { unreadable: "AccessDenied" } },
      "approve by built-in:unreadable",
    ],
  ])("%s", (_, more, expected) => {
    expect(shortly(decided(facts(more)))).toBe(expected);
  });

  it("K1 is deleted by itself where policy says so, and only what Cordon deactivated", () => {
    const policy = keyPolicy({ deletion: "enforce" });
    expect(decided(facts({ status: "Inactive", deactivatedAt: daysAgo(30) }), policy).kind).toBe("contain");
    expect(decided(facts({ status: "Inactive", createdAt: daysAgo(500) }), policy).kind).toBe("approve");
  });

  it.each(["observe", "approve", "enforce"] as const)("that is warned of is only told in mode %s", (mode) => {
    const decision = decided(facts({ createdAt: daysAgo(85) }), DEFAULTS, userRef(), { defaultMode: mode });
    expect(decision).toMatchObject({ kind: "observe", explanation: { verdict: "announced" }, dueAt: daysAgo(-5) });
    expect(decision.explanation.mode).toBeDefined();
  });

  it("is no more than observed under a ceiling, whatever needs approval", () => {
    const ceiling = { mode: "observe", reason: "the brake" } as const;
    expect(decided(facts({ lastUsed: usedToday }), DEFAULTS, userRef(), { ceiling }).kind).toBe("observe");
  });
});

describe("users of their own kind", () => {
  const policy = (users: object) => keyPolicy({ breakGlass: [users] });
  const tagged = { tags: [{ key: "use", value: "emergency" }], tagsSetBy: SET_BY };
  const tags = [{ key: "use", value: "emergency" }];

  it.each<readonly [string, PolicyInForce, ResourceRef, Given, string]>([
    ["K5 by path", policy({ paths: ["/glass/"] }), userRef("/glass/eu/"), {}, "compliant by built-in:break-glass"],
    ["not of another path", policy({ paths: ["/glass/"] }), userRef("/"), {}, "contain by access-keys:deactivate"],
    ["K5 by name", policy({ names: ["report*"] }), userRef(), {}, "compliant by built-in:break-glass"],
    [
      "not by name alone",
      policy({ names: ["report*"], paths: ["/x/"] }),
      userRef(),
      {},
      "contain by access-keys:deactivate",
    ],
    ["K5 by tags", policy(tagged), userRef(), { tags }, "compliant by built-in:break-glass"],
    ["not without the tag", policy(tagged), userRef(), { tags: [] }, "contain by access-keys:deactivate"],
    [
      "perhaps, where tags can't be read",
      policy(tagged),
      userRef(),
      { tags: { unreadable: "x" } },
      "approve by built-in:which-user",
    ],
    [
      "perhaps, where it is not proved who sets the tags",
      policy({ ...tagged, tagsSetBy: { ...SET_BY, enforcement: "verify" } }),
      userRef(),
      { tags },
      "approve by built-in:which-user",
    ],
  ])("K5 for emergencies: %s", (_, its, user, given, expected) => {
    expect(shortly(decided(facts(), its, user, given))).toBe(expected);
  });

  it("of services have limits of their own, of which the first that matches counts", () => {
    const its = keyPolicy({
      service: [
        { users: { names: ["reporting"] }, deactivateDays: 365 },
        { users: { names: ["*"] }, deactivateDays: 30 },
      ],
    });
    expect(
      its.accessKeys?.service.map(({ limits: { warnDays, deactivateDays } }) => [warnDays, deactivateDays]),
    ).toEqual([
      [355, 365],
      [20, 30],
    ]);
    expect(decided(facts(), its).kind).toBe("compliant");
    expect(decided(facts(), its, userRef("/", "other")).kind).toBe("contain");
  });

  it("whose limits can't be told are decided where all of them say the same", () => {
    const its = keyPolicy({ service: [{ users: tagged, deactivateDays: 60 }] });
    const unread = { tags: { unreadable: "AccessDenied" } };
    expect(shortly(decided(facts(), its, userRef(), unread))).toBe("contain by access-keys:deactivate");
    expect(shortly(decided(facts({ createdAt: daysAgo(70) }), its, userRef(), unread))).toBe(
      "approve by built-in:which-user",
    );
  });
});

describe("a key that was reported", () => {
  const exposed = (more: Partial<AccessKeyFacts> = {}) => facts({ about: "exposure", reported: report(), ...more });

  it.each<readonly [string, AccessKeyFacts, object, string]>([
    ["nobody has reported", facts({ about: "exposure" }), {}, "compliant by built-in:unreported"],
    ["K7 of yesterday", exposed({ createdAt: daysAgo(1) }), {}, "contain by access-keys:exposed"],
    ["K7 of GuardDuty", exposed({ reported: report({ by: "guardduty" }) }), {}, "contain by access-keys:exposed"],
    [
      "K7 of GuardDuty, by what is unusual",
      exposed({ reported: report({ by: "guardduty", type: "CredentialAccess:IAMUser/AnomalousBehavior" }) }),
      {},
      "approve by access-keys:unproved",
    ],
    [
      "K7 one of two under AWS's quarantine, the other of which was stopped meanwhile",
      exposed({
        reported: report({ by: "aws-quarantine" }),
        other: { key: "AKIA...MPL2", status: "Inactive", createdAt: daysAgo(40) },
      }),
      {},
      "approve by access-keys:one-of-two",
    ],
    [
      "K7 the only one under AWS's quarantine",
      exposed({ reported: report({ by: "aws-quarantine" }) }),
      {},
      "contain by access-keys:exposed",
    ],
    ["K7 of an operator", exposed({ reported: report({ by: "operator" }) }), {}, "contain by access-keys:exposed"],
    ["K7 that is off", exposed({ status: "Inactive" }), {}, "compliant by built-in:inactive"],
    ["K7 for emergencies", exposed(), { breakGlass: [{ names: ["*"] }] }, "approve by built-in:break-glass"],
    ["K8 denied calls", exposed({ reported: report({ by: "cloudtrail" }) }), {}, "observe by access-keys:denied-burst"],
    [
      "K8 denied calls of a week ago",
      exposed({ reported: report({ by: "cloudtrail", at: daysAgo(7) }) }),
      {},
      "compliant by built-in:unreported",
    ],
    [
      "K8 denied calls at no time",
      exposed({ reported: report({ by: "cloudtrail", at: "then" }) }),
      {},
      "observe by access-keys:denied-burst",
    ],
    [
      "K8 denied calls, by policy",
      exposed({ reported: report({ by: "cloudtrail" }) }),
      { deniedBursts: { do: "deactivate" } },
      "approve by access-keys:denied-burst",
    ],
  ])("%s", (_, its, accessKeys, expected) => {
    expect(shortly(decided(its, keyPolicy(accessKeys)))).toBe(expected);
  });

  it.each<readonly [string, Partial<SessionFacts>, object, string]>([
    ["nobody has reported", {}, {}, "compliant by built-in:unreported"],
    ["K7 go on", { reported: report() }, {}, "contain by access-keys:sessions"],
    ["K7 are denied", { reported: report(), deniedBefore: daysAgo(0) }, {}, "compliant by built-in:inactive"],
    [
      "K7 were denied before that",
      { reported: report(), deniedBefore: daysAgo(2) },
      {},
      "contain by access-keys:sessions",
    ],
    ["K7 are denied at no time", { reported: report(), deniedBefore: "then" }, {}, "contain by access-keys:sessions"],
    [
      "K7 for emergencies",
      { reported: report() },
      { breakGlass: [{ names: ["*"] }] },
      "approve by built-in:break-glass",
    ],
    ["K8 with denied calls", { reported: report({ by: "cloudtrail" }) }, {}, "compliant by built-in:unproved"],
  ])("sessions: %s", (_, more, accessKeys, expected) => {
    const its: SessionFacts = { kind: "sessions", key: "AKIA...MPLE", ...more };
    expect(shortly(decided(its, keyPolicy(accessKeys)))).toBe(expected);
  });

  const role: ResourceRef = { ...userRef(), type: "AWS::IAM::Role", arn: "arn:aws:iam::111122223333:role/deployer" };
  it.each<readonly [string, Partial<SessionFacts>, ResourceRef, string]>([
    ["K7 of a role wait for a person in every mode", {}, role, "approve by access-keys:role-sessions"],
    ["that Cordon can't deny are a person's", { hindrance: "why" }, userRef(), "approve by built-in:out-of-reach"],
    ["of a role that Cordon can't change, too", { hindrance: "why" }, role, "approve by built-in:out-of-reach"],
    [
      "that are denied are so whatever hinders Cordon",
      { hindrance: "why", deniedBefore: daysAgo(0) },
      role,
      "compliant by built-in:inactive",
    ],
  ])("sessions %s", (_, more, resource, expected) => {
    const its: SessionFacts = { kind: "sessions", key: "AKIA...MPLE", reported: report(), ...more };
    expect(shortly(decided(its, keyPolicy(), resource))).toBe(expected);
    expect(decided(its).explanation.facts.hindrance).toBe(more.hindrance);
  });

  it("is another matter with another report, or another status; not with another day", () => {
    const subject = subjectOf(exposed());
    expect(subjectOf(exposed({ lastUsed: "never", warnedAt: daysAgo(3) }))).toBe(subject);
    expect(subjectOf(exposed({ status: "Inactive" }))).not.toBe(subject);
    expect(subjectOf(exposed({ reported: report({ id: "health-2" }) }))).not.toBe(subject);
    expect(subjectOf(facts())).not.toBe(subject);
  });

  it("has its facts in the explanation, and its owner hidden unless it is revealed", () => {
    const its = exposed({
      owner: "somebody@example.com",
      other: { key: "AKIA...OTHR", status: "Active", createdAt: daysAgo(3) },
    });
    expect(decided(its).explanation.facts).toMatchObject({
      key: "AKIA...MPLE",
      status: "Active",
      lastUsedFor: "s3",
      reported: expect.stringContaining("AWS_RISK_CREDENTIALS_EXPOSED by aws-health"),
      owner: "somebody@example.com",
    });
    expect(JSON.stringify(redactFacts(its))).not.toContain("somebody");
  });
});

describe("whatever the key, the policy and the time", () => {
  const days = fc.integer({ min: 0, max: 400 });
  const time = fc.oneof(
    days.map((each) => daysAgo(each)),
    fc.constant("no time"),
  );
  const lastUsed: fc.Arbitrary<AccessKeyFacts["lastUsed"]> = fc.oneof(
    fc.constant("never" as const),
    fc.constant({ unreadable: "AccessDenied" }),
    time.map((at) => ({ at, service: "s3", region: "eu-central-1" })),
  );
  const status = fc.constantFrom("Active" as const, "Inactive" as const);
  const optional = { requiredKeys: [] as [] };
  const anyFacts = fc.record({ status, createdAt: time, lastUsed }).chain((known) =>
    fc
      .record(
        {
          warnedAt: time,
          deactivatedAt: time,
          other: fc.record({ key: fc.constant("AKIA...OTHR"), status, createdAt: days.map((each) => daysAgo(each)) }),
        },
        optional,
      )
      .map((more) => facts({ ...known, ...more })),
  );
  const anyRules = fc
    .record({ deactivateDays: fc.integer({ min: 2, max: 200 }), minWarningDays: fc.integer({ min: 1, max: 30 }) })
    .chain(({ deactivateDays, minWarningDays }) =>
      fc.record({
        deactivateDays: fc.constant(deactivateDays),
        minWarningDays: fc.constant(minWarningDays),
        warnDays: fc.integer({ min: 1, max: deactivateDays }),
        neverUsedDays: fc.integer({ min: 1, max: deactivateDays }),
        recentDays: fc.integer({ min: 1, max: 60 }),
        deleteAfterDays: fc.integer({ min: 1, max: 60 }),
        deletion: fc.constantFrom("approve", "enforce"),
        breakGlass: fc.constantFrom([], [{ names: ["reporting"] }]),
      }),
    );
  const ageDays = (at: string) => (START_MS - Date.parse(at)) / DAY_MS;

  it("no exempt key, no newer one before the older, none within its warning is deactivated for its age; every stale one is, or waits for a person", () => {
    fc.assert(
      fc.property(anyFacts, anyRules, (its, rules) => {
        const { kind, rule, explanation } = decided(its, keyPolicy(rules));
        const { warnedAt, other, deactivatedAt } = its;
        const isGlass = rules.breakGlass.length > 0;
        const isOlder = other?.status === "Active" && ageDays(other.createdAt) > ageDays(its.createdAt);
        const isWithinWarning =
          warnedAt !== undefined &&
          ageDays(warnedAt) <= ageDays(its.createdAt) &&
          ageDays(warnedAt) < rules.minWarningDays;
        const most = its.lastUsed === "never" ? rules.neverUsedDays : rules.deactivateDays;
        const isStale = ageDays(its.createdAt) >= most;
        if (kind === "contain" && its.status === "Active") {
          expect([isGlass, isOlder, isWithinWarning, isStale]).toEqual([false, false, false, true]);
          expect(rule).toBe("access-keys:deactivate");
        }
        if (kind === "contain" && its.status === "Inactive") {
          expect([isGlass, rules.deletion]).toEqual([false, "enforce"]);
          expect(ageDays(deactivatedAt ?? "")).toBeGreaterThanOrEqual(rules.deleteAfterDays);
        }
        if (isGlass) expect(kind).toBe("compliant");
        else if (its.status === "Active" && isStale && !isOlder) expect(["contain", "approve"]).toContain(kind);
        else if (explanation.verdict === "undecidable") expect(kind).toBe("approve");
      }),
    );
  });

  it("an exposed key is deactivated, or waits for a person where it is one for emergencies", () => {
    fc.assert(
      fc.property(anyFacts, anyRules, (its, rules) => {
        const { kind } = decided({ ...its, about: "exposure", reported: report() }, keyPolicy(rules));
        const expected = rules.breakGlass.length > 0 ? "approve" : "contain";
        expect(kind).toBe(its.status === "Inactive" ? "compliant" : expected);
      }),
    );
  });
});

describe("a key that Cordon itself works with", () => {
  const own = { isOwn: true, lastUsed: "never" } as const;
  it.each<readonly [string, Partial<AccessKeyFacts>, string]>([
    ["too old is a person's", { createdAt: daysAgo(400) }, "approve by built-in:own-key"],
    ["exposed is a person's", { about: "exposure", reported: report() }, "approve by built-in:own-key"],
    [
      "exposed, by a guess, is a person's",
      { about: "exposure", reported: report({ by: "guardduty", type: "PenTest:IAMUser/KaliLinux" }) },
      "approve by built-in:own-key",
    ],
    ["in use and never warned of is a person's", { lastUsed: usedToday }, "approve by built-in:own-key"],
    ["of which nobody has told is as it should be", { about: "exposure" }, "compliant by built-in:unreported"],
    ["is warned of as any other", { createdAt: daysAgo(25) }, "observe by built-in:key-warning"],
  ])("%s", (_, more, expected) => {
    const decision = decided(facts({ ...own, ...more }));
    expect(shortly(decision)).toBe(expected);
    if (decision.kind !== "compliant") expect(decision.reasons.join()).toContain("Cordon itself works with this key");
  });

  it("does not keep the user's newer one alive: a person is asked about that", () => {
    const other = { key: "AKIA...OWN1", status: "Active", createdAt: daysAgo(400) } as const;
    const shown = (isOwn: boolean) => shortly(decided(facts({ other: { ...other, ...(isOwn && { isOwn }) } })));
    expect([shown(false), shown(true)]).toEqual(["observe by built-in:older-first", "approve by built-in:older-first"]);
  });
});
