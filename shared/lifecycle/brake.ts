import type { Brake, Journal } from "../journal/journal.ts";
import type { Principal, ResourceRef } from "../types.ts";
import { type Matter, matterMeta, tellMatter } from "./cell-matters.ts";
import { occurrenceOf, reached, stateOf } from "./transition.ts";

/** A brake is for an hour of need: while it is on, nothing is contained. So it is told, loudly, for as long as it is on. */
export const BRAKES = matterMeta({
  id: "cordon-brake-stays-off",
  title: "The brake stays off",
  severity: "critical",
  why: "While the brake is on, Cordon observes and changes nothing: data leaves unhindered.",
  frameworks: [{ framework: "NIST 800-53", reference: "SI-4 (system monitoring)" }],
  reversible: "cordon brake off",
});

/** Who switched it, where that is known: a hand on the table itself names nobody that could be believed. */
export interface Switching {
  readonly by: Principal;
  readonly saying: string;
}

/**
 * Has the journal tell what the brake is: its finding is open while it is on. Telling what is told already writes nothing, so that the sweep tells what a crash or a hand on
 * the table has left untold.
 *
 * Side effects: one read, and one transaction when there is news.
 * @param cell the cell's own account and Region
 * @returns whether the brake is on
 * @throws CordonError `unavailable`, `conflict`
 */
export async function tellBrake(
  journal: Journal,
  cell: ResourceRef,
  policyDigest: string,
  nowMs: number,
  switching?: Switching,
): Promise<boolean> {
  const { brake } = await journal.open(cell, BRAKES.id);
  const matter = matterOf(brake, cell, policyDigest, nowMs, switching);
  await tellMatter(journal, matter, nowMs, (previous) => {
    const basis = brake === undefined ? "off" : `on ${brake.at ?? ""} ${brake.by}`;
    const isOpen = previous?.status === "awaiting-approval";
    if (brake === undefined) return isOpen ? reached(previous, "resolved", nowMs, { basis }) : undefined;
    if (isOpen && previous.basis === basis) return undefined;
    return reached(stateOf(previous, nowMs), "awaiting-approval", nowMs, { occurrence: occurrenceOf(previous), basis });
  });
  return brake !== undefined;
}

function matterOf(
  brake: Brake | undefined,
  cell: ResourceRef,
  digest: string,
  nowMs: number,
  switching: Switching | undefined,
): Matter {
  const at = new Date(nowMs).toISOString();
  const facts = {
    kind: "condition",
    holds: brake === undefined,
    expected: "the brake is off",
    found: brake === undefined ? "it is off" : `${brake.by} put it on: ${brake.reason}`,
    consequence: "Nothing is contained: what leaves the jurisdiction is told of and goes on.",
    remedy:
      'When the reason is over: cordon brake off --reason "...". Then look at what left meanwhile: cordon findings --status observed; each is contained within half an hour, or with its next event.',
  } as const;
  const reasons = switching === undefined ? [facts.found] : [facts.found, switching.saying];
  return {
    meta: BRAKES,
    resource: cell,
    part: "brake",
    title: brake === undefined ? "Cordon's brake is off" : "Cordon's brake is on: nothing is contained",
    facts,
    decision: {
      kind: brake === undefined ? "compliant" : "approve",
      rule: "built-in:brake",
      reasons,
      policyDigest: digest,
      digest,
      citations: [],
      explanation: { verdict: brake === undefined ? "compliant" : "for-a-person", facts: {}, considered: [] },
    },
    severity: "critical",
    signal: {
      id: `brake:${at}`,
      source: switching === undefined ? "schedule" : "decision",
      name: switching === undefined ? "Sweep" : "Brake",
      at,
      resource: cell,
      ...(switching !== undefined && { principal: switching.by }),
    },
    notes: [],
  };
}
