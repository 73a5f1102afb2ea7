import { DeleteAccessKeyCommand, GetRolePolicyCommand, IAMClient, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { onTestFinished, vi } from "vitest";
import { MemoryJournal } from "../../cli/memory-journal.ts";
import { control as exposedControl } from "../../controls/iam-access-key-is-not-exposed/control.ts";
import { control as roleControl } from "../../controls/iam-role-has-no-session-of-exposed-key/control.ts";
import { control as userControl } from "../../controls/iam-user-has-no-session-of-exposed-key/control.ts";
import { listenForKeys } from "../../functions/revoke-stale-keys/listen.ts";
import { startSandbox, type UserSeed } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { findingId } from "../../shared/ids.ts";
import type { EvidenceRecord } from "../../shared/journal/journal.ts";
import { DENIAL_POLICY } from "../../shared/keys/denial-policy.ts";
import type { SessionsState } from "../../shared/keys/detect-sessions.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import { iamSessionsOnAws } from "../../shared/resources/iam-sessions-aws.ts";
import { iamUsersOnAws } from "../../shared/resources/iam-users-aws.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { shownKeyId } from "../../shared/shown.ts";
import { roleRef, userRef } from "../../shared/signals/iam-refs.ts";
import type { Clock, KeyReport, KeyStatus, Mode, ResourceRef, Result, Signal } from "../../shared/types.ts";
import { clientConfig, failureOf, s3Client } from "../sandbox/clients.ts";
import { DATA_PROTECTION_OFFICER, policyWith } from "../support/stage.ts";

export const NOW = Date.parse("2030-06-01T00:00:00.400Z");
export const KEY = "AKIAANNANNANNANNANN1";
export const OTHER = "AKIAANNANNANNANNANN2";
export const TEMPORARY = "ASIAANNANNANNANNANN3";
export const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
export const ANN = "arn:aws:iam::111122223333:user/ann";
export const DEPLOYER = "arn:aws:iam::111122223333:role/deployer";

/** An account with a user who has two keys, and a role she may assume. Cordon's pipeline is in this process, and the clock stands. */
export async function sessionsStage(
  seed: Partial<UserSeed> = {},
  { policy = {} as object, roleArn = DEPLOYER, own = {} as object, isShared = false } = {},
) {
  // An SDK client that sees another time in answers than its own corrects its clock, and asks again.
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  const sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  sandbox.clock.onMove(() => vi.setSystemTime(sandbox.clock.now()));
  const close = async () => {
    await sandbox.close();
    vi.useRealTimers();
  };
  if (!isShared) onTestFinished(close);
  sandbox.routing = false;
  sandbox.createUser({ name: "ann", keys: [{ id: KEY }, { id: OTHER }], attached: [ADMINISTRATOR], ...seed });
  const allow = (members: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...members }] });
  const roleName = roleArn.split("/").at(-1) ?? "";
  sandbox.registry.put({
    type: "AWS::IAM::Role",
    identifier: roleName,
    arn: roleArn,
    account: "111122223333",
    region: "eu-central-1",
    properties: {
      AssumeRolePolicyDocument: allow({ Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }),
      ManagedPolicyArns: [ADMINISTRATOR],
    },
  });
  Object.assign(process.env, sandbox.environment());
  const clients = new AwsClients();
  const clock: Clock = {
    nowMs: () => sandbox.clock.now(),
    sleep: async (ms) => sandbox.clock.advance(ms),
  };
  const journal = new MemoryJournal();
  const evidence: EvidenceRecord[] = [];
  const save = journal.save.bind(journal);
  journal.save = (record, next, entries) => {
    evidence.push(...(entries.evidence ?? []));
    return save(record, next, entries);
  };
  const ports = {
    s3: s3BucketsOnAws(clients, clock),
    users: iamUsersOnAws(clients, clock),
    sessions: iamSessionsOnAws(clients, clock, own),
  };
  const [user, role] = [userRef(ANN), roleRef(roleArn)] as [ResourceRef, ResourceRef];
  const controlOf = (resource: ResourceRef) => (resource.type === user.type ? userControl : roleControl);
  const approvals = { by: [DATA_PROTECTION_OFFICER.caller.arn] };
  const its = policyWith(
    {
      controls: Object.fromEntries(
        [exposedControl, userControl, roleControl].map(({ meta }) => [meta.id, { mode: "enforce" }]),
      ),
      limits: { approvals },
    },
    policy,
  );
  const cordonOf = (resource: ResourceRef, mode: Mode = "enforce") =>
    ({
      control: controlOf(resource),
      policy: its,
      clock,
      ports,
      journal,
      ceiling: { mode, reason: `CORDON_MODE=${mode}` },
    }) satisfies Cordon<SessionsState>;
  let events = 0;
  const signalOf = (resource: ResourceRef, more: Partial<Signal> = {}): Signal => ({
    id: `event-${++events}`,
    source: "schedule",
    name: "Look",
    at: new Date(clock.nowMs()).toISOString(),
    resource,
    ...more,
  });
  const handle = async (signal: Signal, mode?: Mode): Promise<readonly Result[]> =>
    (await handleSignal(signal, cordonOf(signal.resource, mode), clock.nowMs() + 25_000)).results;
  const iam = () => new IAMClient(clientConfig(sandbox));
  /** Roles that CloudTrail's history says the key was used to assume. */
  const assumed = [
    {
      eventSource: "sts.amazonaws.com",
      eventName: "AssumeRole",
      eventTime: new Date(NOW).toISOString(),
      requestParameters: { roleArn },
    },
  ];
  const trail = { page: async () => ({ kind: "page", records: assumed }) as const };
  const ears = listenForKeys(
    {
      ...cordonOf(user),
      ports: { ...ports, trail },
      messages: undefined as never,
      accounts: { credentialsFor: async () => undefined } as never,
    },
    { CORDON_STACK: "cordon", AWS_REGION: "eu-central-1" },
  );
  const idOf = (resource: ResourceRef, key: string) =>
    findingId(controlOf(resource).meta.id, resource, shownKeyId(key));
  const findingOf = async (resource: ResourceRef, key = KEY) => {
    const found = await journal.readFinding(idOf(resource, key));
    if (found === undefined) throw new Error("there is no finding");
    return found;
  };
  const decided = async (action: "approve" | "roll-back", resource: ResourceRef, key = KEY, plan?: string) => {
    const finding = await findingOf(resource, key);
    const request = { action, finding, reason: "a test", decider: DATA_PROTECTION_OFFICER, ...(plan && { plan }) };
    return { approve, "roll-back": rollBack }[action](request, cordonOf(resource), clock.nowMs() + 25_000);
  };
  const sts = (keyId: string) => new STSClient(clientConfig(sandbox, undefined, sandbox.principalOf(keyId)));
  return {
    sandbox,
    close,
    clients,
    clock,
    journal,
    evidence,
    user,
    role,
    idOf,
    findingOf,
    handle,
    signalOf,
    /** What the whole function makes of a signal. */
    hear: async (signal: Signal) => (await ears.handle(signal, clock.nowMs() + 60_000)).results,
    /** What the whole function makes of an event. */
    hearEvent: async (event: unknown) => {
      const results: Result[] = [];
      for (const parsed of ears.hear(event, "111122223333"))
        if (parsed.kind === "signal")
          results.push(...(await ears.handle(parsed.signal, clock.nowMs() + 60_000)).results);
      return results;
    },
    /** Cordon's own control of exposed keys. */
    deactivate: async (signal: Signal) =>
      (await handleSignal(signal, { ...cordonOf(user), control: exposedControl }, clock.nowMs() + 25_000)).results,
    /** Somebody switches a key on or off, or deletes it: the signal of his call. */
    switchKey: async (to: KeyStatus | "deleted", AccessKeyId = KEY): Promise<Signal> => {
      const which = { UserName: "ann", AccessKeyId };
      if (to === "deleted") await iam().send(new DeleteAccessKeyCommand(which));
      else await iam().send(new UpdateAccessKeyCommand({ ...which, Status: to }));
      return signalOf(user, {
        source: "cloudtrail",
        name: to === "deleted" ? "DeleteAccessKey" : "UpdateAccessKey",
        principal: { type: "IAMUser", arn: "arn:aws:iam::111122223333:user/somebody" },
        request: { userName: "ann", accessKeyId: AccessKeyId, ...(to !== "deleted" && { status: to }) },
      });
    },
    look: (resource: ResourceRef) => handle(signalOf(resource)),
    /** Somebody says that a key is known to others; left out, one of the user's. */
    report: (resource: ResourceRef, keyId: string | undefined = KEY, more: Partial<KeyReport> = {}, mode?: Mode) => {
      const at = new Date(clock.nowMs()).toISOString();
      const report: KeyReport = {
        by: "aws-health",
        id: `health-${at}`,
        type: "AWS_RISK_CREDENTIALS_EXPOSED",
        at,
        ...more,
      };
      const isOfAll = report.by === "aws-quarantine";
      return handle(
        signalOf(resource, { source: "health", name: report.type, report, ...(!isOfAll && { keyId }) }),
        mode,
      );
    },
    approve: (resource: ResourceRef, key?: string, plan?: string) => decided("approve", resource, key, plan),
    rollBack: (resource: ResourceRef, key?: string) => decided("roll-back", resource, key),
    /** Temporary credentials of the user's, begun with a key of hers. */
    session: async (keyId = KEY) =>
      (await sts(keyId).send(new GetSessionTokenCommand({}))).Credentials?.AccessKeyId ?? "",
    assume: async (keyId = KEY) => {
      const given = { RoleArn: roleArn, RoleSessionName: "build" };
      return (await sts(keyId).send(new AssumeRoleCommand(given))).Credentials?.AccessKeyId ?? "";
    },
    /** What AWS says to whoever calls with a key: nothing, where it lets him. */
    refusalOf: async (keyId: string): Promise<string | undefined> => {
      const call = s3Client(sandbox, undefined, sandbox.principalOf(keyId)).send(new ListBucketsCommand({}));
      return call.then(
        () => undefined,
        async () => (await failureOf(call)).name,
      );
    },
    /** The statements of Cordon's inline policy on the user, and the user's policies besides. */
    inline: () => sandbox.user("ann").inline as Readonly<Record<string, { readonly Statement: readonly object[] }>>,
    denialOnRole: async () => {
      const iam = new IAMClient(clientConfig(sandbox));
      const given = { RoleName: roleName, PolicyName: DENIAL_POLICY };
      const found = await iam.send(new GetRolePolicyCommand(given)).catch(() => undefined);
      return found && JSON.parse(decodeURIComponent(found.PolicyDocument ?? ""));
    },
    writes: () =>
      sandbox.calls.filter(({ service, mutating }) => service === "iam" && mutating).map(({ operation }) => operation),
  };
}
