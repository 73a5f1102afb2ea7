import { openFolder } from "../folder.ts";
import type { Options } from "../options.ts";
import { progressOf } from "../progress.ts";
import { measureCold } from "./cold.ts";
import { measureDecisions } from "./decisions.ts";
import { traceEvaluated } from "./evaluated.ts";
import type { Examined } from "./examine.ts";
import { type PolicyFigure, policyFigures } from "./figures.ts";
import { defaultPolicy } from "./files.ts";

/** What deciding and loading policies came to. */
export interface PolicyReport {
  readonly runs: { readonly cold: number; readonly decisions: string };
  readonly figures: readonly PolicyFigure[];
  /** By the usual policy: findings by what is decided, and what a decision looks at on average. */
  readonly usual: Examined;
}

/**
 * Measures decisions by policies of several sizes, and loading them. Opens what that needs, and leaves nothing behind.
 *
 * @throws Error when something could not be measured, or is decided otherwise than expected
 */
export async function measurePolicy({ cold, decisions }: Options): Promise<PolicyReport> {
  const folder = await openFolder();
  try {
    const builtIn = await defaultPolicy();
    const evaluated = await traceEvaluated(folder, builtIn);
    const loads = await measureCold(folder, builtIn, { runs: cold, progress: progressOf("policies loaded") });
    progressOf("decisions");
    const decided = await measureDecisions(folder, builtIn, decisions);
    const { perSecond: _, ...usual } = decided.usual;
    return {
      runs: { cold, decisions: `${decisions.rounds} rounds of ${decisions.roundMs} ms after ${decisions.warmUp}` },
      figures: policyFigures(decided, loads, evaluated),
      usual,
    };
  } finally {
    await folder.remove();
  }
}
