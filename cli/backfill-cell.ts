import { AwsClients } from "../shared/aws/clients.ts";
import { type DeployedFunction, findFunction } from "../shared/aws/find-function.ts";
import { backfillRoleName, TAGS_OBJECTS } from "../shared/backfill/names.ts";
import type { S3BatchJobs } from "../shared/resources/s3-batch-jobs.ts";
import { s3BatchJobsOnAws } from "../shared/resources/s3-batch-jobs-aws.ts";
import type { S3Listing } from "../shared/resources/s3-listing.ts";
import { s3ListingOnAws } from "../shared/resources/s3-listing-aws.ts";
import { environmentOf } from "./decide.ts";

/** What a backfill works with: the stack's function and role, S3's jobs, and what can be looked at beforehand. */
export interface BackfillCell {
  readonly stack: string;
  /** The function that tags objects. */
  readonly fn: DeployedFunction;
  readonly roleArn: string;
  readonly jobs: S3BatchJobs;
  listing(): Promise<S3Listing>;
}

/** Finds the stack's function by one GetFunctionConfiguration; the job's role follows from names. Throws CordonError. */
export async function openBackfillCell(stackName: string | undefined): Promise<BackfillCell> {
  const { CORDON_STACK: stack } = environmentOf(stackName);
  const fn = await findFunction(`${stack}-${TAGS_OBJECTS}`);
  const { partition, account, region } = fn;
  return {
    stack,
    fn,
    roleArn: `arn:${partition}:iam::${account}:role/${backfillRoleName(stack, region)}`,
    jobs: s3BatchJobsOnAws(fn),
    listing: () => s3ListingOnAws(new AwsClients(), fn),
  };
}
