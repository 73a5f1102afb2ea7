import { invokeFunction, tryInvocation } from "../shared/aws/invoke-function.ts";
import { CordonError } from "../shared/errors.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { command, exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";
import { JOURNAL_SETTINGS, openJournal } from "./journal.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { redactFinding } from "./redact.ts";
import { describeOutcome, type Outcome, outcomeOf, resultIn, toJson } from "./rollback-outcome.ts";
import { describePreview, type Order, previewOf } from "./rollback-preview.ts";

const FINDING_ID = /^f-[0-9a-f]{20}$/;

/** `cordon rollback`: takes one containment back, by the deployed function that decides. */
export const rollback = command(
  {
    name: "rollback",
    summary: "Takes one containment back, exactly, and has the finding let be until an exception ends",
    notes: `It shows first what would be put back and until when the exception would hold, and asks. Without a terminal to ask on it does nothing unless --yes is given.
Then the cell's own function <stack>-decide does it, or refuses: when somebody has changed the resource since, it shows the difference. Asking twice changes
nothing the second time.

You need lambda:InvokeFunction on that function, and dynamodb:GetItem on the table for the preview. With --yes it goes on without a preview where that is denied.

${JOURNAL_SETTINGS}
CORDON_STACK, or --stack: the name of the cell's stack, such as cordon-prod. Without CORDON_TABLE the table is taken to be named after it.
${POLICY_SETTINGS.replace("--policy, else ", "")} It only tells the limit; the deployed function goes by its own.

Exit code: 0 done (or, with --dry-run, it could be), 1 refused or inconclusive, 2 it could not be run.`,
  },
  {
    finding: { type: "positional", description: "The finding's id, such as f-0123456789abcdef0123", required: true },
    reason: { type: "string", description: "Why it is taken back; kept as evidence", required: true },
    approver: { type: "string", description: "Who decided it; kept as evidence", required: true },
    hours: { type: "string", description: "How long it is let be; else policy's default", valueHint: "number" },
    stack: { type: "string", description: "The name of the cell's stack; else CORDON_STACK", valueHint: "name" },
    "dry-run": { type: "boolean", description: "Show what would be done, and whether it may be asked for" },
    yes: { type: "boolean", description: "Don't ask" },
    json: { type: "boolean", description: "The same as JSON" },
    reveal: { type: "boolean", description: "Show also who, which keys and which tags" },
  },
  async (args) => {
    const order = orderOf(args);
    const env = environment(args.stack);
    const functionName = `${env.CORDON_STACK}-decide`;
    const { policy } = await policyInUse(undefined, env);
    const finding = await readFinding(order.findingId, env, args.yes === true);
    const preview =
      finding && previewOf(args.reveal ? finding : redactFinding(finding), order, policy, systemClock.nowMs());
    const isDry = args["dry-run"] === true;
    if (preview !== undefined && !args.json) process.stdout.write(`${describePreview(preview)}\n`);
    const end = (outcome: Outcome) => {
      process.stdout.write(args.json ? toJson(isDry, preview, outcome) : describeOutcome(outcome));
      return outcome.kind === "done" || outcome.kind === "possible" ? exitCodes.fine : exitCodes.wrong;
    };

    if (preview?.refusal !== undefined) return end({ kind: "refused", reasons: [preview.refusal], changes: [] });
    if (isDry) {
      await tryInvocation(functionName);
      return end({ kind: "possible", reasons: [`${functionName} may be asked to; nothing was changed`], changes: [] });
    }
    if (args.yes !== true) {
      if (preview !== undefined && args.json) process.stderr.write(`${describePreview(preview)}\n`);
      if (!(await confirmed(`Take it back by ${functionName}?`)))
        return end({ kind: "refused", reasons: ["you did not say yes; nothing was changed"], changes: [] });
    }
    const { findingId, reason, approver, hours } = order;
    const invoked = await invokeFunction(functionName, {
      action: "roll-back",
      findingId,
      reason,
      approver,
      ...(hours !== undefined && { expiresInHours: hours }),
    }).catch((error: unknown) => {
      if (!(error instanceof CordonError) || error.kind !== "unavailable") throw error;
      throw new CordonError(
        "unavailable",
        `${error.message}. It may have been done all the same: ask again, which changes nothing the second time.`,
        { cause: error },
      );
    });
    if (invoked.kind === "failed") throw new Error(`${functionName} failed: ${invoked.reason}`);
    return end(outcomeOf(resultIn(invoked.answer, functionName), order, args.reveal === true));
  },
);

/** Throws Error for what the function would refuse whatever its policy. */
function orderOf(args: { finding: string; reason: string; approver: string; hours?: string | undefined }): Order {
  const text = (name: "reason" | "approver") => {
    const value = args[name].trim();
    if (value === "" || value.length > MAX_TEXT)
      throw new Error(`--${name}: found ${value.length} characters, expected 1 to ${MAX_TEXT}`);
    return value;
  };
  const findingId = args.finding.trim();
  if (!FINDING_ID.test(findingId))
    throw new Error(
      `found "${findingId.slice(0, 60)}", expected a finding's id: f- and 20 hexadecimal digits (cordon findings lists them)`,
    );
  const hours = args.hours === undefined ? undefined : Number(args.hours);
  if (hours !== undefined && !(hours > 0 && Number.isFinite(hours)))
    throw new Error(`--hours: found "${args.hours}", expected a number above 0`);
  return { findingId, reason: text("reason"), approver: text("approver"), ...(hours !== undefined && { hours }) };
}

const MAX_TEXT = 500;

function environment(stack: string | undefined): Readonly<Record<string, string | undefined>> {
  const { env } = process;
  const name = (stack ?? env.CORDON_STACK)?.trim();
  if (!name)
    throw new CordonError(
      "misconfigured",
      "CORDON_STACK is not set: expected the name of the cell's stack, such as cordon-prod",
    );
  return { ...env, CORDON_STACK: name, CORDON_TABLE: env.CORDON_TABLE?.trim() || name };
}

/** Undefined when it may not be read, and somebody wants to go on all the same. */
async function readFinding(
  id: string,
  env: Readonly<Record<string, string | undefined>>,
  isSure: boolean,
): Promise<FindingRecord | undefined> {
  const journal = openJournal(env);
  try {
    const finding = await journal.readFinding(id);
    if (finding === undefined)
      throw new Error(
        `there is no finding ${id} in the table "${env.CORDON_TABLE}" that was ever more than compliant (cordon findings lists them)`,
      );
    return finding;
  } catch (error) {
    if (!isDenied(error)) throw error;
    if (!isSure)
      throw new Error(
        `the table may not be read, so that nothing can be shown beforehand: ${(error as Error).message}; expected dynamodb:GetItem on it, or --yes to go on without`,
      );
    process.stderr.write("The table may not be read: going on without a preview.\n");
    return undefined;
  }
}

function isDenied(error: unknown): boolean {
  const cause = error instanceof CordonError ? (error.cause as { readonly name?: string } | undefined) : undefined;
  return cause?.name === "AccessDeniedException";
}
