import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { ResultStatus } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";
import {
  DECIDE_ARGS,
  DECIDE_NOTES,
  environmentOf,
  findingIdOf,
  hoursOf,
  openDesk,
  readFinding,
  reasonOf,
} from "./decide.ts";
import { type DecisionPreview, decisionPreview, describeDecision } from "./decision-preview.ts";
import { describeOutcome, type Outcome, outcomeOf, toJson } from "./outcome.ts";
import { redactFinding } from "./redact.ts";

const EXIT = "Exit code: 0 done (or, with --dry-run, it could be), 1 refused or inconclusive, 2 it could not be run.";

const FINDING = {
  type: "positional",
  description: "The finding's id, such as f-0123456789abcdef0123",
  required: true,
} as const;
const REASON = { type: "string", description: "Why; kept as evidence", required: true } as const;
const HOURS = { type: "string", valueHint: "number" } as const;

/** What differs between the decisions. */
interface Kind {
  readonly action: "approve" | "reject" | "extend" | "close" | "aware";
  /** Of the answer, when it was done. */
  readonly good: readonly ResultStatus[];
  readonly question: string;
  follows(preview: DecisionPreview, hours: number | undefined): readonly string[];
}

interface Args {
  readonly finding: string;
  readonly reason: string;
  readonly hours?: string | undefined;
  readonly stack?: string | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly reveal?: boolean | undefined;
}

/** Shows what is to be decided, asks, and has the cell do it. */
async function decide(kind: Kind, args: Args): Promise<number> {
  const findingId = findingIdOf(args.finding);
  const reason = reasonOf(args.reason);
  const hours = hoursOf(args.hours);
  const env = environmentOf(args.stack);
  const recorded: FindingRecord = await readFinding(findingId, env);
  const preview = decisionPreview(args.reveal ? recorded : redactFinding(recorded), systemClock.nowMs());
  const text = describeDecision(preview, {
    isAboutPlan: kind.action === "approve" || kind.action === "reject",
    follows: kind.follows(preview, hours),
  });
  if (!args.json) process.stdout.write(text);
  const end = (outcome: Outcome) => {
    process.stdout.write(args.json ? toJson(args["dry-run"] === true, preview, outcome) : describeOutcome(outcome));
    return outcome.kind === "done" || outcome.kind === "possible" ? exitCodes.fine : exitCodes.wrong;
  };
  if (preview.refusal !== undefined && kind.action !== "aware")
    return end({ kind: "refused", reasons: [preview.refusal], changes: [] });
  const desk = await openDesk(env);
  if (args["dry-run"] === true)
    return end({
      kind: "possible",
      reasons: [`${desk.functionName} could be asked to; nothing was done`],
      changes: [],
    });
  if (args.yes !== true) {
    if (args.json) process.stderr.write(text);
    if (!(await confirmed(kind.question)))
      return end({ kind: "refused", reasons: ["you did not say yes; nothing was done"], changes: [] });
  }
  const { action } = kind;
  const result = await desk.decide({
    action,
    findingId,
    reason,
    ...((action === "approve" || action === "reject") && preview.plan !== null && { plan: preview.plan.id }),
    ...(hours !== undefined && { expiresInHours: hours }),
  });
  return end(outcomeOf(result, kind.good, args.reveal === true));
}

const until = (hours: number | undefined, otherwise: string) =>
  hours === undefined ? otherwise : `for ${hours} hours`;

/** `cordon approve`: what waits is done. */
export const approve = command(
  {
    name: "approve",
    summary: "Has a plan that waits for a person carried out, if it is still the plan",
    notes: `It shows the plan and asks. Live state is read again before anything is changed: what is no longer as it was shown is planned and asked anew.
A storm is ended by cordon close, the brake taken off by cordon brake off.

${DECIDE_NOTES}

${EXIT}`,
  },
  { finding: FINDING, reason: REASON, ...DECIDE_ARGS },
  (args) =>
    decide(
      {
        action: "approve",
        good: ["contained", "already-contained"],
        question: "Carry out this plan?",
        follows: () => ["the change is made, verified by reading it again, and kept as evidence with your name"],
      },
      args,
    ),
);

