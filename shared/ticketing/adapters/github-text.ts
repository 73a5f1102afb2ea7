import { fitted } from "../fit.ts";
import { cutTo, oneLine, withoutLinks } from "../text.ts";
import type { Section, Ticket } from "../ticket.ts";

/** GitHub's limit, in letters; it answers 422 to more. */
const MAX_TITLE = 256;
/** Of 65,536, less what stands around the sections. */
const MAX_SECTIONS = 60_000;
/** What is set around a line at most: a fence before and behind, and empty lines. */
const AROUND_LINE = 24;

/** A title as GitHub shows it: plain text, but for `code` and what could be taken for a reference. Pure. */
export function titleOf(title: string): string {
  const plain = withoutLinks(oneLine(title)).replaceAll("`", "'");
  return cutTo(plain.replace(/#(?=\d)/g, "[#]").replace(/\bGH-(?=\d)/gi, "GH "), MAX_TITLE);
}

/** The issue's text, as GitHub Flavored Markdown. Pure. */
export function bodyOf(ticket: Ticket): string {
  const { severity, state, occurrences, isWaiting, parent } = ticket;
  const facts = [`Severity ${severity}`, state, `occurrence ${occurrences}`];
  return [
    `**${facts.join(", ")}${isWaiting ? ": a decision is waited for" : ""}**`,
    ...(parent === undefined ? [] : [linesOf([`A part of the storm ${parent}`])]),
    ...fitted(ticket, { most: MAX_SECTIONS, costOf }).map(sectionOf),
    "_Cordon keeps this text up to date: what is written here by hand will be lost, comments stay._",
  ].join("\n\n");
}

/** A comment's text. Pure. */
export function commentOf(ticket: Ticket, note: string): string {
  const sections = [{ heading: "", lines: note.split("\n") }];
  return fitted({ finding: ticket.finding, sections }, { most: MAX_SECTIONS, costOf })
    .map(({ lines }) => linesOf(lines))
    .join("\n\n");
}

function costOf(line: string): number {
  return line.length + AROUND_LINE;
}

function sectionOf({ heading, lines }: Section): string {
  return `### ${isPlain(heading) ? heading : `\`${heading.replaceAll("`", "'")} \``}\n\n${linesOf(lines)}`;
}

/**
 * Lines of words that nobody can have chosen to do harm are set as text, all others as code: GitHub looks for mentions, references and commits in text after the Markdown is
 * read, so that a backslash stops none of them, and in code for nothing at all.
 *
 * @see https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
function linesOf(lines: readonly string[]): string {
  const blocks: { readonly kind: "text" | "list" | "code"; readonly lines: string[] }[] = [];
  for (const line of lines) {
    const kind = isPlain(line) ? "text" : line.startsWith("- ") && isPlain(line.slice(2)) ? "list" : "code";
    const last = blocks.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else blocks.push({ kind, lines: [line] });
  }
  return blocks.map((block) => (block.kind === "code" ? fenced(block.lines) : block.lines.join("\n"))).join("\n\n");
}

/** What would be taken for a reference of somebody's own tracker, and is in every other line. */
const AWS_REGION = /\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)-(?:gov-|iso[bef]?-)?(?:north|south|east|west|central)+-\d\b/g;

/** Whether a line is nothing but words: no markup, no list, no mention, reference, hash, emoji or address. */
function isPlain(line: string): boolean {
  return (
    /^[\p{L}"'(][\p{L}\p{M}\p{N} .,;:'"()%?!+-]*$/u.test(line) &&
    !/\b[0-9a-f]{7,}|\bwww\.|[a-z]-\d|:[a-z+-][\w+-]*:/i.test(line.replace(AWS_REGION, ""))
  );
}

/** No line can end it: runs of the fence's length are another letter. */
function fenced(lines: readonly string[]): string {
  return ["````text", ...lines.map((line) => line.replace(/`{4,}/g, (run) => "'".repeat(run.length))), "````"].join(
    "\n",
  );
}
