import { IAM_ROLE, parseIamArn } from "../signals/iam-refs.ts";
import type { ResourceRef } from "../types.ts";

/** Who Cordon is. */
export interface OwnPrincipals {
  /** The ARN by which Cordon calls in the resource's account: of a user, or of a role's session. */
  readonly caller: string;
  /** The cell's stack: its roles' names begin with it. */
  readonly stack?: string;
  /** The role that the cell assumes in member accounts. */
  readonly memberRole?: string;
}

/**
 * Why a user or role is Cordon's own, which it must not lock out; undefined for anybody else's. A role is told by its name alone, which is unique in an account: a session's ARN
 * has no path. Pure.
 */
export function whyOwnPrincipal(
  { type, name, arn }: ResourceRef,
  { caller, stack, memberRole }: OwnPrincipals,
): string | undefined {
  const partition = arn.split(":")[1];
  if (type !== IAM_ROLE) {
    const isCaller = caller === arn || parseIamArn(caller)?.name === name;
    return isCaller ? "Cordon itself works with this user's keys: locked out, it could protect nobody" : undefined;
  }
  const session = new RegExp(`^arn:${partition}:sts::\\d{12}:assumed-role/([^/]+)/`).exec(caller)?.[1];
  const isOwn = name === session || name === memberRole || (stack !== undefined && name.startsWith(`${stack}-`));
  return isOwn ? "it is a role of Cordon's own: locked out, it could protect nobody" : undefined;
}
