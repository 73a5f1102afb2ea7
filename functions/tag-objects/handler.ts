import type { Context } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { answerBatchJob, isBatchJob } from "../../shared/runtime/batch-operations.ts";
import { controlHandler } from "../../shared/runtime/handler.ts";
import { answerMapBatch, isMapBatch } from "../../shared/runtime/map-batch.ts";
import { wireWithObjects } from "../../shared/runtime/wire-objects.ts";

const { id } = control.meta;
const hear = controlHandler("tag-objects", control, () => wireWithObjects(process.env, control, catalogue));

/** Gives S3 objects the tag of their class: new ones by their events, existing ones by S3 Batch Operations or a Distributed Map of Step Functions. */
export async function handler(event: unknown, context: Context) {
  const isBatch = isBatchJob(event);
  if (!isBatch && !isMapBatch(event)) return hear(event, context);
  const [, , , region = process.env.AWS_REGION ?? "", account = ""] = context.invokedFunctionArn?.split(":") ?? [];
  // What is no batch of a queue is answered with results.
  const look = async (each: unknown) => (await hear(each, context)) as Answer;
  if (isBatch) return answerBatchJob(event, id, { account, region }, look);
  return answerMapBatch(event, id, { account, region }, () => context.getRemainingTimeInMillis(), look);
}
