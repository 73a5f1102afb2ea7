import { decodeReference, MAX_REFERENCE_BYTES } from "./xml-references.ts";

/**
 * How the text of an XML part is put together. `joined`: text goes on across tags, for Word and PowerPoint split a number over runs of different looks; the tags
 * of `ENDS` end it. `separate`: every tag ends it.
 */
export type XmlText = "joined" | "separate";

/** Elements, without their namespace's prefix, that end a text, and what is put between (ECMA-376; OpenDocument 1.3). */
const ENDS: ReadonlyMap<string, string> = new Map([
  ...["p", "h", "tr", "row", "table-row", "si", "br", "cr", "line-break", "comment", "author", "pt", "sectPr"].map(
    (name) => [name, "\n"] as const,
  ),
  ...["tc", "c", "table-cell", "covered-table-cell", "tab", "f", "ptab"].map((name) => [name, "\t"] as const),
  ...["s", "instrText", "fldChar", "rPh", "annotation", "note", "footnoteReference", "endnoteReference"].map(
    (name) => [name, " "] as const,
  ),
]);

/** Of a longer tag the beginning tells what it is; the rest is passed over. */
const MAX_TAG_BYTES = 1024;

const LT = 0x3c;
const GT = 0x3e;
const AMP = 0x26;
const SEMICOLON = 0x3b;
const BANG = 0x21;
const QUESTION = 0x3f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const LF = 0x0a;
const BLANKS = new Set([LF, 0x09, 0x20]);

/** What passes over to its end, by how it begins. */
const PASSAGES = [
  { start: "<!--", end: "-->", isText: false },
  { start: "<![CDATA[", end: "]]>", isText: true },
  { start: "<?", end: "?>", isText: false },
] as const;
const LONGEST_START = "<![CDATA[".length;

interface Tag {
  /** It begins an element that has an end. */
  readonly isOpening: boolean;
  readonly isCell: boolean;
  readonly isPointer: boolean;
  readonly separator: Uint8Array | undefined;
}

/** A document has few kinds of tags, over and over. */
const MAX_KNOWN_TAGS = 256;

