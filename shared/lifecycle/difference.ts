import canonicalize from "canonicalize";
import { cut } from "../cut.ts";
import { contentHash, WHOLE } from "../ids.ts";
import type { Change } from "../types.ts";

/**
 * Every difference between two states of AWS configuration; none when they mean the same. Pure.
 *
 * Lists of objects with an `ID`, a `Key` or a `key` are compared by it, because AWS doesn't promise their order. A member that is `undefined` is absent,
 * and so is all of a state that is `null`. The path is written as people write it: `Rules[to-us].Status`.
 *
 * @param part only what differs within the part of this id; all of it when left out
 */
export function differences(before: unknown, after: unknown, part?: string): readonly Change[] {
  return compare(before ?? {}, after ?? {}, "", part === WHOLE ? undefined : part);
}

function compare(before: unknown, after: unknown, path: string, part: string | undefined): readonly Change[] {
  if (before === after) return [];
  const name = identifierOf(before, after);
  if (name !== undefined) {
    const [one, other] = [byId(before, name), byId(after, name)];
    const ids = part === undefined ? [...new Set([...one.keys(), ...other.keys()])] : [part];
    return ids.flatMap((id) => compare(one.get(id), other.get(id), `${path}[${id}]`, undefined));
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => compare(before[key], after[key], path === "" ? key : `${path}.${key}`, part));
  }
  // What belongs to no part.
  if (part !== undefined || canonicalText(before) === canonicalText(after)) return [];
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/** So many differences tell the matter; somebody else's whole configuration must not fill the journal. */
const MAX_TOLD = 20;
const MAX_VALUE = 500;

/** Differences as they can be kept and shown: the first few, long values cut. */
export function briefly(changes: readonly Change[]): readonly Change[] {
  const short = (value: unknown) => {
    const text = JSON.stringify(value) ?? "";
    return text.length <= MAX_VALUE ? value : `${cut(text, MAX_VALUE)}... (${text.length} characters)`;
  };
  const told = changes.slice(0, MAX_TOLD).map(({ path, before, after }) => ({
    path,
    ...(before !== undefined && { before: short(before) }),
    ...(after !== undefined && { after: short(after) }),
  }));
  return changes.length <= MAX_TOLD ? told : [...told, { path: `and ${changes.length - MAX_TOLD} more` }];
}

/** Whether two states mean the same to AWS. */
export function isSameState(one: unknown, other: unknown): boolean {
  return differences(one, other).length === 0;
}

/** One part of a state in few letters, to be compared with the same part at another time. Pure. */
export function partHash(state: unknown, part: string): string {
  return contentHash(differences(null, state, part)).slice(0, 12);
}

/** A whole state in few letters. Pure. */
export function stateHash(state: unknown): string {
  return contentHash(differences(null, state)).slice(0, 12);
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

/** The member by which two lists are compared, or a list and nothing; undefined when they are no such lists. */
function identifierOf(before: unknown, after: unknown): "ID" | "Key" | "key" | undefined {
  const lists = [before ?? [], after ?? []];
  if (!lists.every(Array.isArray)) return undefined;
  return (["ID", "Key", "key"] as const).find((name) => lists.every((list) => isIdentified(list, name)));
}

function isIdentified(list: readonly unknown[], name: string): boolean {
  const ids = list.map((entry) => (isRecord(entry) ? entry[name] : undefined));
  return ids.every((id) => typeof id === "string") && new Set(ids).size === ids.length;
}

function byId(list: unknown, name: string): ReadonlyMap<unknown, unknown> {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  return new Map(entries.map((entry) => [isRecord(entry) ? entry[name] : undefined, entry]));
}
