import { readFile, stat } from "node:fs/promises";
import { describeError } from "../shared/errors.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { asObject, parseJson } from "../shared/signals/shapes.ts";
import { command, exitCodes } from "./command.ts";
import { type ExplainReport, explainOutcomes, explainRecord } from "./explain-report.ts";
import { describeExplained } from "./explain-text.ts";
import { openJournal } from "./journal.ts";
import { judgeEvent, triedControls } from "./judge-event.ts";
import { type Environment, LIVE_NOTES, openLive } from "./live.ts";
import { POLICY_SETTINGS, type PolicyInUse, policyInUse } from "./policy-in-use.ts";
import { isColoured } from "./table.ts";

const FINDING_ID = /^f-[0-9a-f]{20}$/;
/** One event is small; for a log file there is `replay`. */
const MAX_BYTES = 10_000_000;

interface Options {
  readonly world: string | undefined;
  readonly policy: string | undefined;
  readonly isRevealed: boolean;
}

/** `cordon explain`: why something is decided as it is, or was (S3). */
export const explain = command(
  {
    name: "explain",
    summary: "Why: the rule, the facts and the exceptions behind a decision, for an event or a recorded finding",
    notes: `Of an event it is told what would be decided now, by live state, without changing or recording anything. It is judged as deployed but for a deployment's
CORDON_MODE and brake, which are not considered.
Of a finding (f- and 20 hex digits) it is told what was decided, from its record in CORDON_TABLE alone (dynamodb:GetItem); what "cordon findings --json" prints is explained, too.

${LIVE_NOTES}
${POLICY_SETTINGS} A record's decision is never made anew.

Exit code: 0 explained, 1 the event was refused or is none of the controls', 2 it could not be run or AWS gave no answer.`,
  },
  {
    what: {
      type: "positional",
      description: "A file with an event or a finding, as JSON; or a finding's id",
      required: true,
    },
    world: { type: "string", description: "A world in a file in place of AWS", valueHint: "file" },
    policy: { type: "string", description: "The policy's YAML, or as cordon compile wrote it", valueHint: "file" },
    reveal: { type: "boolean", description: "Show what is hidden otherwise: principals, prefixes, tags" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const { env } = process;
    const options: Options = { world: args.world, policy: args.policy, isRevealed: args.reveal === true };
    const report = await reportOn(args.what, options, env);
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : describeExplained(report, isColoured()));
    return exitCodeOf(report);
  },
);

async function reportOn(what: string, options: Options, env: Environment): Promise<ExplainReport> {
  if (FINDING_ID.test(what)) {
    const record = await openJournal(env).readFinding(what);
    const table = env.CORDON_TABLE?.trim() ?? "";
    if (record === undefined) throw new Error(`there is no finding ${what} in ${table}; cordon findings lists them`);
    return explainRecords([record], `the record in ${table}`, options, env);
  }
  const content = await readJson(what);
  const records = recordsIn(content);
  if (records !== undefined) return explainRecords(records, `the record in ${what}`, options, env);
  const { policy, from } = await policyInUse(options.policy, env);
  const { source, ports, journalled } = await openLive(options.world, env, systemClock);
  const nowMs = systemClock.nowMs();
  const outcomes = await judgeEvent(content, { controls: triedControls, ports, policy, nowMs, journalled });
  const at = new Date(nowMs).toISOString();
  return explainOutcomes(outcomes, policy, { source, at, from, isRevealed: options.isRevealed });
}

/** Nobody is asked for anything else: the policy at hand only gives its name, should it be the one that decided. */
async function explainRecords(
  records: readonly FindingRecord[],
  source: string,
  options: Options,
  env: Environment,
): Promise<ExplainReport> {
  if (options.world !== undefined)
    throw new Error("--world is for events: what was decided of a finding is in its record");
  const atHand = await policyAtHand(options, env);
  return {
    policy: atHand === undefined ? null : { name: atHand.policy.name, digest: atHand.policy.digest, from: atHand.from },
    source,
    at: new Date(systemClock.nowMs()).toISOString(),
    findings: records.map((record) => explainRecord(record, options.isRevealed)),
    nothingThere: [],
    undecided: [],
  };
}

/** A policy that can't be read is no reason not to explain a record, unless it was asked for. */
async function policyAtHand({ policy }: Options, env: Environment): Promise<PolicyInUse | undefined> {
  if (policy !== undefined) return policyInUse(policy, env);
  return policyInUse(undefined, env).catch(() => undefined);
}

async function readJson(file: string): Promise<unknown> {
  const text = await readText(file).catch((error: unknown) => {
    throw new Error(
      `${file} can't be read: ${describeError(error)}; expected a file with an event, or a finding's id (f- and 20 hex digits)`,
    );
  });
  const parsed = parseJson(text.replace(/^\uFEFF/, ""));
  if (!parsed.ok)
    throw new Error(`${file} is not JSON; expected one event, or a finding as cordon findings --json prints it`);
  if (asObject(parsed.value) === undefined && recordsIn(parsed.value) === undefined)
    throw new Error(`${file} holds no single event; for many there is: cordon replay ${file}`);
  return parsed.value;
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_BYTES)
    throw new Error(`found ${size} bytes, expected ${MAX_BYTES} at most; for log files there is cordon replay`);
  return readFile(file, "utf8");
}

/** The findings in a document: one by itself, a list, or what `findings --json` prints. Undefined: it is something else. */
function recordsIn(content: unknown): readonly FindingRecord[] | undefined {
  const held = asObject(content)?.findings ?? content;
  const all: readonly unknown[] = Array.isArray(held) ? held : [held];
  if (all.length === 0 || !all.every((each) => FINDING_ID.test(String(asObject(each)?.id)))) return undefined;
  for (const each of all) {
    const decision = asObject(asObject(each)?.decision);
    if (asObject(decision?.explanation) === undefined)
      throw new Error(
        `the finding ${String(asObject(each)?.id)} has no explanation with its decision; expected one as this version records it`,
      );
  }
  return all as readonly FindingRecord[];
}

function exitCodeOf({ findings, nothingThere, undecided }: ExplainReport): number {
  const has = (kind: string) => undecided.some((each) => each.kind === kind);
  if (has("failed")) return exitCodes.unusable;
  const isExplained = findings.length + nothingThere.length > 0 || has("absent");
  return isExplained && !has("refused") ? exitCodes.fine : exitCodes.wrong;
}
