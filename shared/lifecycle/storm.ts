import type { Cordon } from "../cordon.ts";
import { contentHash, findingId } from "../ids.ts";
import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import type { Decision, Principal, ResourceRef, Saying, Signal } from "../types.ts";
import { accountOf, type Matter, matterId, matterMeta, tellMatter } from "./cell-matters.ts";
import type { Run } from "./run.ts";
import { saidSoFar } from "./said.ts";
import { occurrenceOf, reached, stateOf } from "./transition.ts";

/** More automatic changes than policy lets through for one cause: one critical finding tells it, whatever the number of resources (N7). */
export const STORMS = matterMeta({
  id: "cordon-changes-stay-within-limits",
  title: "Automatic changes stay within limits",
  severity: "critical",
  why: "Many changes in a short time from one cause are a bad deployment, an attack, or a mistake in the policy. Each of them is right by itself; all of them together can take an application down.",
  frameworks: [{ framework: "NIST 800-53", reference: "SI-7(5) (automated response)" }],
  reversible: "It changes nothing by itself; what was changed is taken back by cordon rollback --since.",
});

/** Whose changes are counted together: a role by its name, for its sessions can be named anew at will; without a principal, the source. Pure. */
export function causeOf({ principal, source }: Pick<Signal, "principal" | "source">): string {
  const { arn, invokedBy, account } = principal ?? {};
  return arn?.replace(/(:assumed-role\/[^/]+)\/.*$/, "$1") ?? invokedBy ?? account ?? source;
}

/** What changes are counted under. Pure. */
export function scopeFor(controlId: string, account: string, cause: string): string {
  return contentHash([controlId, account, cause]);
}

/** Tells of a storm, and only then has it begin: a crash in between leaves a finding that the next change over the limit makes true. */
export async function beginStorm<State>(
  run: Run<State>,
  scope: string,
  generation: number,
  {
    most,
    whose,
    nowMs,
    cause,
  }: { readonly most: number; readonly whose: string; readonly nowMs: number; readonly cause: string },
): Promise<string> {
  const { cordon, signal } = run;
  const { journal, policy, control } = cordon;
  const { automaticChanges: limits } = policy.limits;
  const matter: Matter = stormMatter(
    {
      resource: accountOf(signal.resource),
      controlId: control.meta.id,
      cause,
      controlTitle: control.meta.title,
      most,
      windowMs: limits.windowMs,
      intervalMs: limits.cappedIntervalMs,
      mayBreak: control.meta.mayBreakApplications === true,
    },
    policy,
    signal,
    [
      `the blast radius of ${whose} is used up; it is over ${limits.quietMs / 60_000} minutes after the last change was wanted, or by cordon close`,
    ],
  );
  await tellMatter(journal, matter, nowMs, (previous) =>
    previous?.status === "awaiting-approval" && previous.basis === `storm ${generation}`
      ? undefined
      : reached(stateOf(previous, nowMs), "awaiting-approval", nowMs, {
          occurrence: occurrenceOf(
            previous?.status === "awaiting-approval" ? { ...previous, status: "resolved" } : previous,
          ),
          basis: `storm ${generation}`,
          untilMs: nowMs + limits.quietMs,
        }),
  );
  const id = matterId(matter);
  await journal.beginStorm(scope, { generation, lastAtMs: nowMs, findingId: id });
  return id;
}

interface StormFacts {
  readonly resource: Matter["resource"];
  readonly controlId: string;
  readonly controlTitle: string;
  readonly cause: string;
  readonly most: number;
  readonly windowMs: number;
  readonly intervalMs: number;
  readonly mayBreak: boolean;
}

/** The finding of a storm. Pure. */
export function stormId(controlId: string, resource: ResourceRef, cause: string): string {
  return findingId(STORMS.id, accountOf(resource), partOf(controlId, cause));
}

function partOf(controlId: string, cause: string): string {
  return `${controlId} caused by ${cause}`;
}

/** A storm's part names what it is counted by, so that it can be ended by its finding alone. */
const PART = /^([a-z0-9-]+) caused by (.+)$/s;

