import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Folder } from "../folder.ts";
import { type Contestant, handleOnce } from "../process.ts";
import { policyDocument } from "./documents.ts";
import { type PolicyFile, writePolicy } from "./files.ts";
import { bundleFunction, NO_EVENT } from "./functions.ts";
import type { Loaded, LoadTask } from "./load-runner.ts";
import { performInNewProcess } from "./new-process.ts";
import { builtInPlugin, withoutLanguagePlugin } from "./plugins.ts";

/** Milliseconds in new processes, run by run. */
export interface Cold {
  /** Loading the policy that is compiled into the bundle. */
  readonly builtIn: readonly number[];
  /** Loading 200 rules and 20 exceptions, compiled. */
  readonly compiled: readonly number[];
  /** The same from YAML. */
  readonly yaml: readonly number[];
  /** The same with conditions on ten of them, compiled. */
  readonly conditions: readonly number[];
  /** The function from before its import to its first answer, as it ships. */
  readonly shipped: readonly number[];
  /** The same without the policy language in its bundle. */
  readonly without: readonly number[];
}

export interface ColdOptions {
  /** New processes of each that count. */
  readonly runs: number;
  /** Told how many rounds are done, of how many. */
  progress(done: number, of: number): void;
}

/** The first round is for the disk. */
const WARM_UP = 1;

/**
 * Loads policies in new processes, in turn: forwards in one round, backwards in the next.
 *
 * @throws Error when one loads another policy than it is given
 */
export async function measureCold(folder: Folder, builtIn: ResidencyPolicy, options: ColdOptions): Promise<Cold> {
  const ways = await waysToStart(folder, builtIn);
  const names = Object.keys(ways) as (keyof Cold)[];
  const took: Record<keyof Cold, number[]> = {
    builtIn: [],
    compiled: [],
    yaml: [],
    conditions: [],
    shipped: [],
    without: [],
  };
  const rounds = WARM_UP + options.runs;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const ms = await ways[name]();
      if (round >= WARM_UP) took[name].push(ms);
    }
    options.progress(round + 1, rounds);
  }
  return took;
}

async function waysToStart(
  folder: Folder,
  builtIn: ResidencyPolicy,
): Promise<Readonly<Record<keyof Cold, () => Promise<number>>>> {
  const size = { rules: 200, exceptions: 20 };
  const plain = await writePolicy(folder, "override", policyDocument(size));
  const conditional = await writePolicy(folder, "override-cel", policyDocument({ ...size, isConditional: true }));
  const plugins = [builtInPlugin(builtIn)];
  const loader = await folder.bundle("bench/policy/load-runner.ts", "loader", plugins);
  const shipped = await bundleFunction(folder, "shipped", plugins);
  const without = await bundleFunction(folder, "without", [...plugins, withoutLanguagePlugin]);
  const load = (expected: Pick<PolicyFile, "digest"> & Partial<PolicyFile>) => async () => {
    const { file } = expected;
    const { ms, digest } = await performInNewProcess<LoadTask, Loaded>(loader, { ...(file !== undefined && { file }) });
    if (digest !== expected.digest) throw new Error(`expected policy ${expected.digest} to be loaded, found ${digest}`);
    return ms;
  };
  const start = (contestant: Contestant) => async () => (await handleOnce(contestant, NO_EVENT)).sinceImportMs;
  return {
    builtIn: load({ digest: builtIn.digest }),
    compiled: load(plain.compiled),
    yaml: load(plain.yaml),
    conditions: load(conditional.compiled),
    shipped: start(shipped),
    without: start(without),
  };
}
