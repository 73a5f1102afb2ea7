import { unknownName } from "../shared/policy/language/problems.ts";

/** The values of an option that takes several, separated by commas; undefined when it was not given. Throws Error when it names none. Pure. */
export function valuesOf(option: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const values = text
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");
  if (values.length === 0) throw new Error(`--${option} is empty: expected a value, or several separated by commas`);
  return values;
}

/** Throws Error for the first value of an option that nothing is called, with the one that was probably meant. Pure. */
export function assertKnown(
  option: string,
  what: string,
  values: readonly string[] | undefined,
  known: Iterable<string>,
): void {
  const names = [...new Set(known)];
  for (const value of values ?? [])
    if (!names.includes(value)) throw new Error(`--${option}: ${unknownName(what, value, names)}`);
}
