import type { Permission } from "../operation.ts";
import type { Decision } from "./decide.ts";

/** What AWS says to somebody who may not: with the reason within an account, without it to callers of another. */
export function describeRefusal(
  caller: { arn: string; account: string },
  { action, resource, account }: Permission,
  decision: Exclude<Decision, "allowed">,
): string {
  const policy = /^sts:(AssumeRole|SetSourceIdentity)$/.test(action) ? "role trust policy" : "resource-based policy";
  const reasons = {
    "denied-by-identity": " with an explicit deny in an identity-based policy",
    "denied-by-resource": ` with an explicit deny in a ${policy}`,
    "not-allowed-by-identity": ` because no identity-based policy allows the ${action} action`,
    "not-allowed-by-resource": ` because no ${policy} allows the ${action} action`,
  };
  const named = action.startsWith("s3:") ? `"${resource}"` : resource;
  const reason = caller.account === account ? reasons[decision] : "";
  return `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${named}${reason}`;
}
