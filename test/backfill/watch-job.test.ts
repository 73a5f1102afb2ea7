import { describe, expect, it } from "vitest";
import { describeEnd, describeProgress } from "../../cli/backfill-text.ts";
import { secondsLeft, watchJob } from "../../shared/backfill/watch-job.ts";
import { CordonError } from "../../shared/errors.ts";
import type { JobState } from "../../shared/resources/backfill-jobs.ts";

const JOB: JobState = {
  id: "j1",
  status: "Active",
  description: "",
  createdAtMs: 0,
  total: 4_000,
  succeeded: 990,
  failed: 10,
  activeSeconds: 60,
  failures: [],
  functionArn: undefined,
};
const SILENT = new CordonError("unavailable", "no answer");

/** A job that is each of these when it is looked at, the last for ever; and a clock that only notes how long it slept. */
function watched(...states: readonly (Partial<JobState> | undefined | Error)[]) {
  const slept: number[] = [];
  let looks = 0;
  const clock = { nowMs: () => 0, sleep: async (ms: number) => void slept.push(ms) };
  const describeJob = async () => {
    const state = states[Math.min(looks++, states.length - 1)];
    if (state instanceof Error) throw state;
    return state && { ...JOB, ...state };
  };
  const shown: string[] = [];
  const end = watchJob("j1", { describe: describeJob }, clock, ({ status }) => shown.push(status));
  return { end, slept, shown };
}

describe("watching a job", () => {
  it.each(["Complete", "Cancelled", "Failed", "Suspended", "Paused"] as const)("ends when it is %s", async (status) => {
    const { end, shown } = watched({ status: "Preparing" }, {}, { status: "Completing" }, { status });
    expect(await end).toMatchObject({ status });
    expect(shown).toEqual(["Preparing", "Active", "Completing", status]);
  });

  it("looks often at first, and never more seldom than every quarter of a minute", async () => {
    const { end, slept } = watched(...Array.from({ length: 15 }, () => ({})), { status: "Complete" });
    await end;
    expect(slept.slice(0, 3)).toEqual([200, 300, 450]);
    expect(slept.at(-1)).toBe(15_000);
  });

  it("outlasts some silence, but not for ever", async () => {
    const some = watched(...Array.from({ length: 8 }, () => SILENT), {}, SILENT, { status: "Complete" });
    expect(await some.end).toMatchObject({ status: "Complete" });
    await expect(watched(SILENT).end).rejects.toThrow("no answer");
  });

  it("ends at once when it may not look, or there is nothing to see", async () => {
    await expect(watched(new CordonError("denied", "refused")).end).rejects.toThrow("refused");
    await expect(watched(undefined).end).rejects.toThrow("there is no job j1");
  });
});

describe("progress", () => {
  it("shows how far a job has come, and how long it has to go at its pace", () => {
    expect(secondsLeft(JOB)).toBe(180);
    expect(describeProgress(JOB)).toBe(
      "[######..................] 25 %  1,000 of 4,000, 10 failed  Active, about 3 min left",
    );
    expect(describeProgress({ ...JOB, total: 0, succeeded: 0, failed: 0 })).toBe("Active: the list is read");
    for (const more of [{ activeSeconds: 0 }, { succeeded: 0, failed: 0 }, { succeeded: 3_990 }])
      expect(secondsLeft({ ...JOB, ...more })).toBeUndefined();
  });

  it.each<[string, Partial<JobState>, string]>([
    [
      "that went well",
      { status: "Complete", succeeded: 4_000, failed: 0 },
      "Job j1 is Complete: 4,000 objects, 4,000 looked at, 0 failed, in 60 s.\n",
    ],
    [
      "of which some failed, without a report",
      { status: "Complete" },
      "Job j1 is Complete: 4,000 objects, 990 looked at, 10 failed, in 60 s.\nWhich failed, and why, only a report tells: --report-bucket\n",
    ],
    [
      "that failed as a whole",
      { status: "Failed", total: 1, succeeded: 0, failed: 0, failures: ["AccessDenied: \u001b[31mno list"] },
      "Job j1 is Failed: 1 object, 0 looked at, 0 failed, in 60 s.\n  AccessDenied:  [31mno list\n",
    ],
    [
      "that waits for a confirmation",
      { status: "Suspended" },
      "Job j1 is Suspended: 4,000 objects, 990 looked at, 10 failed, in 60 s.\nIt waits to be confirmed: aws s3control update-job-status --account-id <account> --job-id j1 --requested-job-status Ready\nWhich failed, and why, only a report tells: --report-bucket\n",
    ],
  ])("tells the end of a job %s", (_, more, text) => {
    expect(describeEnd({ ...JOB, ...more })).toBe(text);
  });
});
