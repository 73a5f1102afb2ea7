import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSRecord } from "aws-lambda";
import { meta } from "../../controls/cordon-cell-stays-deployed/meta.ts";
import { ANSWER_MS, type Answer } from "../../shared/runtime/answer.ts";
import { signalHandler } from "../../shared/runtime/handler.ts";
import { makeLogger, makeMetrics } from "../../shared/runtime/telemetry.ts";
import { isSqsBatch } from "../../shared/signals/parse-signals.ts";
import { parseJson } from "../../shared/signals/shapes.ts";
import { type Guard, openGuard } from "./guard.ts";
import { listenWith } from "./listen.ts";
import { lookAround } from "./look-around.ts";
import { openFindings } from "./open-findings.ts";
import { parseScheduled, type Scheduled } from "./schedules.ts";

type Tick = Extract<Scheduled, { kind: "tick" }>;

/**
 * Guards the guard: judges Cordon's own resources and every account and Region by what is heard of them, and every 15 minutes whatever was heard.
 *
 * @param open wires the guard; called once a container, and again after it failed
 */
export function guardHandler(open: (functionArn: string | undefined) => Promise<Guard>) {
  const logger = makeLogger("guard-cell");
  const metrics = makeMetrics("guard-cell");
  let opened: Promise<Guard> | undefined;
  let functionArn: string | undefined;
  const connected = (): Promise<Guard> => {
    opened ??= open(functionArn);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  // Straight to its alarm, without a ticket between: what opens tickets may be what was switched off.
  const tellOpen = (open: number): void => {
    metrics.addMetric("cell-findings-open", MetricUnit.Count, open);
    metrics.publishStoredMetrics();
  };
  const hearEvents = signalHandler("guard-cell", meta.id, async () => {
    const listening = listenWith(await connected());
    return {
      ...listening,
      async handle(signal, deadlineMs) {
        const handled = await listening.handle(signal, deadlineMs);
        // That all is well with one resource says nothing of the others: only a round does.
        const open = openFindings(handled.results);
        if (open > 0) tellOpen(open);
        return handled;
      },
    };
  });

  const lookedAround = async (guard: Guard, tick: Tick, context: Context): Promise<Answer> => {
    const deadlineMs = guard.clock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;
    const { handle } = listenWith(guard);
    const { results, failures, left, isOwnWhole, mistake } = await lookAround(
      guard,
      tick,
      (signal) => handle(signal, deadlineMs),
      deadlineMs,
    );
    // Missing for three rounds, it raises an alarm (deploy/alarms.ts): then nobody looks any more, or not at all of Cordon's own.
    if (isOwnWhole) metrics.addMetric("heartbeat", MetricUnit.Count, 1);
    metrics.addMetric("looks-failed", MetricUnit.Count, failures.length);
    metrics.addMetric("looks-left", MetricUnit.Count, left);
    const open = openFindings(results);
    // What was not looked at is not known to be well.
    if (isOwnWhole || open > 0) tellOpen(open);
    else metrics.publishStoredMetrics();
    logger.info("looked around", { looks: results.length, open, failures, left });
    if (mistake !== undefined) throw mistake;
    return { results };
  };

  const handle = async (input: unknown, context: Context): Promise<Answer | SQSBatchResponse> => {
    functionArn ??= context.invokedFunctionArn;
    const guard = await connected();
    const tickIn = (event: unknown): Tick | undefined => {
      const scheduled = parseScheduled(event, guard.stackName, guard.names.home);
      return scheduled?.kind === "tick" ? scheduled : undefined;
    };
    if (!isSqsBatch(input)) {
      const tick = tickIn(input);
      return tick === undefined ? hearEvents(input, context) : lookedAround(guard, tick, context);
    }
    // What was heard comes first; of several ticks that waited together one is enough, and none comes again: the next one does.
    const ticks = new Map<SQSRecord, Tick>();
    for (const record of input.Records) {
      const body = parseJson(record.body);
      const tick = body.ok ? tickIn(body.value) : undefined;
      if (tick !== undefined) ticks.set(record, tick);
    }
    const events = input.Records.filter((record) => !ticks.has(record));
    const answer = events.length === 0 ? { batchItemFailures: [] } : await hearEvents({ Records: events }, context);
    const last = [...ticks.values()].at(-1);
    if (last !== undefined) await lookedAround(guard, last, context);
    return answer;
  };
  // Lambda itself ends an invocation whose time is up, process and all; ended by middy, its calls would go on in the next one.
  return middy(handle, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
}

export const handler = guardHandler((functionArn) => openGuard(process.env, functionArn));
