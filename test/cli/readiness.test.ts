import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readiness, sinceOf } from "../../cli/readiness.ts";
import { type ReadinessAsked, readinessOf } from "../../cli/readiness-report.ts";
import type { ReadinessReport, RuleReport } from "../../cli/readiness-shape.ts";
import { describeReadiness } from "../../cli/readiness-text.ts";
import { HIDDEN } from "../../cli/redact.ts";
import { catalogue } from "../../controls/catalogue.ts";
import { startSandbox } from "../../sandbox/index.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import type { ReachedState } from "../../shared/journal/records.ts";
import { recordsInTable } from "../../shared/journal/records-aws.ts";
import { decide } from "../../shared/policy/decide.ts";
import type { Exception, Explanation, Principal } from "../../shared/types.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { operator, run, TABLE } from "../support/cli.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";
import { policyDocument, policyWith } from "../support/stage.ts";
import { idOf, journalStage } from "./journal-stage.ts";

const CONTROL = "s3-replication-stays-in-jurisdiction";
const RULE = `control:${CONTROL}`;
const MIGRATION = `${RULE}/migration`;
const ACCOUNT = "111122223333";

/** The control observes, but for a migration, about which it asks. */
const POLICY = policyWith({
  controls: {
    [CONTROL]: {
      mode: "observe",
      scopes: [{ id: "migration", resources: ["arn:aws:s3:::migration-*"], mode: "approve" }],
    },
  },
});

