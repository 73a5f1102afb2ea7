import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSRecord } from "aws-lambda";
import type { Control } from "../control.ts";
import { CordonError, describeError } from "../errors.ts";
import { type Handled, handleSignal } from "../pipeline.ts";
import { shownArn } from "../shown.ts";
import { eventsOf } from "../signals/control-events.ts";
import { parseLook } from "../signals/look.ts";
import { isSqsBatch, type Parsed, parseSignals } from "../signals/parse-signals.ts";
import { parseJson } from "../signals/shapes.ts";
import type { Clock, Result, Signal } from "../types.ts";
import { ANSWER_MS, type Answer, withoutFinding } from "./answer.ts";
import { inTurn } from "./in-turn.ts";
import type { Messages } from "./messages.ts";
import { takeApart } from "./take-apart.ts";
import { makeLogger, makeMetrics } from "./telemetry.ts";
import type { Wired } from "./wire.ts";

/** A message is not begun with less time than this: a containment that finds AWS slow takes as long. */
const ENOUGH_MS = 8_000;

/** What nobody looks for in a log, of what is routine. */
const COURSE: ReadonlySet<Result["status"]> = new Set(["compliant", "contained", "already-contained", "ignored"]);

/** What a function hears and does about it, made once per container. */
export interface Listening extends Pick<Wired<unknown>, "messages" | "accounts"> {
  readonly clock: Clock;
  /** What it does is the course of things: metrics count it, evidence has each, and the log only what is not. */
  readonly isRoutine?: boolean;
  /**
   * What an event holds: signals to treat, and what is ignored or refused.
   *
   * @param ownAccount the function's, for what tells none; undefined where nobody knows it
   */
  hear(event: unknown, ownAccount?: string): readonly Parsed[];
  /** One signal through the pipeline, by the control it is for. */
  handle(signal: Signal, deadlineMs: number): Promise<Handled>;
}

/**
 * The Lambda handler that runs one control.
 *
 * @param connect makes the ports; called once a container, and again after it failed
 * @throws CordonError `misconfigured`, and whatever is a mistake in Cordon itself
 */
export function controlHandler<State>(
  functionName: string,
  control: Control<State>,
  connect: () => Promise<Wired<State>>,
) {
  const events = eventsOf(control.meta);
  return signalHandler(functionName, control.meta.id, async () => {
    const { cordon, overlooks, ...wired } = await connect();
    return {
      ...wired,
      clock: cordon.clock,
      isRoutine: control.meta.isRoutine === true,
      hear: (event, ownAccount) => {
        const look = parseLook(event, control.meta);
        const parsed = look === undefined ? parseSignals(event, { ...events, ownAccount }) : [look];
        return parsed.map((each): Parsed => {
          const reason = each.kind === "signal" ? overlooks?.(each.signal.resource, ownAccount) : undefined;
          return reason === undefined ? each : { kind: "ignored", reason };
        });
      },
      handle: (signal, deadlineMs) => handleSignal(signal, cordon, deadlineMs),
    };
  });
}

/**
 * The Lambda handler of whatever treats signals: an SQS batch is answered with the messages to deliver again, anything else with `Answer`.
 *
 * @param controlId what an answer names where no signal says which control it is about
 * @throws CordonError `misconfigured`, and whatever is a mistake in Cordon itself
 */
