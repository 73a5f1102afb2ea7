import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { type LegalClock, ticketRules } from "../policy/tickets.ts";
import type { Saying } from "../types.ts";
import { classesOf } from "./routing.ts";

/** What the law asks about a finding. */
export interface Clocks {
  /** Since then it has to be assessed whether it is a breach. */
  readonly assessedSince: string;
  /** Nobody can tell of which class the data is: it may be of one that has a clock. */
  readonly isClassUnknown: boolean;
  /** Who confirmed first that the organisation is aware of a breach. */
  readonly aware?: Saying;
  /** Each law's time limit; its end, once somebody has. */
  readonly laws: readonly { readonly clock: LegalClock; readonly endsAt?: string }[];
}

/**
 * The clocks that run for a finding; undefined when none does: policy has none for its data, no data can have moved, or an exception of the policy has let it be from the
 * beginning. Pure.
 */
export function clocksOf(finding: FindingRecord, policy: ResidencyPolicy): Clocks | undefined {
  const { personal, clocks } = ticketRules(policy);
  const aware = finding.sayings?.find(({ action, outcome }) => action === "aware" && outcome === "done");
  const isLetBe = finding.status === "exempt" && finding.exception === undefined && aware === undefined;
  if (isLetBe || !canHaveMoved(finding)) return undefined;
  const classes = classesOf(finding, policy);
  const isAmong = (names: readonly string[]) =>
    classes === undefined ? names.length > 0 : classes.some(({ name }) => names.includes(name));
  if (!isAmong(personal)) return undefined;
  const awareMs = aware === undefined ? undefined : Date.parse(aware.at);
  return {
    assessedSince: finding.firstSeenAt,
    isClassUnknown: classes === undefined,
    ...(aware !== undefined && { aware }),
    laws: clocks
      .filter(({ classifications }) => isAmong(classifications))
      .map((clock) => ({
        clock,
        ...(awareMs !== undefined && { endsAt: new Date(awareMs + clock.ms).toISOString() }),
      })),
  };
}

/** That an object lacks a tag, or that a rule of Cordon's own is off, moves nothing. What can't be read may move anything. */
function canHaveMoved({ facts, resource }: FindingRecord): boolean {
  return facts.kind === "transfer" || (facts.kind === "unreadable" && resource.type !== "AWS::S3::Object");
}
