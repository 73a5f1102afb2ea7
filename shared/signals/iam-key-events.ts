import { cut } from "../cut.ts";
import { DENIAL_POLICY } from "../keys/denial-policy.ts";
import type { ResourceRef, Signal } from "../types.ts";
import type { ControlEvents } from "./cloudtrail.ts";
import { itemSignal } from "./config.ts";
import { parseDeniedCall } from "./denied-calls.ts";
import { GUARDDUTY_FINDING, parseGuardDutyFinding } from "./guardduty-findings.ts";
import { HEALTH_TYPES, parseHealthEvent } from "./health-events.ts";
import { IAM_ROLE, IAM_USER, parseAccount, parseIamArn, roleByName, rootRef, userByName, userRef } from "./iam-refs.ts";
import { ACCOUNT_LOOK, parseKeyRequest } from "./key-requests.ts";
import type { Parsed } from "./parsed.ts";
import { partitionOf } from "./s3-bucket-ref.ts";
import { asObject, asText, type Json, parseJson } from "./shapes.ts";

export const CONFIG_COMPLIANCE = "Config Rules Compliance Change";

/** What a control about access keys may be told besides, for its function only: what others are told of twice would be counted twice. */
export interface KeyEvents {
  /** Calls that AWS denied to a key (`ControlMeta.hearsDenials`). */
  readonly denials?: boolean;
  /** Where the cell is, for what tells no partition: `aws`, `aws-us-gov`, `aws-cn` ... */
  readonly partition?: string;
}

/**
 * What a control hears that is about access keys of IAM users. A signal's resource is the user, and where nothing tells whose key it is the key (`AWS::IAM::AccessKey`): the
 * function asks IAM by `Signal.keyId`. Of root's keys it is the account.
 *
 * @param cloudTrail the calls of IAM's that can lead to a violation
 */
export function keyEvents(
  cloudTrail: ControlEvents["cloudTrail"],
  { denials = false, partition = "aws" }: KeyEvents = {},
): ControlEvents {
  return {
    cloudTrail,
    configTypes: [IAM_USER],
    find: usersOf,
    more: callTells,
    ...(denials && { denied: parseDeniedCall }),
    item: parseUserItem,
    compliance: parseCompliance,
    notice: parseNotice,
    direct: (event, ownAccount) => parseKeyRequest(event, ownAccount, partition),
  };
}

/** AWS attaches it to a user of whose keys it believes that others have one. */
const QUARANTINE = /^arn:aws[a-z-]*:iam::aws:policy\/(AWSCompromisedKeyQuarantine(?:V\d{1,3})?)$/;

/**
 * Whose keys a call is about: the user named, and where none is named the caller's own, or root's. When even that isn't told, it can be anybody's of the account.
 * Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html (UserName)
 */
function usersOf(record: Json, envelope: Json | undefined): readonly ResourceRef[] {
  const request = asObject(record.requestParameters);
  const identity = asObject(record.userIdentity);
  if (record.eventName === "AttachUserPolicy" && quarantineIn(record) === undefined) return [];
  const isOfRole = ROLE_CALLS.has(asText(record.eventName) ?? "");
  // Whoever deploys something puts policies on roles; only Cordon's own is of concern.
  if (isOfRole && request?.policyName !== DENIAL_POLICY) return [];
  const account =
    parseAccount(record.recipientAccountId) ?? parseAccount(envelope?.account) ?? parseAccount(identity?.accountId);
  const partition = partitionIn(record, envelope);
  if (isOfRole) return [roleByName(request?.roleName, account, partition)].filter((each) => each !== undefined);
  const own = userRef(identity?.arn);
  // Renamed, a user is another resource: the one that is there now.
  const named = userByName(request?.newUserName ?? request?.userName, account, partition);
  const root = rootRef(account, partition);
  // A user who names himself tells his path.
  if (named !== undefined) return [own?.name === named.name && own.account === account ? own : named];
  if (identity?.type === "Root") return root === undefined ? [] : [root];
  if (identity?.type === "IAMUser" && own !== undefined && own.account === account) return [own];
  const answered = userByName(asObject(asObject(record.responseElements)?.accessKey)?.userName, account, partition);
  return [answered ?? root].filter((each) => each !== undefined);
}

function partitionIn(record: Json, envelope: Json | undefined): string {
  const told = /^arn:(aws[a-z-]*):/.exec(asText(asObject(record.userIdentity)?.arn) ?? "")?.[1];
  return told ?? partitionOf(asText(record.awsRegion) ?? asText(envelope?.region) ?? "");
}

