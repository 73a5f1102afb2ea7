import { CordonError } from "../errors.ts";
import type { BackfillJobs, JobState, JobStatus } from "../resources/backfill-jobs.ts";
import type { Clock } from "../types.ts";

/** Over, or at rest until somebody does something. */
const RESTS: ReadonlySet<JobStatus> = new Set(["Complete", "Cancelled", "Failed", "Suspended", "Paused"]);
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 15_000;
/** AWS may be silent that often in a row before the watch ends; the job goes on all the same. */
const MAX_SILENCES = 8;

/**
 * Looks at a job until nothing more becomes of it by itself: often at first, later every quarter of a minute.
 *
 * @param shown gets the job each time it was looked at
 * @throws CordonError `malformed` when there is no such job, `denied`, `unavailable` when AWS goes on giving no answer
 */
export async function watchJob(
  id: string,
  jobs: Pick<BackfillJobs, "describe">,
  clock: Clock,
  shown: (job: JobState) => void,
): Promise<JobState> {
  let silences = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, MAX_WAIT_MS)) {
    try {
      const job = await jobs.describe(id);
      if (job === undefined)
        throw new CordonError("malformed", `there is no job ${id} in this account and Region (cordon backfill --list)`);
      silences = 0;
      shown(job);
      if (RESTS.has(job.status)) return job;
    } catch (error) {
      const isSilence = error instanceof CordonError && error.kind === "unavailable";
      if (!isSilence || ++silences > MAX_SILENCES) throw error;
    }
    await clock.sleep(waitMs);
  }
}

/** How long a job has still to go at the pace it had so far; undefined until that can be told, and at its end. Pure. */
export function secondsLeft({ total, succeeded, failed, activeSeconds }: JobState): number | undefined {
  const done = succeeded + failed;
  if (done === 0 || activeSeconds === 0 || done >= total) return undefined;
  return ((total - done) / done) * activeSeconds;
}
