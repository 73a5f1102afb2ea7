import canonicalize from "canonicalize";
import type { Change } from "../types.ts";

/**
 * Every difference between two states of AWS configuration; none when they mean the same. Pure.
 *
 * Lists of objects with an `ID` are compared by it, because AWS doesn't promise their order. A member that is `undefined` is absent. The path
 * is written as people write it: `Rules[to-us].Status`.
 */
export function differences(before: unknown, after: unknown, path = ""): readonly Change[] {
  if (canonicalText(before) === canonicalText(after)) return [];
  if (isList(before) && isList(after) && isIdentified(before) && isIdentified(after)) {
    const ids = [...new Set([...before, ...after].map((entry) => entry.ID))];
    return ids.flatMap((id) =>
      differences(
        before.find((entry) => entry.ID === id),
        after.find((entry) => entry.ID === id),
        `${path}[${id}]`,
      ),
    );
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/** Whether two states mean the same to AWS. */
export function isSameState(one: unknown, other: unknown): boolean {
  return differences(one, other).length === 0;
}

/** What takes changes back. */
export function invert(changes: readonly Change[]): readonly Change[] {
  return changes.map(({ path, before, after }) => ({
    path,
    ...(after !== undefined && { before: after }),
    ...(before !== undefined && { after: before }),
  }));
}

function canonicalText(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalize(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isIdentified(list: readonly unknown[]): list is readonly { readonly ID: string }[] {
  const ids = list.map((entry) => (isRecord(entry) ? entry.ID : undefined));
  return ids.every((id) => typeof id === "string") && new Set(ids).size === ids.length;
}
