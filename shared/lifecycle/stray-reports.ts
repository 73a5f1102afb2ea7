import type { ControlMeta } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import { shortHash } from "../ids.ts";
import type { FindingRecord, FindingState } from "../journal/journal.ts";
import { reporterOf, reportInWords } from "../policy/judge-key.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { shownKeyId } from "../shown.ts";
import type { ConditionFacts, Decision, KeyReport, Principal, ResourceRef, Saying, Signal } from "../types.ts";
import { type Matter, matterId, tellMatter } from "./cell-matters.ts";
import { saidSoFar } from "./said.ts";
import { occurrenceOf, reached, stateOf } from "./transition.ts";

/** What is reported of a credential, and no finding about a user or role can tell. It is told of the account, whatever the mode: there is nothing that Cordon could change, and nothing to be let be. */
export interface StrayReport {
  /** With its report. */
  readonly signal: Signal;
  /** The account, as its root user is called. */
  readonly account: ResourceRef;
  /** `nobody`: it fits no user; `unknown`: AWS doesn't say whom; `root`: it is root's, and in no list; `roles`: it is a user's, and not all roles that were assumed with it are found. */
  readonly whose: "nobody" | "unknown" | "root" | "roles";
  /** How that is known, in words that stay the same. */
  readonly why: string;
}

/** How it stands: a person has to settle it, or has done so. */
export interface ToldReport {
  readonly findingId: string;
  readonly occurrence: number;
  readonly isOpen: boolean;
}

type Office = Pick<Cordon, "journal" | "policy">;

/**
 * Tells such a report: one finding for each report of each credential, which stays until a person closes it, for no live state shows that it is settled. Copies of one telling are
 * told once; what is told again after it was closed goes on, and is another occurrence.
 *
 * Side effects: one read of the journal, and one transaction when it is news.
 * @throws CordonError `unavailable`, `conflict`
 */
export async function tellStrayReport(
  meta: ControlMeta,
  stray: StrayReport,
  { journal, policy }: Office,
  nowMs: number,
): Promise<ToldReport> {
  const { signal } = stray;
  const matter = matterOf(meta, stray, reportOf(signal), policy);
  // The same in each copy of a telling; by hand nobody tells twice without meaning it.
  const basis = shortHash(signal.source === "operator" ? `${signal.id}:${nowMs}` : signal.id);
  let state: FindingState | undefined;
  await tellMatter(journal, matter, nowMs, (previous) => {
    state = previous;
    if (previous?.status === "awaiting-approval" || previous?.basis === basis) return undefined;
    const occurrence = occurrenceOf(previous);
    state = reached(stateOf(previous, nowMs), "awaiting-approval", nowMs, { occurrence, basis });
    return state;
  });
  return {
    findingId: matterId(matter),
    occurrence: state?.occurrence ?? 0,
    isOpen: state?.status === "awaiting-approval",
  };
}

/**
 * What was told is over without a person: a report fits a user after all (IAM shows a new key late, a right that was missing is there), or all roles are found.
 *
 * Side effects: one read of the journal, and two more when there was something to end.
 * @throws CordonError `unavailable`, `conflict`
 */
export async function settleStrayReport(
  meta: ControlMeta,
  { signal, account, how }: { readonly signal: Signal; readonly account: ResourceRef; readonly how: string },
  { journal, policy }: Office,
  nowMs: number,
): Promise<void> {
  const id = matterId({ meta, resource: account, part: partOf(signal, reportOf(signal)) });
  const { record } = await journal.open(account, meta.id);
  if (record.findings[id]?.status !== "awaiting-approval") return;
  const finding = await journal.readFinding(id);
  if (finding === undefined) return;
  await end(meta, finding, { how }, { journal, policy }, nowMs);
}

/** Whether a finding is of this kind, so that `cordon close` ends it. Pure. */
export function isStrayReport({ facts }: Pick<FindingRecord, "facts">, { subject, changes }: Told): boolean {
  return facts.kind === "condition" && subject === "identity" && changes;
}

/** Of the control it is told by: what it is about, and whether it changes anything. */
interface Told {
  readonly subject?: ControlMeta["subject"];
  readonly changes: boolean;
}

/**
 * A person says that it is settled.
 *
 * Side effects: one read of the journal, and one transaction when it was open.
 * @throws CordonError `unavailable`, `conflict`
 */
export function closeStrayReport(
  meta: ControlMeta,
  finding: FindingRecord,
  { saying, principal }: { readonly saying: Saying; readonly principal: Principal },
  office: Office,
  nowMs: number,
): Promise<void> {
  return end(meta, finding, { how: `settled by ${saying.by}: ${saying.reason}`, saying, principal }, office, nowMs);
}

async function end(
  meta: ControlMeta,
  finding: FindingRecord,
  { how, saying, principal }: { readonly how: string; readonly saying?: Saying; readonly principal?: Principal },
  { journal, policy }: Office,
  nowMs: number,
): Promise<void> {
  const { resource, part, title, facts } = finding;
  if (facts.kind !== "condition") return;
  const at = new Date(nowMs).toISOString();
  const matter: Matter = {
    meta,
    resource,
    part,
    title,
    facts: { ...facts, holds: true },
    decision: decisionOf("compliant", [how], policy),
    severity: meta.severity,
    signal: {
      id: `close:${finding.id}:${at}`,
      source: saying === undefined ? "schedule" : "decision",
      name: saying === undefined ? "Look" : "Close",
      at,
      resource,
      ...(principal !== undefined && { principal }),
    },
    notes: [],
    last: saying === undefined ? finding : { ...finding, sayings: saidSoFar(finding, saying) },
  };
  await tellMatter(journal, matter, nowMs, (previous) =>
    previous?.status === "awaiting-approval" ? reached(previous, "resolved", nowMs) : undefined,
  );
}

