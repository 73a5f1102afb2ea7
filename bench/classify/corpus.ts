import { type Maker, nationalMakers } from "./national-values.ts";
import { nearMisses, otherMakers, personalColumns } from "./other-values.ts";
import { createRandom, type Random } from "./random.ts";

/** A small file, and what is in it. */
export interface Item {
  readonly bytes: Uint8Array;
  /** How many values a detector has to find; 0 for all others. */
  readonly expected: Readonly<Record<string, number>>;
  /** Detectors that may find something as well: a key that is called `ssn` is a column's name, too. */
  readonly ignored: readonly string[];
  /** The kind of near-miss, when it has nothing but that. */
  readonly nearMiss?: string;
  readonly format: string;
  readonly encoding: string;
}

const WORDS =
  "delivery größer order café between morning shipped total naïve window status straße warehouse without because über project fenêtre amount review".split(
    " ",
  );
/** Names that say nothing. */
const KEYS = ["ref", "value", "text", "entry", "field1", "content"];

interface Subject {
  /** Empty: any neutral name. */
  readonly label: string;
  readonly values: readonly string[];
}

const quoted = (text: string): string => JSON.stringify(text);
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const tagOf = (label: string): string => label.replace(/[^\p{L}\d]+/gu, "_");
const words = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.pick(WORDS)).join(" ");
/** In CSV, what has a comma or a line break stands in quotes. */
const cell = (text: string): string => (/[",\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** How the values of a subject are put into a file, by format. */
const formats: Readonly<Record<string, (subject: Subject, random: Random) => string>> = {
  csv: ({ label, values }, random) =>
    [
      ["id", label || "ref", "note"].join(),
      ...values.map((value) => [random.digits(5), cell(value), words(random, 2)].join()),
      "",
    ].join("\n"),
  tsv: ({ label, values }, random) =>
    [`note\t${label || "ref"}`, ...values.map((value) => `${words(random, 1)}\t${cell(value)}`), ""].join("\r\n"),
  json: ({ label, values }, random) =>
    JSON.stringify(
      values.map((value) => ({ id: random.digits(6), [label || random.pick(KEYS)]: value, note: words(random, 3) })),
      null,
      random.oneIn(2) ? 2 : 0,
    ),
  ndjson: ({ label, values }, random) =>
    values
      .map(
        (value) =>
          `{"id":${1 + random.below(99_999)},${quoted(label || random.pick(KEYS))}:${quoted(value)},"ok":true}\n`,
      )
      .join(""),
  xml: ({ label, values }, random) => {
    const tag = tagOf(label || random.pick(KEYS));
    return `<rows>${values.map((value) => `<row id="${random.digits(4)}"><${tag}>${escaped(value)}</${tag}></row>`).join("\n")}</rows>`;
  },
  log: ({ label, values }, random) =>
    values
      .map(
        (value) =>
          `2026-01-1${random.below(10)}T10:00:0${random.below(10)}Z INFO ${words(random, 1)} ${tagOf(label || "ref")}=${quoted(value)} took ${random.digits(2)}ms\n`,
      )
      .join(""),
  prose: ({ label, values }, random) =>
    values
      .map((value) => {
        const name = label && `${label}${random.pick(["", ":", " is", " no.", " of the customer:"])} `;
        return `The ${words(random, 3)}: ${name}${value}, ${words(random, 4)}.\n`;
      })
      .join(""),
};

const encodings: Readonly<Record<string, (text: string) => Uint8Array>> = {
  "utf-8": (text) => Buffer.from(text),
  "utf-8 with mark": (text) => Buffer.from(`\ufeff${text}`),
  "utf-16le": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "utf-16be without mark": (text) => Buffer.from(text, "utf16le").swap16(),
  "latin-1": (text) => Buffer.from(text, "latin1"),
};

/** How many values a file has, but for those of column names. */
export const VALUES_PER_ITEM = 4;

/**
 * Makes labelled files of every format and encoding. The same seed makes the same.
 *
 * @param perDetector how many values each detector has to find
 * @param perNearMiss how many of each kind of near-miss there are
 */
export function* corpus(seed: number, perDetector: number, perNearMiss: number): Generator<Item> {
  const random = createRandom(seed);
  const put = (subject: Subject, rest: Pick<Item, "expected" | "ignored" | "nearMiss">): Item => {
    const format = random.pick(Object.keys(formats));
    const text = formats[format]?.(subject, random) ?? "";
    const isLatin = !/[^\0-\u00ff]/.test(text);
    const encoding = random.pick(Object.keys(encodings).filter((name) => name !== "latin-1" || isLatin));
    return { bytes: encodings[encoding]?.(text) ?? Buffer.from(text), format, encoding, ...rest };
  };
  for (const [detector, maker] of Object.entries({ ...nationalMakers, ...otherMakers })) {
    for (let made = 0; made < perDetector; made += VALUES_PER_ITEM) {
      const { make, label } = waysOf(maker, random);
      const values = Array.from({ length: VALUES_PER_ITEM }, () => make(random));
      yield put(
        { label, values },
        { expected: { [detector]: values.length }, ignored: ["column-name", ...(maker.alsoFinds ?? [])] },
      );
    }
  }
  for (let made = 0; made < perDetector; made++) yield columnItem(random);
  for (const maker of Object.values({ ...nationalMakers, ...otherMakers })) {
    if (maker.hasCheck === false) continue;
    for (let made = 0; made < perNearMiss / 4; made += VALUES_PER_ITEM) {
      const { make, label } = waysOf(maker, random);
      const values = Array.from({ length: VALUES_PER_ITEM }, () => withWrongCheck(make(random), random));
      yield put(
        { label, values },
        { expected: {}, ignored: ["column-name"], nearMiss: "check wrong, beside its name" },
      );
    }
  }
  for (const [kind, make] of Object.entries(nearMisses)) {
    for (let made = 0; made < perNearMiss; made += VALUES_PER_ITEM) {
      const values = Array.from({ length: VALUES_PER_ITEM }, () => make(random));
      yield put({ label: "", values }, { expected: {}, ignored: [], nearMiss: kind });
    }
  }
}

function waysOf(
  { alone, beside, labels = [] }: Maker,
  random: Random,
): { make: (random: Random) => string; label: string } {
  const isBeside = beside !== undefined && (alone === undefined || random.oneIn(2));
  return isBeside ? { make: beside, label: random.pick(labels) } : { make: alone ?? (() => ""), label: "" };
}

/** Another last digit or letter: no number keeps its check with that. */
function withWrongCheck(value: string, random: Random): string {
  const last = value.slice(-1);
  const alphabet = /\d/.test(last) ? "0123456789" : "ABCDEFGHJKLMNPQRSTVXYZ";
  return value.slice(0, -1) + random.letters(1, alphabet.replace(last, ""));
}

/** A header, a key or an element with one name of personal data among others that are none. */
function columnItem(random: Random): Item {
  const name = random.pick(personalColumns);
  const format = random.pick(["csv", "json", "xml"]);
  const text =
    format === "csv"
      ? `id,${name},email_sent_at\n1,x,y\n`
      : format === "json"
        ? JSON.stringify({ id: 1, [name]: "x", phone_verified: true })
        : `<row><id>1</id><${tagOf(name)}>x</${tagOf(name)}><ssn_hash>y</ssn_hash></row>`;
  const encoding = random.pick(["utf-8", "utf-16le"]);
  // An element ends by its name as well, which counts once.
  return {
    bytes: encodings[encoding]?.(text) ?? Buffer.from(text),
    expected: { "column-name": 1 },
    ignored: [],
    format,
    encoding,
  };
}