const DEVELOPER: Principal = {
  type: "IAMUser",
  arn: `arn:aws:iam::${ACCOUNT}:user/jane`,
  account: ACCOUNT,
  agent: "aws-cli/2.31 md/janes-laptop",
};
const deployment = (session: string): Principal => ({
  type: "AssumedRole",
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/deploy/${session}`,
  account: ACCOUNT,
  agent: "[APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) aws-sdk-go-v2/1.30]",
});

interface Given extends Partial<Omit<ReachedState, "decision">> {
  readonly bucket?: string;
  readonly account?: string;
  readonly to?: string | undefined;
  readonly reasons?: readonly string[];
  readonly decidedBy?: string;
  readonly explanation?: { readonly [Name in keyof Explanation]?: Explanation[Name] | undefined };
}

/** One state as evidence tells of it: an observed transfer to the United States by a person, with what differs. */
function reached(given: Given = {}): ReachedState {
  const {
    bucket = "orders",
    account = ACCOUNT,
    reasons = [],
    decidedBy = "classification:eu-only",
    explanation,
  } = given;
  const { to, bucket: _, account: __, reasons: ___, decidedBy: ____, explanation: _____, ...more } = given;
  const region = "to" in given ? to : "us-west-2";
  return {
    findingId: `f-${bucket}`,
    controlId: CONTROL,
    occurrence: 1,
    kind: "observed",
    at: "2026-03-10T09:00:00.000Z",
    resource: { type: "AWS::S3::Bucket", arn: `arn:aws:s3:::${bucket}`, name: bucket, account, region: "eu-central-1" },
    part: "to-us",
    facts: {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      ...(region !== undefined && { to: region }),
      destination: "arn:aws:s3:::copy",
      tags: [],
    },
    decision: {
      rule: decidedBy,
      reasons,
      policyDigest: POLICY.digest,
      explanation: {
        verdict: "violating",
        mode: "observe",
        modeRule: RULE,
        facts: {},
        considered: [],
        ...explanation,
      } as Explanation,
    },
    principal: DEVELOPER,
    ...more,
  };
}

/** The finding's record as it stands, made from the last state that it reached. */
function standing(state: ReachedState, more: Partial<FindingRecord> = {}): FindingRecord {
  const { findingId: id, controlId, occurrence, at, resource, part = "", decision, principal } = state;
  const record = findingOf();
  return {
    ...record,
    ...{ id, controlId, occurrence, resource, part },
    facts: state.facts ?? record.facts,
    status: state.kind as FindingRecord["status"],
    lastSeenAt: at,
    decision: { ...record.decision, kind: "observe", ...decision },
    ...(principal !== undefined && { principal }),
    ...more,
  };
}

const undecidable = (more: Given = {}) =>
  reached({
    bucket: "lost",
    to: undefined,
    decidedBy: "built-in:destination-unknown",
    explanation: { verdict: "undecidable" },
    ...more,
  });

const EXCEPTION: Exception = {
  findingId: "f-orders",
  reason: "Jane's contract",
  approver: "the data protection officer",
  grantedAt: "2026-03-12T09:00:00.000Z",
  expiresAt: "2026-03-13T09:00:00.000Z",
  subject: "s",
  classification: "eu-only",
};
/** A containment, and what was taken back of it a day later. */
const contained = (more: Given = {}) =>
  reached({ kind: "contained", run: "contain", explanation: { mode: "enforce" }, ...more });
const rolledBack = (): ReachedState =>
  reached({
    kind: "exempt",
    run: "roll-back",
    occurrence: 2,
    at: EXCEPTION.grantedAt,
    exception: EXCEPTION,
    decidedBy: "exception:f-orders",
    explanation: { mode: undefined, modeRule: undefined },
    principal: { type: "Approver", arn: EXCEPTION.approver },
  });
const granted = (): ReachedState => {
  const { findingId, controlId, resource } = reached();
  return {
    findingId,
    controlId,
    occurrence: 1,
    kind: "exception-granted",
    at: EXCEPTION.grantedAt,
    resource,
    exception: EXCEPTION,
  };
};

const SINCE_MS = Date.parse("2026-03-01T00:00:00Z");
const NOW_MS = Date.parse("2026-03-31T00:00:00Z");

function report(
  evidence: readonly ReachedState[],
  findings: readonly FindingRecord[] = evidence.map((state) => standing(state)),
  more: Partial<ReadinessAsked> = {},
): ReadinessReport {
  return readinessOf(evidence, findings, {
    sinceMs: SINCE_MS,
    nowMs: NOW_MS,
    controls: [CONTROL],
    isRevealed: false,
    policy: POLICY,
    from: "policy.yaml",
    catalogue,
    ...more,
  });
}

function ruleIn({ rules }: ReadinessReport, rule = RULE): RuleReport {
  const found = rules.find((each) => each.rule === rule);
  if (found === undefined) throw new Error(`no ${rule} among ${rules.map((each) => each.rule).join(", ")}`);
  return found;
}

const enforcing = { to: "enforce" } as const;

describe("what enforcing would have changed", () => {
  it("counts what is against policy as contained, by rule, resource, account, principal and destination", () => {
    const evidence = [
      reached(),
      reached({ bucket: "ledger", at: "2026-03-11T09:00:00.000Z", to: "us-east-1" }),
      reached({ bucket: "payroll", account: "444455556666" }),
    ];

    const found = ruleIn(report(evidence, undefined, enforcing));

    expect(found).toMatchObject({
      mode: { now: "observe", byPolicy: "observe", heldBy: null, to: "enforce" },
      observed: {
        occurrences: 3,
        resources: 3,
        firstAt: "2026-03-10T09:00:00.000Z",
        lastAt: "2026-03-11T09:00:00.000Z",
        now: { observed: 3 },
        stillSo: 3,
        byOtherPolicy: 0,
      },
      would: { contain: 3, wait: 0, waitBecause: [] },
      accounts: [
        { account: ACCOUNT, occurrences: 2, contain: 2, wait: 0, takenBack: 0 },
        { account: "444455556666", occurrences: 1 },
      ],
      moves: [
        { from: "eu-central-1", to: "us-west-2", occurrences: 2 },
        { from: "eu-central-1", to: "us-east-1", occurrences: 1 },
      ],
      verdict: "ready",
      reasons: [],
    });
  });

  it("counts what was observed and has been resolved since", () => {
    const state = reached();
    const found = ruleIn(report([state], [standing(state, { status: "resolved" })], enforcing));
    expect(found.observed).toMatchObject({ occurrences: 1, stillSo: 0, now: { resolved: 1 } });
    expect(found.would.contain).toBe(1);
  });

  it("counts an occurrence that a later one followed as ended, and one that is told of twice once, as it was decided last", () => {
    const first = reached();
    const again = reached({
      at: "2026-03-15T09:00:00.000Z",
      occurrence: 2,
      to: undefined,
      explanation: { verdict: "undecidable" },
    });
    const later = reached({ at: "2026-03-16T09:00:00.000Z", occurrence: 2 });
    const found = ruleIn(report([first, again, later], [standing(later)], enforcing));
    expect(found.observed).toMatchObject({ occurrences: 2, stillSo: 1, now: { observed: 1, resolved: 1 } });
    expect(found.would).toMatchObject({ contain: 2, wait: 0 });
  });

  it("counts what came up before the time and still stands so", () => {
    const old = reached({ at: "2026-01-05T09:00:00.000Z" });
    expect(ruleIn(report([], [standing(old)], enforcing)).would.contain).toBe(1);
    expect(ruleIn(report([], [standing(old, { status: "resolved" })], enforcing)).verdict).toBe("nothing-observed");
  });

  it("does not count as contained what can't be decided, and is not ready while there is some", () => {
    const found = ruleIn(report([reached(), undecidable()], undefined, enforcing));
    expect(found.would).toEqual({
      contain: 1,
      wait: 1,
      waitBecause: [{ because: "built-in:destination-unknown", occurrences: 1 }],
    });
    expect(found.moves).toContainEqual({ from: "eu-central-1", to: null, occurrences: 1 });
    expect(found).toMatchObject({
      verdict: "not-yet",
      reasons: ["1 would have waited for a person (built-in:destination-unknown: 1): settle the policy for them first"],
    });
  });

  it("does not count as contained what a scope or an exception in doubt would have left to a person", () => {
    const policy = policyWith({
      controls: {
        [CONTROL]: {
          mode: "observe",
          scopes: [{ id: "tagged", tags: [{ key: "env", value: "prod" }], mode: "enforce" }],
        },
      },
    });
    const state = reached();
    const { findingId: id, controlId, resource, part = "", facts = { kind: "unreadable", reason: "" } } = state;
    const eu = policy.classifications.find(({ name }) => name === "eu-only");
    if (eu === undefined) throw new Error("no such class");
    const decision = decide({ id, controlId, resource, part, title: "", facts }, policy, {
      classified: { kind: "classified", classification: eu, source: "journal", reason: "" } as never,
      resourceTags: { unreadable: "AccessDenied" },
      defaultMode: "observe",
      ceiling: { mode: "enforce", reason: "CORDON_MODE=enforce" },
      nowMs: NOW_MS,
    });
    expect(decision).toMatchObject({ kind: "approve", explanation: { verdict: "violating" } });

    const found = ruleIn(
      report([{ ...state, kind: "awaiting-approval", decision }], undefined, { ...enforcing, policy }),
    );

    expect(found.would).toMatchObject({ contain: 0, waitBecause: [{ because: "a scope or an exception in doubt" }] });
  });

  it("does not count as contained what AWS has refused to have contained", () => {
    const found = ruleIn(report([reached({ kind: "awaiting-approval", run: "contain" })], undefined, enforcing));
    expect(found.would).toMatchObject({ contain: 0, wait: 1, waitBecause: [{ because: "AWS refused the change" }] });
  });

  it("leaves other controls and accounts out", () => {
    const other = reached({ bucket: "cell", controlId: "cordon-cell-stays-deployed" });
    const elsewhere = reached({ bucket: "payroll", account: "444455556666" });
    const { rules } = report([reached(), other, elsewhere], undefined, { accounts: [ACCOUNT] });
    expect(rules.map(({ rule }) => rule).sort()).toEqual([RULE, MIGRATION]);
    expect(rules.reduce((sum, { observed }) => sum + observed.occurrences, 0)).toBe(1);
  });

  it("says what was decided by another policy than the one at hand", () => {
    const { decision } = reached();
    if (decision === undefined) throw new Error("nothing decided");
    const state = reached();
    const found = ruleIn(report([{ ...state, decision: { ...decision, policyDigest: "b".repeat(64) } }]));
    expect(found.observed.byOtherPolicy).toBe(1);
  });
});

describe("who caused it", () => {
  it("is grouped by role, whatever its sessions are called, with the tool and whether it is a pipeline's", () => {
    const evidence = [
      reached({ bucket: "a", principal: deployment("run-1") }),
      reached({ bucket: "b", principal: deployment("run-2") }),
      reached({ bucket: "c" }),
      reached({ bucket: "d", principal: { type: "AWSService", invokedBy: "cloudformation.amazonaws.com" } }),
    ];
    const found = ruleIn(report(evidence, undefined, enforcing));
    expect(found.causedBy).toEqual([
      {
        who: `arn:aws:sts::${ACCOUNT}:assumed-role/deploy`,
        tools: ["Terraform"],
        isPipeline: true,
        occurrences: 2,
        contain: 2,
        again: 0,
      },
      expect.objectContaining({
        who: `arn:aws:iam::${ACCOUNT}:user/${HIDDEN}`,
        tools: ["the AWS CLI"],
        isPipeline: false,
      }),
      expect.objectContaining({ who: "cloudformation.amazonaws.com", tools: ["CloudFormation"], isPipeline: true }),
    ]);
    expect(found).toMatchObject({
      verdict: "not-yet",
      reasons: [
        expect.stringMatching(
          /^3 would have been changed under a pipeline, which sets them again .*assumed-role\/deploy by Terraform/,
        ),
      ],
    });
  });

  it("hides people, without taking two of them for one, and neither agents nor reasons name them", () => {
    const bob = { ...DEVELOPER, arn: `arn:aws:iam::${ACCOUNT}:user/bob` };
    const evidence = [reached({ bucket: "a" }), reached({ bucket: "b", principal: bob }), contained(), rolledBack()];

    const hidden = report(evidence, []);

    expect(ruleIn(hidden).causedBy).toHaveLength(2);
    const said = JSON.stringify(hidden) + describeReadiness(hidden, false);
    expect(said).not.toMatch(/jane|bob|contract|protection officer/i);
    const revealed = JSON.stringify(report(evidence, [], { isRevealed: true }));
    expect(revealed).toMatch(/user\/bob.*user\/jane/);
    expect(revealed).toContain("Jane's contract");
  });

  it("is said of nobody where events name nobody", () => {
    const { principal: _, ...state } = reached();
    expect(ruleIn(report([state])).causedBy).toMatchObject([{ who: "nobody that events name", tools: [] }]);
  });

  it("tells who brings back what had ended", () => {
    const evidence = [reached(), reached({ occurrence: 2, at: "2026-03-20T09:00:00.000Z" })];
    const found = ruleIn(report(evidence, undefined, enforcing));
    expect(found.causedBy).toMatchObject([{ occurrences: 2, again: 1 }]);
    expect(found.reasons).toEqual(["1 had ended, and the same principal brought it back"]);
  });

  it("tells of more changes at once than policy lets through, by principal and hour", () => {
    const policy = policyWith({
      controls: { [CONTROL]: { mode: "observe" } },
      limits: { automaticChanges: { count: 2 } },
    });
    const at = (minute: string) => `2026-03-10T09:${minute}:00.000Z`;
    const evidence = ["a", "b", "c"].map((bucket, index) => reached({ bucket, at: at(`1${index}`) }));
    // Several parts of one bucket, found by the same look, are one change.
    const second = reached({ bucket: "c", findingId: "f-c2", at: at("12") });

    const over = ruleIn(report([...evidence, second], undefined, { ...enforcing, policy }));
    const under = ruleIn(report([...evidence.slice(1), second], undefined, { ...enforcing, policy }));

    expect(over.storms).toMatchObject([{ changes: 3, limit: 2, account: ACCOUNT, from: "2026-03-10T09:00:00.000Z" }]);
    expect(over.reasons).toEqual([
      expect.stringMatching(/^3 changes on account of .*limits.automaticChanges.count lets 2 through/),
    ]);
    expect(under).toMatchObject({ storms: [], verdict: "ready" });
  });
});

describe("what was taken back since", () => {
  it("is a reason not to raise the mode, with until when and why", () => {
    const evidence = [contained({ at: "2026-03-11T09:00:00.000Z" }), granted(), rolledBack(), reached({ bucket: "b" })];
    const found = ruleIn(report(evidence, [], { isRevealed: true }));
    expect(found.takenBack).toEqual([
      {
        how: "rolled-back",
        findingId: "f-orders",
        resource: "orders",
        account: ACCOUNT,
        part: "to-us",
        at: EXCEPTION.grantedAt,
        expiresAt: EXCEPTION.expiresAt,
        isInForce: false,
        reason: EXCEPTION.reason,
        by: EXCEPTION.approver,
        isRuleKnown: true,
      },
    ]);
    expect(found).toMatchObject({
      mode: { to: "approve" },
      verdict: "not-yet",
      reasons: ["1 was rolled back since: see to the exceptions, for they end"],
    });
  });

  it("is told of every rule of the control where it is not known which one had contained it", () => {
    const { rules } = report([rolledBack()], []);
    expect(rules.map(({ rule, verdict, takenBack }) => [rule, verdict, takenBack[0]?.isRuleKnown])).toEqual([
      [RULE, "not-yet", false],
      [MIGRATION, "not-yet", false],
    ]);
  });

  it("is an exception of the policy too, and one that was granted although AWS refused the roll-back", () => {
    const exceptions = [
      {
        id: "archive-move",
        control: CONTROL,
        resources: ["arn:aws:s3:::archive"],
        reason: "the archive moves",
        approver: "arn:aws:iam::111122223333:role/data-owner",
        ticket: "CHG-1",
        grantedAt: "2026-03-20T00:00:00Z",
        expiresAt: "2026-04-10T00:00:00Z",
      },
    ];
    const policy = policyWith({ controls: { [CONTROL]: { mode: "observe" } }, exceptions });
    const exempt = reached({
      bucket: "archive",
      kind: "exempt",
      at: "2026-03-20T09:00:00.000Z",
      decidedBy: "exception:archive-move",
      explanation: { mode: undefined, modeRule: undefined },
    });
    const found = ruleIn(report([contained(), granted(), exempt], [], { policy, isRevealed: true }));
    expect(found.takenBack).toMatchObject([
      { how: "exception-granted", resource: "orders", isInForce: false },
      { how: "exception-of-policy", resource: "archive", isInForce: true, reason: "the archive moves (CHG-1)" },
    ]);
    expect(found.reasons).toEqual(["2 were granted an exception since: see to the exceptions, for they end"]);
  });

  it("is told beside what was contained and switched on again by the same principal", () => {
    const evidence = [
      contained(),
      contained({ occurrence: 2, at: "2026-03-11T09:00:00.000Z" }),
      contained({ occurrence: 3, at: "2026-03-12T09:00:00.000Z", principal: deployment("x") }),
    ];
    const found = ruleIn(report(evidence, [], enforcing));
    expect(found.contained).toEqual({ occurrences: 3, again: 2, againBySame: 1 });
    expect(found.reasons).toEqual([
      "1 of what was contained was switched on again by the same principal: talk to it first",
    ]);
    // Cordon itself switched it on again when it was rolled back: nobody fights.
    const afterRollback = [contained(), rolledBack(), contained({ occurrence: 2, at: "2026-03-14T09:00:00.000Z" })];
    expect(ruleIn(report(afterRollback, [])).contained).toMatchObject({ again: 0 });
  });
});

describe("the ramp", () => {
  it("goes from observe to approve to enforce, with the lines of policy for it", () => {
    const asked = reached({
      bucket: "migration-1",
      kind: "awaiting-approval",
      explanation: { mode: "approve", modeRule: MIGRATION },
    });
    const found = report([reached(), asked]);
    expect(found.ok).toBe(true);
    expect(ruleIn(found)).toMatchObject({ verdict: "ready", mode: { now: "observe", to: "approve" } });
    expect(ruleIn(found).ramp).toEqual([
      "controls:",
      `  ${CONTROL}:`,
      "    mode: approve",
      "# CORDON_MODE of the deployment has to allow approve as well",
    ]);
    expect(ruleIn(found, MIGRATION)).toMatchObject({
      verdict: "ready",
      scope: "migration",
      mode: { now: "approve", to: "enforce" },
    });
    expect(ruleIn(found, MIGRATION).ramp.slice(2, 5)).toEqual([
      "    scopes:",
      "      - id: migration",
      "        mode: enforce",
    ]);
  });

  it("asks in approve, which is no reason against it: nothing is changed", () => {
    const found = ruleIn(report([undecidable(), reached({ principal: deployment("x") })]));
    expect(found).toMatchObject({ verdict: "ready", mode: { to: "approve" } });
  });

  it("tells that CORDON_MODE held what policy would have enforced, under the rule that it held", () => {
    const policy = policyWith({
      controls: {
        [CONTROL]: { mode: "enforce", scopes: [{ id: "migration", resources: ["arn:aws:s3:::m-*"], mode: "enforce" }] },
      },
    });
    const held = { mode: "observe", modeRule: "CORDON_MODE=observe" } as const;
    const considered = [{ rule: MIGRATION, applies: "yes", why: "" }] as const;
    const evidence = [
      reached({ explanation: { ...held, considered: [{ ...considered[0], applies: "no" }] } }),
      reached({ bucket: "m-1", explanation: { ...held, considered } }),
    ];

    const found = report(evidence, undefined, { policy });

    for (const rule of [RULE, MIGRATION])
      expect(ruleIn(found, rule)).toMatchObject({
        observed: { occurrences: 1 },
        mode: { now: "observe", byPolicy: "enforce", heldBy: "CORDON_MODE=observe", to: "approve" },
        ramp: ["# deploy with CORDON_MODE=approve: it was held by CORDON_MODE=observe when it was recorded last"],
      });
    // More was done since than it lets do: it holds no more, and policy's mode counts.
    const since = [...evidence, contained({ bucket: "z", at: "2026-03-20T09:00:00.000Z" })];
    expect(ruleIn(report(since, undefined, { policy })).mode).toMatchObject({ now: "enforce", heldBy: null, to: null });
  });

  it("names nobody who pulled the brake", () => {
    const policy = policyWith({ controls: { [CONTROL]: { mode: "enforce" } } });
    const state = reached({ explanation: { modeRule: "the brake (carol: pager went off)" } });
    expect(ruleIn(report([state], undefined, { policy })).mode.heldBy).toBe(`the brake ${HIDDEN}`);
  });

  it("ends at approve for a control that changes nothing, and at the mode asked for", () => {
    const { rules } = report([], [], { controls: ["cordon-cell-stays-deployed"], to: "enforce" });
    expect(rules).toMatchObject([{ mode: { now: "approve", to: null }, verdict: "reached" }]);
    expect(ruleIn(report([reached()], undefined, { to: "approve" }), MIGRATION).verdict).toBe("reached");
  });

  it("proves nothing by nothing observed", () => {
    const found = report([], []);
    expect(found.ok).toBe(false);
    expect(ruleIn(found)).toMatchObject({
      verdict: "nothing-observed",
      reasons: ["nothing was observed since 2026-03-01T00:00:00Z: that proves nothing"],
    });
    // One rule with nothing observed is not ready because another is.
    expect(report([reached()]).ok).toBe(false);
  });

  it("does not speak for a rule that the policy no longer has, and holds up nothing for it once nothing stands so", () => {
    const gone = reached({ explanation: { modeRule: `${RULE}/old` } });
    const stands = ruleIn(report([gone]), `${RULE}/old`);
    expect(stands).toMatchObject({ scope: "old", mode: { now: null, to: null }, verdict: "not-yet", ramp: [] });
    const ended = ruleIn(report([gone], [standing(gone, { status: "resolved" })]), `${RULE}/old`);
    expect(ended.verdict).toBe("gone");
  });

  it("leaves out scopes of other accounts when it is asked about one", () => {
    const scopes = [{ id: "theirs", accounts: ["444455556666"], mode: "approve" }];
    const policy = policyWith({ controls: { [CONTROL]: { mode: "observe", scopes } } });
    const rules = (account: string) => report([], [], { policy, accounts: [account] }).rules.map(({ rule }) => rule);
    expect(rules(ACCOUNT)).toEqual([RULE]);
    expect(rules("444455556666")).toEqual([RULE, `${RULE}/theirs`]);
  });
});

describe("told to people", () => {
  it("says what was observed, what speaks against the next step, and how it is made", () => {
    const policy = policyWith({ controls: { [CONTROL]: { mode: "approve" } } });
    const evidence = [reached({ principal: deployment("x") }), undecidable(), contained({ bucket: "z" })];
    const text = describeReadiness(report(evidence, undefined, { policy }), false);
    expect(text).toMatchInlineSnapshot(`
      "From 2026-03-01T00:00:00Z to 2026-03-31T00:00:00Z; policy eu-gdpr (policy.yaml).

      Not yet: control:s3-replication-stays-in-jurisdiction, approve -> enforce
        Observed     2 occurrences on 2 resources, 2026-03-10T09:00:00Z to 2026-03-10T09:00:00Z: 2 still so
                     2 decided by another policy than this one: cordon replay judges by this one
        Enforcing    1 would have been contained, 1 would have waited for a person
        Accounts     2  111122223333: 1 contained, 1 waiting
        Moves        1  eu-central-1 -> unknown
                     1  eu-central-1 -> us-west-2
        Caused by    1  arn:aws:iam::111122223333:user/(hidden: --reveal), by the AWS CLI
                     1  arn:aws:sts::111122223333:assumed-role/deploy, by Terraform (a pipeline)
        Contained    1 occurrence; switched on again: none
        Not yet      1 would have waited for a person (built-in:destination-unknown: 1): settle the policy for them first
                     1 would have been changed under a pipeline, which sets it again with its next run: change its source first
                       (arn:aws:sts::111122223333:assumed-role/deploy by Terraform)
        To raise it  controls:
                       s3-replication-stays-in-jurisdiction:
                         mode: enforce
                     # CORDON_MODE of the deployment has to allow enforce as well

      1 rule: 1 not yet.
      "
    `);
  });

  it("lets no name write to the terminal, and cuts long lists short", () => {
    const evidence = Array.from({ length: 30 }, (_, index) =>
      reached({
        bucket: `b${index}`,
        principal: { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:role/r${index}\u001b[2J` },
      }),
    );
    const text = describeReadiness(report(evidence), false);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text).toContain("and 20 more (--json)");
  });

  it("says once that it is hidden by whom and why something was taken back", () => {
    const evidence = [contained({ at: "2026-03-11T09:00:00.000Z" }), granted(), rolledBack()];
    const told = (isRevealed: boolean) => describeReadiness(report(evidence, [], { isRevealed }), false);
    const row = `orders/to-us (${ACCOUNT}): rolled back 2026-03-12T09:00:00Z, ended 2026-03-13T09:00:00Z, `;
    const flat = (text: string) => text.replaceAll(/\s+/g, " ");
    expect(flat(told(false))).toContain(`${row}by whom and why ${HIDDEN} `);
    expect(flat(told(true))).toContain(`${row}by the data protection officer: Jane's contract `);
  });
});

