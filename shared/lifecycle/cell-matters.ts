import type { ControlMeta } from "../control.ts";
import { accountRegionRef } from "../deployment/account-region.ts";
import { CordonError } from "../errors.ts";
import { findingId } from "../ids.ts";
import type { FindingRecord, FindingState, Journal, ResourceRecord } from "../journal/journal.ts";
import type { ConditionFacts, Decision, Finding, ResourceRef, Severity, Signal } from "../types.ts";
import { UNCLASSED } from "./judge.ts";
import { type Account, recordsOf } from "./records.ts";

/**
 * What Cordon has to tell where no control has found it: a storm, the brake, a report of a key that is nobody's. It is told as a finding like any other, of an account's Region, so that it is
 * ticketed, proved, explained and looked at again by what there is for findings.
 */
export interface Matter {
  readonly meta: ControlMeta;
  /** The account and Region it is about. */
  readonly resource: ResourceRef;
  readonly part: string;
  readonly title: string;
  readonly facts: ConditionFacts;
  readonly decision: Decision;
  readonly severity: Severity;
  readonly signal: Signal;
  readonly notes: readonly string[];
  /** The finding as it was recorded last, with what was said since. */
  readonly last?: FindingRecord;
}

/** What all such controls have in common: they hear nothing, read nothing and change nothing. Pure. */
export function matterMeta(
  more: Pick<ControlMeta, "id" | "title" | "why" | "frameworks" | "reversible"> & { readonly severity: Severity },
): ControlMeta {
  return {
    subject: "cordon",
    resourceType: "AWS::::Account",
    cloudTrail: {},
    configTypes: [],
    stateCalls: [],
    iam: { read: [], write: [], passRoleTo: [] },
    defaultMode: "approve",
    ...more,
  };
}

/** The account and Region of a resource, as a resource. Throws CordonError `malformed` for an account or Region that is none. */
export function accountOf({ arn, account, region }: ResourceRef): ResourceRef {
  const ref = accountRegionRef({ account, region }, arn.split(":")[1] ?? "aws");
  if (ref === undefined) throw new CordonError("malformed", `${arn} is of no known account and Region`);
  return ref;
}

/** The id of a matter's finding. Pure. */
export function matterId({ meta, resource, part }: Pick<Matter, "meta" | "resource" | "part">): string {
  return findingId(meta.id, resource, part);
}

const MAX_TRIES = 5;

/**
 * Tells a matter: its finding's next state, with evidence, in one transaction.
 *
 * @param next the state it reaches; undefined when there is nothing to tell
 * @returns the state that was written; undefined when none was
 * @throws CordonError `unavailable`, or `conflict` when others keep telling of the same account
 */
export async function tellMatter(
  journal: Journal,
  matter: Matter,
  nowMs: number,
  next: (previous: FindingState | undefined) => FindingState | undefined,
): Promise<FindingState | undefined> {
  const { meta, resource, part, title, facts, decision, severity, signal, notes, last } = matter;
  const id = matterId(matter);
  const finding: Finding = { id, controlId: meta.id, resource, part, title, facts };
  for (let tries = 1; ; tries++) {
    const { record } = await journal.open(resource, meta.id);
    const state = next(record.findings[id]);
    if (state === undefined) return undefined;
    const account: Account = {
      meta,
      finding,
      decision,
      state,
      classified: UNCLASSED[meta.subject === "identity" ? "identity" : "cordon"],
      resourceTags: [],
      signal,
      isOwn: false,
      nowMs,
      severity,
      notes,
      ...(last !== undefined && { last }),
      timings: { heardAt: new Date(nowMs).toISOString() },
    };
    const told = recordsOf(account, record.version + 1);
    const saved: ResourceRecord = { ...record, findings: { ...record.findings, [id]: state } };
    try {
      await journal.save(record, saved, { findings: [told.finding], evidence: [told.evidence] });
      return state;
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind !== "conflict" || tries >= MAX_TRIES) throw error;
    }
  }
}