export function signalHandler(functionName: string, controlId: string, connect: () => Promise<Listening>) {
  const logger = makeLogger(functionName);
  const metrics = makeMetrics(functionName);
  let listening: Promise<Listening> | undefined;

  const handle = async (input: unknown, context: Context): Promise<Answer | SQSBatchResponse> => {
    listening ??= connect();
    // A mistake in the settings can be mended without a new container.
    listening.catch(() => {
      listening = undefined;
    });
    const { clock, messages, accounts, isRoutine = false, ...ears } = await listening;
    accounts?.learnOwn(context.invokedFunctionArn);
    const ownAccount = context.invokedFunctionArn?.split(":")[4];
    const hear = (event: unknown) => ears.hear(event, ownAccount);
    const deadlineMs = clock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;

    const treat = async (signal: Signal): Promise<Handled> => {
      const { arn, account } = signal.resource;
      // Whose resource it is decides before anything is read or written for it.
      await accounts?.credentialsFor(account);
      const handled = await inTurn(arn, () => ears.handle(signal, deadlineMs));
      for (const { status } of handled.results) metrics.addMetric(status, MetricUnit.Count, 1);
      if (isRoutine && handled.results.every(({ status }) => COURSE.has(status))) return handled;
      const results = handled.results.map(({ findingId, status, occurrence }) => ({ findingId, status, occurrence }));
      logger.info("handled", { signal: signal.id, name: signal.name, resource: shownArn(signal.resource), results });
      return handled;
    };

    const deliver = async (record: SQSRecord): Promise<void> => {
      try {
        const refused = await treatMessage(record, hear, treat);
        if (refused === undefined) return;
        metrics.addMetric("refused", MetricUnit.Count, 1);
        logger.warn("refused", { messageId: record.messageId, reason: refused });
        await messages.refuse(record, refused);
      } catch (error) {
        logger.error("not over; the queue delivers it again", {
          messageId: record.messageId,
          reason: describeError(error),
        });
        if (error instanceof CordonError && error.retryAtMs !== undefined) {
          await postpone(record, error.retryAtMs, messages, logger);
        }
        throw error;
      }
    };

    try {
      if (!isSqsBatch(input)) {
        const results = await treatDirectly(hear(input), treat, controlId);
        for (const { status, reasons } of results)
          if (status === "failed" || status === "refused") logger.warn(status, { reasons });
        return { results };
      }
      const { together, oneByOne } = takeApart(input.Records);
      const failures: SQSBatchItemFailure[] = [];
      if (together.length > 0) {
        const options = { context, throwOnFullBatchFailure: false };
        const processor = new BatchProcessor(EventType.SQS);
        const answer = await processPartialResponse({ Records: [...together] }, deliver, processor, options);
        failures.push(...answer.batchItemFailures);
      }
      for (const [index, record] of oneByOne.entries()) {
        // The first of an invocation is begun however little time there is: else it never might be.
        const isInTime = (index === 0 && together.length === 0) || clock.nowMs() < deadlineMs - ENOUGH_MS;
        const isTreated = isInTime && (await isDelivered(record, deliver, messages));
        if (!isTreated) failures.push({ itemIdentifier: record.messageId });
      }
      return { batchItemFailures: failures };
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
  // Lambda itself ends an invocation whose time is up, process and all; ended by middy, its calls would go on in the next one.
  return middy(handle, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
}

/** Treats one message and acknowledges it itself: should the next one kill the process, this one does not come again. */
async function isDelivered(
  record: SQSRecord,
  deliver: (record: SQSRecord) => Promise<void>,
  messages: Messages,
): Promise<boolean> {
  try {
    await deliver(record);
  } catch {
    return false;
  }
  // When that fails, Lambda acknowledges it with the answer.
  await messages.acknowledge(record).catch(() => undefined);
  return true;
}

/** When it can't be put off, the message comes back when its visibility timeout ends: later, but it comes. */
async function postpone(record: SQSRecord, untilMs: number, messages: Messages, logger: Logger): Promise<void> {
  await messages
    .postpone(record, untilMs)
    .catch((reason) => logger.warn("not postponed", { reason: describeError(reason) }));
}

/**
 * One message, every signal in it: one that fails doesn't hold up the others.
 *
 * @returns why the message, or a part of it, is refused
 * @throws CordonError when the message has to be delivered again
 */
async function treatMessage(
  record: SQSRecord,
  hear: Listening["hear"],
  treat: (signal: Signal) => Promise<Handled>,
): Promise<string | undefined> {
  const body = parseJson(record.body ?? "");
  if (!body.ok) return "the SQS body is not JSON; expected an event as JSON";
  const parsed = hear(body.value);
  const failures: unknown[] = [];
  const refusals = parsed.flatMap((each) => (each.kind === "refused" ? [each.reason] : []));
  for (const each of parsed) {
    if (each.kind !== "signal") continue;
    try {
      const { results, retryAtMs } = await treat(each.signal);
      const open = results.filter(({ status }) => status === "inconclusive").length;
      if (open === 0 && retryAtMs === undefined) continue;
      const options = retryAtMs === undefined ? {} : { retryAtMs };
      failures.push(new CordonError("unavailable", `not over yet: ${open} of ${results.length} results`, options));
    } catch (error) {
      if (isForeign(error)) refusals.push(error.message);
      else failures.push(error);
    }
  }
  // Refused at the next delivery then, once: the whole message comes again.
  if (failures.length > 0) throw soonest(failures);
  return refusals.length > 0 ? refusals.join("; ") : undefined;
}

/** No delivery would make this cell serve that account. */
function isForeign(error: unknown): error is CordonError {
  return error instanceof CordonError && error.kind === "foreign-account";
}

/** Of several failures the one that comes again first; a mistake in Cordon itself before all. */
function soonest(failures: readonly unknown[]): unknown {
  const foreign = failures.find((error) => !(error instanceof CordonError));
  const known = failures.filter((error) => error instanceof CordonError);
  return foreign ?? known.sort((a, b) => (a.retryAtMs ?? Infinity) - (b.retryAtMs ?? Infinity))[0];
}

/** One event by hand: what fails is told in the answer, next to what went well. */
async function treatDirectly(
  parsed: readonly Parsed[],
  treat: (signal: Signal) => Promise<Handled>,
  controlId: string,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const each of parsed) {
    if (each.kind !== "signal") {
      results.push(withoutFinding(controlId, null, each.kind, each.reason));
      continue;
    }
    try {
      results.push(...(await treat(each.signal)).results);
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
      const isOpen = error.kind === "lease-held" || error.kind === "conflict";
      // What AWS refuses for good, as an account that is not served, no delivery would change.
      const status = isOpen ? "inconclusive" : error.retry ? "failed" : "refused";
      const reason = `${describeError(error)}${error.retry ? "; deliver the event again" : ""}`;
      results.push(withoutFinding(controlId, each.signal.resource, status, reason));
    }
  }
  return results;
}
