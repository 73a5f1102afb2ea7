import { fitted } from "../fit.ts";
import { cutTo, oneLine, withoutLinks } from "../text.ts";
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
  return cutTo(shown(title), MAX_TITLE);
}

export function descriptionOf(ticket: Ticket): string {
  const text = fitted(ticket, { most: MAX_TEXT, clean: shown })
    .map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n"))
    .join("\n\n");
  // Once more: a tag must not come together across lines.
  return cutTo(inert(text), MAX_TEXT);
}

export function noteOf(note: string): string {
  return cutTo(inert(note.split("\n").map(shown).join("\n")), MAX_TEXT);
}

function shown(line: string): string {
  return inert(withoutLinks(oneLine(line)));
}
