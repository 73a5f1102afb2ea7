import type { FindingRecord } from "../shared/journal/journal.ts";
import type { Change, Hold } from "../shared/types.ts";
import { labelled, toSeconds } from "./text.ts";

/** What a person sees before he decides about something that waits. */
export interface DecisionPreview {
  readonly finding: Pick<FindingRecord, "id" | "title" | "status" | "severity" | "resource" | "classification">;
  /** Why it is wrong, or can't be told. */
  readonly why: readonly string[];
  /** The plan's id, and what it would change; none where Cordon can do nothing about it. */
  readonly plan: {
    readonly id: string;
    readonly changes: readonly Change[];
    readonly permissions: readonly string[];
    readonly expiresAt: string;
  } | null;
  readonly reversible: string;
  readonly holds: readonly Hold[];
  /** Why it is of no use to ask; undefined when it is. */
  readonly refusal?: string;
}

/** Pure. */
export function decisionPreview(finding: FindingRecord, nowMs: number): DecisionPreview {
  const { id, title, status, severity, resource, classification, pending, reversible, decision, holds = [] } = finding;
  const isOver = pending !== undefined && Date.parse(pending.expiresAt) <= nowMs;
  const refusal =
    status !== "awaiting-approval" && status !== "exempt"
      ? `the finding is ${status}; nothing of it waits for a person`
      : isOver
        ? `the question expired at ${toSeconds(pending.expiresAt)}; it is asked anew at the next look`
        : undefined;
  return {
    finding: { id, title, status, severity, resource, classification },
    why: decision.reasons,
    plan:
      pending === undefined
        ? null
        : {
            id: pending.id,
            changes: pending.steps.flatMap(({ changes }) => changes),
            permissions: pending.permissions,
            expiresAt: pending.expiresAt,
          },
    reversible,
    holds,
    ...(refusal !== undefined && { refusal }),
  };
}

/** A preview for people, with what the decision does. Pure. */
export function describeDecision(
  { finding, why, plan, reversible }: DecisionPreview,
  { isAboutPlan, follows }: { readonly isAboutPlan: boolean; readonly follows: readonly string[] },
): string {
  const { id, title, status, severity, resource, classification } = finding;
  const value = (each: unknown) => (each === undefined ? "(absent)" : JSON.stringify(each));
  const where = `${resource.arn}, account ${resource.account}, ${resource.region}`;
  const planned = plan && [
    ...plan.changes.map(({ path, before, after }) => `${path}: ${value(before)} -> ${value(after)}`),
    `plan ${plan.id}, waits until ${toSeconds(plan.expiresAt)}; takes ${plan.permissions.join(", ")}`,
    reversible,
  ];
  return labelled([
    ["Finding", [`${id}, ${status}, ${severity}`, title]],
    ["Resource", [`${where}, class ${classification || "none"}`]],
    ["Why", why],
    ["Plan", planned ?? (isAboutPlan ? [NO_PLAN] : [])],
    ["Then", follows],
  ]);
}

const NO_PLAN =
  "none is kept: either Cordon can do nothing about it, or AWS has refused the change, and approving tries it again";
