import type { Principal } from "../types.ts";
import { matchesPattern } from "./patterns.ts";
import type { Person, ResidencyPolicy } from "./policy.ts";

/** Somebody who causes, or decides: all that tells who it is. */
export type Caller = Pick<Principal, "arn" | "sourceIdentity"> & { readonly slack?: string };

/** Who is behind a caller. */
export interface Identity {
  /** What evidence calls him. */
  readonly name: string;
  /** Whatever shares one of these is taken for the same. */
  readonly keys: readonly string[];
}

const SESSION = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/;
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/(?:.*\/)?([^/]+)$/;
const ROOT = /^arn:aws[a-z-]*:iam::\d{12}:root$/;

/**
 * Who is behind a caller; undefined when that can't be told. A user is himself. A session is whoever began it: by its source identity, by its name where policy vouches that
 * nobody can choose it (`namedSessions`: Identity Center's, say), or as policy's people tell. Any other name of a session anybody can choose, and of a federated user too.
 * Pure.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
 */
export function identityOf(
  caller: Caller,
  { people, namedSessions }: Pick<ResidencyPolicy, "people" | "namedSessions">,
): Identity | undefined {
  const { arn, sourceIdentity, slack } = caller;
  const named = people.filter((person) => isNamed(person, caller));
  const user = arn === undefined ? undefined : USER.exec(arn)?.[1];
  const session = sessionName(arn, namedSessions);
  const names = [sourceIdentity, user, session].filter((name) => name !== undefined);
  const isItself = arn !== undefined && (user !== undefined || ROOT.test(arn));
  if (named.length === 0 && names.length === 0 && !isItself) return undefined;
  const keys = [
    ...named.map(({ name }) => `person ${name}`),
    // The same name in two accounts, or as a user and as a source identity, is taken for the same person: wrongly at worst, which only costs a second pair of eyes.
    ...[...names, ...named.flatMap(namesOf)].map((name) => `name ${name.toLowerCase()}`),
    ...(arn === undefined ? [] : [`arn ${arn}`]),
    ...(slack === undefined ? [] : [`slack ${slack}`]),
  ];
  const [person] = named;
  return { name: person?.name ?? sourceIdentity ?? arn ?? "", keys };
}

function sessionName(arn: string | undefined, namedSessions: readonly string[]): string | undefined {
  const name = SESSION.exec(arn ?? "")?.[4];
  return arn !== undefined && namedSessions.some((pattern) => matchesPrincipal(pattern, arn)) ? name : undefined;
}

/** What else a person is called: by source identities, users, and sessions of one name. */
function namesOf({ principals, sourceIdentities }: Person): readonly string[] {
  const literal = principals.map((each) => USER.exec(each)?.[1] ?? SESSION.exec(each)?.[4] ?? "");
  return [...sourceIdentities, ...literal.filter((name) => name !== "" && !/[*?]/.test(name))];
}

function isNamed({ principals, sourceIdentities, slack }: Person, caller: Caller): boolean {
  const { arn, sourceIdentity } = caller;
  const source = sourceIdentity?.toLowerCase();
  return (
    (arn !== undefined && principals.some((pattern) => matchesPrincipal(pattern, arn))) ||
    sourceIdentities.some((each) => each.toLowerCase() === source) ||
    (caller.slack !== undefined && slack.includes(caller.slack))
  );
}

/** Whether a caller is the one whom evidence calls so (`Identity.name`), or may be. Pure. */
export function isNamedSo(
  caller: Caller,
  name: string,
  policy: Pick<ResidencyPolicy, "people" | "namedSessions">,
): boolean {
  const identity = identityOf(caller, policy);
  const user = USER.exec(name)?.[1] ?? SESSION.exec(name)?.[4] ?? name;
  const its = [`person ${name}`, `arn ${name}`, `name ${user.toLowerCase()}`];
  return identity !== undefined && (identity.name === name || identity.keys.some((key) => its.includes(key)));
}

/** Whether two are, or may be, the same. Pure. */
export function isSamePerson(one: Identity, other: Identity): boolean {
  return one.keys.some((key) => other.keys.includes(key));
}

/**
 * Whether a pattern of policy means a caller: by the ARN itself, or, for a session, by its role's. STS tells no path of a role, and its name is unique in the account
 * without one, so that a pattern for a role with a path is to be written without. Pure.
 */
export function matchesPrincipal(pattern: string, arn: string): boolean {
  if (matchesByPart(pattern, arn)) return true;
  const [, partition, account, role] = SESSION.exec(arn) ?? [];
  return role !== undefined && matchesByPart(pattern, `arn:${partition}:iam::${account}:role/${role}`);
}

/** The parts of an ARN one by one: a path may hold a colon, and `*` for an account must not reach into it (`...:user/x:role/data-owner`). */
function matchesByPart(pattern: string, arn: string): boolean {
  const [wanted, found] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === found.length && wanted.every((part, index) => matchesPattern(part, found[index] ?? ""));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}
