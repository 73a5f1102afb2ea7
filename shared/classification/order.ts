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