function reportOf({ report }: Signal): KeyReport {
  if (report === undefined) throw new Error("no report");
  return report;
}

/** One for each report of each credential; of one that is not named, of its user. */
function partOf({ keyId, resource }: Signal, { by, id }: KeyReport): string {
  const hash = shortHash([by, id, keyId ?? resource.name].join(" "));
  return `${keyId === undefined ? resource.name : shownKeyId(keyId)} reported (${hash})`;
}

function matterOf(meta: ControlMeta, stray: StrayReport, report: KeyReport, policy: ResidencyPolicy): Matter {
  const { account, signal } = stray;
  const { keyId: _, report: _report, request: _request, ...told } = signal;
  const { title, ...facts } = textsOf(stray, report);
  return {
    meta,
    resource: account,
    part: partOf(signal, report),
    title,
    facts,
    decision: decisionOf("approve", [reportInWords(report), facts.found, facts.consequence], policy),
    severity: meta.severity,
    // Without what is never recorded: the whole key.
    signal: { ...told, resource: account },
    notes: [],
  };
}

function decisionOf(kind: "approve" | "compliant", reasons: readonly string[], policy: ResidencyPolicy): Decision {
  const isOver = kind === "compliant";
  return {
    kind,
    rule: isOver ? "built-in:over" : "built-in:stray-report",
    reasons,
    policyDigest: policy.digest,
    digest: policy.digest,
    citations: [],
    explanation: { verdict: isOver ? "compliant" : "for-a-person", facts: {}, considered: [] },
    ...(!isOver && { approval: policy.limits.approvals }),
  };
}

const CLOSE = 'When it is settled: cordon close <this finding> --reason "...".';

function textsOf(
  { signal, account, whose, why }: StrayReport,
  report: KeyReport,
): ConditionFacts & { readonly title: string } {
  const by = reporterOf(report);
  const { keyId, resource } = signal;
  const which = keyId === undefined ? `A key of ${resource.name}` : `Key ${shownKeyId(keyId)}`;
  const base = { kind: "condition", holds: false } as const;
  if (whose === "roles")
    return {
      ...base,
      title: `Roles may have been assumed with ${keyId === undefined ? `the keys of ${resource.name}` : `key ${shownKeyId(keyId)} of ${resource.name}`}, reported exposed by ${by}, that were not found`,
      expected:
        "CloudTrail's history of the key, read to its end in each Region, with the roles that were assumed with it",
      found: why,
      consequence: "sessions of roles that are not found go on, and nobody is asked whether to deny them",
      remedy: [
        "Take the whole ids from IAM (aws iam list-access-keys --user-name ...), and ask in each Region: aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=<key>; of what AssumeRole answers, look for the session's key as well.",
        "Revoke the active sessions of each role found (IAM, the role, Revoke sessions): everybody who uses it has to begin anew.",
        'Or mend what kept Cordon from reading, and have it look once more: {"cordon":"keys","key":"...","account":"...","exposed":true}.',
        CLOSE,
      ].join(" "),
    };
  if (whose === "root")
    return {
      ...base,
      title: `${which}, reported exposed by ${by}, is of the root user of account ${account.account}`,
      expected: "no credential of root's that others are known to have",
      found: why,
      consequence:
        "whoever has such a credential may do everything in the account, and no policy of the account's limits him; Cordon can change nothing about it",
      remedy: [
        "Change root's password, see that MFA is on and is yours, and end root's sessions by it; delete any access key of root's (iam-root-has-no-access-key tells whether there is one).",
        "Look through CloudTrail for what root did (userIdentity.type Root).",
        CLOSE,
      ].join(" "),
    };
  const fits =
    whose === "unknown"
      ? `can't be told whose it is in account ${account.account}`
      : `fits no user of account ${account.account}`;
  return {
    ...base,
    title: `${which}, reported exposed by ${by}, ${fits}`,
    expected: "a user of the account who has the key, so that it can be deactivated",
    found: why,
    consequence: "nothing was changed: whoever has the key does with it whatever its holder may do, if it still works",
    remedy: [
      ...(whose === "unknown"
        ? [
            "AWS refuses the same way where Cordon lacks the right iam:GetAccessKeyLastUsed: see that its role has it, and report the key once more.",
          ]
        : []),
      "It may be deleted, of another account, or root's (iam-root-has-no-access-key tells whether root has any).",
      "Take the whole id from the report, and ask AWS whose it is: aws sts get-access-key-info --access-key-id ... tells the account, aws iam get-access-key-last-used the user.",
      'Deactivate it there, or have Cordon do so: {"cordon":"keys","key":"...","account":"...","exposed":true}. Of a key that is gone, look through CloudTrail for what was done with it, and deny what was begun with it.',
      CLOSE,
    ].join(" "),
  };
}
