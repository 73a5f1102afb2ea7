import canonicalize from "canonicalize";
import { cut } from "../cut.ts";

/**
 * A value in the one form that all of AWS's ways of writing it have: JSON text as what it says, numbers and booleans as text, a list of one as its element, lists
 * sorted, nothing where something is empty, an account's root by its number. Two policies that read the same mean the same. Pure.
 */
export function normalised(value: unknown): unknown {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    const parsed = jsonIn(value);
    // A text that says "nothing" is something: put in an event's place, it empties it.
    return parsed === undefined ? (ROOT.exec(value)?.[1] ?? value) : (normalised(parsed) ?? value);
  }
  if (Array.isArray(value)) {
    const list = value.map(normalised).filter((each) => each !== undefined);
    if (list.length < 2) return list[0];
    return list
      .map((each) => [canonicalize(each) ?? "", each] as const)
      .sort(byText)
      .map(([, each]) => each);
  }
  const entries = Object.entries(value).map(([name, member]) => [name, normalised(member)] as const);
  const there = entries.filter(([, member]) => member !== undefined);
  return there.length === 0 ? undefined : Object.fromEntries(there);
}

/** Whether two values mean the same to AWS. Pure. */
export function isSame(one: unknown, other: unknown): boolean {
  return textOf(normalised(one)) === textOf(normalised(other));
}

/** `found` with only those members that `expected` has, at any depth. Pure. */
export function only(expected: unknown, found: unknown): unknown {
  const [one, other] = [normalised(expected), normalised(found)];
  if (!isRecord(one) || !isRecord(other)) return other;
  return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, only(member, other[name])]));
}

/** `value` without the members, at any depth, whose names begin with `prefix`. Pure. */
export function without(prefix: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([name]) => !name.startsWith(prefix));
  return Object.fromEntries(kept.map(([name, member]) => [name, without(prefix, member)]));
}

const MAX_TEXT = 700;

/** Where two values differ, each side as a text for people: of lists only what the other one lacks. Pure. */
export function tellDifference(
  expected: unknown,
  found: unknown,
): { readonly expected: string; readonly found: string } {
  // A part that is nothing at all is told by its properties' names all the same.
  const [one, other] = split(normalised(expected) ?? {}, normalised(found) ?? {});
  return { expected: shortened(tell(one)), found: shortened(tell(other)) };
}

/** What differs between two values, by name and without a value. Pure. */
export function nameDifferences(expected: unknown, found: unknown): readonly string[] {
  const [one, other] = split(normalised(expected) ?? {}, normalised(found) ?? {});
  const namesIn = (value: unknown, depth: number): readonly string[] =>
    isRecord(value) && depth > 0
      ? Object.entries(value).flatMap(([name, member]) => {
          const inner = namesIn(member, depth - 1);
          return inner.length > 0 ? inner : [name];
        })
      : [];
  return [...new Set([...namesIn(one, 2), ...namesIn(other, 2)])].sort();
}

function split(one: unknown, other: unknown): readonly [unknown, unknown] {
  if (Array.isArray(one) || Array.isArray(other)) {
    const [a, b] = [listOf(one), listOf(other)];
    return [lacking(a, b), lacking(b, a)];
  }
  if (!isRecord(one) || !isRecord(other)) return [one, other];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const different = names.filter((name) => textOf(one[name]) !== textOf(other[name]));
  const pairs = different.map((name) => [name, split(one[name], other[name])] as const);
  return [
    Object.fromEntries(pairs.map(([name, [a]]) => [name, a])),
    Object.fromEntries(pairs.map(([name, [, b]]) => [name, b])),
  ];
}

function lacking(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  const texts = new Set(other.map(textOf));
  return list.filter((each) => !texts.has(textOf(each)));
}

/** `State: DISABLED`, not `{"State":"DISABLED"}`. */
function tell(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "nothing else" : value.map((each) => textOf(each)).join(", ");
  if (!isRecord(value)) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}: ${isRecord(member) ? textOf(member) : tell(member)}`)
    .join("; ");
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (canonicalize(value) ?? "");
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${cut(text, MAX_TEXT)} ... (${text.length} characters)`;
}

const ROOT = /^arn:aws[a-z-]*:iam::(\d{12}):root$/;

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function byText([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
