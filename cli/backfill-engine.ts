import type { DeployedFunction } from "../shared/aws/find-function.ts";
import { BATCHES_AT_ONCE, OBJECTS_PER_BATCH } from "../shared/backfill/batches.ts";
import { backfillRoleName, mapMachineName, mapRoleName, TAGS_OBJECTS } from "../shared/backfill/names.ts";
import type { BackfillEngine } from "../shared/policy/policy.ts";
import type { BackfillJobs } from "../shared/resources/backfill-jobs.ts";
import { distributedMapOnAws } from "../shared/resources/distributed-map-aws.ts";
import { s3BatchJobsOnAws } from "../shared/resources/s3-batch-jobs-aws.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { policyInUse } from "./policy-in-use.ts";

/** All that the command has to know of what goes through the objects. */
export interface EngineOfStack {
  readonly kind: BackfillEngine;
  readonly jobs: BackfillJobs;
  readonly roleArn: string;
  /** Whether results have to be written somewhere. */
  readonly needsReport: boolean;
  /** What it does, how many at a time, and the folder that a job's report gets: for people. */
  readonly does: string;
  readonly pace: string;
  readonly folder: string;
}

const ENGINES: readonly BackfillEngine[] = ["batch-operations", "distributed-map"];

/**
 * Which engine is meant: that of a job, by the form of its id; else as it was asked for; else as policy prefers.
 *
 * @throws Error for an engine that there isn't; CordonError `misconfigured` for a policy that can't be read
 */
export async function chooseEngine(asked: string | undefined, job: string | undefined): Promise<BackfillEngine> {
  const named = ENGINES.find((each) => each === asked);
  if (asked !== undefined && named === undefined)
    throw new Error(`--engine: found "${asked.slice(0, 40)}", expected ${ENGINES.join(" or ")}`);
  if (job !== undefined) return job.startsWith("arn:") ? "distributed-map" : "batch-operations";
  return named ?? (await policyInUse(undefined, process.env)).policy.objects?.backfill ?? "batch-operations";
}

/** What `kind` is in a stack, all of it by names. Pure, but for the client that it makes. */
export function engineOf(kind: BackfillEngine, stack: string, fn: DeployedFunction): EngineOfStack {
  const { partition, account, region } = fn;
  const role = (name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  const invoked = `${stack}-${TAGS_OBJECTS}`;
  if (kind === "batch-operations") {
    const roleArn = role(backfillRoleName(stack, region));
    return {
      kind,
      jobs: s3BatchJobsOnAws(fn),
      roleArn,
      needsReport: false,
      does: `S3 Batch Operations invokes ${invoked} for each, in the role ${roleArn}`,
      pace: "with a hundred at a time",
      folder: "job-<id>",
    };
  }
  const name = mapMachineName(stack);
  const arn = `arn:${partition}:states:${region}:${account}:stateMachine:${name}`;
  const roleArn = role(mapRoleName(stack, region));
  return {
    kind,
    jobs: distributedMapOnAws({ stack, name, arn, region, functionArn: fn.arn }, systemClock),
    roleArn,
    needsReport: true,
    does: `Step Functions (${name}) invokes ${invoked} for ${OBJECTS_PER_BATCH} at a time, in the role ${roleArn}`,
    pace: `with ${BATCHES_AT_ONCE} batches of ${OBJECTS_PER_BATCH} at a time`,
    folder: "<map run>",
  };
}
