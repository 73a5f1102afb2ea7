import { ServiceError } from "../errors.ts";
import { listOf, type PolicyDocument, type Statement } from "./policy.ts";

const VERSIONS: readonly unknown[] = ["2012-10-17", "2008-10-17"];
/** Tab, line feed, carriage return, and U+0020 to U+00FF: what IAM takes in a policy. */
const CHARACTERS = /^[\t\n\r\u0020-\u00ff]+$/;

/**
 * A policy for a user or a role, as far as IAM's grammar is plain: JSON, versions, effects, actions, resources, and nobody named. What
 * a service's actions or condition keys are is not looked at. Throws ServiceError MalformedPolicyDocument.
 */
export function parseIdentityPolicy(text: string): PolicyDocument {
  const document = readJson(text);
  const statements = listOf(document.Statement);
  if (!CHARACTERS.test(text) || statements.length === 0 || !statements.every(isRecord)) throw malformed(SYNTAX);
  if (document.Version !== undefined && !VERSIONS.includes(document.Version)) throw malformed(SYNTAX);
  for (const statement of statements) checkStatement(statement);
  return document;
}

/** How long a policy counts against quotas: IAM doesn't count white space. */
export function policyLength(text: string): number {
  return text.replace(/\s/g, "").length;
}

const SYNTAX = "Syntax errors in policy.";

function checkStatement(statement: Statement): void {
  const { Effect, Action, NotAction, Resource, NotResource, Principal, NotPrincipal, Condition } = statement;
  if (Effect !== "Allow" && Effect !== "Deny") throw malformed(SYNTAX);
  if (Principal !== undefined || NotPrincipal !== undefined) {
    throw malformed("Policy document should not specify a principal.");
  }
  if ((Action === undefined) === (NotAction === undefined)) throw malformed("Policy statement must contain actions.");
  if ((Resource === undefined) === (NotResource === undefined)) {
    throw malformed("Policy statement must contain resources.");
  }
  const lists = [Action, NotAction, Resource, NotResource].flatMap(listOf<unknown>);
  if (!lists.every((each) => typeof each === "string" && each !== "")) throw malformed(SYNTAX);
  const actions = [Action, NotAction].flatMap(listOf<string>);
  if (!actions.every((action) => action === "*" || /^[\w-]+:[\w*?]+$/.test(action))) {
    throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (Condition !== undefined && !(isRecord(Condition) && Object.values(Condition).every(isRecord))) {
    throw malformed(SYNTAX);
  }
}

function readJson(text: string): PolicyDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(SYNTAX);
  }
  if (!isRecord(value)) throw malformed(SYNTAX);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): ServiceError {
  return new ServiceError("MalformedPolicyDocument", message, 400);
}
