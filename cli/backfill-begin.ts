import { isAbove } from "../shared/backfill/estimate.ts";
import { planStart } from "../shared/backfill/plan-backfill.ts";
import type { JobSummary } from "../shared/resources/backfill-jobs.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { BackfillCell } from "./backfill-cell.ts";
import { type AskedBackfill, lookAhead, type Outlook } from "./backfill-look.ts";
import { describeOutlook } from "./backfill-text.ts";
import { lineOnTerminal, toPlain, watchToTheEnd } from "./backfill-watch.ts";
import { exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";

/** How a command goes about it. */
export interface How {
  readonly isJson: boolean;
  readonly isDry: boolean;
  readonly isSure: boolean;
  readonly isWatched: boolean;
  readonly maxUsd?: number;
}

/**
 * Shows what would be done, asks, has the engine make the job, and looks on. Gives the exit code.
 *
 * @throws Error for what is refused beforehand, or when there is nobody to ask; CordonError when AWS refuses or gives no answer
 */
export async function begin(asked: AskedBackfill, how: How, cell: BackfillCell): Promise<number> {
  const line = lineOnTerminal();
  const ahead = await lookAhead(asked, cell, (objects) => line(`${objects} objects counted`)).finally(() => line(""));
  const start = planStart(ahead.wanted, await cell.jobs.list(false), systemClock.nowMs());
  const outlook = start.kind === "create" ? { ...ahead, notes: [...ahead.notes, ...start.others.map(beside)] } : ahead;
  const preview = { engine: cell.engine.kind, ...outlook.wanted, estimate: outlook.estimate, notes: outlook.notes };
  const shown = `${describeOutlook(outlook, cell)}\n`;
  if (!how.isJson) process.stdout.write(shown);
  if (start.kind === "go-on") return goOn(start.job, how, cell, preview);
  checkCost(outlook, how.maxUsd);
  if (how.isDry) return end(how, { isDryRun: true, outcome: "possible", preview }, "It could be begun; nothing was.");
  if (!how.isSure) {
    // Stdout is the answer's.
    if (how.isJson) process.stderr.write(shown);
    if (!(await confirmed("Begin the job?"))) {
      end(how, { isDryRun: false, outcome: "refused", preview }, "You did not say yes; nothing was begun.");
      return exitCodes.wrong;
    }
  }
  const id = await cell.jobs.create(start.order);
  return follow(id, how, cell, { isDryRun: false, outcome: "begun", preview });
}

/** Nobody is asked: it was begun with somebody's yes. */
async function goOn(job: JobSummary, how: How, cell: BackfillCell, preview: object): Promise<number> {
  const { id, status } = job;
  const report = { isDryRun: how.isDry, outcome: "under-way", preview };
  if (how.isDry) {
    const told = `Job ${id} is under way for this (${status}): the command would look on.`;
    return end(how, { ...report, job: toPlain(job) }, told);
  }
  process.stderr.write(`Job ${id} is under way for this already.\n`);
  return follow(id, how, cell, report);
}

function beside({ id, status }: JobSummary): string {
  return `job ${id} is under way for something else of this bucket (${status}): what both list is looked at twice`;
}

function checkCost({ estimate }: Outlook, maxUsd: number | undefined): void {
  if (maxUsd === undefined) return;
  const above = isAbove(estimate, maxUsd);
  if (above === undefined)
    throw new Error(
      "--max-usd: not all objects were counted, so that the most it may cost is not known; expected --count-all",
    );
  if (above)
    throw new Error(
      `it may cost ${estimate.totalUsd.most.toFixed(2)} USD; expected at most ${maxUsd}, as --max-usd says`,
    );
}

async function follow(id: string, how: How, cell: BackfillCell, more: object): Promise<number> {
  process.stderr.write(
    `Job ${id} goes on by itself. To look on: cordon backfill --job ${id}   To stop it: cordon backfill --job ${id} --cancel\n`,
  );
  if (!how.isWatched) return end(how, { ...more, job: { id } }, `Job ${id} is begun.`);
  return watchToTheEnd(id, cell, { isJson: how.isJson, more });
}

/** The answer, as JSON or for people. */
export function end({ isJson }: How, report: object, text: string): number {
  process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : `${text}\n`);
  return exitCodes.fine;
}
