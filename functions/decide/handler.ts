import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { controls } from "../../controls/registry.ts";
import type { Control } from "../../shared/control.ts";
import { parseRollback } from "../../shared/decisions/parse-rollback.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { type RollbackRequest, rollBack } from "../../shared/lifecycle/roll-back.ts";
import { ANSWER_MS, type Answer, withoutFinding } from "../../shared/runtime/answer.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { type Connection, connect } from "../../shared/runtime/wire.ts";
import type { Result } from "../../shared/types.ts";

const logger = makeLogger("decide");
let connection: Promise<Connection> | undefined;

async function decide(input: unknown, context: Context): Promise<Answer> {
  connection ??= connect(process.env, catalogue);
  connection.catch(() => {
    connection = undefined;
  });
  const connected = await connection;
  connected.accounts.learnOwn(context.invokedFunctionArn);
  const nowMs = connected.clock.nowMs();
  const deadlineMs = nowMs + context.getRemainingTimeInMillis() - ANSWER_MS;
  const parsed = parseRollback(input, connected.policy.limits, nowMs);
  if (!parsed.ok) return refuse(parsed.reasons);
  const { request } = parsed;
  try {
    const finding = await connected.journal.readFinding(request.findingId);
    if (finding === undefined)
      return refuse([`there is no finding ${request.findingId} that was ever more than compliant`]);
    const control = controls.find(({ meta }) => meta.id === finding.controlId);
    if (control === undefined) return refuse([`this deployment does not know the control ${finding.controlId}`]);
    if (control.changes === "nothing")
      return refuse([`${control.meta.id} changes nothing, so that there is nothing to take back`]);
    const result = await takeBack(control, connected, { ...request, finding }, deadlineMs);
    logger.info("decided", { findingId: result.findingId, status: result.status });
    return { results: [result] };
  } catch (error) {
    if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
    const reason = `${describeError(error)}${error.retry ? "; ask again" : ""}`;
    logger.error("failed", { findingId: request.findingId, reason });
    return { results: [withoutFinding("", null, "failed", reason)] };
  }
}

function takeBack<State>(
  control: Control<State>,
  connected: Connection,
  request: RollbackRequest,
  deadlineMs: number,
): Promise<Result> {
  return rollBack(request, { ...connected, control }, deadlineMs);
}

function refuse(reasons: readonly string[]): Answer {
  logger.warn("refused", { reasons });
  return { results: [{ ...withoutFinding("", null, "refused", ""), reasons }] };
}

/** Takes one containment back: `{ action: "roll-back", findingId, reason, approver, expiresInHours? }`. */
export const handler = middy(decide, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
