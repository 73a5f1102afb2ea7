import { patternWeight } from "./patterns.ts";
import type { Scope } from "./policy.ts";

/** How narrow a scope is, part by part, the weightiest first: of two scopes the one with the greater number in the first part that differs is narrower. */
export type Specificity = readonly number[];

/**
 * resources, tags, classifications, accounts, units, regions, to, when: what is nearer to the one resource weighs more, and what weighs less only decides
 * where the weightier is the same. Of a list the least specific entry counts, for any of them may be the one that matches. Pure.
 *
 * @param units of each account, the outermost first, for how deep a unit lies
 */
export function specificityOf(scope: Scope, depthOf: (unit: string) => number): Specificity {
  const { resources, tags, classifications, accounts, units, regions, to, when } = scope;
  return [
    resources === undefined ? 0 : Math.min(...resources.map(patternWeight)),
    tags?.length ?? 0,
    classifications === undefined ? 0 : 1,
    accounts === undefined ? 0 : 1,
    units === undefined ? 0 : Math.min(...units.map(depthOf)),
    regions === undefined ? 0 : 1,
    to === undefined ? 0 : 1,
    when === undefined ? 0 : 1,
  ];
}

/** Sorts the narrower first; 0 when neither is. Pure. */
export function narrowerFirst(one: Specificity, other: Specificity): number {
  for (const [part, weight] of one.entries()) {
    const difference = (other[part] ?? 0) - weight;
    if (difference !== 0) return difference;
  }
  return 0;
}
