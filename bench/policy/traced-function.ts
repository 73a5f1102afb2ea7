/** A function that answers which modules of the policy language it has evaluated so far, once it has treated an event. tracePlugin has them tell. */
import { handler as shipped } from "../../functions/quarantine-replication/handler.ts";

declare global {
  var evaluatedModules: string[] | undefined;
}

export async function handler(...given: Parameters<typeof shipped>): Promise<readonly string[]> {
  await shipped(...given);
  return globalThis.evaluatedModules ?? [];
}
