import type { Section } from "./ticket.ts";

/** No line that a person reads is longer. */
const MAX_LINE = 2_000;
const MAX_HEADING = 200;
const SIGN = " ... (cut)";

/** Text of at most so many letters (UTF-16 units); what is cut says so. Pure. */
export function cutTo(text: string, most: number): string {
  if (text.length <= most) return text;
  // Half of a pair is no letter.
  return text.slice(0, most - SIGN.length).replace(/[\ud800-\udbff]$/, "") + SIGN;
}

/** One line, without what is not seen: control characters, line breaks, direction marks, halves of letters. Pure. */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** For vendors that make links of bare addresses and offer no way to stop it: `https[:]//`, `www[.]`, `mailto[:]`, `name[@]host`. Pure. */
export function withoutLinks(text: string): string {
  return text
    .replace(/:(?=\/\/)/g, "[:]")
    .replace(/\b(www)\.|\b(mailto|tel|sms):/gi, (_, host, scheme) => (host ? `${host}[.]` : `${scheme}[:]`))
    .replace(/@(?=[\p{L}\p{N}])/gu, "[@]");
}

/**
 * Sections in which a vendor's limit has room: clean lines, cut where they are too long; what comes after the limit is left out, and a last section says where it can be
 * read. Pure.
 *
 * @param most what they may cost together
 * @param costOf what a line costs, with all that is set around it; of a heading, too
 */
export function fitted(
  { key, sections }: { readonly key: string; readonly sections: readonly Section[] },
  most: number,
  costOf: (line: string) => number,
): readonly Section[] {
  let left = most;
  const isRoomFor = (line: string) => {
    left = left < 0 ? left : left - costOf(line);
    return left >= 0;
  };
  const kept = sections.flatMap((section) => {
    const heading = cutTo(oneLine(section.heading), MAX_HEADING);
    if (!isRoomFor(heading)) return [];
    return [{ heading, lines: section.lines.map((line) => cutTo(oneLine(line), MAX_LINE)).filter(isRoomFor) }];
  });
  return left >= 0 ? kept : [...kept, { heading: "Cut", lines: [`The rest has no room here: cordon explain ${key}`] }];
}
