import { fitted } from "../fit.ts";
import { cutTo, oneLine, withoutLinks } from "../text.ts";
import type { Section, Ticket } from "../ticket.ts";

/** A node of the Atlassian Document Format. */
export interface AdfNode {
  readonly type: string;
  readonly version?: 1;
  readonly attrs?: Readonly<Record<string, number>>;
  readonly content?: readonly AdfNode[];
  readonly text?: string;
  readonly marks?: readonly { readonly type: "code" }[];
}

const MAX_TITLE = 255;
/** Of a description or a comment. Counted in JSON, which is longer than its text: Atlassian does not say which of the two it counts. */
const MAX_DOCUMENT = 32_767;

export function titleOf({ title }: Ticket): string {
  return cutTo(shown(title), MAX_TITLE);
}

/**
 * A ticket as a document. What strangers have named stands in text nodes only, which hold no markup: links, mentions and pictures are nodes and marks of their own.
 * Pure.
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
 */
export function descriptionOf(ticket: Pick<Ticket, "finding" | "sections">): AdfNode {
  for (let most = MAX_DOCUMENT; ; most = Math.floor(most * 0.8)) {
    const content = fitted(ticket, { most, clean: shown }).flatMap(sectionOf);
    const document: AdfNode = { type: "doc", version: 1, content };
    if (JSON.stringify(document).length <= MAX_DOCUMENT || most < 100) return document;
  }
}

export function noteOf({ finding }: Ticket, note: string): AdfNode {
  return descriptionOf({ finding, sections: [{ heading: "", lines: note.split("\n") }] });
}

function shown(text: string): string {
  return withoutLinks(oneLine(text));
}

function sectionOf({ heading, lines }: Section): readonly AdfNode[] {
  const title: AdfNode = { type: "heading", attrs: { level: 3 }, content: textOf(heading) };
  return [...(heading === "" ? [] : [title]), ...blocksOf(lines)];
}

type Kind = "code" | "bullet" | "text";

/** Neighbouring lines of a kind make one block: what is indented a block of code, with the line that it belongs to, what begins with a hyphen a list. */
function blocksOf(lines: readonly string[]): readonly AdfNode[] {
  const blocks: { readonly kind: Kind; readonly lines: string[] }[] = [];
  for (const [at, line] of lines.entries()) {
    const kind = kindOf(line, lines[at + 1]);
    const last = blocks.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else blocks.push({ kind, lines: [line] });
  }
  return blocks.map(({ kind, lines: own }) => blockOf(kind, own));
}

function kindOf(line: string, next = ""): Kind {
  if (line.startsWith("  ") || next.startsWith("  ")) return "code";
  return line.startsWith("- ") ? "bullet" : "text";
}

function blockOf(kind: Kind, lines: readonly string[]): AdfNode {
  if (kind === "code") return { type: "codeBlock", content: textOf(lines.join("\n")) };
  if (kind === "bullet")
    return {
      type: "bulletList",
      content: lines.map((line) => ({ type: "listItem", content: [paragraphOf([line.slice(2)])] })),
    };
  return paragraphOf(lines);
}

function paragraphOf(lines: readonly string[]): AdfNode {
  const content = lines.flatMap((line, at) => [...(at > 0 ? [{ type: "hardBreak" }] : []), ...lineOf(line)]);
  return { type: "paragraph", content };
}

/** A command can be copied. */
function lineOf(line: string): readonly AdfNode[] {
  return line.startsWith("cordon ") ? [{ type: "text", text: line, marks: [{ type: "code" }] }] : textOf(line);
}

/** A text node must not be empty. */
function textOf(text: string): readonly AdfNode[] {
  return text === "" ? [] : [{ type: "text", text }];
}
