import type { Classification } from "../policy/policy.ts";

/** Whether data of class `one` may live somewhere where data of class `other` may not. Pure. */
export function freesFrom(one: Classification, other: Classification): boolean {
  if (other.anywhere) return false;
  return one.anywhere || one.places.some((place) => !other.places.includes(place));
}

/** Whether `one` is at least as restrictive as `other`: it ranks no lower and may live nowhere that the other may not. Pure. */
export function isWithin(one: Classification, other: Classification): boolean {
  return one === other || (one.rank >= other.rank && !freesFrom(one, other));
}

/** Of several classes those that no other is within: one as a rule, several where they lie apart, the highest first. Each once. Pure. */
export function strictest(classes: readonly Classification[]): readonly Classification[] {
  const distinct = [...new Set(classes)];
  return distinct
    .filter((each) => !distinct.some((other) => other !== each && isWithin(other, each)))
    .sort((a, b) => b.rank - a.rank);
}
