import { DIGIT, kindOf, LOWER, UPPER } from "./alphabet.ts";

/**
 * The pass over a text is a walk through this automaton: one look at a table for each byte, and no branch but for what is worth a closer look. Words and numbers
 * are what makes texts hard to foretell for a processor, so testing each of them costs more than this.
 *
 * States follow the run of letters and digits that a byte is in: how long it is, whether it has digits only, capitals and digits, or the first letters of a word
 * of the dictionary. A run that can't become anything ends in a state that waits for its end.
 */
export interface Automaton {
  /** Indexed by `state + classOf[byte]`: the next state, or an event at this byte. States are numbered by where their row begins, which spares a shift for each byte. */
  readonly table: Uint16Array;
}

const ROW = 64;

/** Rows begin at numbers of 16 bits. */
const MOST_STATES = 0x10000 / ROW;

/** Between runs: every text begins in it, and so does what follows an event. */
export const BETWEEN = 5 * ROW;

/** Events; all states from `BETWEEN` on are none. */
export const AT_SIGN = 0;
/** A run of letters ends that may be a word of the dictionary. */
export const WORD_END = ROW;
/** A run of digits, or of capitals and digits, ends in which a rule is interested. */
export const RUN_END = 2 * ROW;
/** A run of digits ends that a plus stood before. */
export const PLUS_RUN_END = 3 * ROW;

/** A second run of digits ends, behind the first and one mark, and some rule wants both to be as long as they are. */
export const SECOND_RUN_END = 4 * ROW;

/** What a run is made of: digits, digits and capitals, or capitals. */
export type Run = "digits" | "mixed" | "capitals";

/** What a run has to look like for an event at its end. */
export interface Interests {
  /** @param after the byte behind the run */
  hasRule(run: Run, length: number, after: number): boolean;
  /** How long a second run of digits may be for any rule to be interested; undefined when some rule does not mind. */
  secondRuns(length: number, after: number): readonly number[] | undefined;
  /** The first words of the dictionary's phrases, letters as `byte & 31`. */
  readonly words: Iterable<Uint8Array>;
  readonly hasEmail: boolean;
  readonly hasPhone: boolean;
  readonly maxRunBytes: number;
}

/** Classes of bytes, in an order that has small letters, digits and their usual neighbours within the first 64 bytes of a row: one line of the processor's cache. */
const OTHER = 0;
const DIGITS = 5;
const LOWERS = DIGITS;
const MARKS: Readonly<Record<number, string>> = { 1: " ", 2: "-", 3: ".", 4: "/", 32: "@", 33: "\\", 34: "+", 63: ")" };
const SIGN = 32;
const BACKSLASH = 33;
const PLUS = 34;
/** A letter of another script. */
const FOREIGN = 35;
const UPPERS = FOREIGN;
const CLASSES = UPPERS + 27;

const classOfMark = new Map(Object.entries(MARKS).map(([number, mark]) => [mark.charCodeAt(0), Number(number)]));

/** The class of each byte: marks one each, all digits one, letters one each and by case. An accent makes no difference. */
export const classOf: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const kind = kindOf[byte] as number;
  const letter = byte & 31;
  if (kind === DIGIT) return DIGITS;
  if (kind === LOWER) return letter === 0 ? FOREIGN : LOWERS + letter;
  if (kind === UPPER) return UPPERS + letter;
  return classOfMark.get(byte) ?? OTHER;
});

const markOf = (mark: number): number => MARKS[mark]?.charCodeAt(0) ?? 0;

/** So many letters of a word are told apart; what has them is looked up when it ends. */
const PREFIX_LETTERS = 4;

/** A node of the first letters of words: twice a state, with capitals only so far and otherwise. */
interface Node {
  readonly state: number;
  readonly capitals: number;
  readonly depth: number;
  isWord: boolean;
  readonly next: Map<number, Node>;
}

