/** A piece of a file: the text of one value, or what stands where one should. `line` and `record` count from 1. */
export type Piece =
  | {
      readonly kind: "value";
      readonly text: string;
      /** The list it was found in, by its key; undefined when it stands by itself, or in a list without a key. */
      readonly list: string | undefined;
      readonly where: string;
    }
  | { readonly kind: "broken"; readonly reason: string; readonly where: string };

export interface PieceOptions {
  /** Lists of the outermost object whose entries are pieces of their own, by key. */
  readonly lists: readonly string[];
  /** Every line is a value of its own: one that is cut off takes no other with it. */
  readonly isLines: boolean;
  /** Larger values are not kept, and refused. */
  readonly maxBytes: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON, NEWLINE] = [0x22, 0x5c, 0x2c, 0x3a, 0x0a];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const BOM = [0xef, 0xbb, 0xbf];
/** Deeper than any event; what reads it afterwards may recurse. */
const MAX_DEPTH = 200;
const MAX_KEY = 40;

/**
 * Cuts JSON into the texts of its values as it comes, so that no file has to be in memory: a document with a list of records, a list, one value, several one
 * after the other, or one a line. Nothing is checked but what tells where a value ends; each text has to be parsed.
 */
export class JsonPieces {
  readonly #options: PieceOptions;
  #out: Piece[] = [];
  #line = 1;
  #record = 0;
  /** Brackets that are open, the outermost first. */
  #open: number[] = [];
  /** So many of them hold values rather than belong to one. */
  #shell = 0;
  #list: string | undefined;
  /** Behind the list that was of interest, within the object that held it. */
  #isBehind = false;
  #isInText = false;
  #isEscaped = false;
  /** Within a number or a word. */
  #isInWord = false;
  #isSkipping = false;
  #hasBegun = false;

  /** The value under way: bytes of earlier chunks, and where it began in this one. */
  #isInValue = false;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #from = 0;
  #beganAt = 1;
  /** The key at the outermost level of the value under way, as far as it has come. */
  #text: number[] = [];
  #key = "";

  constructor(options: PieceOptions) {
    this.#options = options;
  }