function quarantineIn(record: Json): string | undefined {
  return QUARANTINE.exec(asText(asObject(record.requestParameters)?.policyArn) ?? "")?.[1];
}

const ROLE_CALLS: ReadonlySet<string> = new Set(["PutRolePolicy", "DeleteRolePolicy"]);

/** Whether the path is missing, and that AWS has put the user under quarantine. Which of the keys it is the call doesn't tell; Health's event does. */
function callTells(record: Json, resource: ResourceRef): Partial<Signal> {
  if (resource.type === IAM_ROLE) return { isNameOnly: true };
  const isRoot = resource.type !== IAM_USER;
  const isTold = isRoot || asObject(record.userIdentity)?.arn === resource.arn;
  const quarantine = record.eventName === "AttachUserPolicy" ? quarantineIn(record) : undefined;
  const at = asText(record.eventTime) ?? "";
  const id = `quarantine:${resource.account}:${resource.name}:${at}`;
  return {
    ...(!isTold && { isNameOnly: true as const }),
    ...(isRoot && asObject(record.userIdentity)?.type !== "Root" && { name: ACCOUNT_LOOK }),
    ...(quarantine !== undefined && { report: { by: "aws-quarantine" as const, id, type: quarantine, at } }),
  };
}

/** An item of a user. Older ones have no ARN of their own, and `configuration` is JSON in a text at times. */
function parseUserItem(item: Json): Parsed {
  const inner = asText(item.configuration);
  const parsed = inner === undefined ? undefined : parseJson(inner);
  const configuration = asObject(parsed?.ok ? parsed.value : item.configuration);
  const account = parseAccount(item.awsAccountId) ?? parseAccount(item.accountId);
  const arns = [item.arn, item.ARN, configuration?.arn].map(parseIamArn);
  const arn = arns.find((each) => each?.kind === "user" && (account === undefined || each.account === account));
  const partition = partitionOf(asText(item.awsRegion) ?? "");
  const whole = arn && userRef(`arn:${arn.partition}:iam::${arn.account}:user${arn.path}${arn.name}`);
  const resource = whole ?? userByName(item.resourceName ?? configuration?.userName, account, partition);
  if (resource === undefined) {
    const reason = `a configuration item of ${IAM_USER} without a usable user and account; expected arn, or resourceName and awsAccountId`;
    return { kind: "refused", reason };
  }
  const signal = itemSignal(item, resource);
  return { kind: "signal", signal: { ...signal, ...(whole === undefined && { isNameOnly: true as const }) } };
}

/**
 * AWS's own rule finds a key too old. It names the user by his unique id, by which nobody can ask for him: a reason to look through the account.
 * Source: https://docs.aws.amazon.com/config/latest/developerguide/access-keys-rotated.html
 */
function parseCompliance(message: Json): Parsed {
  const rule = cut(asText(message.configRuleName) ?? "", 128);
  const result = asText(asObject(message.newEvaluationResult)?.complianceType);
  // The rule has a name of its own wherever it is part of a standard or a conformance pack.
  if (!/access-keys-rotated/i.test(rule) || result !== "NON_COMPLIANT")
    return { kind: "ignored", reason: `${rule} is ${cut(result ?? "of no opinion", 40)}, which tells of no old key` };
  const resource = rootRef(message.awsAccountId, partitionOf(asText(message.awsRegion) ?? ""));
  if (resource === undefined)
    return { kind: "refused", reason: `a change of compliance with ${rule} tells no account; expected awsAccountId` };
  const at = asText(message.notificationCreationTime) ?? "";
  const id = `config:${resource.account}:${rule}:${cut(asText(message.resourceId) ?? "", 128)}:${at}`;
  return { kind: "signal", signal: { id, source: "config", name: ACCOUNT_LOOK, at, resource } };
}

function parseNotice(type: string, event: Json, detail: Json): Parsed | readonly Parsed[] | undefined {
  if (HEALTH_TYPES.includes(type)) return parseHealthEvent(event, detail);
  if (type === GUARDDUTY_FINDING) return parseGuardDutyFinding(event, detail);
  if (type !== CONFIG_COMPLIANCE) return undefined;
  if (event.source === "aws.config") return parseCompliance(detail);
  const reason = `an event "${type}" of ${cut(asText(event.source) ?? "no source", 80)}; expected aws.config`;
  return { kind: "refused", reason };
}
