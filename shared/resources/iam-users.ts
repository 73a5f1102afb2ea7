import type { AccessKeyFacts, KeyStatus, ResourceRef, Tag } from "../types.ts";
import type { ResourcePort } from "./port.ts";

/** An access key as it is shown: its full id stays in the port. */
export interface ShownKey {
  /** `AKIA...MPLE` */
  readonly key: string;
  readonly createdAt: string;
  readonly status: KeyStatus;
}

/** A user's access keys, at most two, the older first. */
export interface UserKeys {
  readonly keys: readonly ShownKey[];
}

/** IAM users, as far as Cordon's controls know of them. IAM is eventually consistent: what is read may be a write behind. */
export interface IamUsers {
  /** ListAccessKeys; UpdateAccessKey or DeleteAccessKey for each key that differs. */
  readonly keys: ResourcePort<UserKeys>;
  /**
   * GetAccessKeyLastUsed of a key that was read a moment ago.
   *
   * @throws CordonError `unavailable`
   */
  lastUse(user: ResourceRef, key: string): Promise<AccessKeyFacts["lastUsed"]>;
  /** Which of a user's keys that were read a moment ago Cordon itself calls with in the user's account, as it is shown; undefined: none of them. No call. */
  ownKey(user: ResourceRef): Promise<string | undefined>;
  /**
   * ListAccessKeys: the full ids of a user's keys, active or not, for CloudTrail to be asked by. Never recorded or logged.
   *
   * @throws CordonError `unavailable`
   */
  keyIds(user: ResourceRef): Promise<readonly string[] | { readonly unreadable: string }>;
  /**
   * ListUserTags.
   *
   * @throws CordonError `unavailable`
   */
  tags(user: ResourceRef): Promise<readonly Tag[] | { readonly unreadable: string }>;
  /**
   * GetUser: the user by name, with the path that makes his ARN; undefined when there is none of that name.
   *
   * @throws CordonError `unavailable`, or `denied` when AWS won't say
   */
  named(user: Pick<ResourceRef, "name" | "account" | "region">): Promise<ResourceRef | undefined>;
  /**
   * ListUsers: the ARNs of all users of the account, a call for each thousand.
   *
   * @throws CordonError `unavailable`, or `denied` when AWS won't say
   */
  all(place: Pick<ResourceRef, "account" | "region">): Promise<readonly string[]>;
  /**
   * GetAccessKeyLastUsed: the name of the user whose key it is; undefined when no user of the account has it, as of root's and of sessions'.
   *
   * @param keyId in full
   * @throws CordonError `unavailable`, or `denied` when AWS won't say
   */
  ownerOf(keyId: string, place: Pick<ResourceRef, "account" | "region">): Promise<string | undefined>;
}

/** The port of a function that has one. Throws Error where it was forgotten. */
export function usersOf({ users }: { readonly users?: IamUsers }): IamUsers {
  if (users === undefined) throw new Error("no IAM users here: the function is wired without them");
  return users;
}
