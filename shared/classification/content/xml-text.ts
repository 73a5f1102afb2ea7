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

/** Longer names, attributes' values and references are of no interest: so much of them is kept at most. */
const MAX_TOKEN_BYTES = 32;

const LT = 0x3c;
const GT = 0x3e;
const AMP = 0x26;
const SEMICOLON = 0x3b;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const COLON = 0x3a;
const EQUALS = 0x3d;
const BRACKET = 0x5d;
const SPACE = 0x20;
const TAB = 0x09;
const LF = 0x0a;

type State =
  | "text"
  | "reference"
  | "open"
  | "name"
  | "tag"
  | "quoted"
  | "declaration"
  | "comment"
  | "cdata"
  | "instruction";

/**
 * Takes the tags out of XML, in a stream and in bounded memory, whatever is pushed: no parser, for those build names, attributes and strings which nobody reads
 * here and which hostile files make as large as they like. What is no well-formed XML comes out as some text. UTF-8 and all encodings that contain ASCII.
 *
 * In a sheet of a workbook (`<c t="s">`) the cells that only point into the shared strings are left out.
 *
 * @returns a function that gives the text of the next chunk
 */
export function createXmlText(as: XmlText): (chunk: Uint8Array) => Uint8Array {
  let state: State = "text";
  let token = "";
  let name = "";
  let attribute = "";
  let quote = 0;
  let isClosing = false;
  let isSelfClosing = false;
  let isPointer = false;
  let last = LF;
  let recent = "";
  let brackets = 0;
  // Never longer than what was pushed but for a reference that the chunk before began.
  let out = new Uint8Array();
  let length = 0;

  function put(byte: number): void {
    out[length++] = byte;
    last = byte;
  }
  function putText(text: string): void {
    for (const byte of Buffer.from(text)) put(byte);
  }
  function copyText(chunk: Uint8Array, from: number): number {
    let to = from;
    while (to < chunk.length && chunk[to] !== LT && chunk[to] !== AMP) to++;
    if (to === from) return to;
    out.set(chunk.subarray(from, to), length);
    length += to - from;
    last = chunk[to - 1] ?? last;
    return to;
  }
  function endTag(): void {
    state = "text";
    if (name === "c") isPointer = !isClosing && !isSelfClosing && isPointer;
    const separator = as === "separate" ? "\n" : ENDS.get(name);
    // An element that begins ends the text before it, if there is any; one that ends makes a cell even when it is empty.
    const isBlank = last === LF || last === TAB || last === SPACE;
    if (separator === undefined || (isBlank && (as === "separate" || (!isClosing && !isSelfClosing)))) return;
    putText(separator);
  }
  function endReference(): void {
    state = "text";
    if (!isPointer) putText(decodeReference(token) ?? `&${token};`);
  }
  function step(byte: number): void {
    switch (state) {
      case "text":
        if (byte === LT) state = "open";
        else if (byte === AMP) [state, token] = ["reference", ""];
        else if (!isPointer) put(byte);
        return;
      case "reference":
        if (byte === SEMICOLON) endReference();
        else if (byte === LT || byte === AMP || token.length >= MAX_TOKEN_BYTES) {
          if (!isPointer) putText(`&${token}`);
          state = "text";
          step(byte);
        } else token += String.fromCharCode(byte);
        return;
      case "open":
        [token, name, recent, isClosing, isSelfClosing] = ["", "", "", byte === SLASH, false];
        if (byte === BANG) state = "declaration";
        else if (byte === QUESTION) state = "instruction";
        else {
          state = "name";
          if (byte !== SLASH) step(byte);
        }
        return;
      case "name":
        if (byte > SPACE && byte !== GT && byte !== SLASH) {
          // The prefix is whatever the file calls its namespace.
          if (byte === COLON) name = "";
          else if (name.length < MAX_TOKEN_BYTES) name += String.fromCharCode(byte);
          return;
        }
        if (name === "c") isPointer = false;
        attribute = "";
        state = "tag";
        step(byte);
        return;
      case "tag":
        if (byte === GT) endTag();
        else if (byte === QUOTE || byte === APOSTROPHE) [state, quote, token] = ["quoted", byte, ""];
        else if (byte <= SPACE) attribute = "";
        else if (byte !== EQUALS && attribute.length < MAX_TOKEN_BYTES) attribute += String.fromCharCode(byte);
        isSelfClosing = byte === SLASH;
        return;
      case "quoted":
        if (byte !== quote) {
          if (token.length < MAX_TOKEN_BYTES) token += String.fromCharCode(byte);
          return;
        }
        if (name === "c" && attribute === "t" && token === "s") isPointer = true;
        attribute = "";
        state = "tag";
        return;
      case "declaration":
        token += String.fromCharCode(byte);
        if (token === "--") [state, recent] = ["comment", ""];
        else if (token === "[CDATA[") [state, brackets] = ["cdata", 0];
        else if (byte === GT) state = "text";
        else if (token.length > MAX_TOKEN_BYTES) token = token.slice(-1);
        return;
      case "comment":
      case "instruction":
        if (byte === GT && (state === "comment" ? recent === "--" : recent.endsWith("?"))) state = "text";
        recent = (recent + String.fromCharCode(byte)).slice(-2);
        return;
      case "cdata":
        // Brackets are held back, for they may end it.
        if (byte === BRACKET) {
          if (brackets < 2) brackets += 1;
          else if (!isPointer) put(byte);
          return;
        }
        if (byte === GT && brackets === 2) state = "text";
        else if (!isPointer) {
          putText("]".repeat(brackets));
          put(byte);
        }
        brackets = 0;
        return;
    }
  }
  return (chunk) => {
    out = new Uint8Array(chunk.length + 2 * MAX_TOKEN_BYTES);
    length = 0;
    for (let i = 0; i < chunk.length; i++) {
      // Most of a part's bytes are text or lie in tags; text is copied in one go.
      if (state === "text" && !isPointer) i = copyText(chunk, i);
      const byte = chunk[i];
      if (byte !== undefined) step(byte);
    }
    return out.subarray(0, length);
  };
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** What a character reference stands for (XML 1.0, 4.1), or `undefined` when it is none. */
function decodeReference(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(reference) ?? [];
  const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal ?? Number.NaN);
  if (Number.isNaN(code)) return NAMED.get(reference);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}
