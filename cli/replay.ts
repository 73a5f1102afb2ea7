import { resolve } from "node:path";
import { INSTANT, parseInstant } from "../shared/policy/language/instants.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { command, exitCodes } from "./command.ts";
import { triedControls } from "./judge-event.ts";
import { LIVE_NOTES, openLive } from "./live.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { progressOn } from "./progress.ts";
import { type FoundFiles, findFiles } from "./replay-files.ts";
import { describeReplay, reportOf } from "./replay-report.ts";
import { replayFiles } from "./replay-run.ts";
import { isColoured } from "./table.ts";

/** S3 and STS take far more; a trail of a day has a few hundred events that are heard. */
const AT_A_TIME = 4;
const MOST_AT_A_TIME = 64;

/** `cordon replay`: what Cordon would have made of recorded events, without changing or recording anything. */
export const replay = command(
  {
    name: "replay",
    summary: "What Cordon would do about recorded events, by live state, without changing anything",
    notes: `Events: CloudTrail's log files as it delivers them to S3 (gzipped or not), one event, a list, one a line, events in EventBridge's envelope, what
"aws cloudtrail lookup-events" prints, AWS Config's snapshots. In a folder, files named *.json, *.jsonl and *.ndjson, also with .gz, are read.
Make a copy with: aws s3 sync s3://<trail's bucket>/AWSLogs <folder>

An event only points: what is judged is how the resource stands now, each time an event about it comes. The pipeline runs as deployed, in observe mode and
with a journal in memory; shown is what policy would have done by itself. A deployment's CORDON_MODE and brake are not considered.

${LIVE_NOTES}
${POLICY_SETTINGS}

Exit code: 0 nothing is against policy, 1 something is, or something was refused or could not be told, 2 it could not be run.`,
  },
  {
    events: {
      type: "positional",
      description: "A file, a folder, or a glob in quotes; further ones may follow",
      required: true,
    },
    since: { type: "string", description: "Only events from then on, such as 2026-03-01T00:00:00Z", valueHint: "time" },
    until: { type: "string", description: "Only events before then", valueHint: "time" },
    world: { type: "string", description: "A world in a file in place of AWS", valueHint: "file" },
    policy: { type: "string", description: "The policy's YAML, or as cordon compile wrote it", valueHint: "file" },
    concurrency: {
      type: "string",
      description: `Events under way at a time, 1 to ${MOST_AT_A_TIME}; ${AT_A_TIME} unless given`,
      valueHint: "number",
    },
    reveal: { type: "boolean", description: "Show what is hidden otherwise: principals, prefixes, tags" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const { env } = process;
    const sinceMs = instantIn("since", args.since);
    const untilMs = instantIn("until", args.until);
    if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
      throw new Error(`--since ${args.since} is not before --until ${args.until}: no event can be in between`);
    const concurrency = concurrencyIn(args.concurrency);
    const { policy, from } = await policyInUse(args.policy, env);
    const found = await findAll(args._, args.world);
    const live = await openLive(args.world, env, systemClock);
    const totalBytes = found.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const progress = progressOn(process.stderr, totalBytes, systemClock);
    const outcome = await replayFiles(found.files, {
      controls: triedControls,
      live,
      policy,
      clock: systemClock,
      concurrency,
      ...(sinceMs !== undefined && { sinceMs }),
      ...(untilMs !== undefined && { untilMs }),
      onProgress: progress.at,
    }).finally(progress.end);
    const at = new Date(systemClock.nowMs()).toISOString();
    const report = reportOf(outcome, found, policy, {
      source: live.source,
      at,
      from,
      isRevealed: args.reveal === true,
    });
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : describeReplay(report, isColoured()));
    return report.ok ? exitCodes.fine : exitCodes.wrong;
  },
  { takesMore: true },
);

/** All that several words stand for, each file once; the world often lies beside the events. */
async function findAll(words: readonly string[], world: string | undefined): Promise<FoundFiles> {
  const found: FoundFiles[] = [];
  for (const word of words) found.push(await findFiles(word));
  const files = new Map(found.flatMap((each) => each.files.map((file) => [resolve(file.path), file] as const)));
  if (world !== undefined) files.delete(resolve(world));
  return {
    files: [...files.values()],
    others: found.reduce((sum, { others }) => sum + others, 0),
    links: found.flatMap(({ links }) => links),
    refused: found.flatMap(({ refused }) => refused),
  };
}

function instantIn(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = INSTANT.test(text) ? parseInstant(text) : undefined;
  if (instant === undefined)
    throw new Error(
      `--${option} is "${text}": expected a time with seconds and an offset, such as 2026-03-01T00:00:00Z`,
    );
  return instant;
}

function concurrencyIn(text: string | undefined): number {
  const count = Number(text ?? AT_A_TIME);
  if (!Number.isInteger(count) || count < 1 || count > MOST_AT_A_TIME)
    throw new Error(`--concurrency is "${text}": expected a whole number from 1 to ${MOST_AT_A_TIME}`);
  return count;
}
