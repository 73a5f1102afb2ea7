import { cutText, fitSections, plainLine, plainLines } from "../plain-text.ts";
import type { Ticket } from "../ticket.ts";

/** Lengths of the base system's columns. */
const MAX_TITLE = 160;
const MAX_TEXT = 4_000;

/** Skipped between the letters of a tag: what an instance might drop before it looks for tags. "/" is among it. */
const GAP = "[^\\x21-\\x2e\\x30-\\x7e]*";
const CODE_TAG = new RegExp(`\\[(?=${GAP}c${GAP}o${GAP}d${GAP}e)`, "gi");
const MENTION = /@[^\x21-\x7e]*\[/g;
const HTML = /<(?=[a-z/!?])/gi;

/**
 * Text that stays text in an incident. A journal field shows what is between `[code]` and `[/code]` as HTML, and `@[sys_id:name]` tells that user; both are broken by
 * a round bracket. HTML is escaped by forms, but mail need not: `<a` becomes `< a`. Pure.
 *
 * @see https://www.servicenow.com/docs/r/platform-security/instance-security-hardening-settings/sc-allow-embedded-html-code.html
 */
export function inert(text: string): string {
  return text.replace(CODE_TAG, "(").replace(MENTION, "@(").replace(HTML, "< ");
}

export function titleOf({ title }: Ticket): string {
  return cutText(inert(plainLine(title)), MAX_TITLE);
}

export function descriptionOf({ sections }: Ticket): string {
  const clean = sections.map(({ heading, lines }) => ({
    heading: inert(plainLine(heading)),
    lines: lines.map((line) => inert(plainLine(line))),
  }));
  const text = fitSections(clean, MAX_TEXT)
    .map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n"))
    .join("\n\n");
  // Once more: a tag must not come together across lines.
  return cutText(inert(text), MAX_TEXT);
}

export function noteOf(note: string): string {
  return cutText(inert(plainLines(note).join("\n")), MAX_TEXT);
}
