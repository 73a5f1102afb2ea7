import { catalogue } from "../controls/catalogue.ts";
import { describeError } from "../shared/errors.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";
import { type Desk, type Environment, findingIdOf, openDesk, readFinding } from "./decide.ts";
import { endProgress, openRecords } from "./journal.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { redactFinding } from "./redact.ts";
import { type Choice, chosen, describeChosen, timeOf } from "./rollback-choice.ts";
import { orderFor } from "./rollback-preview.ts";
import { counted, plain } from "./text.ts";
import { assertKnown } from "./values.ts";

/** What is asked for. */
export interface ManyArgs {
  readonly reason: string;
  readonly hours?: number;
  readonly run?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly control?: string | undefined;
  readonly account?: string | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly reveal?: boolean | undefined;
}

/** One containment and what became of it. */
interface Taken {
  readonly finding: FindingRecord;
  readonly outcome: Outcome;
}

/** Takes back all that was chosen, one after the other. Gives the exit code. Throws Error for arguments that make no choice. */
export async function rollBackMany(
  args: ManyArgs,
  env: Environment & { readonly CORDON_STACK: string },
): Promise<number> {
  const choice = await choiceOf(args, env);
  const all = await findingsIn(env);
  const findings = chosen(all, choice).map((each) => (args.reveal ? each : redactFinding(each)));
  if (!args.json) process.stdout.write(describeChosen(findings));
  const isDry = args["dry-run"] === true;
  const end = (taken: readonly Taken[], note: string) => {
    process.stdout.write(args.json ? json(isDry, findings, taken) : `${note}\n`);
    return taken.every(({ outcome }) => outcome.kind === "done") ? exitCodes.fine : exitCodes.wrong;
  };
  if (findings.length === 0) return end([], "Nothing that was contained matches; nothing was changed.");
  const desk = await openDesk(env);
  const many = counted(findings.length, "containment");
  if (isDry) return end([], `${many} could be taken back by ${desk.functionName}; nothing was changed.`);
  if (args.yes !== true) {
    if (args.json) process.stderr.write(describeChosen(findings));
    if (!(await confirmed(`Take ${many} back by ${desk.functionName}?`))) {
      end([], "You did not say yes; nothing was changed.");
      return exitCodes.wrong;
    }
  }
  const taken: Taken[] = [];
  for (const finding of findings) {
    const outcome = await takeBack(desk, finding, args);
    taken.push({ finding, outcome });
    if (!args.json) process.stdout.write(`${finding.id}  ${outcome.kind}  ${plain(outcome.reasons.join("; "))}\n`);
  }
  const done = taken.filter(({ outcome }) => outcome.kind === "done").length;
  return end(
    taken,
    `${done} of ${many} taken back${done < taken.length ? "; the others are as they were, each with its reason above" : ""}.`,
  );
}

/** One that fails is told, and does not hold up the others. */
async function takeBack(desk: Desk, { id, run }: FindingRecord, { reason, hours, reveal }: ManyArgs): Promise<Outcome> {
  const order = orderFor({ findingId: id, reason, ...(hours !== undefined && { hours }) }, run);
  try {
    return outcomeOf(await desk.decide(order), ["exempt"], reveal === true);
  } catch (error) {
    return { kind: "inconclusive", reasons: [describeError(error)], changes: [] };
  }
}

async function choiceOf(args: ManyArgs, env: Environment): Promise<Choice> {
  const nowMs = systemClock.nowMs();
  const { control, account } = args;
  assertKnown(
    "control",
    "control",
    control === undefined ? undefined : [control],
    catalogue.map(({ id }) => id),
  );
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new Error(`--account: found "${account}", expected 12 digits`);
  const runOf = args.run === undefined ? undefined : await readFinding(findingIdOf(args.run), env);
  if (runOf !== undefined && runOf.run === undefined)
    throw new Error(`no run has contained ${runOf.id}: it is ${runOf.status}`);
  return {
    ...(args.since !== undefined && { sinceMs: timeOf("since", args.since, nowMs) }),
    ...(args.until !== undefined && { untilMs: timeOf("until", args.until, nowMs) }),
    ...(control !== undefined && { control }),
    ...(account !== undefined && { account }),
    ...(runOf !== undefined && { runOf }),
  };
}

async function findingsIn(env: Environment): Promise<readonly FindingRecord[]> {
  const { records } = openRecords(env);
  const found: FindingRecord[] = [];
  for await (const finding of records.findings()) if (finding.status === "contained") found.push(finding);
  endProgress();
  return found;
}

function json(isDryRun: boolean, findings: readonly FindingRecord[], taken: readonly Taken[]): string {
  const outcomes = taken.map(({ finding, outcome: { kind, reasons, changes } }) => ({
    findingId: finding.id,
    outcome: kind,
    reasons,
    changes,
  }));
  return `${JSON.stringify({ isDryRun, chosen: findings, outcomes }, null, 2)}\n`;
}
