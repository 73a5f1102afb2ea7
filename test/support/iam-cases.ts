import type { Sandbox } from "../../sandbox/index.ts";
import { DENIAL_POLICY } from "../../shared/keys/denial-policy.ts";
import { KEY_END_SPREADS_MS } from "../../shared/policy/judge-key.ts";
import type { Change, KeyStatus, ResourceRef } from "../../shared/types.ts";
import { type CallOptions, cloudTrailRecord, eventBridge, START_MS } from "./events.ts";

/** A user of a case's world. Days are before the case begins, so that no case depends on the day it runs. */
export interface CaseUser {
  readonly name: string;
  /** `/` by default. */
  readonly path?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Inline policies by name. */
  readonly inline?: Readonly<Record<string, object>>;
  readonly keys: readonly {
    readonly id: string;
    readonly createdDaysAgo: number;
    /** Active by default. */
    readonly status?: KeyStatus;
    /** Never by default. */
    readonly lastUsedDaysAgo?: number;
  }[];
}

/** A role of a case's world. */
export interface CaseRole {
  readonly name: string;
  /** `/` by default. */
  readonly path?: string;
  /** Inline policies by name. */
  readonly inline?: Readonly<Record<string, object>>;
}

/** Who has told of a key, and which one: what a case's event is when it is no call of IAM's. */
export interface KeyEvent {
  /** The key that AWS Health has seen in public. */
  readonly health?: string;
  /** The key that GuardDuty has seen used by somebody else. */
  readonly guardDuty?: string;
  /** The key that an operator of the account has told of. */
  readonly operator?: string;
}

const ACCOUNT = "111122223333";
const DAY_MS = 86_400_000;
const QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";

export function seedUsers(sandbox: Sandbox, users: readonly CaseUser[]): void {
  const at = (days: number) => START_MS - days * DAY_MS;
  for (const { keys, tags = {}, inline = {}, ...user } of users) {
    sandbox.createUser({
      ...user,
      inline: { ...inline },
      tags: { ...tags },
      createdAt: at(1_000),
      keys: keys.map(({ id, createdDaysAgo, lastUsedDaysAgo, status = "Active" }) => ({
        id,
        status,
        createdAt: at(createdDaysAgo),
        ...(lastUsedDaysAgo !== undefined && {
          lastUsed: { at: at(lastUsedDaysAgo), service: "s3", region: "eu-central-1" },
        }),
      })),
    });
  }
}

export function seedRoles(sandbox: Sandbox, roles: readonly CaseRole[]): void {
  const trust = { Effect: "Allow", Principal: { AWS: ACCOUNT }, Action: "sts:AssumeRole" };
  for (const role of roles) {
    const { arn, name: identifier } = caseRoleRef(role);
    const policies = Object.entries(role.inline ?? {});
    sandbox.registry.put({
      type: "AWS::IAM::Role",
      identifier,
      arn,
      account: ACCOUNT,
      region: "us-east-1",
      properties: {
        AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [trust] },
        Policies: policies.map(([PolicyName, PolicyDocument]) => ({ PolicyName, PolicyDocument })),
      },
    });
  }
}

export function caseRoleRef({ name, path = "/" }: CaseRole): ResourceRef {
  const arn = `arn:aws:iam::${ACCOUNT}:role${path}${name}`;
  return { type: "AWS::IAM::Role", arn, name, account: ACCOUNT, region: "us-east-1" };
}

export function caseUserRef({ name, path = "/" }: Pick<CaseUser, "name" | "path">): ResourceRef {
  const arn = `arn:aws:iam::${ACCOUNT}:user${path}${name}`;
  return { type: "AWS::IAM::User", arn, name, account: ACCOUNT, region: "us-east-1" };
}

