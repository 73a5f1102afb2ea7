import type { ResourceRef, Tag } from "../types.ts";
import type { ResourcePort } from "./port.ts";

/** That sessions of a user or role are denied everything, on account of one exposed key. */
export interface Denial {
  /** The key, as it is shown: `AKIA...MPLE`. */
  readonly key: string;
  /** Sessions issued before this time. */
  readonly before: string;
  /** By Cordon's inline policy, or by a managed one of Cordon's where there is no room for that. */
  readonly how: "inline" | "managed";
}

/** All of Cordon's denials on a user or role, by key. Other people's policies are no part of it. */
export interface DeniedSessions {
  readonly denied: readonly Denial[];
}

/** The denials of sessions on IAM users and roles. IAM is eventually consistent: what is read may be a write behind. */
export interface IamSessions {
  /** GetUserPolicy, ListAttachedUserPolicies, and of a managed policy GetPolicy and GetPolicyVersion; PutUserPolicy and the like for what differs. */
  readonly users: ResourcePort<DeniedSessions>;
  /** GetRolePolicy; PutRolePolicy or DeleteRolePolicy. */
  readonly roles: ResourcePort<DeniedSessions>;
  /**
   * GetRole: a role's tags.
   *
   * @throws CordonError `unavailable`
   */
  roleTags(role: ResourceRef): Promise<readonly Tag[] | { readonly unreadable: string }>;
  /**
   * GetRole: the role by name, with the path that makes its ARN; undefined when there is none of that name.
   *
   * @throws CordonError `unavailable`, or `denied` when AWS won't say
   */
  roleNamed(role: Pick<ResourceRef, "name" | "account" | "region">): Promise<ResourceRef | undefined>;
  /**
   * Why sessions of a user or role are not Cordon's to deny: Cordon works by them itself. Undefined where they are. GetCallerIdentity, once a container for each account.
   *
   * @throws CordonError `unavailable`
   */
  whyOwn(resource: ResourceRef): Promise<string | undefined>;
}

/** The port of a function that has one. Throws Error where it was forgotten. */
export function sessionsOf({ sessions }: { readonly sessions?: IamSessions }): IamSessions {
  if (sessions === undefined) throw new Error("no IAM sessions here: the function is wired without them");
  return sessions;
}