/** Builds the automaton for what is looked for; takes a few milliseconds. Pure. */
export function createAutomaton({ hasRule, secondRuns, words, hasEmail, hasPhone, maxRunBytes }: Interests): Automaton {
  const rows = new Map<number, readonly number[]>();
  let states = BETWEEN;
  const create = (count = 1): number => {
    states += count * ROW;
    return states - count * ROW;
  };
  const lengths = maxRunBytes + 1;
  const between = create();
  const escaped = create();
  const plus = create();
  const plusDigits = create();
  /** Nothing can come of the run any more. */
  const lost = create();
  /** Letters that begin no word: after a small one a capital may begin one. */
  const lostSmall = create();
  const lostCapital = create();
  /** Letters that begin as a word does. */
  const candidate = create();
  const digits = create(lengths);
  const mixed = create(lengths);
  const capitals = create(lengths);
  const candidateCapitals = create(lengths);
  const root: Node = { state: between, capitals: between, depth: 0, isWord: false, next: new Map() };
  const nodes: Node[] = [];
  for (const word of words) plant(word);

  function plant(word: Uint8Array): void {
    let node = root;
    for (const letter of word.subarray(0, PREFIX_LETTERS)) {
      let next = node.next.get(letter);
      if (next === undefined) {
        const depth = node.depth + 1;
        // The last letter that is told apart leads to no row of its own.
        const isLast = depth === PREFIX_LETTERS;
        next = { state: isLast ? 0 : create(), capitals: isLast ? 0 : create(), depth, isWord: false, next: new Map() };
        if (!isLast) nodes.push(next);
        node.next.set(letter, next);
      }
      node = next;
    }
    if (word.length <= PREFIX_LETTERS) node.isWord = true;
  }

  const within = (base: number, length: number): number => (length <= maxRunBytes ? base + length * ROW : lost);

  /** @param of what follows, by class; `mark` for all that ends the run */
  const row = (of: {
    readonly digit: number;
    readonly small: (letter: number) => number;
    readonly capital: (letter: number) => number;
    readonly mark: (mark: number) => number;
  }): readonly number[] =>
    Array.from({ length: ROW }, (_, each) => {
      if (each === DIGITS) return of.digit;
      if (each === FOREIGN) return of.small(0);
      if (each > UPPERS && each < CLASSES) return of.capital(each - UPPERS);
      if (each > LOWERS && each <= LOWERS + 26) return of.small(each - LOWERS);
      return of.mark(each);
    });

  const separate = (mark: number): number =>
    mark === SIGN && hasEmail ? AT_SIGN : mark === BACKSLASH ? escaped : between;
  const small = (node: Node, letter: number): number => stateOf(node.next.get(letter)) ?? lostSmall;
  const stateOf = (node: Node | undefined): number | undefined =>
    node === undefined ? undefined : node.depth === PREFIX_LETTERS ? candidate : node.state;
  const allCapitals = (node: Node, letter: number): number => {
    const next = node.next.get(letter);
    if (next === undefined) return within(capitals, node.depth + 1);
    return next.depth === PREFIX_LETTERS ? candidateCapitals + PREFIX_LETTERS * ROW : next.capitals;
  };
  const hump = (letter: number): number => stateOf(root.next.get(letter)) ?? lostCapital;

  const begin = {
    digit: digits + ROW,
    small: (letter: number) => small(root, letter),
    capital: (letter: number) => allCapitals(root, letter),
    mark: (mark: number) => (mark === PLUS && hasPhone ? plus : separate(mark)),
  };
  rows.set(between, row(begin));
  // The letter of an escaped line break or tab is none of the word after it.
  rows.set(
    escaped,
    row({
      ...begin,
      small: (letter) => ("nrtbf".includes(String.fromCharCode(letter | 96)) ? between : small(root, letter)),
    }),
  );
  rows.set(plus, row({ ...begin, digit: plusDigits }));
  rows.set(plusDigits, row({ digit: plusDigits, small: () => lost, capital: () => lost, mark: () => PLUS_RUN_END }));
  rows.set(lost, row({ digit: lost, small: () => lost, capital: () => lost, mark: separate }));
  rows.set(lostSmall, row({ digit: lost, small: () => lostSmall, capital: hump, mark: separate }));
  rows.set(lostCapital, row({ digit: lost, small: () => lostSmall, capital: () => lostCapital, mark: separate }));
  rows.set(candidate, row({ digit: lost, small: () => candidate, capital: () => candidate, mark: () => WORD_END }));
  const endsAs =
    (run: Run, length: number) =>
    (mark: number): number => {
      if (!hasRule(run, length, markOf(mark))) return separate(mark);
      const wanted = run !== "digits" || mark === OTHER ? undefined : secondRuns(length, markOf(mark));
      return wanted === undefined ? RUN_END : secondRunFor(wanted);
    };
  /** Dates are the most usual numbers, and begin like cards: the length of what follows tells them apart. A second run is also a first one. */
  const chains = new Map<string, number>();
  const secondRunFor = (wanted: readonly number[]): number => {
    const known = chains.get(wanted.join());
    if (known !== undefined) return known;
    const longest = Math.max(...wanted);
    const chain = create(longest + 1);
    chains.set(wanted.join(), chain);
    rows.set(chain, row({ ...begin, digit: chain + ROW, mark: separate }));
    for (let length = 1; length <= longest; length++) {
      const onItsOwn = endsAs("digits", length);
      rows.set(
        chain + length * ROW,
        row({
          digit: length < longest ? chain + (length + 1) * ROW : within(digits, length + 1),
          small: () => lost,
          capital: () => within(mixed, length + 1),
          mark: (mark) => (wanted.includes(length) ? SECOND_RUN_END : onItsOwn(mark)),
        }),
      );
    }
    return chain;
  };
  for (let length = 0; length <= maxRunBytes; length++) {
    const more = within(mixed, length + 1);
    rows.set(
      digits + length * ROW,
      row({
        digit: within(digits, length + 1),
        small: () => lost,
        capital: () => more,
        mark: endsAs("digits", length),
      }),
    );
    rows.set(
      mixed + length * ROW,
      row({ digit: more, small: () => lost, capital: () => more, mark: endsAs("mixed", length) }),
    );
    rows.set(
      capitals + length * ROW,
      row({
        digit: more,
        small: () => lostSmall,
        capital: () => within(capitals, length + 1),
        mark: endsAs("capitals", length),
      }),
    );
    rows.set(
      candidateCapitals + length * ROW,
      row({
        digit: more,
        small: () => candidate,
        capital: () => within(candidateCapitals, length + 1),
        mark: () => WORD_END,
      }),
    );
  }
  for (const node of nodes) {
    rows.set(
      node.state,
      row({
        digit: lost,
        small: (letter) => small(node, letter),
        capital: (letter) => stateOf(node.next.get(letter)) ?? hump(letter),
        mark: node.isWord ? () => WORD_END : separate,
      }),
    );
    rows.set(
      node.capitals,
      row({
        digit: within(mixed, node.depth + 1),
        small: (letter) => small(node, letter),
        capital: (letter) => allCapitals(node, letter),
        mark: node.isWord ? () => WORD_END : endsAs("capitals", node.depth),
      }),
    );
  }
  if (states > MOST_STATES * ROW) throw new Error(`${states / ROW} states, expected at most ${MOST_STATES}`);
  const table = new Uint16Array(states);
  for (const [state, next] of rows) table.set(next, state);
  return { table };
}