describe("--since", () => {
  it.each([
    [undefined, "2026-03-01T00:00:00.000Z"],
    ["14d", "2026-03-17T00:00:00.000Z"],
    ["2026-03-05T01:00:00+01:00", "2026-03-05T00:00:00.000Z"],
  ])("%s is %s", (text, at) => {
    expect(new Date(sinceOf(text, NOW_MS)).toISOString()).toBe(at);
  });

  it.each(["2026-03-05", "30", "d", "0d", "2026-04-05T00:00:00Z", ""])("refuses %s", (text) => {
    expect(() => sinceOf(text, NOW_MS)).toThrow(/^--since/);
  });
});

describe("evidence, as the journal's records tell it", () => {
  const entity = "evidence";
  const list = async (states: AsyncIterable<ReachedState>): Promise<ReachedState[]> => {
    const found: ReachedState[] = [];
    for await (const state of states) found.push(state);
    return found;
  };
  it("is of the kinds and the time asked for, without what only an auditor needs, and names nobody for Cordon's own calls", async () => {
    const sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
    onTestFinished(() => sandbox.close());
    const client = new DynamoDBClient(clientConfig(sandbox));
    const signal = { id: "e", principal: DEVELOPER, causedByCordon: false };
    const put = ({ principal: _, run, ...state }: ReachedState, more: object = {}) => {
      const { findingId, controlId, occurrence, kind, at, resource, part, facts, decision, exception = null } = state;
      const finding = { id: findingId, controlId, part, title: "", facts };
      const receipts = run === undefined ? null : { kind: run, receipts: [], beforeHash: "b" };
      const content = { kind, at, finding, resource, decision, exception, signal, run: receipts, ...more };
      const key = { pk: `RESOURCE#${findingId}`, sk: `EVIDENCE#${kind}#${at}` };
      const item = { ...key, entity, findingId, controlId, occurrence, kind, at, content, contentHash: "c" };
      const Item = marshall(item, { removeUndefinedValues: true });
      return client.send(new PutItemCommand({ TableName: "cordon", Item }));
    };
    await put(reached());
    await put(reached({ at: "2026-03-09T23:59:59.999Z" }));
    await put(reached({ kind: "resolved" }));
    await put(contained(), { signal: { ...signal, causedByCordon: true } });
    await put(granted(), { finding: "f-orders", decision: undefined, signal: undefined, run: undefined });
    sandbox.clearCalls();

    const records = recordsInTable(client, "cordon", []);
    const asked = {
      kinds: ["observed", "contained", "exception-granted"],
      sinceMs: Date.parse("2026-03-10T00:00:00Z"),
    };
    const found = await list(records.evidence(asked));

    const { principal: _, ...own } = contained();
    expect(found.sort((a, b) => a.kind.localeCompare(b.kind))).toEqual([own, granted(), reached()]);
    const names = Object.values(sandbox.calls[0]?.input.ExpressionAttributeNames as object);
    for (const name of ["receipts", "beforeHash", "contentHash"]) expect(names).not.toContain(name);
    expect(await list(records.evidence({ ...asked, kinds: [] }))).toEqual([]);
  });
});

