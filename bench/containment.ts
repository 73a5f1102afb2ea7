import { type Account, openAccount } from "./account.ts";
import { type Budgeted, measureBudget } from "./budget.ts";
import { type Bundles, openBundles, readSizes } from "./bundles.ts";
import { openContestants } from "./contestants.ts";
import { type Figure, figuresOf } from "./figures.ts";
import { type Incidents, incidentsIn } from "./incidents.ts";
import { type Both, measureCold, measureWarm, type WarmRun } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Contestant } from "./process.ts";
import { progressOf } from "./progress.ts";

/** What containments came to. */
export interface ContainmentReport {
  readonly runs: { readonly cold: number; readonly warm: string };
  readonly figures: readonly Figure[];
  readonly budget: readonly Budgeted[];
  /** Bytes a containment sends, as JSON. */
  readonly requestBytes: number;
  /** Bytes by bundle. */
  readonly bundles: Readonly<Record<string, number>>;
}

/**
 * Measures containments against the floor. Opens what that needs, and leaves nothing behind.
 *
 * @throws Error when something could not be measured
 */
export async function measureContainment(options: Options): Promise<ContainmentReport> {
  const account = await openAccount();
  try {
    const incidents = incidentsIn(account);
    const bundles = await openBundles(incidents.functionName);
    try {
      return await measure(account, incidents, bundles, options);
    } finally {
      await bundles.remove();
    }
  } finally {
    await account.close();
  }
}

async function measure(
  account: Account,
  incidents: Incidents,
  bundles: Bundles,
  { cold, warm, settled, profile }: Options,
): Promise<ContainmentReport> {
  const contestants = await openContestants(account, bundles, incidents);
  const { operations } = contestants;
  const given = { account, job: incidents, contestants };
  // Now: a build in between would take the bundles away.
  const sizes = await readSizes(contestants.floorBundle);
  const coldRuns = await measureCold(given, {
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
    series.push(await measureWarm({ ...given, contestants: profiled(contestants, profile) }, options));
  }
  const progress = progressOf("settled series");
  const settledRuns = await measureWarm(given, { ...settled, operations, progress });
  return {
    runs: {
      cold,
      warm: `${warm.rounds} x ${warm.runs} containments, settled: ${settled.runs} after ${settled.warmUp}`,
    },
    figures: figuresOf(coldRuns, series, settledRuns),
    budget: await measureBudget(account, incidents, contestants.cordon),
    requestBytes: contestants.requestBytes,
    bundles: sizes,
  };
}

/** The same, leaving CPU profiles in a folder. */
export function profiled(contestants: Both<Contestant>, profileFolder: string | undefined): Both<Contestant> {
  if (profileFolder === undefined) return contestants;
  const { cordon, floor } = contestants;
  return { cordon: { ...cordon, profileFolder }, floor: { ...floor, profileFolder } };
}
