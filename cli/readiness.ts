import { catalogue } from "../controls/catalogue.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { JournalRecords, ReachedState } from "../shared/journal/records.ts";
import { parseInstant } from "../shared/policy/language/instants.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { Mode } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { endProgress, JOURNAL_SETTINGS, openRecords } from "./journal.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { KINDS_READ } from "./readiness-history.ts";
import { readinessOf } from "./readiness-report.ts";
import { describeReadiness } from "./readiness-text.ts";
import { isColoured } from "./table.ts";
import { assertKnown, valuesOf } from "./values.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

/** `cordon readiness`: what raising a control's mode would have changed, by what was observed (S4). */
export const readiness = command(
  {
    name: "readiness",
    summary: "What enforcing would have changed, for whom, by what was observed; and what was taken back since",
    notes: `Modes are raised step by step: observe, approve, enforce. Told is for every rule that gives a mode (the control's own, each scope with one, the
default where policy says nothing) what speaks against its next step, and the lines of policy that make it.

Counted are occurrences: findings that came to be observed or to await approval in the time, and those that still are, each until it ended. Of these
enforcing contains what is against policy, and leaves to a person what can't be decided. It is by what was decided then; nothing is judged anew. To
see what another policy would decide: cordon replay.
CORDON_MODE and the brake are told of as far as records tell that they held a control.

Not yet, for enforce: some would have waited for a person; people have taken containments back or were granted exceptions; a pipeline, told by its
agent, would set again what is changed; the same principal has brought it back before; more at once than limits.automaticChanges lets through.
Not yet, for approve: people have taken containments back or were granted exceptions.

People, and the reasons of exceptions, are shown only with --reveal. Options that take several values take them separated by commas.

${JOURNAL_SETTINGS}
${POLICY_SETTINGS}
It reads the whole table twice (dynamodb:Scan): evidence, then findings.

Exit code: 0 every rule asked about is ready, or has no mode above; 1 some are not, or nothing was observed, which proves nothing; 2 it could not be run.`,
  },
  {
    since: {
      type: "string",
      description: `From then on: a time such as 2026-03-01T00:00:00Z, or days such as 14d; ${DEFAULT_DAYS}d unless given`,
      valueHint: "time",
    },
    control: { type: "string", description: "Only these controls (cordon catalogue lists them)", valueHint: "id" },
    account: { type: "string", description: "Only resources in these accounts, 12 digits", valueHint: "id" },
    to: { type: "string", description: "To this mode, approve or enforce; else each rule's next", valueHint: "mode" },
    policy: { type: "string", description: "The policy file to go by", valueHint: "file" },
    json: { type: "boolean", description: "The same as JSON" },
    reveal: { type: "boolean", description: "Show also people, and why exceptions were granted" },
  },
  async (args) => {
    const nowMs = systemClock.nowMs();
    const sinceMs = sinceOf(args.since, nowMs);
    const to = modeAsked(args.to);
    const controls = valuesOf("control", args.control);
    const accounts = valuesOf("account", args.account);
    for (const account of accounts ?? [])
      if (!/^\d{12}$/.test(account)) throw new Error(`--account: found "${account}", expected 12 digits`);
    const { policy, from } = await policyInUse(args.policy, process.env);
    const { table, records } = openRecords(process.env);

    const { evidence, findings } = await readHistory(records, sinceMs);
    const seen = [...evidence, ...findings].map(({ controlId }) => controlId);
    assertKnown("control", "control", controls, [...catalogue.map(({ id }) => id), ...seen]);
    const isRevealed = args.reveal === true;
    const asked = { sinceMs, nowMs, controls, accounts, to, isRevealed, policy, from, catalogue };
    const report = readinessOf(evidence, findings, asked);
    process.stdout.write(
      args.json ? `${JSON.stringify({ table, ...report }, null, 2)}\n` : describeReadiness(report, isColoured()),
    );
    return report.ok ? exitCodes.fine : exitCodes.wrong;
  },
);

/** Evidence first: what comes in between is then known to stand, and none is taken for ended. */
async function readHistory(records: JournalRecords, sinceMs: number) {
  const evidence: ReachedState[] = [];
  const findings: FindingRecord[] = [];
  try {
    for await (const state of records.evidence({ kinds: KINDS_READ, sinceMs })) evidence.push(state);
    for await (const finding of records.findings()) findings.push(finding);
  } finally {
    endProgress();
  }
  return { evidence, findings };
}

/** Since when, as --since says it. Throws Error. Pure. */
export function sinceOf(text: string | undefined, nowMs: number): number {
  const days = /^(\d{1,4})d$/.exec(text ?? `${DEFAULT_DAYS}d`)?.[1];
  const sinceMs = days === undefined ? parseInstant(text ?? "") : nowMs - Number(days) * DAY_MS;
  if (sinceMs === undefined)
    throw new Error(
      `--since: found "${text}", expected a time with seconds and an offset, such as 2026-03-01T00:00:00Z, or days, such as 30d`,
    );
  if (sinceMs >= nowMs) throw new Error(`--since ${text} is not in the past: nothing can have been observed since`);
  return sinceMs;
}

function modeAsked(text: string | undefined): Mode | undefined {
  if (text === undefined) return undefined;
  assertKnown("to", "mode", [text], ["approve", "enforce"]);
  return text as Mode;
}
