/** The function that a job invokes, by its name without the stack's. */
export const TAGS_OBJECTS = "tag-objects";

/** The name of the job's role, of a stack in a Region. Pure. */
export function backfillRoleName(stack: string, region: string): string {
  return `${stack}-backfill-${region}`;
}

/** Where a job's report is written: its role may write there only. Pure. */
export function reportPrefix(stack: string): string {
  return `${stack}-backfill`;
}