  /** Whether anything but white space has come. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes the next bytes, and gives the pieces that end in them. */
  push(chunk: Buffer): readonly Piece[] {
    this.#out = [];
    this.#from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      if (byte === NEWLINE) this.#endLine(chunk, index);
      else if (this.#isSkipping) continue;
      else if (this.#isInText) this.#takeText(byte, chunk, index);
      else if (byte > 0x20) this.#take(byte, chunk, index);
      else if (this.#isInWord) this.#endValue(chunk, index);
    }
    if (this.#isInValue) this.#keep(chunk.subarray(this.#from));
    return this.#out;
  }

  /** What is left when nothing more comes. */
  end(): readonly Piece[] {
    this.#out = [];
    if (this.#isUnderWay()) this.#break("it ends in the middle of a value; it may be cut off");
    return this.#out;
  }

  #isUnderWay(): boolean {
    return this.#open.length > 0 || this.#isInValue;
  }

  #endLine(chunk: Buffer, index: number): void {
    if (this.#isInWord) this.#endValue(chunk, index);
    if (this.#options.isLines) {
      if (this.#isUnderWay() && !this.#isSkipping)
        this.#break("the line ends in the middle of a value; it may be cut off");
      this.#reset();
    }
    this.#line++;
  }

  #takeText(byte: number, chunk: Buffer, index: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInText = false;
      if (this.#isInValue && this.#open.length === this.#shell) this.#endValue(chunk, index + 1);
    } else if (this.#open.length === 1 && this.#text.length < MAX_KEY) this.#text.push(byte);
  }

  #take(byte: number, chunk: Buffer, index: number): void {
    if (!this.#hasBegun && BOM.includes(byte)) return;
    this.#hasBegun = true;
    if (this.#isInWord) {
      if (byte !== COMMA && byte !== BRACKET_END && byte !== BRACE_END) return;
      this.#endValue(chunk, index);
    }
    if (byte === BRACE || byte === BRACKET) this.#takeOpening(byte, index);
    else if (byte === BRACE_END || byte === BRACKET_END) this.#takeClosing(byte, chunk, index);
    else if (byte === COMMA || byte === COLON) this.#takeKey(byte);
    else this.#takeScalar(byte, index);
  }

  /** The name of a member of the outermost object is known until the member ends. */
  #takeKey(byte: number): void {
    if (this.#open.length === 1) this.#key = byte === COLON ? Buffer.from(this.#text).toString("utf8") : "";
  }

  #takeScalar(byte: number, index: number): void {
    if (this.#open.length === 0) {
      this.#break("found neither { nor [; expected JSON");
      return;
    }
    this.#text = [];
    this.#isInText = byte === QUOTE;
    if (this.#isInValue || this.#isBehind) return;
    this.#beginValue(index);
    this.#isInWord = byte !== QUOTE;
  }

  #takeOpening(byte: number, index: number): void {
    const depth = this.#open.length;
    const isOutermost = depth === 1 && this.#shell === 0 && this.#isInValue;
    if (depth >= MAX_DEPTH) {
      this.#break(`found more than ${MAX_DEPTH} levels, expected fewer`);
      return;
    }
    if (isOutermost && byte === BRACKET && this.#options.lists.includes(this.#key)) {
      // What came before the list says nothing about its entries.
      this.#forget();
      this.#list = this.#key;
      this.#shell = 2;
      this.#record = 0;
    } else if (depth === 0 && byte === BRACKET) {
      this.#shell = 1;
      this.#record = 0;
    } else if (!this.#isInValue && !this.#isBehind) this.#beginValue(index);
    this.#open.push(byte);
  }

  #takeClosing(byte: number, chunk: Buffer, index: number): void {
    const opening = this.#open.pop();
    const depth = this.#open.length;
    if (opening !== (byte === BRACE_END ? BRACE : BRACKET)) this.#break("found a closing bracket that closes nothing");
    else if (this.#isInValue && depth === this.#shell) this.#endValue(chunk, index + 1);
    else if (!this.#isInValue) this.#leaveShell(depth);
  }

  #leaveShell(depth: number): void {
    if (depth < this.#shell) {
      this.#isBehind = this.#shell === 2;
      this.#shell = 0;
      this.#list = undefined;
    }
    if (depth === 0) this.#isBehind = false;
  }

  #beginValue(index: number): void {
    this.#isInValue = true;
    this.#from = index;
    this.#beganAt = this.#line;
    this.#key = "";
    this.#record++;
  }

  #endValue(chunk: Buffer, end: number): void {
    this.#keep(chunk.subarray(this.#from, end));
    const where = this.#where();
    if (this.#keptBytes > this.#options.maxBytes) {
      const reason = `found a value of ${this.#keptBytes} bytes, expected ${this.#options.maxBytes} at most`;
      this.#out.push({ kind: "broken", reason, where });
    } else {
      const text = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept);
      this.#out.push({ kind: "value", text: text?.toString("utf8") ?? "", list: this.#list, where });
    }
    this.#forget();
  }

  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > this.#options.maxBytes) this.#kept = [];
    else this.#kept.push(bytes);
  }

  #forget(): void {
    this.#isInValue = false;
    this.#isInWord = false;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /** Where nothing tells any more what belongs to what, the rest is skipped: of the line, or of the file. */
  #break(reason: string): void {
    if (!this.#isInValue) this.#beganAt = this.#line;
    this.#out.push({ kind: "broken", reason, where: this.#isInValue ? this.#where() : `line ${this.#line}` });
    this.#reset();
    this.#isSkipping = true;
  }

  #reset(): void {
    this.#forget();
    this.#open = [];
    this.#shell = 0;
    this.#list = undefined;
    this.#isBehind = false;
    this.#isInText = false;
    this.#isEscaped = false;
    this.#isSkipping = false;
  }

  #where(): string {
    return this.#shell > 0 ? `record ${this.#record}` : `line ${this.#beganAt}`;
  }
}