/** A call about a user as IAM's CloudTrail tells it; AWS's quarantine is the one policy that gets attached. */
export function userRecord({ name, keys }: CaseUser, options: CallOptions): Record<string, unknown> {
  const more: Readonly<Record<string, object>> = {
    AttachUserPolicy: { policyArn: QUARANTINE },
    DetachUserPolicy: { policyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
    DeleteUserPolicy: { policyName: DENIAL_POLICY },
    PutUserPolicy: { policyName: DENIAL_POLICY },
    TagUser: { tags: [{ key: "team", value: "reports" }] },
    UpdateAccessKey: { accessKeyId: keys[0]?.id, status: "Active" },
  };
  return {
    ...cloudTrailRecord("none", { ...options, region: "us-east-1" }),
    eventSource: "iam.amazonaws.com",
    requestParameters: { userName: name, ...more[options.name ?? ""] },
    resources: undefined,
  };
}

export function userItem(user: CaseUser): Record<string, unknown> {
  return {
    version: "1.3",
    accountId: ACCOUNT,
    configurationItemCaptureTime: "2026-03-01T09:00:05.000Z",
    configurationItemStatus: "OK",
    configurationStateId: "1772355605000",
    arn: caseUserRef(user).arn,
    resourceType: "AWS::IAM::User",
    resourceId: "AIDAIOSFODNN7EXAMPLE",
    resourceName: user.name,
    awsRegion: "global",
    configuration: {},
    supplementaryConfiguration: {},
  };
}

/** What AWS says of a key that others have; undefined when the case's event is another. */
export function reportOf({ health, guardDuty, operator }: KeyEvent): Record<string, unknown> | undefined {
  if (health !== undefined) return exposedByHealth(health);
  if (operator !== undefined) return { cordon: "keys", key: operator, exposed: true };
  return guardDuty === undefined ? undefined : exposedByGuardDuty(guardDuty);
}

/** After the schema of AWS Health's events. `region`: each comes to two. */
export function exposedByHealth(
  keyId: string,
  { atMs = START_MS, region = "us-east-1" }: { readonly atMs?: number; readonly region?: string } = {},
): Record<string, unknown> {
  const eventTypeCode = "AWS_RISK_CREDENTIALS_EXPOSED";
  const detail = {
    eventArn: `arn:aws:health:us-east-1::event/RISK/${eventTypeCode}/${eventTypeCode}_${keyId.slice(-4)}`,
    service: "RISK",
    eventTypeCode,
    eventTypeCategory: "issue",
    eventScopeCode: "ACCOUNT_SPECIFIC",
    communicationId: "1234abc01232a4012345678-1",
    startTime: new Date(atMs).toUTCString(),
    statusCode: "open",
    eventRegion: "us-east-1",
    affectedEntities: [{ entityValue: keyId, status: "IMPAIRED" }],
    affectedAccount: ACCOUNT,
    page: "1",
    totalPages: "1",
  };
  return { ...eventBridge(detail, "AWS Health Event", "aws.health"), region, time: new Date(atMs).toISOString() };
}

/** After recorded findings. */
export function exposedByGuardDuty(keyId: string, atMs = START_MS): Record<string, unknown> {
  const id = "36b01b60fc22bb4edb19d62d9899e953";
  const detail = {
    schemaVersion: "2.0",
    accountId: ACCOUNT,
    region: "eu-central-1",
    partition: "aws",
    id,
    arn: `arn:aws:guardduty:eu-central-1:${ACCOUNT}:detector/d/finding/${id}`,
    type: "UnauthorizedAccess:IAMUser/TorIPCaller",
    resource: {
      resourceType: "AccessKey",
      accessKeyDetails: { accessKeyId: keyId, principalId: "AIDAIOSFODNN7EXAMPLE", userName: "x", userType: "IAMUser" },
    },
    service: { serviceName: "guardduty", archived: false, count: 1, additionalInfo: {} },
    severity: 5,
    createdAt: new Date(atMs).toISOString(),
    updatedAt: new Date(atMs).toISOString(),
  };
  return eventBridge(detail, "GuardDuty Finding", "aws.guardduty");
}

/** In a case's changes, in place of the time up to which sessions are denied: that of the change itself. */
const WHEN_DONE = "(when it is done)";

/**
 * Changes as cases tell them. Only a denial up to a time between these two is told without it: any other is not as it should be. Seconds are rounded up, and the key's end takes its time to spread.
 */
export function withoutTimes(changes: readonly Change[], fromMs: number, toMs: number): readonly Change[] {
  const told = (value: unknown): unknown => {
    const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
    return at >= fromMs && at < toMs + KEY_END_SPREADS_MS + 1_000 ? WHEN_DONE : value;
  };
  return changes.map((change) => {
    const { after } = change;
    if (!change.path.startsWith("denied[") || after === undefined) return change;
    if (typeof after !== "object" || after === null || !("before" in after)) return { ...change, after: told(after) };
    return { ...change, after: { ...after, before: told(after.before) } };
  });
}
