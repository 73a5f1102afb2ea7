import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { controls } from "../../controls/registry.ts";
import { slackSecret } from "../../shared/aws/slack-secret.ts";
import { stsIn } from "../../shared/aws/sts.ts";
import type { AnyControl } from "../../shared/control.ts";
import { carryOut } from "../../shared/decisions/carry-out.ts";
import { deciderOf, type Registrar } from "../../shared/decisions/decider.ts";
import { parseOrder } from "../../shared/decisions/order.ts";
import { ownFunction } from "../../shared/decisions/own-function.ts";
import { parseEnvelope } from "../../shared/decisions/prove.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { ANSWER_MS, type Answer, withoutFinding } from "../../shared/runtime/answer.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { type Connection, connect, type MorePorts } from "../../shared/runtime/wire.ts";
import { withObjects } from "../../shared/runtime/wire-objects.ts";
import { withUsers } from "../../shared/runtime/wire-users.ts";

/** Whatever a person decides about may have to be read and written. */
const withAll: MorePorts = (...having) => ({ ...withObjects(...having), ...withUsers(...having) });

const logger = makeLogger("decide");
let connection: Promise<Connection> | undefined;

async function decide(input: unknown, context: Context): Promise<Answer> {
  connection ??= connect(process.env, catalogue, systemClock, withAll);
  connection.catch(() => {
    connection = undefined;
  });
  const connected = await connection;
  connected.accounts.learnOwn(context.invokedFunctionArn);
  const { policy, journal, clock } = connected;
  const nowMs = clock.nowMs();
  const deadlineMs = nowMs + context.getRemainingTimeInMillis() - ANSWER_MS;
  const envelope = parseEnvelope(input);
  if (!envelope.ok) return refuse([envelope.reason]);
  try {
    const own = await ownFunction(connected.accounts, process.env);
    const registrar: Registrar = {
      functionArn: own.functionArn,
      askSts: stsIn(own.cell.region),
      slackSecret: () => slackSecret(process.env),
      isServed: (account) => connected.accounts.isServed(account),
      useOnce: (proof, untilMs) => journal.useProof(proof, untilMs),
    };
    const registered = await deciderOf(envelope, registrar, nowMs);
    if (!registered.ok) return refuse([registered.reason]);
    const parsed = parseOrder(registered.order, policy.limits, nowMs);
    if (!parsed.ok) return refuse(parsed.reasons);
    const all: readonly AnyControl<unknown>[] = controls;
    const office = { cordon: connected, controls: all, cell: own.cell };
    const result = await carryOut(parsed.order, registered.decider, office, deadlineMs);
    const { action } = parsed.order;
    logger.info("decided", { action, findingId: result.findingId, status: result.status });
    return { results: [result] };
  } catch (error) {
    if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
    const reason = `${describeError(error)}${error.retry ? "; ask again" : ""}`;
    logger.error("failed", { reason });
    return { results: [withoutFinding("", null, "failed", reason)] };
  }
}

function refuse(reasons: readonly string[]): Answer {
  // What was typed, and by whom, is nobody's to read in a log.
  logger.warn("refused", { count: reasons.length });
  return { results: [{ ...withoutFinding("", null, "refused", ""), reasons }] };
}

/**
 * What people decide: `{ action, findingId, reason, ... }` (shared/decisions/order.ts). With a proof of who asks it is carried out; by a bare invocation it is proposed.
 * By the function's URL the answer is the body of the response: Lambda makes one of what is no response by itself.
 */
export const handler = middy(decide, { timeoutEarlyInMillis: 0 }).use(injectLambdaContext(logger));
