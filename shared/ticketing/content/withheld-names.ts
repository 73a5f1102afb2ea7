import { splitClasses } from "../../classification/classify.ts";
import type { FindingRecord } from "../../journal/journal.ts";
import type { Releasable } from "../../policy/tickets.ts";
import { shownArn } from "../../shown.ts";
import type { Change, Facts } from "../../types.ts";

/** All that a finding's record calls by a name, of what may not be told: whatever sentence it stands in, it is taken out. What may be told anyhow is no such name. Pure. */
export function withheldNames(finding: FindingRecord, group: Releasable): readonly string[] {
  const { id, controlId, severity, status, resource } = finding;
  const open = new Set([id, controlId, severity, status, resource.account, resource.region, resource.type, ""]);
  const named = NAMES[group](finding).flatMap((name) => (name === undefined ? [] : piecesOf(name)));
  return [...new Set(named)].filter((name) => !open.has(name) && /[\p{L}\p{N}]/u.test(name));
}

const NAMES: Readonly<Record<Releasable, (finding: FindingRecord) => readonly (string | undefined)[]>> = {
  resource: ({ title, resource, part, classification, facts, resourceTags = [] }) => [
    title,
    resource.arn,
    shownArn(resource),
    resource.name,
    resource.version,
    part,
    ...(classification === "unknown" ? [] : splitClasses(classification)),
    ...resourceTags.map(({ value }) => longEnough(value)),
    ...namesInFacts(facts),
  ],
  principals: ({ principal, sayings = [], exception, decision, holds = [], facts }) => [
    principal?.arn,
    principal?.account,
    principal?.sourceIdentity,
    principal?.invokedBy,
    principal?.agent,
    ...sayings.flatMap(({ by, reason, why }) => [by, reason, why]),
    exception?.approver,
    exception?.reason,
    ...(decision.approval?.by ?? []),
    ...holds.map(({ whose }) => whose),
    facts.kind === "access-key" ? facts.owner : undefined,
  ],
  changes: ({ changes, pending, reversible }) => [
    reversible,
    ...valuesIn([...changes, ...(pending?.steps.flatMap((step) => step.changes) ?? [])]),
  ],
  reasons: ({ decision, notes }) => [decision.rule, ...decision.reasons, ...notes],
  exposure: ({ exposure }) => [exposure?.basis],
};

function namesInFacts(facts: Facts): readonly (string | undefined)[] {
  switch (facts.kind) {
    case "transfer":
      return [
        facts.to,
        facts.toUnknown,
        facts.destination,
        facts.destinationAccount,
        facts.prefix,
        facts.replicaKey,
        ...facts.tags.flatMap(({ key, value }) => [longEnough(key), longEnough(value)]),
      ];
    case "unreadable":
      return [facts.reason];
    case "condition":
      return [facts.expected, facts.found, facts.consequence, facts.remedy];
    case "object":
      return [
        facts.read,
        ...[...facts.matched, ...facts.undecided].flatMap(({ rule, why }) => [rule, why]),
        ...facts.carried.map(({ value }) => longEnough(value)),
      ];
    case "access-key":
      return [facts.key, facts.other?.key, facts.reported?.id];
    case "sessions":
      return [facts.key, facts.hindrance, facts.reported?.id];
  }
}

/** Values such as `1` are found in any text, and tell nothing by themselves. */
function longEnough(value: string): string | undefined {
  return value.length < 3 ? undefined : value;
}

/** Words of AWS's for what is on and off. */
const COMMON = new Set(["Enabled", "Disabled", "Active", "Inactive"]);

function valuesIn(changes: readonly Change[]): readonly (string | undefined)[] {
  const leaves = (value: unknown): readonly string[] =>
    typeof value === "string"
      ? [value]
      : typeof value === "object" && value !== null
        ? Object.values(value).flatMap(leaves)
        : [];
  return changes
    .flatMap(({ before, after }) => [...leaves(before), ...leaves(after)])
    .map((value) => (COMMON.has(value) ? undefined : longEnough(value)));
}

/** What every ARN has. */
const GENERIC = new Set([
  "user",
  "role",
  "assumed-role",
  "federated-user",
  "group",
  "root",
  "key",
  "alias",
  "bucket",
  "*",
]);

/** A name, and of an ARN the names that it is made of: a sentence may have those alone. */
function piecesOf(name: string): readonly string[] {
  if (!name.startsWith("arn:")) return [name];
  const [, , , , account = "", ...rest] = name.split(":");
  const pieces = rest.join("/").split("/");
  return [name, account, ...pieces.filter((piece) => !GENERIC.has(piece) && piece.length > 2)];
}
