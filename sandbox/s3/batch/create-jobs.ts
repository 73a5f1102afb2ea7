import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventBridgeEvent } from "../../cloudtrail.ts";
import { allowsService } from "../../events/resource-policy.ts";
import type { PolicyDocument } from "../../iam/policy.ts";
import { rolePolicies } from "../../iam/role-policies.ts";
import type { Permission } from "../../operation.ts";
import type { Permissions } from "../../permissions.ts";
import type { Principal, PrincipalRegistry } from "../../principals.ts";
import type { Registry } from "../../stack/registry.ts";
import { advance, type EngineContext, finish } from "./engine.ts";
import { describeJobEvent } from "./job-events.ts";
import { ASSUMED_BY, type Jobs } from "./job-operations.ts";
import type { Job } from "./jobs.ts";

/** What jobs need of the account around them. */
export interface JobsContext extends Omit<EngineContext, "mayRole" | "changed"> {
  registry: Registry;
  permissions: Permissions;
  principals: PrincipalRegistry;
  createJobId(): string;
  createEventId(): string;
  /** Give CloudTrail's event to EventBridge. */
  record(event: EventBridgeEvent): void;
  /** Keep `settle` waiting for it. */
  during(work: () => Promise<void>): Promise<void>;
}

/** No jobs yet. What is created or confirmed begins by itself, after the answer to that call. */
export function createJobs(context: JobsContext): Jobs {
  const sessions = new Map<string, Principal>();
  const sessionOf = (job: Job): Principal => {
    const { name, account } = readRole(job);
    const policies = () => rolePolicies(context.registry, account, name);
    const session =
      sessions.get(job.id) ??
      context.principals.create({ type: "AssumedRole", name, account, sessionName: `s3-batch-${job.id}`, policies });
    sessions.set(job.id, session);
    return session;
  };
  const mayRole = (job: Job, permission: Permission): boolean => {
    const name = permission.resource
      .replace(/^arn:aws[a-z-]*:(?:s3:::|lambda:[^:]*:[^:]*:function:)/, "")
      .split("/")[0];
    const request = { region: job.region, at: context.now() };
    return (
      isTrusted(context.registry, job) &&
      context.permissions.refusal(sessionOf(job), permission, name ?? "", request) === undefined
    );
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

/** Whether the job's role lets S3 Batch Operations assume it; in an account without any role every one does. */
function isTrusted(registry: Registry, job: Job): boolean {
  const { name, account } = readRole(job);
  if (registry.list("AWS::IAM::Role", { account }).length === 0) return true;
  const role = registry.find("AWS::IAM::Role", name, account, "");
  if (role?.arn !== job.spec.roleArn) return false;
  const trust = role.properties.AssumeRolePolicyDocument as PolicyDocument;
  const keys = { "aws:SourceAccount": job.account, "aws:SourceArn": job.arn };
  return allowsService([trust], {
    caller: { service: ASSUMED_BY },
    action: "sts:AssumeRole",
    resource: job.spec.roleArn,
    keys,
  });
}

function readRole({ spec }: Job): { name: string; account: string } {
  return { name: spec.roleArn.split("/").at(-1) ?? "", account: spec.roleArn.split(":")[4] ?? "" };
}
