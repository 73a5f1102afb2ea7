import { openAccount } from "../account.ts";
import { openBundles } from "../bundles.ts";
import { profiled } from "../containment.ts";
import { openContestants } from "../contestants.ts";
import { type Figure, isKept } from "../figures.ts";
import { type Both, type Given, measureCold, measureWarm, type WarmRun } from "../measure.ts";
import type { Progress } from "../progress.ts";
import { type CallsOfCase, countCalls, isWithinCalls } from "./calls.ts";
import { createdObjectsIn, enforcingPolicy, FUNCTION } from "./created-objects.ts";
import { objectFigures } from "./figures.ts";
import { isFlatFor, measureSizes, type OfSize } from "./memory.ts";

/** How much is measured. */
export interface ObjectOptions {
  /** New processes of each kind. */
  readonly cold: number;
  /** Deliveries. */
  readonly warm: { readonly rounds: number; readonly warmUp: number; readonly runs: number };
  /** Processes of each size. */
  readonly sizeRounds: number;
  /** Where CPU profiles of the warm series are to be left. */
  readonly profile?: string;
}

/** What tagging objects came to. */
export interface ObjectsReport {
  readonly runs: { readonly cold: number; readonly warm: string };
  /** False when there were too few runs, or profiled ones: times are then shown and not judged. */
  readonly isJudged: boolean;
  readonly figures: readonly Figure[];
  readonly calls: readonly CallsOfCase[];
  readonly sizes: readonly OfSize[];
  /** Bytes that tagging an object sends, as JSON. */
  readonly requestBytes: number;
}

/** Fewer series than this are not judged. */
const ENOUGH_ROUNDS = 3;

/**
 * Measures the built tag-objects against a floor that makes its calls. Opens what that needs, and leaves nothing behind.
 *
 * @throws Error when something could not be measured
 */
export async function measureObjects(
  options: ObjectOptions,
  progressFor: (what: string) => Progress,
): Promise<ObjectsReport> {
  const account = await openAccount();
  try {
    const bundles = await openBundles(FUNCTION);
    try {
      const job = createdObjectsIn(account, await enforcingPolicy(bundles.folder));
      const contestants = await openContestants(account, bundles, job);
      const { operations, requestBytes, cordon } = contestants;
      const { cold, warm, sizeRounds, profile } = options;
      const given: Given = { account, job, contestants };
      const series = await measureSeries(
        { ...given, contestants: profiled(contestants, profile) },
        { ...options, operations },
        progressFor,
      );
      const coldRuns = await measureCold(given, {
        runs: cold,
        warmUp: 1,
        operations,
        progress: progressFor("first objects"),
      });
      return {
        runs: { cold, warm: `${warm.rounds} x ${warm.runs} batches of ${job.perDelivery}` },
        isJudged: profile === undefined && warm.rounds >= ENOUGH_ROUNDS,
        figures: objectFigures(coldRuns, series, job.perDelivery),
        calls: await countCalls(account, job, cordon),
        sizes: await measureSizes(job, cordon, sizeRounds, progressFor("objects of each size")),
        requestBytes,
      };
    } finally {
      await bundles.remove();
    }
  } finally {
    await account.close();
  }
}

/** New processes each round: one and the same bundle settles a little differently each time. */
async function measureSeries(
  given: Given,
  { warm, operations }: ObjectOptions & { readonly operations: readonly string[] },
  progressFor: (what: string) => Progress,
): Promise<readonly Both<readonly WarmRun[]>[]> {
  const series: Both<readonly WarmRun[]>[] = [];
  for (let round = 1; round <= warm.rounds; round++) {
    const progress = progressFor(`batches, series ${round} of ${warm.rounds}`);
    series.push(await measureWarm(given, { ...warm, operations, progress }));
  }
  return series;
}

/** Whether nothing that is judged misses its limit. Calls and memory are judged however few the runs. Pure. */
export function areObjectsKept({ isJudged, figures, calls, sizes }: ObjectsReport): boolean {
  return calls.every(isWithinCalls) && sizes.every(isFlatFor) && (!isJudged || figures.every(isKept));
}
