import { type Account, asBatch, assertContained } from "./account.ts";
import { type Contestant, handleOnce, startProcess, type Timed } from "./process.ts";
import { operationsOf } from "./same-calls.ts";
import { inTurn } from "./statistics.ts";

/** The two that are compared, or something of each. */
export interface Both<Value> {
  readonly cordon: Value;
  readonly floor: Value;
}

export interface MeasureOptions {
  /** Counted containments of each. */
  readonly runs: number;
  /** Containments of each that come first and don't count. */
  readonly warmUp: number;
  /** The calls that each containment has to make, sorted. */
  readonly operations: readonly string[];
  /** Told how many pairs are done, of how many. */
  progress(done: number, of: number): void;
}

/** One containment in a warm process. */
export interface WarmRun {
  /** Since the answer before, so that what goes on behind an answer (compiling, collecting garbage) counts too. */
  readonly cpuMs: number;
  readonly waitedMs: number;
  /** Of the process, so far. */
  readonly peakMb: number;
}

/**
 * First containments, each in a new process. The warm-up is the sandbox's and the disk's.
 *
 * @throws Error when one did not contain, or made other calls
 */
export async function measureCold(
  account: Account,
  contestants: Both<Contestant>,
  options: MeasureOptions,
): Promise<Both<readonly Timed[]>> {
  const timed = { cordon: [] as Timed[], floor: [] as Timed[] };
  await takeTurns(options, async (who, isCounted) => {
    const handled = await contain(account, options, (batch) => handleOnce(contestants[who], batch));
    if (isCounted) timed[who].push(handled);
  });
  return timed;
}

/**
 * One containment after the other in one process of each.
 *
 * @throws Error when one did not contain, or made other calls
 */
export async function measureWarm(
  account: Account,
  contestants: Both<Contestant>,
  options: MeasureOptions,
): Promise<Both<readonly WarmRun[]>> {
  const processes = { cordon: startProcess(contestants.cordon), floor: startProcess(contestants.floor) };
  const runs = { cordon: [] as WarmRun[], floor: [] as WarmRun[] };
  const cpuMs = { cordon: 0, floor: 0 };
  try {
    await takeTurns(options, async (who, isCounted) => {
      const timed = await contain(account, options, (batch) => processes[who].handle(batch));
      if (isCounted) runs[who].push({ ...timed, cpuMs: timed.cpuMs - cpuMs[who] });
      cpuMs[who] = timed.cpuMs;
    });
  } finally {
    await Promise.all(Object.values(processes).map((each) => each.end()));
  }
  return runs;
}

async function takeTurns(
  { runs, warmUp, progress }: MeasureOptions,
  act: (who: keyof Both<unknown>, isCounted: boolean) => Promise<void>,
): Promise<void> {
  for (let pair = 0; pair < warmUp + runs; pair++) {
    for (const who of inTurn(pair)) await act(who, pair >= warmUp);
    progress(pair + 1, warmUp + runs);
  }
}

/** Has a new incident contained, and makes sure of it. */
async function contain(
  account: Account,
  { operations }: MeasureOptions,
  handle: (batch: object) => Promise<Timed>,
): Promise<Timed> {
  const incident = await account.createIncident();
  account.sandbox.clearCalls();
  const timed = await handle(asBatch(incident));
  assertContained(account, incident, timed.result);
  const made = operationsOf(account.sandbox.calls);
  if (made.join() !== operations.join()) throw new Error(`expected the calls ${operations}, found ${made}`);
  return timed;
}