/** @param tag from its angle bracket on, without the one that ends it */
function parseTag(tag: string, as: XmlText): Tag {
  const [, slash, name = "", rest = ""] = /^<(\/?)(?:[^\s/>:]*:)?([^\s/>]*)(.*)$/s.exec(tag) ?? [];
  const isOpening = slash === "" && !rest.endsWith("/");
  const separator = as === "separate" ? "\n" : ENDS.get(name);
  return {
    isOpening,
    isCell: name === "c",
    isPointer: isOpening && /\st\s*=\s*["']s["']/.test(rest),
    separator: separator === undefined ? undefined : Buffer.from(separator),
  };
}

/** Within a tag that is longer than what is kept of it. */
interface LongTag {
  readonly start: string;
  quote: number;
}

/**
 * Takes the tags out of XML, in a stream and in bounded memory, whatever is pushed: no parser, for those build names, attributes and strings which nobody reads
 * here and which hostile files make as large as they like. What is no well-formed XML comes out as some text. UTF-8 and all encodings that contain ASCII.
 *
 * In a sheet of a workbook the cells that only point into the shared strings (`<c t="s">`) are left out.
 *
 * @returns a function that gives the text of the next chunk
 */
export function createXmlText(as: XmlText): (chunk: Uint8Array) => Uint8Array {
  // What can't be told before more is there: begun tags and references.
  let carry: Uint8Array = new Uint8Array();
  let passage: (typeof PASSAGES)[number] | undefined;
  let longTag: LongTag | undefined;
  const known = new Map<string, Tag>();
  let isPointer = false;
  let last = LF;
  let bytes = Buffer.alloc(0);
  // No longer than what was pushed: whatever is put stands for something longer.
  let out = new Uint8Array();
  let length = 0;

  function put(text: Uint8Array): void {
    if (isPointer || text.length === 0) return;
    out.set(text, length);
    length += text.length;
    last = text[text.length - 1] ?? last;
  }

  function endTag(text: string): void {
    let tag = known.get(text);
    if (tag === undefined) {
      tag = parseTag(text, as);
      if (known.size < MAX_KNOWN_TAGS) known.set(text, tag);
    }
    if (tag.isCell) isPointer = tag.isPointer;
    // An element that begins ends the text before it, if there is any; one that ends makes a cell even when it is empty.
    const isNeedless = BLANKS.has(last) && (as === "separate" || tag.isOpening);
    if (tag.separator !== undefined && !isNeedless) put(tag.separator);
  }

  /** Each reader returns where to go on, or `undefined` when more bytes are needed: what is not read is carried over. */
  function readText(at: number): number | undefined {
    if (bytes[at] === LT) return readMarkup(at);
    if (bytes[at] === AMP) return readReference(at);
    let end = at;
    while (end < bytes.length && bytes[end] !== LT && bytes[end] !== AMP) end++;
    put(bytes.subarray(at, end));
    return end;
  }
  function readReference(at: number): number | undefined {
    const most = bytes.subarray(at + 1, at + 1 + MAX_REFERENCE_BYTES);
    const end = most.findIndex((byte) => byte === SEMICOLON || byte === LT || byte === AMP);
    if (end === -1 && most.length < MAX_REFERENCE_BYTES) return undefined;
    const decoded = most[end] === SEMICOLON ? decodeReference(most.toString("latin1", 0, end)) : undefined;
    put(decoded === undefined ? bytes.subarray(at, at + 1) : Buffer.from(decoded));
    return decoded === undefined ? at + 1 : at + end + 2;
  }
  function readMarkup(at: number): number | undefined {
    const mark = bytes[at + 1];
    if (mark === undefined) return undefined;
    if (mark === BANG || mark === QUESTION) {
      const start = bytes.toString("latin1", at, at + LONGEST_START);
      if (start.length < LONGEST_START && PASSAGES.some((each) => each.start.startsWith(start))) return undefined;
      passage = PASSAGES.find((each) => start.startsWith(each.start));
      if (passage !== undefined) return at + passage.start.length;
    }
    const { end, quote } = findTagEnd(at, 0);
    const kept = bytes.toString("latin1", at, Math.min(at + MAX_TAG_BYTES, end === -1 ? bytes.length : end));
    if (end !== -1) endTag(kept);
    else if (bytes.length - at < MAX_TAG_BYTES) return undefined;
    else longTag = { start: kept, quote };
    return end === -1 ? bytes.length : end + 1;
  }
  /** A tag ends with an angle bracket that is in no attribute's value. */
  function findTagEnd(at: number, open: number): { readonly end: number; readonly quote: number } {
    let quote = open;
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i];
      if (quote !== 0) {
        if (byte === quote) quote = 0;
      } else if (byte === GT) return { end: i, quote };
      else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
    }
    return { end: -1, quote };
  }
  function readLongTag(at: number, tag: LongTag): number {
    const { end, quote } = findTagEnd(at, tag.quote);
    tag.quote = quote;
    if (end === -1) return bytes.length;
    longTag = undefined;
    endTag(tag.start);
    return end + 1;
  }
  function readPassage(at: number, { end, isText }: (typeof PASSAGES)[number]): number | undefined {
    const found = bytes.indexOf(end, at, "latin1");
    // Its end may be cut by the chunk's.
    const to = found === -1 ? Math.max(at, bytes.length - end.length + 1) : found;
    if (isText) put(bytes.subarray(at, to));
    if (found === -1) return to > at ? to : undefined;
    passage = undefined;
    return found + end.length;
  }

  return (chunk) => {
    bytes = Buffer.concat([carry, chunk]);
    out = new Uint8Array(bytes.length);
    length = 0;
    let at = 0;
    while (at < bytes.length) {
      const next = longTag ? readLongTag(at, longTag) : passage ? readPassage(at, passage) : readText(at);
      if (next === undefined) break;
      at = next;
    }
    carry = bytes.subarray(at);
    return out.subarray(0, length);
  };
}
