import { ServiceError } from "../errors.ts";
import type { CredentialReports } from "../iam/credential-reports.ts";
import type { StaleIamReads } from "../iam/stale-reads.ts";
import type { IamUser, UserState, UserStore } from "../iam/users.ts";
import type { IdSequence } from "../sequence.ts";
import type { Registry } from "../stack/registry.ts";
import type { Caller } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { takePage } from "./page.ts";

/** Where IAM's state is. */
export interface IamContext {
  readonly registry: Registry;
  readonly users: UserStore;
  readonly reports: CredentialReports;
  readonly stale: StaleIamReads;
  readonly ids: IdSequence;
}

const MAX_ITEMS = 1000;
const NAME = /^[\w+=,.@-]+$/;

export function requireIamText(input: Input, member: string): string {
  return requireText(input, member, "ValidationError");
}

/** A policy's name. Throws ValidationError. */
export function requirePolicyName(input: Input): string {
  const name = requireIamText(input, "PolicyName");
  if (NAME.test(name) && name.length <= 128) return name;
  throw invalid(
    `1 validation error detected: Value '${name}' at 'policyName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+`,
  );
}

/** The user a call is about: the one it names, else the one who calls. Throws NoSuchEntity, and ValidationError when a role's session names none. */
export function requireUser(users: UserStore, input: Input, caller: Caller): IamUser {
  const name = readText(input, "UserName") ?? caller.user;
  if (name === undefined) throw invalid("Must specify userName when calling with non-User credentials");
  return users.find(caller.account, name) ?? fail(noSuchEntity(`The user with name ${name} cannot be found.`));
}

/** What a read shows of a user: how it is, or was before the last write if that was asked for. */
export function readUser({ users, stale }: IamContext, input: Input, caller: Caller, operation: string): SeenUser {
  const user = requireUser(users, input, caller);
  const { account, name, before } = user;
  const isStale = before && stale.take({ kind: "user", account, name, operation, writtenAt: before.until });
  return { user, state: isStale ? before.state : user.state };
}

export interface SeenUser {
  readonly user: IamUser;
  readonly state: UserState;
}

/** One page of a list as IAM cuts it: `MaxItems`, 100 by default, from `Marker` on. */
export function takeIamPage<T>(items: readonly T[], input: Input): { items: T[]; rest: Record<string, unknown> } {
  const { MaxItems, Marker } = input;
  const limit = MaxItems === undefined ? 100 : Number(MaxItems);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_ITEMS)) {
    throw invalid(
      `1 validation error detected: Value '${MaxItems}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and ${MAX_ITEMS}`,
    );
  }
  const page = takePage(items, Marker, limit, "ValidationError");
  return { items: page.items, rest: { IsTruncated: page.next !== undefined, Marker: page.next } };
}

/** A time as IAM answers it. */
export function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** IAM gives policy documents percent-encoded. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text);
}

export function noSuchEntity(message: string): ServiceError {
  return new ServiceError("NoSuchEntity", message, 404);
}

export function limitExceeded(message: string): ServiceError {
  return new ServiceError("LimitExceeded", message, 409);
}

export function invalid(message: string): ServiceError {
  return new ServiceError("ValidationError", message, 400);
}

function fail(error: ServiceError): never {
  throw error;
}
