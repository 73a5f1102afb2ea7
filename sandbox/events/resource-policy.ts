import { areConditionsMet } from "../iam/conditions.ts";
import { type ConditionKeys, isLike, listOf, type PolicyDocument, type Statement } from "../iam/policy.ts";

/** What a resource's policy is asked when an AWS service comes, itself or for somebody. */
export interface ServiceRequest {
  /** The service, for example `events.amazonaws.com`, or the account and role it comes for. */
  caller: { service: string } | { account: string; roleArn: string | undefined };
  action: string;
  resource: string;
  /** Such as `aws:SourceArn`. */
  keys: ConditionKeys;
}

/** Whether some statement of a resource's policies allows `request` and none denies it. */
export function allowsService(documents: readonly PolicyDocument[], request: ServiceRequest): boolean {
  const applying = documents
    .flatMap(({ Statement }) => listOf(Statement))
    .filter((statement) => isNamed(statement, request.caller) && applies(statement, request));
  return applying.some(({ Effect }) => Effect === "Allow") && !applying.some(({ Effect }) => Effect === "Deny");
}

/** Whether a role's own policies, which name nobody, allow `action` on `resource`. */
export function allowsRole(
  documents: readonly PolicyDocument[],
  action: string,
  resource: string,
  keys: ConditionKeys,
): boolean {
  const statements = documents.flatMap(({ Statement }) => listOf(Statement));
  const applying = statements.filter((statement) => applies(statement, { action, resource, keys }));
  return applying.some(({ Effect }) => Effect === "Allow") && !applying.some(({ Effect }) => Effect === "Deny");
}

function applies(statement: Statement, { action, resource, keys }: Omit<ServiceRequest, "caller">): boolean {
  const { Action = [], Resource = "*", Condition, Effect } = statement;
  return (
    listOf(Action).some((pattern) => isLike(pattern.toLowerCase(), action.toLowerCase())) &&
    listOf(Resource).some((pattern) => isLike(pattern, resource)) &&
    areConditionsMet(Condition, keys, { unknown: Effect === "Deny" })
  );
}

function isNamed({ Principal = {} }: Statement, caller: ServiceRequest["caller"]): boolean {
  if (Principal === "*") return true;
  if ("service" in caller) return listOf(Principal.Service).includes(caller.service);
  const { account, roleArn } = caller;
  return listOf(Principal.AWS).some(
    (name) =>
      ["*", account, roleArn].includes(name) || /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(name)?.[1] === account,
  );
}
