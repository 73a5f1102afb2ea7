import { isNamed, type Principal } from "./principals.ts";

/** Refuse one IAM action. Without `principal` to everybody, without `resource` everywhere. */
export interface DenyRule {
  /** ARN, or name, of a user, role or function. */
  principal?: string;
  /** IAM action such as `iam:PassRole`; IAM does not mind upper and lower case, nor does this. `*` at the end matches the rest. */
  action: string;
  /** Bucket, table or queue name. */
  resource?: string;
}

/** The rules that refuse; everything else is allowed to everybody in the owning account. */
export interface Permissions {
  /** Add a rule; returns the call that takes it away again. */
  deny(rule: DenyRule): () => void;
  /** The first of `actions` that is refused, or undefined when all are allowed. */
  refused(principal: Principal, actions: readonly string[], resource: string): string | undefined;
}

/** An empty rule list. */
export function createPermissions(): Permissions {
  const rules = new Set<DenyRule>();
  return {
    deny(rule) {
      const own = { ...rule };
      rules.add(own);
      return () => rules.delete(own);
    },
    refused(principal, actions, resource) {
      return actions.find((action) => [...rules].some((rule) => isMatch(rule, principal, action, resource)));
    },
  };
}

function isMatch(rule: DenyRule, principal: Principal, action: string, resource: string): boolean {
  if (rule.principal !== undefined && !isNamed(principal, rule.principal)) return false;
  if (rule.resource !== undefined && rule.resource !== resource) return false;
  const wanted = rule.action.toLowerCase();
  const asked = action.toLowerCase();
  return wanted.endsWith("*") ? asked.startsWith(wanted.slice(0, -1)) : asked === wanted;
}