function stormMatter(
  { resource, controlId, controlTitle, cause, most, windowMs, intervalMs, mayBreak }: StormFacts,
  policy: ResidencyPolicy,
  signal: Signal,
  notes: readonly string[],
): Matter {
  const minutes = windowMs / 60_000;
  const facts = {
    kind: "condition",
    holds: false,
    expected: `at most ${most} automatic changes of ${controlId} in ${minutes} minutes on account of ${cause}`,
    found: `more than ${most} violations by ${cause}, each of which would be changed at once`,
    consequence: mayBreak
      ? "What could break an application waits for a person; nothing more is changed for this cause by itself."
      : `Data is stopped from leaving one change each ${intervalMs / 1000} seconds; in between it goes on leaving.`,
    remedy: `Stop ${cause} (a deployment, a script, a stolen key), then see to what it left: cordon findings --status waiting. If every change is wanted: cordon close <this finding> --reason "...", and changes are made at full speed again. To stop Cordon instead: cordon brake on --reason "...".`,
  } as const;
  return {
    meta: STORMS,
    resource,
    part: partOf(controlId, cause),
    title: `More automatic changes than allowed: "${controlTitle}" in account ${resource.account}, caused by ${cause}`,
    facts,
    decision: {
      kind: "approve",
      rule: "built-in:blast-radius",
      reasons: [facts.consequence],
      policyDigest: policy.digest,
      digest: policy.digest,
      citations: [],
      explanation: { verdict: "for-a-person", facts: { cause, control: controlId }, considered: [] },
      approval: policy.limits.approvals,
    },
    severity: "critical",
    signal: { ...signal, resource },
    notes,
  };
}

/** What a storm's finding is about: the scope it is counted under. Undefined when the finding is no storm's. Pure. */
export function stormScope(finding: {
  readonly controlId: string;
  readonly part: string;
  readonly resource: { readonly account: string };
}): string | undefined {
  const [, controlId, cause] = PART.exec(finding.part) ?? [];
  if (finding.controlId !== STORMS.id || controlId === undefined || cause === undefined) return undefined;
  return scopeFor(controlId, finding.resource.account, cause);
}

/** What ends a storm: that nothing was wanted for long enough, or a person. */
export type StormEnd =
  | { readonly kind: "quiet" }
  | { readonly kind: "person"; readonly saying: Saying; readonly principal: Principal };

/**
 * Ends the storm that a finding tells of, and resolves it; changes are counted anew from then on.
 *
 * Side effects: two reads, one update and one transaction of the journal.
 * @returns when it is to be looked at again, as long as it goes on; undefined when it is over
 * @throws CordonError `unavailable`, `conflict`
 */
export async function endStorm(
  finding: FindingRecord,
  end: StormEnd,
  { journal, policy }: Pick<Cordon, "journal" | "policy">,
  nowMs: number,
): Promise<number | undefined> {
  const { resource } = finding;
  const scope = stormScope(finding);
  if (scope === undefined || finding.facts.kind !== "condition") return undefined;
  const { quietMs } = policy.limits.automaticChanges;
  const { storm } = await journal.open(resource, STORMS.id, scope);
  const unlessSinceMs = end.kind === "quiet" ? nowMs - quietMs : undefined;
  const ended = storm?.isOn === true ? await journal.endStorm(scope, storm.generation, unlessSinceMs) : undefined;
  // A new one may have begun while this one was ended: it is told by the same finding.
  const next = ended === undefined ? (await journal.open(resource, STORMS.id, scope)).storm : undefined;
  const lastMs = next?.isOn === true ? next.lastAtMs : ended;
  const at = new Date(nowMs).toISOString();
  const how =
    end.kind === "person"
      ? `ended by ${end.saying.by}: ${end.saying.reason}`
      : `nothing was to be changed for ${quietMs / 60_000} minutes`;
  const isOver = lastMs === undefined;
  const matter: Matter = {
    meta: STORMS,
    resource,
    part: finding.part,
    title: finding.title,
    facts: { ...finding.facts, holds: isOver },
    decision: isOver ? overBy(how, policy) : finding.decision,
    severity: "critical",
    signal: {
      id: `storm-end:${finding.id}:${at}`,
      source: end.kind === "quiet" ? "schedule" : "decision",
      name: end.kind === "quiet" ? "Sweep" : "Close",
      at,
      resource,
      ...(end.kind === "person" && { principal: end.principal }),
    },
    notes: isOver ? [] : finding.notes,
    last: end.kind === "person" ? { ...finding, sayings: saidSoFar(finding, end.saying) } : finding,
  };
  const untilMs = lastMs === undefined ? undefined : lastMs + quietMs;
  await tellMatter(journal, matter, nowMs, (previous) => {
    if (previous?.status !== "awaiting-approval") return undefined;
    return untilMs === undefined ? reached(previous, "resolved", nowMs) : { ...previous, untilMs };
  });
  return untilMs;
}

function overBy(how: string, { digest }: ResidencyPolicy): Decision {
  return {
    kind: "compliant",
    rule: "built-in:over",
    reasons: [how],
    policyDigest: digest,
    digest,
    citations: [],
    explanation: { verdict: "compliant", facts: {}, considered: [] },
  };
}
