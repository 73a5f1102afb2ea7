/**
 * `npm run bench`: what Cordon costs above the AWS calls themselves, as ratios against a floor measured in the same run, and what deciding by a policy and
 * loading one take, looking through an account's keys, and a burst of tickets. Exit codes: 0 every limit is kept, 1 one is missed or something could not be measured, 2 wrong usage.
 */
import { measureContainment } from "./containment.ts";
import { measureKeys } from "./keys/measure.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { measurePolicy } from "./policy/measure.ts";
import { progressOf } from "./progress.ts";
import { holds, machineName, printReport, type Report } from "./report.ts";
import { measureTickets } from "./tickets/measure.ts";

async function run(options: Options): Promise<Report> {
  const { parts, isJudged } = options;
  return {
    machine: machineName(),
    node: process.version,
    isJudged,
    ...(parts.includes("containment") && { containment: await measureContainment(options) }),
    ...(parts.includes("policy") && { policy: await measurePolicy(options) }),
    ...(parts.includes("tickets") && { tickets: await measureTickets(options.tickets, progressOf) }),
    ...(parts.includes("keys") && { keys: await measureKeys({ rounds: options.keyRounds }, progressOf) }),
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
