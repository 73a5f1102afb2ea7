import type { FindingRecord } from "../shared/journal/journal.ts";
import { shownArn } from "../shared/shown.ts";
import type { Change, Exception, Finding, PendingPlan, Principal, Saying, Tag } from "../shared/types.ts";

/** What stands in the place of what is not shown. */
export const HIDDEN = "(hidden: --reveal)";

/**
 * What a command shows of a finding unless it is asked to reveal all: not who caused it, decided or granted an exception, nor keys and tags' values, for these can
 * name people (invariant 14). Accounts, roles, buckets, rules and Regions are shown. Every text of the record is looked through, so that one that is
 * added to it some day is too. Pure.
 */
export function redactFinding(record: FindingRecord): FindingRecord {
  const { id, controlId, controlTitle, resource, resourceTags, evidence, ...others } = record;
  const { principal, exception, decision, changes, sayings, pending, ...rest } = others;
  const hide = (text: string) => redactText(text, namesIn(record));
  const { facts } = decision.explanation;
  return {
    id,
    controlId,
    controlTitle,
    resource: redactResource(resource),
    ...everyText(rest, hide),
    facts: redactFacts(record.facts),
    changes: redactChanges(changes),
    decision: {
      ...everyText(decision, hide),
      explanation: {
        ...everyText(decision.explanation, hide),
        facts: Object.fromEntries(
          Object.entries(facts).map(([name, value]) => [name, HIDDEN_FACTS.has(name) ? HIDDEN : hide(value)]),
        ),
      },
    },
    ...(principal !== undefined && { principal: redactPrincipal(principal) }),
    ...(exception !== undefined && { exception: redactException(exception) }),
    ...(sayings !== undefined && { sayings: sayings.map(redactSaying) }),
    ...(pending !== undefined && { pending: redactPending(pending) }),
    ...(resourceTags !== undefined && { resourceTags: resourceTags.map(redactTag) }),
    evidence,
  };
}

/** An object's key can name a person. Pure. */
function redactResource(resource: FindingRecord["resource"]): FindingRecord["resource"] {
  const isHidden = /\/\(object [0-9a-f]{12}\)$/.test(resource.arn);
  const arn = isHidden ? resource.arn : shownArn(resource);
  return arn === resource.arn ? resource : { ...resource, arn, name: arn.slice(arn.indexOf(":::") + 3) };
}

const HIDDEN_FACTS = new Set(["prefix", "tags", "owner"]);

/** Facts without the keys of what moves, without the values of tags, and without what the same content could be recognised by. Pure. */
export function redactFacts(facts: Finding["facts"]): Finding["facts"] {
  if (facts.kind === "object") {
    const found = facts.found.map((each) => ({ ...each, fingerprints: each.fingerprints.map(() => HIDDEN) }));
    return { ...everyText(facts, redactText), carried: facts.carried.map(redactTag), found };
  }
  if (facts.kind === "access-key")
    return { ...everyText(facts, redactText), ...(facts.owner !== undefined && { owner: HIDDEN }) };
  if (facts.kind !== "transfer") return everyText(facts, redactText);
  const { tags, prefix, toUnknown } = facts;
  return {
    ...facts,
    tags: tags.map(redactTag),
    ...(prefix !== undefined && { prefix: HIDDEN }),
    ...(toUnknown !== undefined && { toUnknown: redactText(toUnknown) }),
  };
}

/** A user, or the session of a role, is a person; a role is not. Where no ARN stands, a person's name does: whoever approved something. Pure. */
export function redactPrincipal({ arn, sourceIdentity, agent: _, ...principal }: Principal): Principal {
  return {
    ...principal,
    ...(sourceIdentity !== undefined && { sourceIdentity: HIDDEN }),
    ...(arn !== undefined && { arn: arn.startsWith("arn:") ? redactText(arn) : HIDDEN }),
  };
}

/** Where something changes is shown, and values only that can say nothing of keys, tags or people. What is absent stays absent. Pure. */
export function redactChanges(changes: readonly Change[]): readonly Change[] {
  return changes.map(({ path, before, after }) => ({
    path: redactText(path),
    ...(before !== undefined && { before: isHarmless(before) ? before : HIDDEN }),
    ...(after !== undefined && { after: isHarmless(after) ? after : HIDDEN }),
  }));
}

/** What was done, when and by which kind of proof, and not by whom. */
function redactSaying({ why, ...saying }: Saying): Saying {
  return { ...saying, by: HIDDEN, reason: HIDDEN, ...(why !== undefined && { why: HIDDEN }) };
}

