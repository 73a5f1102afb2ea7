import { watchJob } from "../shared/backfill/watch-job.ts";
import type { JobState } from "../shared/resources/backfill-jobs.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { BackfillCell } from "./backfill-cell.ts";
import { describeEnd, describeProgress } from "./backfill-text.ts";
import { exitCodes } from "./command.ts";

/** A line on stderr that is written over, where somebody looks on. */
export function lineOnTerminal(stream: NodeJS.WriteStream = process.stderr): (text: string) => void {
  if (stream.isTTY !== true) return () => {};
  return (text) => void stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`);
}

/** Looks on until a job is over, tells how it ended, and gives the exit code. Throws CordonError as `watchJob`. */
export async function watchToTheEnd(
  id: string,
  { jobs }: BackfillCell,
  {
    isJson,
    isCancelled = false,
    more = {},
  }: { readonly isJson: boolean; readonly isCancelled?: boolean; readonly more?: object },
): Promise<number> {
  const line = lineOnTerminal();
  const job = await watchJob(id, jobs, systemClock, (state) => line(describeProgress(state))).finally(() => line(""));
  process.stdout.write(isJson ? `${JSON.stringify({ ...more, job: toPlain(job) }, null, 2)}\n` : describeEnd(job));
  const isWell = isCancelled ? job.status === "Cancelled" : job.status === "Complete" && job.failed === 0;
  return isWell ? exitCodes.fine : exitCodes.wrong;
}

/** A job as JSON tells it. Pure. */
export function toPlain({ createdAtMs, ...job }: Pick<JobState, "createdAtMs">): object {
  return { ...job, createdAt: new Date(createdAtMs).toISOString() };
}
