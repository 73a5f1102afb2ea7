import type { Account } from "./account.ts";
import type { Job } from "./job.ts";
import { type Contestant, handleOnce, startProcess, type Timed } from "./process.ts";
import { operationsOf } from "./same-calls.ts";
import { inTurn } from "./statistics.ts";

/** The two that are compared, or something of each. */
export interface Both<Value> {
  readonly cordon: Value;
  readonly floor: Value;
}

/** Who is measured, at what, where. */
export interface Given {
  readonly account: Account;
  readonly job: Job;
  readonly contestants: Both<Contestant>;
}

export interface MeasureOptions {
  /** Counted deliveries to each. */
  readonly runs: number;
  /** Deliveries to each that come first and don't count. */
  readonly warmUp: number;
  /** The calls that each thing of a delivery has to make, sorted. */
  readonly operations: readonly string[];
  /** Told how many pairs are done, of how many. */
  progress(done: number, of: number): void;
}

/** One delivery to a warm process. */
export interface WarmRun {
  /** Since the answer before, so that what goes on behind an answer (compiling, collecting garbage) counts too. */
  readonly cpuMs: number;
  readonly waitedMs: number;
  /** Of the process, so far. */
  readonly peakMb: number;
}

/**
 * First things done, each in a new process. The warm-up is the sandbox's and the disk's.
 *
 * @throws Error when one was not done, or made other calls
 */
export async function measureCold(given: Given, options: MeasureOptions): Promise<Both<readonly Timed[]>> {
  const timed = { cordon: [] as Timed[], floor: [] as Timed[] };
  await takeTurns(options, async (who, isCounted) => {
    const handled = await deliver(given, 1, options, (batch) => handleOnce(given.contestants[who], batch));
    if (isCounted) timed[who].push(handled);
  });
  return timed;
}

/**
 * One delivery after the other to one process of each.
 *
 * @throws Error when one was not done, or made other calls
 */
export async function measureWarm(given: Given, options: MeasureOptions): Promise<Both<readonly WarmRun[]>> {
  const { contestants, job } = given;
  const processes = { cordon: startProcess(contestants.cordon), floor: startProcess(contestants.floor) };
  const runs = { cordon: [] as WarmRun[], floor: [] as WarmRun[] };
  const cpuMs = { cordon: 0, floor: 0 };
  try {
    await takeTurns(options, async (who, isCounted) => {
      const timed = await deliver(given, job.perDelivery, options, (batch) => processes[who].handle(batch));
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

/** Has something new done, and makes sure of it. */
async function deliver(
  { account: { sandbox }, job }: Given,
  count: number,
  { operations }: MeasureOptions,
  handle: (batch: object) => Promise<Timed>,
): Promise<Timed> {
  const { batch, assertDone } = await job.next(count);
  sandbox.clearCalls();
  const timed = await handle(batch);
  assertDone(timed.result);
  const made = operationsOf(sandbox.calls, job.occasional);
  const expected = operations.flatMap((operation) => Array<string>(count).fill(operation));
  if (made.join() !== expected.join()) throw new Error(`expected the calls ${expected}, found ${made}`);
  return timed;
}
