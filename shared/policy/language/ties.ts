import { canBothMatch, isExact, literalPrefix } from "../patterns.ts";
import type { ControlScope, Scope } from "../policy.ts";
import { narrowerFirst, type Specificity } from "../specificity.ts";

/** A scope with how narrow it is and where it stands in the document. */
export interface Ranked {
  readonly scope: ControlScope;
  readonly specificity: Specificity;
  readonly index: number;
}

/** Two scopes that could both be the most specific for one and the same resource. */
export interface Tie {
  readonly one: Ranked;
  readonly other: Ranked;
}

/** So much is compared; with more, ties can't be ruled out in the time there is. Two patterns cost their letters by each other's. */
const MAX_STEPS = 500_000;
const LETTERS = 10;

/**
 * The first few ties among scopes that are sorted, the narrower first. Pure.
 *
 * @returns "too-many" when so many are equally specific that they were not all compared
 */
export function findTies(
  sorted: readonly Ranked[],
  accountsOf: (unit: string) => readonly string[],
): readonly Tie[] | "too-many" {
  const ties: Tie[] = [];
  let pairs = 0;
  for (const equals of equallySpecific(sorted)) {
    for (const near of neighbours(equals)) {
      for (const [position, other] of near.entries()) {
        for (const one of near.slice(0, position)) {
          pairs += 1 + (one.scope.resources?.length ?? 0) * (other.scope.resources?.length ?? 0) * LETTERS;
          if (pairs > MAX_STEPS) return "too-many";
          if (canMeet(one.scope, other.scope, accountsOf)) ties.push({ one, other });
        }
      }
    }
  }
  // Two scopes that share two values are neighbours twice.
  return [...new Map(ties.map((tie) => [`${tie.one.index} ${tie.other.index}`, tie])).values()];
}

function equallySpecific(sorted: readonly Ranked[]): readonly (readonly Ranked[])[] {
  const groups: Ranked[][] = [];
  for (const ranked of sorted) {
    const last = groups.at(-1);
    const first = last?.[0];
    if (first !== undefined && narrowerFirst(first.specificity, ranked.specificity) === 0) last?.push(ranked);
    else groups.push([ranked]);
  }
  return groups;
}

/** Equally specific scopes name the same things; only those that share a value of one of these can meet. */
function neighbours(equals: readonly Ranked[]): Iterable<readonly Ranked[]> {
  const keys = NEIGHBOUR_KEYS.find((of) => equals.every(({ scope }) => of(scope) !== undefined));
  if (keys === undefined) return [equals];
  const near = new Map<string, Ranked[]>();
  for (const ranked of equals) {
    for (const key of new Set(keys(ranked.scope))) {
      const others = near.get(key);
      if (others === undefined) near.set(key, [ranked]);
      else others.push(ranked);
    }
  }
  return near.values();
}

/** The letters of a pattern's beginning that tell scopes apart, after the "arn:aws:s3:::" that all share. */
const APART = 24;

const NEIGHBOUR_KEYS: readonly ((scope: Scope) => readonly string[] | undefined)[] = [
  ({ accounts }) => accounts,
  ({ units }) => units,
  ({ resources }) => (resources?.every(isExact) ? resources : undefined),
  ({ classifications }) => classifications,
  ({ regions }) => regions,
  ({ to }) => to,
  ({ resources }) =>
    resources?.every((pattern) => literalPrefix(pattern).length >= APART)
      ? resources.map((pattern) => pattern.slice(0, APART))
      : undefined,
];

/** Whether one resource could be in both; a condition in CEL could always hold. */
function canMeet(one: Scope, other: Scope, accountsOf: (unit: string) => readonly string[]): boolean {
  return (
    overlap(one.accounts, other.accounts) &&
    shareAccount(one.units, other.units, accountsOf) &&
    overlap(one.regions, other.regions) &&
    overlap(one.classifications, other.classifications) &&
    overlap(one.to, other.to) &&
    !contradict(one.tags, other.tags) &&
    overlap(one.resources, other.resources, canBothMatch)
  );
}

function overlap(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
  isShared: (a: string, b: string) => boolean = (a, b) => a === b,
): boolean {
  if (one === undefined || other === undefined) return true;
  return one.some((a) => other.some((b) => isShared(a, b)));
}

/** Two units share an account when one lies in the other, or they are the same. */
function shareAccount(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
  accountsOf: (unit: string) => readonly string[],
): boolean {
  if (one === undefined || other === undefined) return true;
  const accounts = new Set(one.flatMap(accountsOf));
  return other.some((unit) => accountsOf(unit).some((account) => accounts.has(account)));
}

/** A resource carries a key once. */
function contradict(one: Scope["tags"] = [], other: Scope["tags"] = []): boolean {
  return one.some((tag) => other.some(({ key, value }) => key === tag.key && value !== tag.value));
}
