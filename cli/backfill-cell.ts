import { AwsClients } from "../shared/aws/clients.ts";
import { type DeployedFunction, findFunction } from "../shared/aws/find-function.ts";
import { TAGS_OBJECTS } from "../shared/backfill/names.ts";
import type { BackfillEngine } from "../shared/policy/policy.ts";
import type { BackfillJobs } from "../shared/resources/backfill-jobs.ts";
import type { S3Listing } from "../shared/resources/s3-listing.ts";
import { s3ListingOnAws } from "../shared/resources/s3-listing-aws.ts";
import { type EngineOfStack, engineOf } from "./backfill-engine.ts";
import { environmentOf } from "./decide.ts";

/** What a backfill works with: the stack's function and engine, the engine's jobs, and what can be looked at beforehand. */
export interface BackfillCell {
  readonly stack: string;
  /** The function that tags objects. */
  readonly fn: DeployedFunction;
  readonly engine: EngineOfStack;
  readonly jobs: BackfillJobs;
  listing(): Promise<S3Listing>;
}

/** Finds the stack's function by one GetFunctionConfiguration; all else follows from names. Throws CordonError. */
export async function openBackfillCell(stackName: string | undefined, kind: BackfillEngine): Promise<BackfillCell> {
  const { CORDON_STACK: stack } = environmentOf(stackName);
  const fn = await findFunction(`${stack}-${TAGS_OBJECTS}`);
  const engine = engineOf(kind, stack, fn);
  return { stack, fn, engine, jobs: engine.jobs, listing: () => s3ListingOnAws(new AwsClients(), fn) };
}
