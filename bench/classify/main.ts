/**
 * `npm run bench:classify`: how well the detectors that read objects tell values from what looks like them, how fast and in how much memory; and what tagging
 * an object costs above its AWS calls. Exit codes: 0 every limit is kept, 1 one is missed or something could not be measured, 2 wrong usage.
 */
import { measureObjects } from "../objects/measure.ts";
import { type Progress, progressOf } from "../progress.ts";
import { machineName } from "../report.ts";
import { measureAccuracy } from "./accuracy.ts";
import { measureMemory } from "./memory.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { holds, printReport, type Report } from "./report.ts";
import { measureSpeed } from "./speed.ts";

/** On a terminal only: what is written to a file has no use for it. */
const progressFor = (what: string): Progress => (process.stderr.isTTY === true ? progressOf(what) : () => {});

async function run(options: Options): Promise<Report> {
  const { parts, seed, perDetector, perNearMiss, megabytes, pairs, gigabytes } = options;
  return {
    machine: machineName(),
    node: process.version,
    // First, while the process has done nothing else.
    ...(parts.includes("memory") && { memory: measureMemory(gigabytes, progressFor("megabytes")) }),
    ...(parts.includes("accuracy") && { accuracy: measureAccuracy(seed, perDetector, perNearMiss) }),
    ...(parts.includes("speed") && { speed: measureSpeed(megabytes, pairs, progressFor("pairs")) }),
    ...(parts.includes("objects") && { objects: await measureObjects(options.objects, progressFor) }),
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
