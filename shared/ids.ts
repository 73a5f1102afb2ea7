import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Facts, ResourceRef } from "./types.ts";

/** SHA-256 of a value's canonical JSON (RFC 8785), in hex: the same value has the same hash however it was built. */
export function contentHash(value: unknown): string {
  return hash("sha256", canonicalize(value) ?? "");
}

/**
 * The id of a finding: control + resource + part, hashed so that it can be typed, quoted and used as a file name whatever a rule is
 * called. The account is part of the resource: a bucket's name can pass to another account. No secret is in it, so that it is the same everywhere and for ever: who guesses an
 * object's key can confirm it by the id (SECURITY.md).
 */
export function findingId(controlId: string, resource: ResourceRef, part: string): string {
  const version = isVersioned(resource.version) ? [resource.version] : [];
  return `f-${contentHash([controlId, resource.account, resource.arn, part, ...version]).slice(0, 20)}`;
}

/** The part of a finding that is about all of a resource's state. */
export const WHOLE = "(all)";

/** Whether an object's version is one of many. What was written while a bucket kept none is called "null" later, and is the same as before. Pure. */
export function isVersioned(version: string | undefined): version is string {
  return version !== undefined && version !== "null";
}

/** A text in few letters, to be compared and not to be read: what is kept for each of a thousand findings has to be small. */
export function shortHash(text: string): string {
  return contentHash(text).slice(0, 12);
}

/**
 * What an exception is bound to, and what makes the same finding news: where the data goes and which data; what is expected and what is there; the classes that
 * rules give an object; whether a key is active, and what was reported of it. Undefined when facts can't carry an exception.
 */
export function subjectOf(facts: Facts): string | undefined {
  if (facts.kind === "condition") {
    const { expected, found, reported } = facts;
    return contentHash([expected, found, ...(reported === undefined ? [] : [reported.by, reported.id])]).slice(0, 20);
  }
  if (facts.kind === "object") {
    const classes = new Set(facts.matched.map(({ classification }) => classification));
    return contentHash(["object", ...[...classes].sort()]).slice(0, 20);
  }
  if (facts.kind === "access-key") {
    // Its age is no other matter each day.
    const { about, key, status, reported } = facts;
    return contentHash([about, key, status, reported?.by ?? "", reported?.id ?? ""]).slice(0, 20);
  }
  if (facts.kind === "sessions") {
    const { key, reported } = facts;
    return contentHash(["sessions", key, reported?.by ?? "", reported?.id ?? ""]).slice(0, 20);
  }
  if (facts.kind !== "transfer" || facts.to === undefined) return undefined;
  const tags = facts.tags.map((tag) => `${tag.key}=${tag.value}`).sort();
  const key = facts.replicaKey === undefined ? [] : [facts.replicaKey];
  return contentHash([facts.destination, facts.to, facts.prefix ?? "", tags, ...key]).slice(0, 20);
}
