import { parseArgs } from "node:util";
import type { ObjectOptions } from "../objects/measure.ts";

const PARTS = ["accuracy", "speed", "memory", "objects"] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: readonly Part[];
  readonly seed: number;
  /** Values of each detector, and of each kind of near-miss. */
  readonly perDetector: number;
  readonly perNearMiss: number;
  readonly megabytes: number;
  readonly pairs: number;
  readonly gigabytes: number;
  readonly objects: ObjectOptions;
  readonly isJson: boolean;
}

export const USAGE = `Measure the detectors that read objects: what they find of a labelled corpus, how fast, and in how much memory; and what tagging an object costs above
the AWS calls it makes, on an AWS account simulated on this machine.

  npm run bench:classify [-- options]

  --only <part>     ${PARTS.join(", ")}; all by default
  --runs <count>    pairs of the scanner and ten regular expressions over the same bytes, 7 by default
  --seed <number>   of the corpus, 1 by default: any seed has to keep the limits
  --quick           a smaller corpus, 16 MB and 512 MB instead of 64 MB and 5 GB, one short series of objects, whose times are not judged
  --profile <dir>   leave CPU profiles of the tagging of small objects there; their times are not judged
  --json            print JSON instead of tables (npm run --silent bench:classify -- --json)
  --help            this text

Exit codes: 0 every limit is kept, 1 one is missed or could not be measured, 2 wrong usage.
`;

/**
 * Reads the command line.
 *
 * @throws Error that says what is wrong with it
 */
export function readOptions(list: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...list],
    options: {
      only: { type: "string" },
      runs: { type: "string", default: "7" },
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  const { only, runs, seed, quick, profile, json, help } = values;
  if (help) return "help";
  const parts = PARTS.filter((part) => only === undefined || part === only);
  if (parts.length === 0) throw new Error(`--only is "${only}": expected ${PARTS.join(", ")}`);
  return {
    parts,
    seed: readWhole("--seed", seed, 0xffffffff),
    perDetector: quick ? 100 : 800,
    perNearMiss: quick ? 40 : 300,
    megabytes: quick ? 16 : 64,
    pairs: readWhole("--runs", runs, 100),
    gigabytes: quick ? 0.512 : 5,
    objects: {
      cold: quick ? 3 : 9,
      // A container lives for hours: what it compiles in its first thousand objects is the cold start's.
      warm: quick ? { rounds: 1, warmUp: 10, runs: 20 } : { rounds: 4, warmUp: 100, runs: 40 },
      sizeRounds: quick ? 1 : 3,
      ...(profile !== undefined && { profile }),
    },
    isJson: json,
  };
}

function readWhole(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new Error(`${name} is "${text}": expected 1 to ${most}`);
  return number;
}
