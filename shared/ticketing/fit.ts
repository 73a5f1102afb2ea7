import { cutTo, oneLine } from "./text.ts";
import type { Section, Ticket } from "./ticket.ts";

/** Headings are Cordon's own, and short. */
const MAX_HEADING = 100;
/** Of a section that is too long: one line must not take the room of all others. */
const MAX_LINE = 2_000;
/** A shorter piece of a line tells nothing. */
const MIN_PART = 20;

interface Room {
  /** What the sections may cost together. */
  readonly most: number;
  /** What a line costs, with all that is set around it; of a heading, too. Left out, letters and an indented line's end. */
  readonly costOf?: (line: string) => number;
  /** A line as the vendor may have it; `oneLine` unless given. */
  readonly clean?: (line: string) => string;
}

/**
 * Sections in which a vendor's limit has room, in clean lines. Where they are too long the longest are shortened, so that how to undo it is never lost for a long plan before
 * it, and their last lines say where the rest can be read. Pure.
 */
export function fitted(
  { finding, sections }: Pick<Ticket, "finding" | "sections">,
  { most, costOf = ({ length }) => length + 3, clean = oneLine }: Room,
): readonly Section[] {
  const whole = sections.map(({ heading, lines }) => ({
    heading: cutTo(clean(heading), MAX_HEADING),
    lines: lines.map(clean),
  }));
  const costs = whole.map(({ heading, lines }) => [heading, ...lines].reduce((sum, line) => sum + costOf(line), 0));
  const sign = `[... cut: cordon explain ${finding}]`;
  const least = costOf("x".repeat(MAX_HEADING)) + costOf(sign);
  let count = whole.length;
  // So many that none has room to say anything: the last ones are left out.
  while (count > 1 && shareOf(costs.slice(0, count), most) < least) count -= 1;
  const share = shareOf(costs.slice(0, count), most);
  return whole
    .slice(0, count)
    .flatMap((section, at) => ((costs[at] ?? 0) <= share ? section : shortened(section, share, sign, costOf)));
}

/** What each section may take: what the short ones leave goes to the long ones. */
function shareOf(costs: readonly number[], most: number): number {
  let left = most;
  const sorted = [...costs].sort((a, b) => a - b);
  for (const [at, cost] of sorted.entries()) {
    const share = left / (sorted.length - at);
    if (cost > share) return share;
    left -= cost;
  }
  return Number.POSITIVE_INFINITY;
}

function shortened(
  { heading, lines }: Section,
  most: number,
  sign: string,
  costOf: (line: string) => number,
): readonly Section[] {
  let left = most - costOf(heading) - costOf(sign);
  if (left < 0) return [];
  const kept: string[] = [];
  for (const line of lines.map((each) => cutTo(each, MAX_LINE))) {
    const part = partOf(line, left, costOf);
    if (part !== undefined) kept.push(part);
    if (part !== line) return [{ heading, lines: [...kept, sign] }];
    left -= costOf(line);
  }
  return [{ heading, lines: kept }];
}

/** As much of a line as there is room for; undefined when that is nothing to speak of. */
function partOf(line: string, left: number, costOf: (line: string) => number): string | undefined {
  if (costOf(line) <= left) return line;
  for (let length = line.length - 1; length >= MIN_PART; length = Math.floor(length * 0.9)) {
    const part = cutTo(line, length);
    if (costOf(part) <= left) return part;
  }
  return undefined;
}
