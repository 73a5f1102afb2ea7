import { contentHash } from "../ids.ts";
import type { Mode } from "../types.ts";
import type { Classification, Limits, ResidencyPolicy, TrustedTag } from "./policy.ts";
import type { PolicyDocument } from "./schema.ts";

/** A mistake that the form alone doesn't show, at a path of the document. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Compiled =
  | { readonly ok: true; readonly policy: ResidencyPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const HOUR_MS = 3_600_000;

/** A document of the right form -> a policy whose names all resolve, or every name that doesn't. Pure. */
export function compilePolicy(document: PolicyDocument, controlIds: readonly string[]): Compiled {
  const problems = [
    ...checkJurisdictions(document),
    ...checkClassifications(document),
    ...checkReferences(document, controlIds),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const limits = compileLimits(document);
  if (limits.exception.defaultMs > limits.exception.maxMs) {
    return { ok: false, problems: [{ path: ["limits", "exceptions"], message: "defaultHours is more than maxHours" }] };
  }
  const modes: Record<string, Mode> = {};
  for (const [id, control] of Object.entries(document.controls ?? {})) modes[id] = control.mode;
  const content = {
    name: document.name,
    classifications: document.classifications
      .map((entry) => compileClassification(entry, document))
      .sort((a, b) => a.rank - b.rank),
    ...(document.unclassified !== undefined && { unclassified: document.unclassified.treatAs }),
    trustedTags: (document.trustedTags ?? []).map((entry) => compileTrustedTag(entry, document)),
    modes,
    limits,
  };
  return { ok: true, policy: { ...content, digest: contentHash(content) } };
}

function regionsOf(jurisdictions: readonly string[], document: PolicyDocument): string[] {
  return [...new Set(jurisdictions.flatMap((name) => document.jurisdictions[name]?.regions ?? []))].sort();
}

function compileClassification(
  entry: PolicyDocument["classifications"][number],
  document: PolicyDocument,
): Classification {
  const anywhere = entry.residency === "anywhere";
  const residency = entry.residency === "anywhere" ? [] : entry.residency;
  return {
    name: entry.name,
    rank: entry.rank,
    residency,
    regions: regionsOf(residency, document),
    anywhere,
    tags: (entry.recognisedBy ?? []).map((by) => by.bucketTag),
    citations: entry.citations ?? [],
  };
}

function compileTrustedTag(
  entry: NonNullable<PolicyDocument["trustedTags"]>[number],
  document: PolicyDocument,
): TrustedTag {
  return { ...entry, regions: regionsOf(entry.jurisdictions, document) };
}

/** The defaults, which policies/eu-gdpr.yaml spells out. */
function compileLimits(document: PolicyDocument): Limits {
  const { settleWindowSeconds = 30, flips, automaticChanges, exceptions } = document.limits ?? {};
  return {
    settleWindowMs: settleWindowSeconds * 1000,
    flips: {
      count: flips?.count ?? 3,
      windowMs: (flips?.windowMinutes ?? 60) * 60_000,
      cappedIntervalMs: (flips?.cappedIntervalSeconds ?? 60) * 1000,
    },
    automaticChanges: {
      count: automaticChanges?.count ?? 50,
      windowMs: (automaticChanges?.windowMinutes ?? 60) * 60_000,
    },
    exception: {
      defaultMs: (exceptions?.defaultHours ?? 24) * HOUR_MS,
      maxMs: (exceptions?.maxHours ?? 24 * 30) * HOUR_MS,
    },
  };
}

/** A Region under two laws is a mistake only if nobody meant it; a Region named twice in one list always is. */
function checkJurisdictions(document: PolicyDocument): Problem[] {
  return Object.entries(document.jurisdictions).flatMap(([name, { regions }]) =>
    regions.flatMap((region, index) =>
      regions.indexOf(region) < index
        ? [{ path: ["jurisdictions", name, "regions", index], message: `${region} is listed twice` }]
        : [],
    ),
  );
}

/** Names, ranks and tags are unique, so that "the most restrictive wins" always names one class. */
function checkClassifications(document: PolicyDocument): Problem[] {
  const seen = new Map<string, string>();
  const once = (key: string, path: Problem["path"], what: string, owner: string): Problem[] => {
    const other = seen.get(key);
    if (other !== undefined) return [{ path, message: `${what} is already ${other}'s; expected one of its own` }];
    seen.set(key, owner);
    return [];
  };
  return document.classifications.flatMap((entry, index) => [
    ...once(`name:${entry.name}`, ["classifications", index, "name"], `the name "${entry.name}"`, entry.name),
    ...once(`rank:${entry.rank}`, ["classifications", index, "rank"], `rank ${entry.rank}`, entry.name),
    ...(entry.recognisedBy ?? []).flatMap((by, position) =>
      once(
        `tag:${by.bucketTag.key}=${by.bucketTag.value}`,
        ["classifications", index, "recognisedBy", position],
        `the tag ${by.bucketTag.key}=${by.bucketTag.value}`,
        entry.name,
      ),
    ),
  ]);
}

function checkReferences(document: PolicyDocument, controlIds: readonly string[]): Problem[] {
  const jurisdictions = Object.keys(document.jurisdictions);
  const classes = document.classifications.map((entry) => entry.name);
  const known = (name: string, names: readonly string[], path: Problem["path"], what: string): Problem[] =>
    names.includes(name)
      ? []
      : [{ path, message: `unknown ${what} "${name}", expected one of: ${names.join(", ") || "(none is defined)"}` }];
  return [
    ...document.classifications.flatMap((entry, index) =>
      entry.residency === "anywhere"
        ? []
        : entry.residency.flatMap((name, position) =>
            known(name, jurisdictions, ["classifications", index, "residency", position], "jurisdiction"),
          ),
    ),
    ...(document.unclassified === undefined
      ? []
      : known(document.unclassified.treatAs, classes, ["unclassified", "treatAs"], "classification")),
    ...(document.trustedTags ?? []).flatMap((entry, index) => [
      ...entry.classifications.flatMap((name, position) =>
        known(name, classes, ["trustedTags", index, "classifications", position], "classification"),
      ),
      ...entry.jurisdictions.flatMap((name, position) =>
        known(name, jurisdictions, ["trustedTags", index, "jurisdictions", position], "jurisdiction"),
      ),
    ]),
    ...Object.keys(document.controls ?? {}).flatMap((id) => known(id, controlIds, ["controls", id], "control")),
  ];
}
