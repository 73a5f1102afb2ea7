import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { command, exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";
import {
  DECIDE_ARGS,
  DECIDE_NOTES,
  type Environment,
  environmentOf,
  findingIdOf,
  hoursOf,
  isDenied,
  openDesk,
  readFinding,
  reasonOf,
} from "./decide.ts";
import { describeOutcome, type Outcome, outcomeOf, toJson } from "./outcome.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { redactFinding } from "./redact.ts";
import { rollBackMany } from "./rollback-many.ts";
import { describePreview, type Order, orderFor, previewOf } from "./rollback-preview.ts";

/** `cordon rollback`: takes containments back, by the deployed function that decides. */
export const rollback = command(
  {
    name: "rollback",
    summary: "Takes containments back, exactly: one, all of one run, or those of a time",
    notes: `One finding:    cordon rollback <finding> --reason "..."
One run:        cordon rollback --run <finding> --reason "..."     all that was changed together with it
A time:         cordon rollback --since 2h --control <id> --reason "..." [--until ...] [--account ...]

It shows first what would be put back and until when the exceptions would hold, and asks. Without a terminal to ask on it does nothing unless --yes is given.
When somebody has changed a resource since, that one is refused, with the difference. Asking twice changes nothing the second time. Of many the last is
taken back first, and one that is refused does not hold up the others. To have nothing contained meanwhile: cordon brake on.

${DECIDE_NOTES}
For one finding, --yes goes on without a preview where the table may not be read; for many, dynamodb:Scan is needed.
${POLICY_SETTINGS.replace("--policy, else ", "")} It only tells the limit; the deployed function goes by its own.

Exit code: 0 done (or, with --dry-run, it could be), 1 something was refused or inconclusive, 2 it could not be run.`,
  },
  {
    finding: { type: "positional", description: "The finding's id, such as f-0123456789abcdef0123", required: false },
    reason: { type: "string", description: "Why it is taken back; kept as evidence", required: true },
    hours: { type: "string", description: "How long it is let be; else policy's default", valueHint: "number" },
    run: { type: "string", description: "All that the run changed which contained this finding", valueHint: "finding" },
    since: {
      type: "string",
      description: "All that was contained since: a time, or 30m, 6h, 2d ago",
      valueHint: "time",
    },
    until: { type: "string", description: "And not later than", valueHint: "time" },
    control: { type: "string", description: "Of this control only", valueHint: "id" },
    account: { type: "string", description: "Of this account only", valueHint: "id" },
    ...DECIDE_ARGS,
  },
  async (args) => {
    const reason = reasonOf(args.reason);
    const hours = hoursOf(args.hours);
    const env = environmentOf(args.stack);
    const ways = [args.finding, args.run, args.since].filter((each) => each !== undefined);
    if (ways.length !== 1)
      throw new Error("found none or several of a finding, --run and --since; expected one of them");
    const shared = { reason, ...(hours !== undefined && { hours }) };
    if (args.finding === undefined) {
      const { hours: _, ...choice } = args;
      return rollBackMany({ ...choice, ...shared }, env);
    }
    for (const option of ["until", "control", "account"] as const)
      if (args[option] !== undefined) throw new Error(`--${option} goes with --since or --run, not with one finding`);

    const order: Order = { findingId: findingIdOf(args.finding), ...shared };
    const { policy } = await policyInUse(undefined, env);
    const finding = await readOrNot(order.findingId, env, args.yes === true);
    const preview =
      finding && previewOf(args.reveal ? finding : redactFinding(finding), order, policy, systemClock.nowMs());
    const isDry = args["dry-run"] === true;
    if (preview !== undefined && !args.json) process.stdout.write(`${describePreview(preview)}\n`);
    const end = (outcome: Outcome) => {
      process.stdout.write(args.json ? toJson(isDry, preview, outcome) : describeOutcome(outcome));
      return outcome.kind === "done" || outcome.kind === "possible" ? exitCodes.fine : exitCodes.wrong;
    };
    if (preview?.refusal !== undefined) return end({ kind: "refused", reasons: [preview.refusal], changes: [] });
    const desk = await openDesk(env);
    if (isDry)
      return end({
        kind: "possible",
        reasons: [`${desk.functionName} could be asked to; nothing was changed`],
        changes: [],
      });
    if (args.yes !== true) {
      if (preview !== undefined && args.json) process.stderr.write(`${describePreview(preview)}\n`);
      if (!(await confirmed(`Take it back by ${desk.functionName}?`)))
        return end({ kind: "refused", reasons: ["you did not say yes; nothing was changed"], changes: [] });
    }
    return end(outcomeOf(await desk.decide(orderFor(order, finding?.run)), ["exempt"], args.reveal === true));
  },
);

/** Undefined when it may not be read, and somebody wants to go on all the same. */
async function readOrNot(id: string, env: Environment, isSure: boolean): Promise<FindingRecord | undefined> {
  try {
    return await readFinding(id, env);
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
