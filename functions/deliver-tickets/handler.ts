import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { Accounts } from "../../shared/aws/accounts.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { queueSender } from "../../shared/outbox/own-queue-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { type TicketRoute, ticketRules } from "../../shared/policy/tickets.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { inTurn } from "../../shared/runtime/in-turn.ts";
import { type Messages, messagesVia } from "../../shared/runtime/messages.ts";
import { readSettings } from "../../shared/runtime/settings.ts";
import { makeLogger, makeMetrics } from "../../shared/runtime/telemetry.ts";
import { isSqsBatch } from "../../shared/signals/parse-signals.ts";
import { parseJson } from "../../shared/signals/shapes.ts";
import { credentialsOf } from "../../shared/ticketing/credentials.ts";
import { deskOnAws } from "../../shared/ticketing/desk-aws.ts";
import { type Errands, type Outcome, openErrands } from "../../shared/ticketing/errands.ts";
import { httpSender, isOnLoopback } from "../../shared/ticketing/http.ts";
import { EXPECTED, inboxName, type Message, parseMessage } from "../../shared/ticketing/message.ts";
import type { TrackerPorts } from "../../shared/ticketing/tracker.ts";

const logger = makeLogger("deliver-tickets");
const metrics = makeMetrics("deliver-tickets");
const SETTINGS = { ...TABLE_SETTING, CORDON_STACK: "the name of the cell's stack" } as const;

interface Connected {
  readonly errands: Errands;
  readonly policy: PolicyInForce;
  /** Made once: a client for each batch would leave its sockets behind. */
  readonly messages: Messages;
}
const send = queueSender();
let connection: Promise<Connected> | undefined;

async function connect(functionArn: string | undefined): Promise<Connected> {
  const { CORDON_TABLE } = requiredSettings(process.env, SETTINGS);
  const { membership, policyFile, refusedQueue } = readSettings(process.env);
  const policy = await loadPolicy(policyFile, catalogue);
  const accounts = new Accounts(systemClock, membership, "deliver-tickets");
  accounts.learnOwn(functionArn);
  const { account } = await accounts.own();
  const clients = new AwsClients(accounts);
  const send = httpSender({ allowsLoopback: isOnLoopback(process.env) });
  const portsFor = ({ secret }: TicketRoute): TrackerPorts => ({
    send,
    credentials: credentialsOf(secret),
    nowMs: systemClock.nowMs,
    aws: {
      account,
      region: process.env.AWS_REGION ?? "",
      configFor: (of, region) => clients.configFor({ account: of, region }),
    },
  });
  const desk = deskOnAws(clients.dynamoDb(), CORDON_TABLE, (ms) => systemClock.sleep(ms));
  const errands = openErrands({
    policy,
    desk,
    portsFor,
    nowMs: systemClock.nowMs,
    random: Math.random,
    alone: inTurn,
  });
  return { errands, policy, messages: messagesVia(refusedQueue, systemClock) };
}

async function deliver(input: unknown, context: Context): Promise<SQSBatchResponse | Answered> {
  connection ??= connect(context.invokedFunctionArn);
  connection.catch(() => {
    connection = undefined;
  });
  const connected = await connection;
  try {
    return isSqsBatch(input) ? await deliverBatch(input.Records, connected) : await deliverOne(input, connected);
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

/** Messages side by side; those about one ticket in turn. What has changed of a group is told once for all of them. */
async function deliverBatch(records: readonly SQSRecord[], connected: Connected): Promise<SQSBatchResponse> {
  const { messages } = connected;
  const failed = new Set<string>();
  const following = new Map<string, { readonly message: Message; readonly because: string[] }>();
  const attempt = async (ids: readonly string[], work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      for (const id of ids) failed.add(id);
      logger.error("not over; the queue delivers it again", { messageIds: ids, reason: describeError(error) });
    }
  };
  const treat = async (record: SQSRecord): Promise<void> => {
    const { isDone, follow } = await treated(record, messages, connected);
    if (!isDone) failed.add(record.messageId);
    if (follow === undefined) return;
    const key = `${follow.ticket} ${follow.route}`;
    const known = following.get(key) ?? { message: follow, because: [] };
    known.because.push(record.messageId);
    following.set(key, known);
  };
  await Promise.all(records.map((record) => attempt([record.messageId], () => treat(record))));
  // A member whose group could not be told comes again, and has it told then.
  for (const { message, because } of following.values())
    await attempt(because, () => sendOn(message, connected.policy));
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

interface Treated {
  readonly isDone: boolean;
  readonly follow?: Message;
}

async function treated(
  record: SQSRecord,
  messages: Messages,
  { errands }: Pick<Connected, "errands">,
): Promise<Treated> {
  const body = parseJson(record.body ?? "");
  const message = body.ok ? parseMessage(body.value) : undefined;
  const attempt = Number(record.attributes?.ApproximateReceiveCount ?? 1);
  const outcome: Outcome =
    message === undefined
      ? { kind: "never", reason: `no ticket's message: ${EXPECTED}` }
      : await inTurn(`${message.ticket} ${message.route}`, () => errands.run(message, record.messageId, attempt));
  tell(outcome, message);
  if (outcome.kind === "never") await messages.refuse(record, outcome.reason);
  if (outcome.kind === "later") {
    // When it can't be put off, it comes back when its visibility timeout ends.
    await messages
      .postpone(record, outcome.atMs)
      .catch((reason) => logger.warn("not postponed", { reason: describeError(reason) }));
    return { isDone: false };
  }
  const follow = outcome.kind === "done" ? outcome.follow : undefined;
  return { isDone: true, ...(follow !== undefined && message && { follow: { ...message, ticket: follow } }) };
}

/** A group of which something has changed is told by a message of its own, in the same inbox. */
async function sendOn(message: Message, policy: PolicyInForce): Promise<void> {
  const route = ticketRules(policy).routes.find(({ id }) => id === message.route);
  if (route === undefined) return;
  await send(inboxName(process.env.CORDON_STACK ?? "", route.adapter), [JSON.stringify(message)], route.id);
}

/** What an invocation by hand is told. */
interface Answered {
  readonly results: readonly { readonly ticket: string; readonly route: string; readonly outcome: Outcome }[];
}

/** One ticket by hand, `{ "ticket": "f-...", "route": "..." }`: what the message would do. */
async function deliverOne(input: unknown, { errands, policy }: Connected): Promise<Answered> {
  const message = parseMessage(input);
  if (message === undefined) throw new CordonError("malformed", `This function keeps tickets: ${EXPECTED}.`);
  const outcome = await errands.run(message, undefined, 1);
  tell(outcome, message);
  if (outcome.kind === "done" && outcome.follow !== undefined)
    await sendOn({ ...message, ticket: outcome.follow }, policy);
  return { results: [{ ...message, outcome }] };
}

function tell(outcome: Outcome, message: Message | undefined): void {
  if (outcome.kind === "done") {
    if (outcome.did === undefined) return;
    metrics.addMetric(`ticket-${outcome.did}`, MetricUnit.Count, 1);
    logger.info("ticket", { ...message, did: outcome.did });
    return;
  }
  if (outcome.kind === "later" && outcome.reason === undefined) return;
  const name = outcome.kind === "never" ? "ticket-refused" : "ticket-postponed";
  metrics.addMetric(name, MetricUnit.Count, 1);
  logger.warn(name, { ...message, reason: outcome.reason });
}

/** Inboxes -> trackers: each message has one finding's, or group's, ticket brought up to what the table says by then. */
export const handler = middy(deliver, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
