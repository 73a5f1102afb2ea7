import { readFileSync } from "node:fs";
import { type AttributeValue, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { SQSBatchResponse } from "aws-lambda";
import { onTestFinished } from "vitest";
import { parse } from "yaml";
import { catalogue } from "../../controls/catalogue.ts";
import { type Sandbox, seedWorld, startSandbox, type World } from "../../sandbox/index.ts";
import type { Accounts } from "../../shared/aws/accounts.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Control } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import type { Overlooks } from "../../shared/deployment/evidence-bucket.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { EvidenceRecord, FindingRecord, ResourceRecord } from "../../shared/journal/journal.ts";
import { findingKey } from "../../shared/journal/keys.ts";
import { resolveUser } from "../../shared/keys/resolve-user.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { withoutConditions } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { controlHandler, signalHandler } from "../../shared/runtime/handler.ts";
import { messagesVia } from "../../shared/runtime/messages.ts";
import { withObjects } from "../../shared/runtime/wire-objects.ts";
import { withUsers } from "../../shared/runtime/wire-users.ts";
import { eventsOf } from "../../shared/signals/control-events.ts";
import { keyEvents } from "../../shared/signals/iam-key-events.ts";
import { parseLook } from "../../shared/signals/look.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import type { Clock, Mode, ResourceRef, Result, Signal } from "../../shared/types.ts";
import { lambdaContext, START_MS } from "./events.ts";
import { type CaseRole, type CaseUser, caseRoleRef, seedRoles, seedUsers } from "./iam-cases.ts";

/** Somebody who may decide, proved, and who has caused nothing. */
export const DATA_PROTECTION_OFFICER = {
  kind: "proved",
  caller: { arn: "arn:aws:iam::111122223333:user/data-protection-officer" },
  how: "a test",
} as const;

/** For looks of controls that read the same whatever is asked. */
export const UNASKED = undefined as never;

const root = new URL("../../", import.meta.url);

/** Most stages have one of few policies, and to compile one takes longer than to open a sandbox. */
const compiled = new Map<string, PolicyInForce>();

/** The shipped EU policy with JSON merge patches (RFC 7396) over its YAML. */
export function policyWith(...patches: readonly unknown[]): PolicyInForce {
  const text = JSON.stringify(policyDocument(...patches));
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const parsed = parsePolicy(text, "policy.yaml", catalogue);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const policy = withoutConditions(parsed.policy);
  if (compiled.size < 100) compiled.set(text, policy);
  return policy;
}

/** A patch by which eu-only data may live in one Region alone. */
export const ONLY_FRANKFURT = {
  classifications: [
    {
      name: "eu-only",
      rank: 50,
      residency: ["eu-central-1"],
      recognisedBy: [{ tag: { key: "data-residency", value: "eu-only" } }],
    },
  ],
};

/** `policyWith` as a document, before it is compiled. */
export function policyDocument(...patches: readonly unknown[]): unknown {
  shipped ??= parse(readFileSync(new URL("policies/eu-gdpr.yaml", root), "utf8"));
  return patches.reduce((last, patch) => mergePatch(last, patch ?? {}), structuredClone(shipped));
}

let shipped: unknown;

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(target as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

export interface StageOptions {
  readonly world: World & { readonly users?: readonly CaseUser[]; readonly roles?: readonly CaseRole[] };
  readonly policy?: unknown;
  readonly mode?: Mode;
  /** Actions that AWS denies to the function. */
  readonly denied?: readonly string[];
  /** It outlasts the test that opens it: whoever does so closes it. */
  readonly isShared?: true;
  /** Stands between a container and its ports, to make it die at a call. */
  readonly wrap?: <State>(cordon: Cordon<State>) => Cordon<State>;
}

/** One function container in this process: its own clients, caches and memory. */
export interface Container {
  /** Gives the handler an event, as Lambda does. */
  send(event: unknown): Promise<Answer & SQSBatchResponse>;
  /** `send` for a direct invoke: just the results. */
  results(event: unknown): Promise<readonly Result[]>;
  approve(findingId: string): Promise<Result>;
  rollBack(findingId: string, more?: { expiresAtMs?: number; reason?: string }): Promise<Result>;
}

/** A sandbox with a world in it, and containers of a control's function that live in this process. The clock moves only by hand and by waiting. */
export async function stage<State>(control: Control<State>, options: StageOptions) {
  const sandbox = await startSandbox({ tables: [{ name: "cordon", stream: true }] });
  if (options.isShared !== true) onTestFinished(() => sandbox.close());
  sandbox.routing = false;
  seedWorld(sandbox, options.world);
  seedUsers(sandbox, options.world.users ?? []);
  seedRoles(sandbox, options.world.roles ?? []);
  for (const queue of ["cordon-refused", "cordon-quarantine-replication"]) sandbox.createQueue(queue);
  const role = sandbox.createPrincipal({
    type: "AssumedRole",
    name: "cordon-quarantine-replication",
    sessionName: "container",
  });
  for (const action of options.denied ?? []) sandbox.deny({ principal: role.arn, action });
  let nowMs = START_MS;
  // The sandbox keeps real time: an SDK client in this process that saw another `Date` in answers would correct its clock and try again.
  const advance = (ms: number) => {
    nowMs += ms;
  };
  const clock: Clock = { nowMs: () => nowMs, sleep: async (ms) => advance(ms) };
  // What the shipped policy switches on is not this test's matter: the control under test enforces unless the case says otherwise.
  const approvals = { by: [DATA_PROTECTION_OFFICER.caller.arn, "arn:aws:iam::*:user/developer"] };
  const policy = policyWith(
    { controls: { [control.meta.id]: { mode: "enforce" } }, limits: { approvals } },
    options.policy,
  );

  const container = (
    more: Partial<Pick<StageOptions, "mode" | "wrap">> & {
      policy?: PolicyInForce;
      control?: Control<unknown>;
      accounts?: Accounts;
      overlooks?: Overlooks;
    } = {},
  ): Container => {
    // The SDK reads its settings from the environment when a client is made.
    Object.assign(process.env, sandbox.environment(role));
    const { accounts, overlooks } = more;
    const mode = more.mode ?? options.mode ?? "enforce";
    const clients = new AwsClients();
    const its = (more.control ?? control) as Control<State>;
    const s3 = s3BucketsOnAws(clients, clock);
    const journal = new DynamoDbJournal(clients.dynamoDb(), "cordon", (ms) => clock.sleep(ms));
    const plain: Cordon<State> = {
      control: its,
      policy: more.policy ?? policy,
      clock,
      ports: { s3, ...withObjects(clients, clock, s3, journal), ...withUsers(clients, clock, s3, journal) },
      journal,
      ceiling: { mode, reason: `CORDON_MODE=${mode}` },
    };
    const cordon = (more.wrap ?? options.wrap)?.(plain) ?? plain;
    const messages = messagesVia("cordon-refused", clock);
    const [assumed] = options.world.roles ?? [];
    const ears =
      its.meta.resourceType === "AWS::IAM::User"
        ? hearsOfUsers(cordon)
        : assumed && hearsOfRoles(cordon, caseRoleRef(assumed));
    const handler = ears
      ? signalHandler("test", its.meta.id, async () => ({ ...ears, messages }))
      : controlHandler("test", its, async () => ({
          cordon,
          messages,
          ...(accounts && { accounts }),
          ...(overlooks && { overlooks }),
        }));
    const send = async (event: unknown) => (await handler(event, lambdaContext())) as Answer & SQSBatchResponse;
    return {
      send,
      results: async (event) => (await send(event)).results,
      async approve(findingId) {
        const finding = await cordon.journal.readFinding(findingId);
        if (finding === undefined) throw new Error(`no finding ${findingId}`);
        const request = { action: "approve" as const, finding, reason: "a test", decider: DATA_PROTECTION_OFFICER };
        return approve(request, cordon, clock.nowMs() + 29_500);
      },
      async rollBack(findingId, { expiresAtMs, reason = "a contract is in place" } = {}) {
        const finding = await cordon.journal.readFinding(findingId);
        if (finding === undefined) throw new Error(`no finding ${findingId}`);
        const request = {
          action: "roll-back" as const,
          finding,
          reason,
          decider: DATA_PROTECTION_OFFICER,
          ...(expiresAtMs !== undefined && { expiresAtMs }),
        };
        return rollBack(request, cordon, clock.nowMs() + 29_500);
      },
    };
  };
  const putItem = async (item: Record<string, unknown>) => {
    Object.assign(process.env, sandbox.environment());
    await new DynamoDBClient().send(new PutItemCommand({ TableName: "cordon", Item: marshall(item) }));
    sandbox.clearCalls();
  };
  /** Calls made by the test itself don't count. */
  const forgetCalls = (from: number) => void (sandbox.calls as unknown[]).splice(from);
  return { sandbox, clock, advance, policy, container, role, putItem, forgetCalls, journal: lookAt(sandbox) };
}

/** One control of functions/revoke-stale-keys by itself: whose key it is, IAM says. */
function hearsOfUsers<State>(cordon: Cordon<State>) {
  const { control, clock, ports } = cordon;
  const events = eventsOf(control.meta);
  return {
    clock,
    hear: (event: unknown, ownAccount?: string) => {
      const look = parseLook(event, control.meta);
      return look === undefined ? parseSignals(event, { ...events, ownAccount }) : [look];
    },
    async handle(signal: Signal, deadlineMs: number) {
      const resolved = await resolveUser(signal, ports);
      return resolved.kind === "user" ? handleSignal(resolved.signal, cordon, deadlineMs) : { results: [] };
    },
  };
}

/** A control of roles by itself: that an exposed key assumed the role, CloudTrail's history has told. */
function hearsOfRoles<State>(cordon: Cordon<State>, role: ResourceRef) {
  const { meta } = cordon.control;
  return {
    clock: cordon.clock,
    hear: (event: unknown, ownAccount?: string) => {
      const look = parseLook(event, meta);
      return look === undefined ? parseSignals(event, { ...keyEvents(meta.cloudTrail), ownAccount }) : [look];
    },
    handle: (signal: Signal, deadlineMs: number) => handleSignal({ ...signal, resource: role }, cordon, deadlineMs),
  };
}

/** The journal as an auditor reads it: straight from the table. */
export function lookAt(sandbox: Sandbox) {
  const plain = (item: unknown) => unmarshall(item as Record<string, AttributeValue>);
  const items = () => sandbox.table("cordon").items().map(plain);
  const of = (entity: string) => items().filter((item) => item.entity === entity);
  return {
    items,
    evidence: () => of("evidence") as unknown as EvidenceRecord[],
    findings: () => of("finding").map((item) => item.record as FindingRecord),
    finding: (id: string) => items().find((item) => item.pk === findingKey(id).pk)?.record as FindingRecord | undefined,
    /** As the only control on the only resource sees it. */
    resource: () => {
      const { byControl = {}, ...shared } = of("resource")[0] ?? {};
      return { ...shared, ...(Object.values(byControl)[0] as object) } as unknown as ResourceRecord;
    },
    runs: () => of("run"),
  };
}

/** What of the calls since the last `clearCalls` was asked of which service. */
export function callsOf(sandbox: Sandbox) {
  const made = sandbox.calls;
  const isOfResources = ({ service }: { readonly service: string }) => service === "s3" || service === "iam";
  return {
    iam: made.filter((call) => call.service === "iam").map((call) => call.operation),
    s3: made.filter((call) => call.service === "s3").map((call) => call.operation),
    table: made.filter((call) => call.service === "dynamodb").map((call) => call.operation),
    writes: made.filter((call) => isOfResources(call) && call.mutating).map((call) => call.operation),
  };
}
