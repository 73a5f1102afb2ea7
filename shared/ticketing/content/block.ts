import type { Releasable } from "../../policy/tickets.ts";
import { oneLine } from "../text.ts";
import type { Section } from "../ticket.ts";
import type { Withholding } from "./withhold.ts";

/** Lines of a ticket that tell the same kind of thing. Blocks with one heading become one section. */
export interface Block {
  readonly heading: string;
  readonly lines: readonly string[];
  /** What of the finding they tell. Left out: Cordon's own words with id, control, severity, state, account, Region and times, which may go anywhere. */
  readonly tells?: readonly Releasable[];
  /** What is told where these may not be; Cordon's own words, too. */
  readonly instead?: readonly string[];
}

/** Blocks -> sections, without what is withheld, in the order of the blocks. Pure but for what `withholding` notes. */
export function sectionsOf(blocks: readonly Block[], withholding: Withholding): readonly Section[] {
  const sections = new Map<string, string[]>();
  for (const block of blocks) {
    const lines = linesOf(block, withholding);
    if (lines.length > 0) sections.set(block.heading, [...(sections.get(block.heading) ?? []), ...lines.map(oneLine)]);
  }
  return [...sections].map(([heading, lines]) => ({ heading, lines }));
}

function linesOf({ lines, tells = [], instead = [] }: Block, withholding: Withholding): readonly string[] {
  if (lines.length === 0 || tells.length === 0) return lines;
  return withholding.lets(tells) ? lines.map((line) => withholding.scrub(line)) : instead;
}
