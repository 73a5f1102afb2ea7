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
  const { digest } = policy;
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
  const [looks, isBraked, told] = await eachInTurn(
    () => sweepLooks(outbox, onAws, systemClock, deadlineMs),
    () => tellBrake(journal, cell, digest, systemClock.nowMs()),
    () => sweepOutbox(outbox, systemClock, deadlineMs),
  );
  logger.info("swept", { looks: seen(looks), isBraked: seen(isBraked), told: seen(told) });
  // What could be done is told, whatever else failed: alarms are made of it.
  if (looks.ok) metrics.addMetric("due-looks-sent", MetricUnit.Count, looks.value.sent);
  if (looks.ok) metrics.addMetric("due-looks-left", MetricUnit.Count, looks.value.isLeft ? 1 : 0);
  if (isBraked.ok) metrics.addMetric("brake-on", MetricUnit.Count, isBraked.value ? 1 : 0);
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  for (const consumer of told.ok ? CONSUMERS : []) {
    metrics.addDimension("consumer", consumer);
    metrics.addMetric("outbox-oldest-age-seconds", MetricUnit.Seconds, outcomeOf(told).oldestAgeSeconds[consumer]);
    metrics.addMetric("re-emitted", MetricUnit.Count, outcomeOf(told).reEmitted[consumer]);
    metrics.publishStoredMetrics();
  }
  return { ...outcomeOf(told), looks: outcomeOf(looks), isBraked: outcomeOf(isBraked) };
}

type Tried<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: unknown };

/** One after the other, each whether or not the one before it went well. */
async function eachInTurn<One, Two, Three>(
  one: () => Promise<One>,
  two: () => Promise<Two>,
  three: () => Promise<Three>,
): Promise<readonly [Tried<One>, Tried<Two>, Tried<Three>]> {
  return [await tried(one), await tried(two), await tried(three)];
}

async function tried<Value>(work: () => Promise<Value>): Promise<Tried<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** As it is logged: what came of it, or why nothing did. */
function seen(tried: Tried<unknown>): unknown {
  return tried.ok ? tried.value : describeError(tried.error);
}

function outcomeOf<Value>(tried: Tried<Value>): Value {
  if (!tried.ok) throw tried.error;
  return tried.value;
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
