import type { AccountRegion } from "../resources/account-coverage.ts";
import { asObject, asText, type Json } from "../signals/shapes.ts";
import type { ResourceRef } from "../types.ts";

const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/;

/**
 * An account's Region as a resource. AWS has no ARN for it; this one is made as AWS makes others, with the Region in its place, so that the journal keeps each Region
 * apart. Undefined when a part is not of AWS's form.
 */
export function accountRegionRef({ account, region }: AccountRegion, partition: string): ResourceRef | undefined {
  if (!ACCOUNT.test(account) || !REGION.test(region)) return undefined;
  const arn = `arn:${partition}:account:${region}:${account}:account`;
  return { type: "AWS::::Account", arn, name: `${account}/${region}`, account, region };
}

/** By what the forwarding stack's rules and the member role are known. */
export interface CoverageNames {
  readonly partition: string;
  readonly home: AccountRegion;
  readonly rules: readonly string[];
  readonly memberRole?: string;
  /** How the names of the roles begin that forwarders send in; the Region follows. */
  readonly sendRoles?: string;
  /** The accounts served besides the cell's own; left out: whichever the cell's bus lets in. */
  readonly accounts?: readonly string[];
}

/** Whether the cell is there for an account. */
export function serves({ home, accounts }: Pick<CoverageNames, "home" | "accounts">, account: string): boolean {
  return account === home.account || accounts === undefined || accounts.includes(account);
}

/**
 * The account and Region whose coverage a CloudTrail record may have changed; none when it is about something else. Pure.
 *
 * A member role is the account's: its loss is told for the Region the call is recorded in, and found for the others by the next look at each. A forwarder's role has its
 * Region in its name.
 */
export function findAccountRegions(
  record: Json,
  envelope: Json | undefined,
  names: CoverageNames,
): readonly ResourceRef[] {
  const { partition, home, rules, memberRole, sendRoles } = names;
  const account = asText(record.recipientAccountId) ?? asText(envelope?.account);
  const request = asObject(record.requestParameters);
  const source = asText(record.eventSource);
  const enabled = source === "account.amazonaws.com" ? asText(request?.regionName) : undefined;
  const role = source === "iam.amazonaws.com" ? asText(request?.roleName) : undefined;
  const sends = sendRoles !== undefined && role?.startsWith(sendRoles) ? role.slice(sendRoles.length) : undefined;
  const region = enabled ?? sends ?? asText(record.awsRegion) ?? asText(envelope?.region);
  if (account === undefined || region === undefined || !serves(names, account)) return [];
  const isHome = account === home.account && region === home.region;
  const rule = asText(request?.name) ?? asText(request?.rule);
  // What names nothing may be about any: live state decides.
  if (source === "events.amazonaws.com" && (isHome || (rule !== undefined && !rules.includes(rule)))) return [];
  const isOfMember = account !== home.account && (role === undefined || role === memberRole);
  if (source === "iam.amazonaws.com" && sends === undefined && !isOfMember) return [];
  const ref = accountRegionRef({ account, region }, partition);
  return ref === undefined ? [] : [ref];
}
