import { fitted } from "../fit.ts";
import { cutTo, oneLine, withoutHosts } from "../text.ts";
import type { Section, Ticket } from "../ticket.ts";
import type { Change } from "../tracker.ts";

/** What becomes of a ticket, for who reads the message and for who filters by it. */
export interface Told {
  readonly change: "open" | Change["kind"];
  readonly note?: string | undefined;
}

/**
 * Letters of all sections together. SNS takes 262,144 bytes, attributes included. With a text for each protocol the document is in it four times, a letter that is escaped twice up to
 * four bytes each time, and the text once, up to three: 9,000 × 19 leaves room for the rest.
 */
const MAX_LETTERS = 9_000;
/** What a line costs besides its letters: quotes, commas, the end of a line. */
const LINE_COST = 8;
const MAX_LINE = 2_000;
const MAX_TITLE = 300;
const MAX_NOTE = 1_000;
/** What fits into one text message. */
const MAX_SMS = 140;
/** "Less than 100 characters long". */
const MAX_SUBJECT = 99;

/** The subject of an e-mail: ASCII without control characters, because that is what all of SNS's pages allow. Pure. */
export function subjectOf({ title }: Ticket): string {
  return cutTo(ascii(withoutHosts(oneLine(title))), MAX_SUBJECT);
}

/** One text message: what, and which finding. Pure. */
export function shortText({ title, key }: Ticket): string {
  const end = ` ${key}`;
  return cutTo(ascii(withoutHosts(oneLine(title))), MAX_SMS - end.length) + end;
}

/** What a person reads. Pure. */
export function humanText(ticket: Ticket, { note }: Told): string {
  const { title, severity, labels, key, state, version, occurrences } = ticket;
  const { account, region, control, resource } = labels;
  const lines = [
    cutTo(oneLine(title), MAX_TITLE),
    ...(note === undefined ? [] : ["", cutTo(oneLine(note), MAX_NOTE)]),
    "",
    `Severity ${severity}, account ${account}, ${region}`,
    cutTo(oneLine(resource), MAX_LINE),
    ...sectionsOf(ticket).flatMap(({ heading, lines: own }) => ["", heading, ...own.map((line) => `  ${line}`)]),
    "",
    `Finding ${key}, ${state}, occurrence ${occurrences}, version ${version}, control ${control}`,
  ];
  return lines.map(withoutHosts).join("\n");
}

/** What a program reads: the ticket as it is, cut where it is too long. `id` is the same for the same message sent twice. Pure. */
export function documentOf(ticket: Ticket, { change, note }: Told): object {
  const { key, title, severity, state, isWaiting, parent, occurrences, updatedAt, version, labels } = ticket;
  return {
    schema: "cordon.ticket.v1",
    id: idOf(ticket, change),
    change,
    ...(note !== undefined && { note: cutTo(oneLine(note), MAX_NOTE) }),
    finding: key,
    version,
    title: cutTo(oneLine(title), MAX_TITLE),
    severity,
    state,
    isWaiting,
    occurrences,
    updatedAt,
    ...(parent !== undefined && { parent }),
    labels: { ...labels, resource: cutTo(oneLine(labels.resource), MAX_LINE) },
    sections: sectionsOf(ticket),
  };
}

/** Of letters that SNS takes as a deduplication id. Pure. */
export function idOf({ key, version }: Ticket, change: Told["change"]): string {
  return `${key}-${version}-${change}`;
}

/** As much of the sections as there is room for. */
function sectionsOf(ticket: Ticket): readonly Section[] {
  return fitted(ticket, { most: MAX_LETTERS, costOf: ({ length }) => length + LINE_COST });
}

function ascii(text: string): string {
  return text.replace(/[^ -~]/gu, "?");
}
