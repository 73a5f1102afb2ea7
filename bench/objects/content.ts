/** Five accounts of five people, which is what the shipped policy calls personal data. Specimens from the IBAN registry. */
const IBANS = [
  "DE89370400440532013000",
  "GB29NWBK60161331926819",
  "FR1420041010050500013M02606",
  "NL91ABNA0417164300",
  "BE68539007547034",
];

/** Of one size, so that what is read is too. */
export const SMALL_BYTES = 4_096;

/** An object's content as S3 has it. */
export interface Content {
  readonly extension: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    order: 700_100 + index,
    placed: `2026-03-${String((index % 28) + 1).padStart(2, "0")}T09:${String(index % 60).padStart(2, "0")}:00Z`,
    article: `B-${1_000 + index * 7}`,
    amount: (index * 13.37).toFixed(2),
    // Most lines hold none.
    account: index % 8 === 3 ? (IBANS[(index >> 3) % IBANS.length] as string) : "",
  }));

const HEADER = "order;placed;article;amount;account\n";

const filledTo = (bytes: number, text: string): Uint8Array => Buffer.from(text.padEnd(bytes, " ")).subarray(0, bytes);

/** The same orders as people export them and as programs do. */
export const SMALL: readonly Content[] = [
  {
    extension: "csv",
    contentType: "text/csv",
    body: filledTo(SMALL_BYTES, HEADER + csvLines(80)),
  },
  {
    extension: "json",
    contentType: "application/json",
    body: filledTo(SMALL_BYTES, JSON.stringify(rows(38))),
  },
];

function csvLines(count: number): string {
  return rows(count)
    .map((row) => `${Object.values(row).join(";")}\n`)
    .join("");
}

/** A page of lines that an object of any size is made of: bytes `from` to `to` of it, the same ones each time. */
export function fillWithLines(from: number, to: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let at = from; at < to; ) {
    const begin = at % PAGE.length;
    const taken = PAGE.copy(bytes, at - from, begin, Math.min(PAGE.length, begin + to - at));
    at += taken;
  }
  return bytes;
}

const PAGE = Buffer.from(csvLines(2_000));
