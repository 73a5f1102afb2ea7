import type { FindingRecord } from "../../journal/journal.ts";
import type { ResidencyPolicy } from "../../policy/policy.ts";
import { RELEASABLE, type Releasable, type TicketRoute, ticketRules } from "../../policy/tickets.ts";
import { liesWithin } from "../routing.ts";
import { withheldNames } from "./withheld-names.ts";

/** What stands in the place of what is left out. */
export const LEFT_OUT = "(left out)";

/** What may not be told by a route. It notes what it has kept back, for the ticket says so. */
export interface Withholding {
  /** Whether all of these may be told. */
  lets(tells: readonly Releasable[]): boolean;
  /** A text that may be told, without the names in it that may not. */
  scrub(text: string): string;
  /** What was kept back so far, in one order. */
  kept(): readonly Releasable[];
}

/** For routes on which nothing is withheld. */
export const NOTHING_WITHHELD: Withholding = { lets: () => true, scrub: (text) => text, kept: () => [] };

/** What may not be told of a finding by a route: nothing where its data may live. */
export function withholdingFor(finding: FindingRecord, route: TicketRoute, policy: ResidencyPolicy): Withholding {
  if (liesWithin(route, finding, policy)) return NOTHING_WITHHELD;
  const { elsewhere } = ticketRules(policy);
  const withheld = RELEASABLE.filter((each) => !elsewhere.includes(each));
  const names = withheld
    .flatMap((group) => withheldNames(finding, group).map((name) => ({ group, name })))
    // The longest first, for one may be part of another.
    .sort((a, b) => b.name.length - a.name.length);
  // One capture each, so that a match tells whose name it is.
  const pattern = new RegExp(names.map(({ name }) => `(${patternOf(name)})`).join("|"), "giu");
  const kept = new Set<Releasable>();
  return {
    lets(tells) {
      const missing = tells.filter((each) => withheld.includes(each));
      for (const each of missing) kept.add(each);
      return missing.length === 0;
    },
    scrub(text) {
      if (names.length === 0) return text;
      return text.replace(pattern, (_, ...captures) => {
        const found = names[captures.findIndex((capture) => capture !== undefined)];
        if (found !== undefined) kept.add(found.group);
        return LEFT_OUT;
      });
    },
    kept: () => RELEASABLE.filter((each) => kept.has(each)),
  };
}

/** A shorter name is one only where it stands by itself: in the middle of a word it is no name. */
const SHORT = 4;

function patternOf(name: string): string {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return name.length < SHORT ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
}
