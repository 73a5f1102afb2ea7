import { isRecord } from "./input.ts";

/** Members whose keys are the caller's data, not the API's names. */
const MAPS: ReadonlySet<string> = new Set(["Attributes", "Tags"]);

/**
 * Parameters as CloudTrail writes them: the first letter of each name in lower case, so that `UUID` is `uUID`; null when
 * there are none.
 */
export function toTrailParameters(
  input: Readonly<Record<string, unknown>>,
  omitted: readonly string[] = [],
): Record<string, unknown> | null {
  const members = Object.entries(input).filter(([name]) => !omitted.includes(name));
  return members.length === 0 ? null : lowerNames(Object.fromEntries(members));
}

function lowerNames(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      MAPS.has(name) && !Array.isArray(value) ? value : toTrailValue(value),
    ]),
  );
}

function toTrailValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toTrailValue);
  return isRecord(value) ? lowerNames(value) : value;
}
