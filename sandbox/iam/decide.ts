import { areConditionsMet } from "./conditions.ts";
import {
  type ConditionKeys,
  fillVariables,
  isLike,
  listOf,
  type OneOrMore,
  type PolicyDocument,
  type PrincipalElement,
  type Statement,
} from "./policy.ts";

/** Who asks, as policies name them. */
export interface Caller {
  account: string;
  /** The user's ARN, or the session's. */
  arn: string;
  /** The role's ARN for a session, else as `arn`. */
  principalArn: string;
}

/** One question to IAM. */
export interface AccessRequest {
  /** For example `s3:PutObject`. */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Whether caller and resource are of one account. */
  isOwnAccount: boolean;
  caller: Caller;
  /** The caller's policies; undefined for a caller that may do everything. */
  identity: readonly PolicyDocument[] | undefined;
  /** The resource's own policies; `isRequired` where the account's policies count only if these say so, as for keys and roles. */
  resourcePolicy: { documents: readonly PolicyDocument[]; isRequired: boolean } | undefined;
  keys: ConditionKeys;
}

export type Decision =
  | "allowed"
  | "denied-by-identity"
  | "denied-by-resource"
  | "not-allowed-by-identity"
  | "not-allowed-by-resource";

/**
 * IAM's judgement: an explicit Deny ends it; within an account either side can allow; across accounts both must. No
 * permissions boundaries, session policies or service control policies.
 */
export function decide(request: AccessRequest): Decision {
  const { identity, resourcePolicy, isOwnAccount } = request;
  const own = (identity ?? []).flatMap(statementsOf).filter((statement) => applies(statement, request));
  const others = (resourcePolicy?.documents ?? [])
    .flatMap(statementsOf)
    .map((statement) => ({ statement, named: namedBy(statement, request.caller) }))
    .filter(({ statement, named }) => named !== undefined && applies(statement, request));

  if (own.some(isDeny)) return "denied-by-identity";
  if (others.some(({ statement }) => isDeny(statement))) return "denied-by-resource";
  const isAllowedByOwn = identity === undefined || own.some(isAllow);
  const granted = others.filter(({ statement }) => isAllow(statement)).map(({ named }) => named);
  if (!isOwnAccount || resourcePolicy?.isRequired) {
    if (granted.length === 0) return "not-allowed-by-resource";
    if (isOwnAccount && granted.includes("caller")) return "allowed";
    return isAllowedByOwn ? "allowed" : "not-allowed-by-identity";
  }
  return isAllowedByOwn || granted.includes("caller") ? "allowed" : "not-allowed-by-identity";
}

function statementsOf({ Statement }: PolicyDocument): readonly Statement[] {
  return listOf(Statement);
}

function isDeny({ Effect }: Statement): boolean {
  return Effect === "Deny";
}

function isAllow({ Effect }: Statement): boolean {
  return Effect === "Allow";
}

/** Whether a statement is about this action, resource and circumstances. Whom it names is not looked at. */
function applies(statement: Statement, { action, resource, keys }: AccessRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Condition } = statement;
  const isAction = (patterns: OneOrMore) =>
    listOf(patterns).some((pattern) => isLike(pattern.toLowerCase(), action.toLowerCase()));
  const isResource = (patterns: OneOrMore) =>
    listOf(patterns).some((pattern) => {
      const filled = fillVariables(pattern, keys);
      return filled !== undefined && isLike(filled, resource);
    });
  const hasAction = NotAction === undefined ? isAction(Action ?? []) : !isAction(NotAction);
  // A role's trust policy names no resource: it is the role's own.
  const isTrust = Resource === undefined && statement.Principal !== undefined;
  const hasResource = NotResource === undefined ? isTrust || isResource(Resource ?? []) : !isResource(NotResource);
  return hasAction && hasResource && areConditionsMet(Condition, keys, { unknown: isDeny(statement) });
}

/** How a statement of a resource names the caller: as such, or only through the account it belongs to. */
function namedBy({ Principal, NotPrincipal, Effect }: Statement, caller: Caller): "caller" | "account" | undefined {
  if (NotPrincipal !== undefined) {
    // To allow everybody but some is never right; it isn't imitated.
    return Effect === "Deny" && !readPrincipal(NotPrincipal, caller) ? "caller" : undefined;
  }
  return Principal === undefined ? undefined : readPrincipal(Principal, caller);
}

function readPrincipal(element: PrincipalElement, { account, arn, principalArn }: Caller) {
  const names = element === "*" ? ["*"] : listOf(element.AWS);
  if (names.some((name) => name === "*" || name === arn || name === principalArn)) return "caller";
  const isAccount = (name: string) =>
    name === account || /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(name)?.[1] === account;
  return names.some(isAccount) ? "account" : undefined;
}
