import type { Classified } from "../classification/classify.ts";
import { foundInWords } from "../classification/rule-parts.ts";
import type { AccessKeyFacts, KeyReport, ObjectFacts } from "../types.ts";
import type { Subject } from "./subject.ts";

/** The facts a decision rests on, by name, as texts: what an auditor needs to come to the same decision. What is not known is not among them. Pure. */
export function factsUsed(
  { finding, units, classes, transfer }: Subject,
  classified: Classified,
): Readonly<Record<string, string>> {
  const { resource, facts, part } = finding;
  const known: Record<string, string> = { account: resource.account, region: resource.region, part };
  if (units.length > 0) known.units = units.join(" > ");
  if (classes !== undefined && classes.length > 0) known.classification = classes.map(({ name }) => name).join(" + ");
  if (classified.kind === "classified") known.classifiedBy = classified.source;
  if (facts.kind === "unreadable") known.unreadable = facts.reason;
  if (facts.kind === "condition")
    Object.assign(known, { expected: facts.expected, found: facts.found, ...factsOfReport(facts) });
  if (facts.kind === "object") Object.assign(known, factsOfObject(facts));
  if (facts.kind === "access-key") Object.assign(known, factsOfKey(facts));
  if (facts.kind === "sessions")
    Object.assign(known, {
      key: facts.key,
      deniedBefore: facts.deniedBefore ?? "none",
      ...(facts.hindrance !== undefined && { hindrance: facts.hindrance }),
      ...(facts.keyStatus !== undefined && { keyStatus: facts.keyStatus }),
      ...(facts.keyOffAt !== undefined && { keyOffAt: facts.keyOffAt }),
      ...factsOfReport(facts),
    });
  if (transfer === undefined) return known;
  const { active, from, to, destination, destinationAccount, prefix, tags, replicaKey } = transfer;
  Object.assign(known, { active: String(active), from, destination });
  if (to !== undefined) known.to = to;
  if (destinationAccount !== undefined) known.destinationAccount = destinationAccount;
  if (prefix !== undefined) known.prefix = prefix;
  if (tags.length > 0) known.tags = tags.map(({ key, value }) => `${key}=${value}`).join(", ");
  if (replicaKey !== undefined) known.replicaKey = replicaKey;
  return known;
}

function factsOfObject({ matched, undecided, found, carried, isFull, read }: ObjectFacts): Record<string, string> {
  const known: Record<string, string> = { read };
  const told = ({ rule, classification, why }: ObjectFacts["matched"][number]) => `${rule} (${classification}): ${why}`;
  if (matched.length > 0) known.rules = matched.map(told).join("; ");
  if (undecided.length > 0) known.undecidedRules = undecided.map(told).join("; ");
  if (found.length > 0) known.found = found.map(foundInWords).join(", ");
  if (carried.length > 0) known.tags = carried.map(({ key, value }) => `${key}=${value}`).join(", ");
  if (isFull) known.room = "it has ten tags, as many as S3 takes";
  return known;
}

function factsOfKey(facts: AccessKeyFacts): Record<string, string> {
  const { about, key, status, createdAt, lastUsed, other, owner, warnedAt, deactivatedAt } = facts;
  const known: Record<string, string> = { about, key, status, createdAt, ...factsOfReport(facts) };
  if (lastUsed === "never") known.lastUsed = lastUsed;
  else if ("unreadable" in lastUsed) known.lastUsedUnreadable = lastUsed.unreadable;
  else Object.assign(known, { lastUsed: lastUsed.at, lastUsedFor: lastUsed.service, lastUsedIn: lastUsed.region });
  if (other !== undefined) known.other = `${other.key}, ${other.status}, created ${other.createdAt}`;
  if (facts.isOwn === true) known.own = "Cordon itself works with it";
  if (owner !== undefined) known.owner = owner;
  if (warnedAt !== undefined) known.warnedAt = warnedAt;
  if (deactivatedAt !== undefined) known.deactivatedAt = deactivatedAt;
  if (facts.deactivatedFor !== undefined) known.deactivatedFor = facts.deactivatedFor.type;
  return known;
}

function factsOfReport({ reported }: { readonly reported?: KeyReport }): Record<string, string> {
  return reported === undefined ? {} : { reported: `${reported.type} by ${reported.by} at ${reported.at}` };
}
