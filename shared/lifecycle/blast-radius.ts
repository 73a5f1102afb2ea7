import type { Cordon } from "../cordon.ts";
import { contentHash } from "../ids.ts";
import type { FindingRecord, Storm } from "../journal/journal.ts";
import type { Limits, ResidencyPolicy } from "../policy/policy.ts";
import type { Decision, Hold, Principal, Saying, Signal } from "../types.ts";
import { accountOf, type Matter, matterId, matterMeta, tellMatter } from "./cell-matters.ts";
import type { Judged, Run } from "./run.ts";
import { occurrenceOf, reached, stateOf } from "./transition.ts";

/**
 * How far automatic changes may reach (invariant 11). They are counted per control, account and causing principal; more than policy lets through in a window are a storm,
 * which one critical finding tells. In it what only stops data from leaving goes on, one change at a time, and what could break an application waits for a person.
 */
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
  return principal?.arn?.replace(/(:assumed-role\/[^/]+)\/.*$/, "$1") ?? source;
}

/** What a run's changes are counted under. By principal, so that noise in one's name never holds back the containment of another's. Pure. */
export function scopeOf<State>({ cordon, signal }: Run<State>): string {
  return scopeFor(cordon.control.meta.id, signal.resource.account, causeOf(signal));
}

function scopeFor(controlId: string, account: string, cause: string): string {
  return contentHash([controlId, account, cause]);
}

/** Whether a storm is still on: nobody has ended it, and a change was wanted not long ago. Pure. */
export function isStormOn(storm: Storm | undefined, nowMs: number, { quietMs }: Limits["automaticChanges"]): boolean {
  return storm?.isOn === true && nowMs < storm.lastAtMs + quietMs;
}

/** What a run may do now. */
export type Leave =
  | { readonly kind: "go"; readonly parent?: string; readonly note?: string }
  /** It is the turn of others: contained then. */
  | { readonly kind: "later"; readonly atMs: number; readonly parent: string; readonly hold: Hold }
  /** It could break an application, and a person has to say. */
  | { readonly kind: "ask"; readonly parent: string; readonly hold: Hold };

/**
 * Asks whether one more change may be made. Outside a storm that is one update; in it, one or two more, and none for what has its turn already.
 *
 * @param storm the storm of the run's scope as it was read with the resource
 * @throws CordonError `unavailable`
 */
export async function askLeave<State>(
  run: Run<State>,
  storm: Storm | undefined,
  ready: readonly Judged[],
): Promise<Leave> {
  const { journal, policy, control, clock } = run.cordon;
  const { automaticChanges: limits } = policy.limits;
  const nowMs = clock.nowMs();
  const most = limits.count + (control.meta.severity === "critical" ? limits.reserve : 0);
  const scope = scopeOf(run);
  const whose = `${control.meta.id} in account ${run.signal.resource.account} on account of ${causeOf(run.signal)}`;

  const turns = ready.map(({ previous }) => previous?.turnMs).filter((turnMs) => turnMs !== undefined);
  const isOn = isStormOn(storm, nowMs, limits);
  const parent = isOn ? storm?.findingId : undefined;
  const holdUntil = (untilMs: number): Hold => ({
    limit: "blast-radius",
    whose,
    most,
    until: new Date(untilMs).toISOString(),
  });
  if (turns.some((turnMs) => turnMs <= nowMs)) return { kind: "go", ...(parent && { parent }) };
  const [turn] = turns.sort((a, b) => a - b);
  if (turn !== undefined && parent !== undefined) return { kind: "later", atMs: turn, parent, hold: holdUntil(turn) };

  let generation = storm?.generation ?? 0;
  let told = parent;
  if (told === undefined) {
    if (storm !== undefined) generation++;
    const changes = await journal.count(`${scope}#${generation}`, limits.windowMs, nowMs);
    if (changes <= most) return { kind: "go" };
    told = await beginStorm(run, scope, generation, { most, whose, nowMs });
  }
  if (control.meta.mayBreakApplications === true) {
    return { kind: "ask", parent: told, hold: { limit: "blast-radius", whose, most } };
  }
  const atMs = await journal.takeTurn(scope, { generation, nowMs, intervalMs: limits.cappedIntervalMs });
  const note = `more than ${most} automatic changes of ${whose} within ${limits.windowMs / 60_000} minutes: one each ${limits.cappedIntervalMs / 1000} seconds from now on (storm ${told})`;
  // Ended at this very moment: the next look finds it so.
  if (atMs === undefined || atMs <= nowMs) return { kind: "go", parent: told, note };
  return { kind: "later", atMs, parent: told, hold: holdUntil(atMs) };
}

/** Tells of a storm, and only then has it begin: a crash in between leaves a finding that the next change over the limit makes true. */
async function beginStorm<State>(
  run: Run<State>,
  scope: string,
  generation: number,
  { most, whose, nowMs }: { readonly most: number; readonly whose: string; readonly nowMs: number },
): Promise<string> {
  const { cordon, signal } = run;
  const { journal, policy, control } = cordon;
  const { automaticChanges: limits } = policy.limits;
  const cause = causeOf(signal);
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
    remedy: `Stop ${cause} (a deployment, a script, a stolen key), then see to what it left: cordon findings --status waiting. If every change is wanted: cordon close <this finding> --reason "...", and they are made at full speed. To stop Cordon instead: cordon brake on --reason "...".`,
  } as const;
  return {
    meta: STORMS,
    resource,
    part: `${controlId} caused by ${cause}`,
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
  const lastMs = storm?.isOn === true ? await journal.endStorm(scope, storm.generation, unlessSinceMs) : undefined;
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
    ...(end.kind === "person" && { sayings: [...(finding.sayings ?? []), end.saying] }),
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
