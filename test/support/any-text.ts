import fc from "fast-check";

const SURROGATES_BEGIN = 0xd800;
const SURROGATES_END = 0xe000;
const SURROGATES = SURROGATES_END - SURROGATES_BEGIN;

const character = fc.integer({ min: 0, max: 0x10ffff - SURROGATES }).map(
  (index) => String.fromCodePoint(index < SURROGATES_BEGIN ? index : index + SURROGATES),
  (found) => {
    const code = typeof found === "string" ? (found.codePointAt(0) ?? -1) : -1;
    const isOne = code >= 0 && String.fromCodePoint(code) === found;
    if (!isOne || (code >= SURROGATES_BEGIN && code < SURROGATES_END)) throw new Error("no character");
    return code < SURROGATES_BEGIN ? code : code - SURROGATES;
  },
);

/** Any text in Unicode, as fast-check's unit "binary": that first lists all million characters, which takes a second in each process. */
export const anyText = (bounds: { readonly maxLength?: number } = {}) => fc.string({ unit: character, ...bounds });
