/** What stands above a plan that is waited about: where a route may not have the plan, it is not there. */
export const PLAN_HEADING = "The plan";

/** At most so many letters, cut between words. Pure. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/ \S*$/, "")} ...`;
}

/** A value of AWS's as a line. Pure. */
export function shownValue(value: unknown): string {
  return value === undefined ? "(absent)" : JSON.stringify(value);
}
