/**
 * `npm run bench`: what Cordon costs above the AWS calls themselves, as ratios against a floor measured in the same run. Exit codes: 0 every limit is
 * kept, 1 one is missed or something could not be measured, 2 wrong usage.
 */
import { parseArgs } from "node:util";
import { type Account, openAccount } from "./account.ts";
import { measureBudget } from "./budget.ts";
import { type Bundles, openBundles, readSizes } from "./bundles.ts";
import { openContestants } from "./contestants.ts";
import { figuresOf } from "./figures.ts";
import { type Both, type MeasureOptions, measureCold, measureWarm, type WarmRun } from "./measure.ts";
import type { Contestant } from "./process.ts";
import { holds, machineName, printReport, type Report } from "./report.ts";

/** Fewer new processes than this are not judged. */
const ENOUGH = 15;

const USAGE = `Measure what Cordon costs above the AWS calls it makes, on an AWS account simulated on this machine.

  npm run bench [-- options]

  --n <count>          cold starts of each, ${ENOUGH} by default; fewer are not judged
  --quick              5 cold starts and short series: a first impression, not judged
  --profile <folder>   leave CPU profiles of the warm processes there; not judged
  --json               print JSON instead of tables (npm run --silent bench -- --json)
  --help               this text

Only ratios and call counts are judged; bench/README.md says how. Close other programs first.
Exit codes: 0 every limit is kept, 1 one is missed or could not be measured, 2 wrong usage.
`;

interface Options {
  readonly cold: number;
  readonly warm: { readonly rounds: number; readonly runs: number };
  /** A container that lives long: by then Node has compiled what is used most. */
  readonly settled: { readonly warmUp: number; readonly runs: number };
  readonly profile?: string;
  readonly isJudged: boolean;
}

/** Says on stderr what is going on, on a terminal in one line. */
function progressOf(what: string): MeasureOptions["progress"] {
  const isLive = process.stderr.isTTY === true;
  if (!isLive) process.stderr.write(`${what} ...\n`);
  return (done, of) => {
    if (isLive) process.stderr.write(`\r${what} ${done}/${of}${done === of ? "\n" : ""}`);
  };
}

/** Opens what measuring needs, and leaves nothing behind. */
async function run(options: Options): Promise<Report> {
  const account = await openAccount();
  try {
    const bundles = await openBundles();
    try {
      return await measure(account, bundles, options);
    } finally {
      await bundles.remove();
    }
  } finally {
    await account.close();
  }
}

async function measure(
  account: Account,
  bundles: Bundles,
  { cold, warm, settled, profile, isJudged }: Options,
): Promise<Report> {
  const contestants = await openContestants(account, bundles);
  const { operations } = contestants;
  // Now: a build in between would take the bundles away.
  const sizes = await readSizes(contestants.floorBundle);
  const coldRuns = await measureCold(account, contestants, {
    runs: cold,
    warmUp: 2,
    operations,
    progress: progressOf("cold starts"),
  });
  const series: Both<readonly WarmRun[]>[] = [];
  // New processes each round: one and the same bundle settles a little differently each time.
  for (let round = 1; round <= warm.rounds; round++) {
    const progress = progressOf(`warm series ${round} of ${warm.rounds}`);
    const options = { runs: warm.runs, warmUp: 10, operations, progress };
    series.push(await measureWarm(account, profiled(contestants, profile), options));
  }
  const progress = progressOf("settled series");
  const settledRuns = await measureWarm(account, contestants, { ...settled, operations, progress });
  return {
    machine: machineName(),
    node: process.version,
    runs: {
      cold,
      warm: `${warm.rounds} x ${warm.runs} containments, settled: ${settled.runs} after ${settled.warmUp}`,
    },
    isJudged,
    figures: figuresOf(coldRuns, series, settledRuns),
    budget: await measureBudget(account, contestants.cordon),
    requestBytes: contestants.requestBytes,
    bundles: sizes,
  };
}

function profiled(contestants: Both<Contestant>, profileFolder: string | undefined): Both<Contestant> {
  if (profileFolder === undefined) return contestants;
  const { cordon, floor } = contestants;
  return { cordon: { ...cordon, profileFolder }, floor: { ...floor, profileFolder } };
}

function readOptions(list: readonly string[]): (Options & { readonly isJson: boolean }) | "help" {
  const { values } = parseArgs({
    args: [...list],
    options: {
      n: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  const { n, quick, profile, json, help } = values;
  if (help) return "help";
  const cold = Number(n ?? (quick ? 5 : ENOUGH));
  if (!Number.isInteger(cold) || cold < 1 || cold > 1_000) throw new Error(`--n is "${n}": expected 1 to 1000`);
  return {
    cold,
    warm: quick ? { rounds: 1, runs: 20 } : { rounds: 5, runs: 60 },
    settled: quick ? { warmUp: 60, runs: 20 } : { warmUp: 200, runs: 100 },
    isJudged: !quick && profile === undefined && cold >= ENOUGH,
    isJson: json,
    ...(profile !== undefined && { profile }),
  };
}

async function main(list: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(list);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (options === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    const report = await run(options);
    if (options.isJson) process.stdout.write(`${JSON.stringify({ ok: holds(report), ...report }, null, 2)}\n`);
    else printReport(report, process.stdout, process.stdout.isTTY === true && !process.env.NO_COLOR);
    return holds(report) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`Not measured: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
