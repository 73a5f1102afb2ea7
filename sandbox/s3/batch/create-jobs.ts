import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventBridgeEvent } from "../../cloudtrail.ts";
import type { MayService } from "../../iam/service-roles.ts";
import { advance, type EngineContext, finish } from "./engine.ts";
import { describeJobEvent } from "./job-events.ts";
import { ASSUMED_BY, type Jobs } from "./job-operations.ts";
import type { Job } from "./jobs.ts";

/** What jobs need of the account around them. */
export interface JobsContext extends Omit<EngineContext, "mayRole" | "changed"> {
  mayService: MayService;
  createJobId(): string;
  createEventId(): string;
  /** Give CloudTrail's event to EventBridge. */
  record(event: EventBridgeEvent): void;
  /** Keep `settle` waiting for it. */
  during(work: () => Promise<void>): Promise<void>;
}

/** No jobs yet. What is created or confirmed begins by itself, after the answer to that call. */
export function createJobs(context: JobsContext): Jobs {
  const mayRole: EngineContext["mayRole"] = ({ id, arn, account, region, spec }, permission) => {
    const source = { sourceArn: arn, sourceAccount: account, region, sessionName: `s3-batch-${id}` };
    return context.mayService({ roleArn: spec.roleArn, service: ASSUMED_BY, ...source }, permission);
  };
  const tell = (eventName: "JobCreated" | "JobStatusChanged") => (job: Job) =>
    context.record(describeJobEvent(eventName, job, context.now(), context.createEventId));
  const changed = tell("JobStatusChanged");
  const engine: EngineContext = { ...context, mayRole, changed };
  return {
    list: [],
    created: tell("JobCreated"),
    changed,
    createId: context.createJobId,
    advance: (job) =>
      void context.during(async () => {
        await nextTurn();
        try {
          await advance(job, engine);
        } catch (error) {
          job.failures.push({ code: "InternalError", reason: String(error) });
          job.endedAt = context.now();
          job.status = "Failed";
          changed(job);
        }
      }),
    finish: (job) => finish(job, engine),
  };
}
