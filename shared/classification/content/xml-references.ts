/** A longer one is none. */
export const MAX_REFERENCE_BYTES = 12;

/** XML knows no others without a declaration, which Office documents may not have. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/**
 * What a character reference stands for (XML 1.0, 4.1), or `undefined` when it is none. Pure.
 *
 * @param reference without its ampersand and semicolon
 */
export function decodeReference(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(reference) ?? [];
  const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal ?? Number.NaN);
  if (Number.isNaN(code)) return NAMED.get(reference);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}
