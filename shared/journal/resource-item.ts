import type { ResourceRef } from "../types.ts";
import { type ControlRecord, KEPT_RESOLVED, type ResourceRecord } from "./journal.ts";
import { resourceKey } from "./keys.ts";

/** How many findings of a control are not resolved, in an attribute of its own, so that a condition can ask for it. */
export function openAttribute(controlId: string): string {
  return `open#${controlId}`;
}

/** The Regions a control last saw data being sent to, in an attribute of its own, so that a quiet look can write it without knowing the item. */
export function sentToAttribute(controlId: string): string {
  return `sentTo#${controlId}`;
}

/** The state in which a control last saw nothing wrong, for the same reason. */
export function quietAttribute(controlId: string): string {
  return `quiet#${controlId}`;
}

/** Findings that are not resolved. */
export function openFindings(record: ControlRecord): number {
  return Object.values(record.findings).filter(({ status }) => status !== "resolved").length;
}

/** Resolved findings beyond the newest few are forgotten here; their records stay. */
export function pruned(findings: ResourceRecord["findings"]): ResourceRecord["findings"] {
  const resolved = Object.entries(findings).filter(([, { status }]) => status === "resolved");
  if (resolved.length <= KEPT_RESOLVED) return findings;
  const oldest = resolved
    .sort(([, a], [, b]) => a.changedAtMs - b.changedAtMs)
    .slice(0, resolved.length - KEPT_RESOLVED);
  const dropped = new Set(oldest.map(([id]) => id));
  return Object.fromEntries(Object.entries(findings).filter(([id]) => !dropped.has(id)));
}

/** A record in its parts: what one control keeps of the resource, and what all of them share. */
export function partsOf(record: ResourceRecord) {
  const {
    controlId,
    others,
    findings,
    unfinishedRun,
    leftBy,
    causes,
    isCauseLost,
    turnMs,
    turnCause,
    proposedAtMs,
    refusedAtMs,
    sentTo,
    quiet,
    ...shared
  } = record;
  const own = {
    findings,
    unfinishedRun,
    leftBy,
    causes,
    isCauseLost,
    turnMs,
    turnCause,
    proposedAtMs,
    refusedAtMs,
  } as ControlRecord;
  const byControl: Readonly<Record<string, ControlRecord>> = { ...others, [controlId]: own };
  return { byControl, sentTo, quiet, shared };
}

/**
 * What a write of one control sets of the resource's item. What other controls have seen quietly is not among it: they write that without a version, so that it is only
 * known to the item itself.
 */
export function itemOf(record: ResourceRecord): Record<string, unknown> {
  const { byControl, sentTo, quiet, shared } = partsOf(record);
  const open = Object.entries(byControl).map(([id, part]) => [openAttribute(id), openFindings(part)]);
  return {
    ...resourceKey(record.resource),
    entity: "resource",
    ...shared,
    byControl,
    ...Object.fromEntries(open),
    ...(sentTo !== undefined && { [sentToAttribute(record.controlId)]: sentTo }),
    ...(quiet !== undefined && { [quietAttribute(record.controlId)]: quiet }),
  };
}

/** What one control sees of a resource's item; an empty record when there is none. */
export function recordOf(resource: ResourceRef, controlId: string, item: Record<string, unknown> = {}): ResourceRecord {
  const stored = item as Partial<ResourceRecord> & { readonly byControl?: Readonly<Record<string, ControlRecord>> };
  const { [controlId]: own = { findings: {} }, ...others } = stored.byControl ?? {};
  const { classification, classSource, seenAt } = stored;
  const sentTo = item[sentToAttribute(controlId)] as ControlRecord["sentTo"];
  const quiet = item[quietAttribute(controlId)] as ControlRecord["quiet"];
  return {
    resource,
    controlId,
    others,
    version: stored.version ?? 0,
    leaseUntilMs: stored.leaseUntilMs ?? 0,
    runs: stored.runs ?? 0,
    ownRequests: stored.ownRequests ?? [],
    ...(classification !== undefined && { classification }),
    ...(classSource !== undefined && { classSource }),
    ...(seenAt !== undefined && { seenAt }),
    ...own,
    ...(sentTo !== undefined && { sentTo }),
    ...(quiet !== undefined && { quiet }),
  };
}
