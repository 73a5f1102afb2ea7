import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Archive } from "../../shared/evidence/archive.ts";
import { archiveOnAws } from "../../shared/evidence/archive-aws.ts";
import { archiveEmissions } from "../../shared/evidence/archive-emissions.ts";
import type { Head } from "../../shared/evidence/chain.ts";
import { emissionsFor } from "../../shared/outbox/emissions-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { makeLogger, makeMetrics } from "../../shared/runtime/telemetry.ts";

const SETTINGS = {
  ...TABLE_SETTING,
  CORDON_EVIDENCE_BUCKET: "the name of the bucket with Object Lock that keeps the evidence",
  AWS_REGION: "the Region of the cell, e.g. eu-central-1",
} as const;

/** Kept back from the time limit, for the last acknowledgement: a read and a transaction, each with the SDK's retries. */
const RESERVE_MS = 10_000;

const logger = makeLogger("archive-evidence");
const metrics = makeMetrics("archive-evidence");
const heads = new Map<string, Head>();
let archive: Archive | undefined;

/** The archive of this cell; its clients are made once a container. */
async function connect(): Promise<Archive> {
  const {
    CORDON_TABLE: table,
    CORDON_EVIDENCE_BUCKET: bucket,
    AWS_REGION: region,
  } = requiredSettings(process.env, SETTINGS);
  const clients = new AwsClients();
  const s3 = await clients.s3({ account: "", region });
  return archiveOnAws({ dynamoDb: clients.dynamoDb(), s3 }, { table, bucket }, systemClock);
}

/**
 * Table stream -> locked evidence: each entry gets its number, its link to the chain and an object that nobody can alter.
 *
 * @throws CordonError `misconfigured`, `malformed`
 */
export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  archive ??= await connect();
  try {
    const reserveMs = Math.min(RESERVE_MS, context.getRemainingTimeInMillis() / 2);
    const isTimeUp = () => context.getRemainingTimeInMillis() < reserveMs;
    const emissions = emissionsFor("archive", event);
    const { archived, failed, mistrusted } = await archiveEmissions(emissions, archive, { heads, isTimeUp }, logger);
    if (mistrusted > 0) metrics.addMetric("chain-head-mistrusted", MetricUnit.Count, mistrusted);
    if (archived > 0) metrics.addMetric("archived", MetricUnit.Count, archived);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}
