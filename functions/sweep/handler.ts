import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { Accounts } from "../../shared/aws/accounts.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { ownFunction } from "../../shared/decisions/own-function.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import { CONSUMERS } from "../../shared/journal/keys.ts";
import { BRAKES, tellBrake } from "../../shared/lifecycle/brake.ts";
import { endStorm, STORMS } from "../../shared/lifecycle/storm.ts";
import { looksOnAws } from "../../shared/outbox/looks-aws.ts";
import { outboxOnAws } from "../../shared/outbox/outbox-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { type SweptLooks, sweepLooks } from "../../shared/outbox/sweep-looks.ts";
import { type Swept, sweepOutbox } from "../../shared/outbox/sweep-outbox.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
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
const SETTINGS = { ...TABLE_SETTING, CORDON_STACK: "the name of the cell's stack" } as const;
let policy: PolicyInForce | undefined;

/** What one sweep did: entries told again, looks that were due, and whether the brake is on. */
type SweptAll = Swept & { readonly looks: SweptLooks; readonly isBraked: boolean };

async function sweep(context: Context): Promise<SweptAll> {
  const { CORDON_TABLE, CORDON_STACK } = requiredSettings(process.env, SETTINGS);
  const deadlineMs = systemClock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;
  const outbox = outboxOnAws(clients.dynamoDb(), CORDON_TABLE);
  const journal = new DynamoDbJournal(clients.dynamoDb(), CORDON_TABLE, (ms) => systemClock.sleep(ms));
  policy ??= await loadPolicy(process.env.CORDON_POLICY?.trim() || undefined, catalogue);
  const office = { journal, policy };
  const accounts = new Accounts(systemClock);
  accounts.learnOwn(context.invokedFunctionArn);
  const { cell } = await ownFunction(accounts, process.env);
  const settle = async (controlId: string, findingIds: readonly string[]) => {
    if (controlId !== STORMS.id) return controlId === BRAKES.id;
    for (const id of findingIds) {
      const finding = await journal.readFinding(id);
      if (finding?.status === "awaiting-approval")
        await endStorm(finding, { kind: "quiet" }, office, systemClock.nowMs());
    }
    return true;
  };

  // Containments that wait come before what people are told of.
  const onAws = looksOnAws(clients.dynamoDb(), CORDON_TABLE, CORDON_STACK, catalogue, settle);
  const looked = sweepLooks(outbox, onAws, systemClock, deadlineMs);
  // What goes wrong with looks must not keep people from being told.
  await looked.catch(() => undefined);
  const isBraked = await tellBrake(journal, cell, policy.digest, systemClock.nowMs());
  const told = await sweepOutbox(outbox, systemClock, deadlineMs);
  const looks = await looked;
  const swept = { ...told, looks, isBraked };
  logger.info("swept", { ...swept });
  metrics.addMetric("due-looks-sent", MetricUnit.Count, looks.sent);
  metrics.addMetric("due-looks-left", MetricUnit.Count, looks.isLeft ? 1 : 0);
  metrics.addMetric("brake-on", MetricUnit.Count, isBraked ? 1 : 0);
  metrics.publishStoredMetrics();
  for (const consumer of CONSUMERS) {
    metrics.addDimension("consumer", consumer);
    metrics.addMetric("outbox-oldest-age-seconds", MetricUnit.Seconds, swept.oldestAgeSeconds[consumer]);
    metrics.addMetric("re-emitted", MetricUnit.Count, swept.reEmitted[consumer]);
    metrics.publishStoredMetrics();
  }
  return swept;
}

async function handle(input: unknown, context: Context): Promise<SweptAll | SQSBatchResponse> {
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

/** Has looked at what is due, and told again what was never acknowledged. Answers with what it did and what is left. */
export const handler = middy(handle, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
