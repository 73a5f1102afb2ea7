/** Reading unknown JSON without trusting it: each function returns what it asked for or `undefined`, and never throws. */

export type Json = Record<string, unknown>;

export function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function asText(value: unknown): string | undefined {
  // A lone surrogate can be in JSON but not in UTF-8: it would break hashing and storage later.
  return typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Parses JSON text; the error names what stood there instead. */
export function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

/** What a value is, in words for an error message; never its content, which could be personal data. */
export function describeShape(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const shown = keys.slice(0, 6).map((key) => key.slice(0, 40));
  return `an object with ${shown.join(", ")}${keys.length > shown.length ? ", ..." : ""}`;
}