/** `cordon reject`: what waits is let be, for a time. */
export const reject = command(
  {
    name: "reject",
    summary: "Turns a plan down: the finding is let be by an exception that ends",
    notes: `Data goes on moving as it does. The exception is bound to the destination, the data and its class as they are; when it ends, the finding is judged and asked anew.

${DECIDE_NOTES}

${EXIT}`,
  },
  {
    finding: FINDING,
    reason: REASON,
    hours: { ...HOURS, description: "How long it is let be; else policy's default" },
    ...DECIDE_ARGS,
  },
  (args) =>
    decide(
      {
        action: "reject",
        good: ["exempt"],
        question: "Let it be?",
        follows: (_, hours) => [
          `nothing is changed: it is let be ${until(hours, "for as long as policy gives exceptions")}, then judged anew`,
        ],
      },
      args,
    ),
);

/** `cordon extend`: an end is moved. */
export const extend = command(
  {
    name: "extend",
    summary: "Gives more time: to decide about what waits, or to an exception that a person granted",
    notes: `The new end counts from now. Policy says how far it may be: limits.approvals.validHours for what waits, limits.exceptions.maxDays from its granting for an exception.
What is over can't be extended.

${DECIDE_NOTES}

${EXIT}`,
  },
  {
    finding: FINDING,
    reason: REASON,
    hours: { ...HOURS, description: "How many hours from now", required: true },
    ...DECIDE_ARGS,
  },
  (args) =>
    decide(
      {
        action: "extend",
        good: ["awaiting-approval", "exempt"],
        question: "Extend it?",
        follows: (_, hours) => [`its end is moved: it lasts ${until(hours, "longer")} from now`],
      },
      args,
    ),
);

/** `cordon close`: a storm is over by a person's word. */
export const close = command(
  {
    name: "close",
    summary: "Ends a storm, or settles the report of a key that fits nobody",
    notes: `Too many automatic changes for one cause are a storm, told by one critical finding (cordon findings --control cordon-changes-stay-within-limits). It ends by itself
once nothing was to be changed for a while. End it when every one of the changes is wanted: they are made at full speed again then, and counted anew.

The report of a key that fits no user, or is of root's (cordon findings --control iam-access-key-is-not-exposed), stays until somebody says that it is settled.

${DECIDE_NOTES}

${EXIT}`,
  },
  { finding: { ...FINDING, description: "The finding: a storm's, or a report's" }, reason: REASON, ...DECIDE_ARGS },
  (args) =>
    decide(
      {
        action: "close",
        good: ["compliant"],
        question: "End it?",
        follows: () => [
          "of a storm: what comes from now on is changed at full speed, and counted anew; what has its turn already keeps it, unless something happens to it before",
          "of a report: it counts as settled, and nothing is changed",
        ],
      },
      args,
    ),
);

/** `cordon aware`: the time of the law begins. */
export const aware = command(
  {
    name: "aware",
    summary: "Confirms that the organisation is aware of a breach: the time of the law begins",
    notes: `For findings that a clock of the policy runs for (tickets.personal, tickets.clocks): data of such a class may have moved. The first confirmation counts; nothing moves
or takes it back. It is kept as evidence with your name, and the ticket says when the time of each law ends. Nothing is changed in AWS.

${DECIDE_NOTES}

${EXIT}`,
  },
  { finding: FINDING, reason: REASON, ...DECIDE_ARGS },
  (args) =>
    decide(
      {
        action: "aware",
        good: [
          "compliant",
          "exempt",
          "observed",
          "awaiting-approval",
          "contained",
          "already-contained",
          "inconclusive",
        ],
        question: "Confirm that you are aware of a breach?",
        follows: () => ["the time of the law begins now, and the finding's ticket says when it ends"],
      },
      args,
    ),
);
