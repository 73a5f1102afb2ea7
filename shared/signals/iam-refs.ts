import { shownKeyId } from "../shown.ts";
import type { ResourceRef } from "../types.ts";
import { asText } from "./shapes.ts";

export const IAM_USER = "AWS::IAM::User";
export const IAM_ROLE = "AWS::IAM::Role";
/** A key whose user nobody has told: IAM has to be asked. */
export const ACCESS_KEY = "AWS::IAM::AccessKey";
/** The account itself, for the keys of its root user and for a look through all of its users. */
export const ACCOUNT = "AWS::::Account";

const ACCOUNT_ID = /^\d{12}$/;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names */
const NAME = /^[\w+=,.@-]{1,64}$/;
/** A path begins and ends with a slash; https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html */
const ENTITY_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):(user|role)((?:\/[\x21-\x7e]{0,510})?\/)([\w+=,.@-]{1,64})$/;
const KEY_ID = /^A(?:KIA|SIA)[A-Z0-9]{16,124}$/;

/** Where IAM is, in each partition: its calls are recorded there, and nowhere else. */
const IAM_REGIONS: ReadonlyMap<string, string> = new Map([
  ["aws", "us-east-1"],
  ["aws-us-gov", "us-gov-west-1"],
  ["aws-cn", "cn-north-1"],
  ["aws-iso", "us-iso-east-1"],
  ["aws-iso-b", "us-isob-east-1"],
  ["aws-iso-e", "eu-isoe-west-1"],
  ["aws-iso-f", "us-isof-south-1"],
  ["aws-eusc", "eusc-de-east-1"],
]);

/** The Region that IAM's resources are said to lie in; undefined for a partition that nobody knows. */
export function iamRegion(partition: string): string | undefined {
  return IAM_REGIONS.get(partition);
}

/** The parts of a user's or a role's ARN. `path` begins and ends with a slash. */
export interface IamArn {
  readonly partition: string;
  readonly account: string;
  readonly kind: "user" | "role";
  readonly path: string;
  readonly name: string;
}

/** The parts of `arn:<partition>:iam::<account>:user/<path>/<name>`, or a role's; undefined for any other ARN, a session's too. Pure. */
export function parseIamArn(value: unknown): IamArn | undefined {
  const [, partition = "", account = "", kind, path = "", name = ""] = ENTITY_ARN.exec(asText(value) ?? "") ?? [];
  if ((kind !== "user" && kind !== "role") || iamRegion(partition) === undefined) return undefined;
  return { partition, account, kind, path, name };
}

/** The name of a user or a role; undefined for anything else. Never an ARN: IAM's calls take names. */
export function parseIamName(value: unknown): string | undefined {
  const name = asText(value);
  return name !== undefined && NAME.test(name) ? name : undefined;
}

/** The id of an access key; undefined for anything else. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
export function parseKeyId(value: unknown): string | undefined {
  const id = asText(value);
  return id !== undefined && KEY_ID.test(id) ? id : undefined;
}

/** Whether a key is of a session: it ends by itself, and UpdateAccessKey can't touch it. */
export function isTemporaryKey(id: string): boolean {
  return id.startsWith("ASIA");
}

export function parseAccount(value: unknown): string | undefined {
  const account = asText(value);
  return account !== undefined && ACCOUNT_ID.test(account) ? account : undefined;
}

/** A user by its whole ARN; undefined when it is none. */
export function userRef(arn: unknown): ResourceRef | undefined {
  return refOf(parseIamArn(arn), "user");
}

/** A role by its whole ARN; undefined when it is none. */
export function roleRef(arn: unknown): ResourceRef | undefined {
  return refOf(parseIamArn(arn), "role");
}

/** A user of whom only the name is known: as if it had no path. Whoever keeps something by its ARN has to ask IAM first (`Signal.isNameOnly`). */
export function userByName(name: unknown, account: unknown, partition: string): ResourceRef | undefined {
  return byName("user", name, account, partition);
}

/** A role of which only the name is known, as `userByName`. */
export function roleByName(name: unknown, account: unknown, partition: string): ResourceRef | undefined {
  return byName("role", name, account, partition);
}

function byName(kind: IamArn["kind"], name: unknown, account: unknown, partition: string): ResourceRef | undefined {
  const [known, owner] = [parseIamName(name), parseAccount(account)];
  if (known === undefined || owner === undefined) return undefined;
  return refOf({ partition, account: owner, kind, path: "/", name: known }, kind);
}

function refOf(parts: IamArn | undefined, kind: IamArn["kind"]): ResourceRef | undefined {
  const region = iamRegion(parts?.partition ?? "");
  if (parts === undefined || parts.kind !== kind || region === undefined) return undefined;
  const { partition, account, path, name } = parts;
  const type = kind === "user" ? IAM_USER : IAM_ROLE;
  return { type, arn: `arn:${partition}:iam::${account}:${kind}${path}${name}`, name, account, region };
}

/** A key whose user is not known. Its full id is not in the reference: it travels in `Signal.report`. */
export function keyRef(id: unknown, account: unknown, partition: string): ResourceRef | undefined {
  const [known, owner, region] = [parseKeyId(id), parseAccount(account), iamRegion(partition)];
  if (known === undefined || owner === undefined || region === undefined) return undefined;
  const name = shownKeyId(known);
  return { type: ACCESS_KEY, arn: `arn:${partition}:iam::${owner}:access-key/${name}`, name, account: owner, region };
}

/** The account, as its root user is called. */
export function rootRef(account: unknown, partition: string): ResourceRef | undefined {
  const [owner, region] = [parseAccount(account), iamRegion(partition)];
  if (owner === undefined || region === undefined) return undefined;
  return { type: ACCOUNT, arn: `arn:${partition}:iam::${owner}:root`, name: "root", account: owner, region };
}
