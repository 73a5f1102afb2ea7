import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import { AwsClients } from "../../shared/aws/clients.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { CONSUMERS } from "../../shared/journal/keys.ts";
import { outboxOnAws } from "../../shared/outbox/outbox-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { type Swept, sweepOutbox } from "../../shared/outbox/sweep-outbox.ts";
import { ANSWER_MS } from "../../shared/runtime/answer.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { messagesVia } from "../../shared/runtime/messages.ts";
import { makeLogger, makeMetrics } from "../../shared/runtime/telemetry.ts";
import { isSqsBatch } from "../../shared/signals/parse-signals.ts";
import { parseJson } from "../../shared/signals/shapes.ts";

const EXPECTED = "expected {} or the event of a schedule (EventBridge: source aws.events, detail-type Scheduled Event)";

const logger = makeLogger("sweep");
const metrics = makeMetrics("sweep");
const clients = new AwsClients();

async function sweep(context: Context): Promise<Swept> {
  const { CORDON_TABLE } = requiredSettings(process.env, TABLE_SETTING);
  const deadlineMs = systemClock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;
  const swept = await sweepOutbox(outboxOnAws(clients.dynamoDb(), CORDON_TABLE), systemClock, deadlineMs);
  logger.info("swept", { ...swept });
  for (const consumer of CONSUMERS) {
    metrics.addDimension("consumer", consumer);
    metrics.addMetric("outbox-oldest-age-seconds", MetricUnit.Seconds, swept.oldestAgeSeconds[consumer]);
    metrics.addMetric("re-emitted", MetricUnit.Count, swept.reEmitted[consumer]);
    metrics.publishStoredMetrics();
  }
  return swept;
}

async function handle(input: unknown, context: Context): Promise<Swept | SQSBatchResponse> {
  if (isSqsBatch(input)) return sweepForBatch(input.Records, context);
  if (!isRequest(input)) throw new CordonError("malformed", `The sweep does not understand this: ${EXPECTED}.`);
  return sweep(context);
}

/** However many messages ask for it, one sweep answers them all; what is no request is refused, and asks for nothing. */
async function sweepForBatch(records: readonly SQSRecord[], context: Context): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  const attempt = async (concerned: readonly SQSRecord[], work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failed.push(...concerned.map(({ messageId }) => messageId));
      logger.error("not over; the queue delivers it again", { reason: describeError(error) });
    }
  };
  const messages = messagesVia(process.env.CORDON_REFUSED_QUEUE?.trim() || undefined, systemClock);
  const requests = records.filter(({ body }) => isRequestText(body));
  if (requests.length > 0) await attempt(requests, () => sweep(context));
  for (const record of records.filter(({ body }) => !isRequestText(body))) {
    logger.warn("refused", { messageId: record.messageId, reason: EXPECTED });
    await attempt([record], () => messages.refuse(record, EXPECTED));
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function isRequestText(body: string): boolean {
  const parsed = parseJson(body);
  return parsed.ok && isRequest(parsed.value);
}

/** By hand with nothing to say, or from a schedule. */
function isRequest(input: unknown): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  const event = input as Readonly<Record<string, unknown>>;
  return (
    Object.keys(event).length === 0 || (event.source === "aws.events" && event["detail-type"] === "Scheduled Event")
  );
}

/** Has told again what was never acknowledged. Answers with what it did and what is left. */
export const handler = middy(handle, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
