import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { controlIds } from "../../controls/catalogue.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { parseRollback } from "../../shared/decisions/parse-rollback.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import type { Answer } from "../../shared/runtime/handler.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { wire } from "../../shared/runtime/wire.ts";
import type { Result } from "../../shared/types.ts";

const logger = makeLogger("decide");
let wired: ReturnType<typeof wire> | undefined;

/** Kept back from Lambda's time limit, to answer in. */
const ANSWER_MS = 500;

/** Takes one containment back: `{ action: "roll-back", findingId, reason, approver, expiresInHours? }`. */
export const handler = middy(
  async (input: unknown, context: Context): Promise<Answer> => {
    wired ??= wire(process.env, control, controlIds);
    wired.catch(() => {
      wired = undefined;
    });
    const { cordon } = await wired;
    const deadlineMs = cordon.clock.nowMs() + context.getRemainingTimeInMillis() - ANSWER_MS;
    const parsed = parseRollback(input, cordon.policy.limits.exception, cordon.clock.nowMs());
    if (!parsed.ok) return { results: [refusal(parsed.reasons)] };
    try {
      const finding = await cordon.journal.readFinding(parsed.request.findingId);
      if (finding === undefined) return { results: [refusal([`there is no finding ${parsed.request.findingId}`])] };
      const result = await rollBack({ ...parsed.request, finding }, cordon, deadlineMs);
      logger.info("decided", { findingId: result.findingId, status: result.status, approver: parsed.request.approver });
      return { results: [result] };
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
      return {
        results: [{ ...refusal([`${describeError(error)}${error.retry ? "; ask again" : ""}`]), status: "failed" }],
      };
    }
  },
  { timeoutEarlyInMillis: 0 },
).use(injectLambdaContext(logger));

function refusal(reasons: readonly string[]): Result {
  return {
    findingId: null,
    occurrence: 0,
    controlId: control.meta.id,
    resource: null,
    decision: null,
    status: "refused",
    reasons,
    changes: [],
  };
}
