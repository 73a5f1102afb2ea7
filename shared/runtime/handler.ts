import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Control } from "../control.ts";
import { CordonError, describeError } from "../errors.ts";
import { handleSignal } from "../pipeline.ts";
import type { ControlEvents } from "../signals/cloudtrail.ts";
import { isSqsBatch, type Parsed, parseSignals } from "../signals/parse-signals.ts";
import { parseJson } from "../signals/shapes.ts";
import type { Result } from "../types.ts";
import { inTurn } from "./in-turn.ts";
import { makeLogger, makeMetrics } from "./telemetry.ts";
import type { Wired } from "./wire.ts";

/** The answer of a direct invoke. */
export interface Answer {
  readonly results: readonly Result[];
}

/** Kept back from Lambda's time limit, to answer in. */
const ANSWER_MS = 500;

/**
 * The Lambda handler that runs one control: an SQS batch is answered with the messages to deliver again, anything else with `Answer`.
 *
 * @param connect makes the ports; called once a container, and again after it failed
 * @throws CordonError `misconfigured`, and whatever is a mistake in Cordon itself
 */
export function controlHandler<State>(
  functionName: string,
  control: Control<State>,
  connect: () => Promise<Wired<State>>,
) {
  const logger = makeLogger(functionName);
  const metrics = makeMetrics(functionName);
  const events: ControlEvents = { cloudTrail: control.meta.cloudTrail, configTypes: control.meta.configTypes };
  let wired: Promise<Wired<State>> | undefined;

  const handle = async (input: unknown, context: Context): Promise<Answer | SQSBatchResponse> => {
    wired ??= connect();
    // A mistake in the settings can be mended without a new container.
    wired.catch(() => {
      wired = undefined;
    });
    const { cordon, refusals } = await wired;
    const deadlineMs = cordon.clock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;

    const treat = async (parsed: Parsed): Promise<readonly Result[]> => {
      if (parsed.kind !== "signal") return [unheard(parsed, control.meta.id)];
      const { signal } = parsed;
      const results = await inTurn(signal.resource.arn, () => handleSignal(signal, cordon, deadlineMs));
      for (const result of results) count(result);
      logger.info("handled", {
        signal: signal.id,
        name: signal.name,
        resource: signal.resource.arn,
        results: results.map(summaryOf),
      });
      return results;
    };

    const count = (result: Result) => metrics.addMetric(result.status, MetricUnit.Count, 1);
    try {
      if (!isSqsBatch(input)) return { results: await directly(parseSignals(input, events), treat, control.meta.id) };
      const processor = new BatchProcessor(EventType.SQS);
      const message = async (record: SQSRecord): Promise<void> => {
        try {
          await treatMessage(record);
        } catch (error) {
          logger.error("not treated; the queue delivers it again", {
            messageId: record.messageId,
            reason: describeError(error),
          });
          throw error;
        }
      };
      const treatMessage = async (record: SQSRecord): Promise<void> => {
        const body = parseJson(record.body ?? "");
        const parsed: readonly Parsed[] = body.ok
          ? parseSignals(body.value, events)
          : [{ kind: "refused", reason: "the SQS body is not JSON" }];
        const refused = parsed.filter((each) => each.kind === "refused");
        if (refused.length > 0) {
          metrics.addMetric("refused", MetricUnit.Count, 1);
          logger.warn("refused", { messageId: record.messageId, reasons: refused.map(({ reason }) => reason) });
          await refusals.send(record, refused.map(({ reason }) => reason).join("; "));
        }
        for (const each of parsed) {
          const results = each.kind === "signal" ? await treat(each) : [];
          const open = results.find(({ status }) => status === "inconclusive");
          if (open !== undefined) throw new CordonError("unavailable", `not over yet: ${open.reasons.at(-1)}`);
        }
      };
      return await processPartialResponse(input as unknown as SQSEvent, message, processor, {
        context,
        throwOnFullBatchFailure: false,
      });
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
  return middy(handle).use(injectLambdaContext(logger));
}

/** One event by hand: what fails is told in the answer, next to what went well. */
async function directly(
  parsed: readonly Parsed[],
  treat: (parsed: Parsed) => Promise<readonly Result[]>,
  controlId: string,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const each of parsed) {
    try {
      results.push(...(await treat(each)));
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
      const { resource } = each.kind === "signal" ? each.signal : { resource: null };
      const reason = `${describeError(error)}${error.retry ? "; deliver the event again" : ""}`;
      const status = error.kind === "lease-held" || error.kind === "conflict" ? "inconclusive" : "failed";
      results.push({
        ...unheard({ kind: "refused", reason }, controlId),
        status,
        resource: resource && refOf(resource),
      });
    }
  }
  return results;
}

function refOf({ arn, account, region, type }: NonNullable<Result["resource"]>): Result["resource"] {
  return { arn, account, region, type };
}

function unheard({ kind, reason }: Extract<Parsed, { kind: "ignored" | "refused" }>, controlId: string): Result {
  return {
    findingId: null,
    occurrence: 0,
    controlId,
    resource: null,
    decision: null,
    status: kind,
    reasons: [reason],
    changes: [],
  };
}

function summaryOf({ findingId, status, occurrence }: Result) {
  return { findingId, status, occurrence };
}
