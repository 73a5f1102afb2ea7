/** The function that looks at objects, by its name without the stack's. */
export const TAGS_OBJECTS = "tag-objects";

/** The name of the role of S3 Batch Operations, of a stack in a Region. Pure. */
export function backfillRoleName(stack: string, region: string): string {
  return `${stack}-backfill-${region}`;
}

/** The name of the state machine, whose Distributed Map is the other engine. Pure. */
export function mapMachineName(stack: string): string {
  return `${stack}-backfill`;
}

/** The name of that machine's role, of a stack in a Region. Pure. */
export function mapRoleName(stack: string, region: string): string {
  return `${stack}-backfill-map-${region}`;
}

/** Where a report is written: the roles may write there only. Pure. */
export function reportPrefix(stack: string): string {
  return `${stack}-backfill`;
}