/** A plan, with where it changes something. */
function redactPending({ steps, ...pending }: PendingPlan): PendingPlan {
  return {
    ...pending,
    steps: steps.map(({ operation, changes, inverse }) => ({
      operation,
      changes: redactChanges(changes),
      inverse: { operation: inverse.operation, changes: redactChanges(inverse.changes) },
    })),
  };
}

const HARMLESS: ReadonlySet<unknown> = new Set(["Enabled", "Disabled", "Active", "Inactive"]);

function isHarmless(value: unknown): boolean {
  return typeof value === "boolean" || value === null || HARMLESS.has(value);
}

function redactTag({ key }: Tag): Tag {
  return { key, value: HIDDEN };
}

function redactException(exception: Exception): Exception {
  return { ...exception, approver: HIDDEN, reason: HIDDEN };
}

/** What is called so in this record, wherever else it is written: the longest first, for one may be part of another. */
function namesIn({ exception, principal, facts, sayings = [] }: FindingRecord): readonly string[] {
  const said = sayings.flatMap(({ by, reason }) => [by, reason]);
  const who = [
    ...said,
    exception?.approver,
    exception?.reason,
    principal?.sourceIdentity,
    principal?.arn?.startsWith("arn:") ? undefined : principal?.arn,
  ];
  const tags = facts.kind === "transfer" ? facts.tags : facts.kind === "object" ? facts.carried : [];
  const which = tags.map(({ key, value }) => `${key}=${value}`);
  const owner = facts.kind === "access-key" ? facts.owner : undefined;
  return [...who, ...which, owner]
    .filter((name) => name !== undefined && name.length >= SHORTEST_NAME)
    .map(String)
    .sort((a, b) => b.length - a.length);
}

/** A shorter one would be found in the middle of words. */
const SHORTEST_NAME = 3;

/** Who is named in a sentence of Cordon's, and why: the sentences of exceptions (shared/policy/waivers.ts), of people's decisions (shared/lifecycle) and of the brake. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(exception by|rolled back by|let be by|extended until [\d:.TZ-]+ by) .*? until (\d{4}-[\d:.T-]+Z): .*$/s,
    `$1 ${HIDDEN} until $2: ${HIDDEN}`,
  ],
  [/\bthe exception by .*? (expired at|was granted for) /s, `the exception by ${HIDDEN} $1 `],
  [/\bapproved by .*? at (\d{4}-[\d:.T-]+Z): .*$/s, `approved by ${HIDDEN} at $1: ${HIDDEN}`],
  [/\b(aware since \d{4}-[\d:.T-]+Z by) .*$/s, `$1 ${HIDDEN}`],
  [/\b(extended until \d{4}-[\d:.T-]+Z by|switched (?:on|off) by) .*$/s, `$1 ${HIDDEN}`],
  [/\bthe brake is (on|off) by .*?: (from the next event|what left)/s, `the brake is $1 by ${HIDDEN}: $2`],
  [/^ended by .*?: .*$/s, `ended by ${HIDDEN}: ${HIDDEN}`],
  [/\bworks again on the word of .*?, though/s, `works again on the word of ${HIDDEN}, though`],
  [/^.* caused it(?: as .*)?: somebody else/s, `${HIDDEN} caused it: somebody else`],
  [/\(source identity [^)]*\)/g, `(source identity ${HIDDEN})`],
  [/\bmember T[A-Z0-9]+\/[UW][A-Z0-9]+ of Slack/g, `member ${HIDDEN} of Slack`],
  [/^.* put it on: .*$/s, `${HIDDEN} put it on: ${HIDDEN}`],
  [/\bthe brake \(.*\)/s, `the brake ${HIDDEN}`],
  // Users, sessions and federated users; what follows the ARN is kept.
  [/(:user\/|:assumed-role\/[\w+=,.@-]+\/|:federated-user\/)[\w+=,.@/-]*[\w+=@/-]/g, `$1${HIDDEN}`],
  [/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, HIDDEN],
];

/** A text without the people in it. Pure. */
export function redactText(text: string, names: readonly string[] = []): string {
  const told = SENTENCES.reduce((last, [pattern, instead]) => last.replace(pattern, instead), text);
  // A single word is a status, a time or an identifier of Cordon's, whoever may be called so.
  return /\s/.test(text) ? names.reduce((last, name) => last.replaceAll(name, HIDDEN), told) : told;
}

/** The same value with each text in it changed; the names of its members stay. */
function everyText<Value>(value: Value, change: (text: string) => string): Value {
  if (typeof value === "string") return change(value) as Value;
  if (Array.isArray(value)) return value.map((each) => everyText(each, change)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, everyText(each, change)])) as Value;
}