describe("cordon readiness", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const SINCE = ["--since", "2026-02-01T00:00:00Z"] as const;

  /** The journal of `journalStage`, and somebody who may scan the table and nothing else. */
  async function open() {
    const set = await journalStage();
    operator(set.sandbox, [["dynamodb:Scan", TABLE]]);
    set.sandbox.clearCalls();
    return set;
  }
  /** A policy by which it asks. */
  function approving(): string {
    const folder = mkdtempSync(join(tmpdir(), "cordon-readiness-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "policy.yaml");
    writeFileSync(file, JSON.stringify(policyDocument({ controls: { [CONTROL]: { mode: "approve" } } })));
    return file;
  }
  async function shown(...words: string[]) {
    const { code, out, err } = await run(readiness, ...SINCE, "--policy", approving(), ...words, "--json");
    expect(err).toBe("");
    return { code, ...(JSON.parse(out) as ReadinessReport & { table: string }) };
  }

  it("reads evidence and findings of the time, consistently, and writes nothing", async () => {
    const set = await open();

    const { code, ...found } = await shown("--control", CONTROL);

    expect(code).toBe(1);
    expect(found).toMatchObject({ table: "cordon", ok: false, policy: { name: "eu-gdpr" } });
    expect(found.rules).toHaveLength(1);
    expect(found.rules[0]).toMatchObject({
      rule: RULE,
      mode: { now: "approve", heldBy: null, to: "enforce" },
      observed: { occurrences: 2, resources: 2, stillSo: 2 },
      would: { contain: 1, wait: 1 },
      causedBy: [{ who: `arn:aws:iam::${ACCOUNT}:user/${HIDDEN}`, tools: ["the AWS CLI"], occurrences: 2 }],
      takenBack: [{ how: "rolled-back", findingId: idOf("waived", "to-us"), reason: HIDDEN, isRuleKnown: true }],
      contained: { occurrences: 2, again: 0, againBySame: 0 },
    });
    expect(set.sandbox.calls.map(({ operation }) => operation)).toEqual(["Scan", "Scan"]);
    for (const { input } of set.sandbox.calls) expect(input).toMatchObject({ ConsistentRead: true });
    const [evidence] = set.sandbox.calls;
    expect(evidence?.input).toMatchObject({ FilterExpression: expect.stringContaining(":since") });
    expect(Object.values(evidence?.input.ExpressionAttributeNames as object)).not.toContain("receipts");
  });

  it("still counts what was resolved since, by its evidence", async () => {
    const set = await open();
    const { region } = set.sandbox.bucket("observed");
    set.sandbox.createBucket({ name: "observed", region, versioning: true, tags: { "data-residency": "eu-only" } });
    const call = { name: "DeleteBucketReplication", region, atMs: set.clock.nowMs() - 60_000, id: "gone" };
    await set.container().results(cloudTrailRecord("observed", call));
    operator(set.sandbox, [["dynamodb:Scan", TABLE]]);

    const { rules } = await shown("--control", CONTROL);

    expect(rules[0]?.observed).toMatchObject({
      occurrences: 2,
      stillSo: 1,
      now: { "awaiting-approval": 1, resolved: 1 },
    });
    expect(rules[0]?.would.contain).toBe(1);
  });

  it("reveals who and why when it is asked to", async () => {
    await open();
    const [rule] = (await shown("--control", CONTROL, "--reveal")).rules;
    expect(rule?.causedBy[0]?.who).toBe(`arn:aws:iam::${ACCOUNT}:user/developer`);
    expect(rule?.takenBack[0]).toMatchObject({
      reason: "a contract is in place",
      by: "arn:aws:iam::111122223333:user/data-protection-officer",
    });
  });

  it("says the same to people, and exits 1 while something is not ready", async () => {
    await open();
    const { code, out, err } = await run(readiness, ...SINCE, "--control", CONTROL, "--policy", approving());
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toContain("1 would have been contained, 1 would have waited for a person");
    expect(out).not.toContain("\u001b");
  });

  it("exits 0 where there is no mode above, as by the policy that is built in", async () => {
    await open();
    const { code, out } = await run(readiness, ...SINCE, "--control", CONTROL);
    expect(code).toBe(0);
    expect(out).toContain(`Nothing to raise: ${RULE}, enforce\n`);
  });

  it("exits 1 where nothing was observed in the time", async () => {
    await open();
    const { code, out } = await run(readiness, "--since", "1d", "--account", "999999999999");
    expect(code).toBe(1);
    expect(out).toContain("Not known: default:s3-object-carries-its-class");
    expect(out).toContain("that proves nothing");
  });

  it.each<readonly [string, readonly string[], string]>([
    ["a control that is none", ["--control", "s3-replication"], 'unknown control "s3-replication"'],
    ["an account that is none", ["--account", "12"], '--account: found "12", expected 12 digits'],
    ["a mode that can't be raised to", ["--to", "observe"], '--to: unknown mode "observe"'],
    ["a time that is none", ["--since", "yesterday"], '--since: found "yesterday"'],
    ["a policy that is not there", ["--policy", "/nowhere.yaml"], "/nowhere.yaml can't be read"],
  ])("refuses %s with exit code 2", async (_, words, said) => {
    await open();
    const { code, out, err } = await run(readiness, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  it("names the permission that is missing, and says in its help what its exit codes mean", async () => {
    const set = await open();
    operator(set.sandbox, [["dynamodb:GetItem", TABLE]]);
    const { code, err } = await run(readiness);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("dynamodb:Scan") });
    expect(readiness.notes).toContain("Exit code: 0 ");
  });
});
