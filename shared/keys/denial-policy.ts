import type { Denial } from "../resources/iam-sessions.ts";
import { asList, asObject, asText, type Json, parseJson } from "../signals/shapes.ts";

/** What Cordon's inline policy is called on every user and role. */
export const DENIAL_POLICY = "cordon-revoked-sessions";
/** Where Cordon's managed policies are, and nobody else's. */
export const DENIAL_PATH = "/cordon/";

const VERSION = "2012-10-17";
/** A statement's id takes letters and digits only. */
const SID = /^Cordon([A-Z0-9]{4})([A-Z0-9]{4})$/;
const SHOWN = /^([A-Z0-9]{4})\.\.\.([A-Z0-9]{4})$/;

/**
 * The policy that denies sessions everything, a statement for each key; as AWS's own "revoke sessions" has it. Long-lived keys have no issue time and are not touched. Pure.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
 *
 * @throws Error for a key that is not shown as `shownKeyId` shows it
 */
export function writeDenials(denied: readonly Pick<Denial, "key" | "before">[]): string {
  return JSON.stringify({ Version: VERSION, Statement: byKey(denied).map(statementOf) });
}

/** Sorted, so that the same denials are the same text. */
export function byKey<Its extends { readonly key: string }>(denied: readonly Its[]): readonly Its[] {
  return denied.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** The denials of a policy; undefined when it is not just as Cordon writes it: then somebody else has, and it is his. Pure. */
export function parseDenials(text: string, how: Denial["how"]): readonly Denial[] | undefined {
  const parsed = parseJson(text);
  const document = parsed.ok ? asObject(parsed.value) : undefined;
  if (document === undefined) return undefined;
  const denied = asList(document.Statement).map((each) => denialIn(asObject(each), how));
  if (denied.length === 0 || !denied.every((each) => each !== undefined)) return undefined;
  // Written anew it has to be the same, whatever order IAM gives it in.
  const isOwn = canonical(document) === canonical(JSON.parse(writeDenials(denied)) as Json);
  return isOwn && new Set(denied.map(({ key }) => key)).size === denied.length ? byKey(denied) : undefined;
}

function statementOf({ key, before }: Pick<Denial, "key" | "before">) {
  const [, first, last] = SHOWN.exec(key) ?? [];
  if (first === undefined || last === undefined) throw new Error(`${key} is no key as it is shown`);
  return {
    Sid: `Cordon${first}${last}`,
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: { DateLessThan: { "aws:TokenIssueTime": before } },
  };
}

function denialIn(statement: Json | undefined, how: Denial["how"]): Denial | undefined {
  const [, first, last] = SID.exec(asText(statement?.Sid) ?? "") ?? [];
  const before = asText(asObject(asObject(statement?.Condition)?.DateLessThan)?.["aws:TokenIssueTime"]);
  if (first === undefined || before === undefined || Number.isNaN(Date.parse(before))) return undefined;
  return { key: `${first}...${last}`, before, how };
}

function canonical(document: Json): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value
        .map(sorted)
        .map((each) => JSON.stringify(each))
        .sort();
    if (typeof value !== "object" || value === null) return value;
    return Object.entries(value)
      .map(([key, each]) => [key, sorted(each)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  };
  return JSON.stringify(sorted(document));
}
