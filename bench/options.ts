import { parseArgs } from "node:util";

/** Fewer new processes than this are not judged. */
const ENOUGH = 15;

const PARTS = ["containment", "policy", "keys", "tickets"] as const;
export type BenchPart = (typeof PARTS)[number];

/** How much is measured. */
export interface Options {
  readonly parts: readonly BenchPart[];
  /** New processes of each kind. */
  readonly cold: number;
  readonly warm: { readonly rounds: number; readonly runs: number };
  /** A container that lives long: by then Node has compiled what is used most. */
  readonly settled: { readonly warmUp: number; readonly runs: number };
  /** Accounts of each kind that are looked through for keys, by each of the two. */
  readonly keyRounds: number;
  /** Findings in a burst, and containments while trackers are down. */
  readonly tickets: { readonly findings: number; readonly warm: { readonly rounds: number; readonly runs: number } };
  readonly decisions: { readonly warmUp: number; readonly rounds: number; readonly roundMs: number };
  readonly profile?: string;
  readonly isJudged: boolean;
  readonly isJson: boolean;
}

export const USAGE = `Measure what Cordon costs: a containment above the AWS calls it makes, on an AWS account simulated on this machine, its policy,
a look through the access keys of thousands of users, against a plain scan, and a burst of tickets.

  npm run bench [-- options]

  --only <part>        ${PARTS.join(", ")}; all of them by default
  --n <count>          cold starts of each kind, ${ENOUGH} by default; fewer are not judged
  --quick              5 cold starts and short series: a first impression, not judged
  --profile <folder>   leave CPU profiles of the warm containments there; not judged
  --json               print JSON instead of tables (npm run --silent bench -- --json)
  --help               this text

bench/README.md says what is judged and how. Close other programs first.
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
      n: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  const { only, n, quick, profile, json, help } = values;
  if (help) return "help";
  const parts = only === undefined ? PARTS : PARTS.filter((part) => part === only);
  if (parts.length === 0) throw new Error(`--only is "${only}": expected ${PARTS.join(", ")}`);
  const cold = Number(n ?? (quick ? 5 : ENOUGH));
  if (!Number.isInteger(cold) || cold < 1 || cold > 1_000) throw new Error(`--n is "${n}": expected 1 to 1000`);
  return {
    parts,
    cold,
    warm: quick ? { rounds: 1, runs: 20 } : { rounds: 5, runs: 60 },
    settled: quick ? { warmUp: 60, runs: 20 } : { warmUp: 200, runs: 100 },
    keyRounds: quick ? 1 : 3,
    tickets: quick
      ? { findings: 300, warm: { rounds: 1, runs: 20 } }
      : { findings: 10_000, warm: { rounds: 4, runs: 60 } },
    decisions: quick ? { warmUp: 3, rounds: 5, roundMs: 100 } : { warmUp: 5, rounds: 15, roundMs: 200 },
    isJudged: !quick && profile === undefined && cold >= ENOUGH,
    isJson: json,
    ...(profile !== undefined && { profile }),
  };
}
