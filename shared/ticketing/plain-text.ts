import { cut } from "../cut.ts";
import type { Section } from "./ticket.ts";

const CUT = " [...]";
/** Headings are Cordon's own, and short. */
const MAX_HEADING = 100;

/**
 * One line of what people and strangers have named, as text and nothing else: no control characters, line breaks or direction marks, and no address that a tracker
 * would make a link of by itself (`https[:]//`, `www[.]`). What is markup to one tracker only, its adapter takes out. Pure.
 */
export function plainLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .replaceAll("://", "[:]//")
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}[.]`)
    .replace(/mailto:/gi, (found) => `${found.slice(0, -1)}[:]`);
}

/** The lines of a note, each as `plainLine` has it. Pure. */
export function plainLines(text: string): readonly string[] {
  return text.split("\n").map(plainLine);
}

/** At most so many UTF-16 units, with a sign where something was cut. Pure. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${cut(text, max - CUT.length)}${CUT}`;
}

/**
 * Sections that together take about `max` letters at most. Where they are too long the longest are shortened, so that how to undo it is never lost for a long plan
 * before it. Pure.
 */
export function fitSections(sections: readonly Section[], max: number): readonly Section[] {
  const titled = sections.map(({ heading, lines }) => ({ heading: cutText(heading, MAX_HEADING), lines }));
  const sizes = titled.map(sizeOf);
  const level = levelFor(sizes, max);
  return titled.map((section, at) => ((sizes[at] ?? 0) <= level ? section : shorten(section, level)));
}

/** What each section may take: what the short ones leave goes to the long ones. */
function levelFor(sizes: readonly number[], max: number): number {
  let left = max;
  const sorted = [...sizes].sort((a, b) => a - b);
  for (const [at, size] of sorted.entries()) {
    const share = left / (sorted.length - at);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

function shorten({ heading, lines }: Section, max: number): Section {
  const kept: string[] = [];
  let left = max - heading.length - 2 * CUT.length;
  for (const line of lines) {
    left -= line.length + 3;
    if (left < 0) {
      const rest = left + line.length;
      return { heading, lines: [...kept, rest > CUT.length ? cutText(line, rest) : CUT.trim()] };
    }
    kept.push(line);
  }
  return { heading, lines: kept };
}

function sizeOf({ heading, lines }: Section): number {
  return lines.reduce((size, line) => size + line.length + 3, heading.length + 2);
}
