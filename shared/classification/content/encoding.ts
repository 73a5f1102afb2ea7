/** How text is written, as far as reading it in parts asks for. Latin-1 is every text of single bytes that is no UTF-8. */
export type Encoding = "single-bytes" | "utf-16le" | "utf-16be";

const BYTE_ORDER_MARKS: readonly (readonly [Encoding | undefined, readonly number[]])[] = [
  // UTF-32's mark begins with UTF-16's. Nobody keeps data in it; its zero bytes make it binary.
  [undefined, [0xff, 0xfe, 0, 0]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
  ["single-bytes", [0xef, 0xbb, 0xbf]],
];

/** One byte in so many may be a control character: logs hold a few, also zero bytes, while of random bytes one in nine is. */
const BYTES_PER_CONTROL = 50;

/**
 * How the text is written that begins with these bytes, or `undefined` when it is none. Pure.
 *
 * @param head the first bytes, some thousand of them if there are as many
 */
export function tellEncoding(head: Uint8Array): Encoding | undefined {
  for (const [encoding, mark] of BYTE_ORDER_MARKS) if (mark.every((byte, i) => head[i] === byte)) return encoding;
  const wide = tellWide(head);
  if (wide !== undefined) return wide;
  let controls = 0;
  for (const byte of head) controls += CONTROL[byte] ?? 0;
  return controls * BYTES_PER_CONTROL <= head.length ? "single-bytes" : undefined;
}

/** UTF-16 without a mark: in most languages one byte of two is zero for digits, spaces, markup and most letters. */
function tellWide(head: Uint8Array): Encoding | undefined {
  const pairs = head.length >> 1;
  let even = 0;
  let odd = 0;
  let controls = 0;
  for (let i = 0; i < pairs * 2; i += 2) {
    const [first = 0, second = 0] = [head[i], head[i + 1]];
    if (first === 0) even += 1;
    if (second === 0) odd += 1;
    if (first === 0 || second === 0) controls += CONTROL[first + second] ?? 0;
  }
  const [many, few] = [pairs * 0.4, pairs * 0.05];
  if (pairs < 2 || controls * BYTES_PER_CONTROL > pairs) return undefined;
  if (odd >= many && even <= few) return "utf-16le";
  if (even >= many && odd <= few) return "utf-16be";
  return undefined;
}

/** 1 for every control character that text does not use: all but tab, line ends, form feed, backspace and escape. */
const CONTROL = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isUsed = byte >= 8 && byte <= 13;
  return (byte < 32 && !isUsed && byte !== 27) || byte === 127 ? 1 : 0;
});

/** The mark that tells UTF-16 from anything else; nothing for single bytes. */
export function byteOrderMark(encoding: Encoding): Uint8Array {
  if (encoding === "utf-16le") return Uint8Array.of(0xff, 0xfe);
  if (encoding === "utf-16be") return Uint8Array.of(0xfe, 0xff);
  return new Uint8Array();
}
