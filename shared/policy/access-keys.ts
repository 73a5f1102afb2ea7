import type { Tag } from "../types.ts";
import { unproved } from "./match-scope.ts";
import { matchesPattern } from "./patterns.ts";
import type { ResidencyPolicy, TrustedSetters } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** How long an access key may live, in days. */
export interface KeyLimits {
  /** Its owner is warned from this age on ... */
  readonly warnDays: number;
  /** ... and it is deactivated at this one. */
  readonly deactivateDays: number;
  /** Deactivated for so long, it is deleted. */
  readonly deleteAfterDays: number;
  /** Never used, it is deactivated at this age already. */
  readonly neverUsedDays: number;
  /** Used within so many days, something depends on it. */
  readonly recentDays: number;
  /** Something depends on it: without a person's word it is deactivated so long after its owner was warned, and not before. */
  readonly minWarningDays: number;
}

/** What policy says of access keys. */
export interface AccessKeyRules {
  readonly limits: KeyLimits;
  /** A deleted key can't come back: `approve` has a person say so each time. */
  readonly deletion: "approve" | "enforce";
  /** Tags of a user that name who sees to its keys; the first that is there counts. */
  readonly ownerTags: readonly string[];
  /** Users whose keys never age, and are stopped on a person's word only. */
  readonly breakGlass: readonly UserScope[];
  /** Users with limits of their own; the first that matches counts. */
  readonly service: readonly ServiceUsers[];
  readonly deniedBursts: {
    /** So many denied calls of one key within the window are a burst. */
    readonly count: number;
    readonly windowMs: number;
    readonly do: "ticket" | "deactivate";
  };
}

/** Which users. Of each list any one entry, of `tags` all; what is named has to match altogether. */
export interface UserScope {
  /** What the user's path begins with. */
  readonly paths?: readonly string[];
  /** Names, in which `*` stands for any letters. */
  readonly names?: readonly string[];
  readonly tags?: readonly Tag[];
  readonly tagsSetBy?: TrustedSetters;
}

export interface ServiceUsers {
  readonly users: UserScope;
  readonly limits: KeyLimits;
}

/** What holds where a policy says nothing of it (schema-access-keys.ts tells it). */
export const ACCESS_KEY_DEFAULTS: AccessKeyRules = {
  limits: {
    warnDays: 80,
    deactivateDays: 90,
    deleteAfterDays: 30,
    neverUsedDays: 30,
    recentDays: 30,
    minWarningDays: 7,
  },
  deletion: "approve",
  ownerTags: ["owner"],
  breakGlass: [],
  service: [],
  deniedBursts: { count: 50, windowMs: 10 * 60_000, do: "ticket" },
};

/** What holds of access keys. Pure. */
export function accessKeyRules({ accessKeys }: Pick<ResidencyPolicy, "accessKeys">): AccessKeyRules {
  return accessKeys ?? ACCESS_KEY_DEFAULTS;
}

/** Who sees to a user's keys, by its tags. Pure. */
export function ownerBy(tags: readonly Tag[], { ownerTags }: AccessKeyRules): string | undefined {
  const values = ownerTags.map((key) => tags.find((tag) => tag.key === key)?.value);
  return values.find((value) => value !== undefined && value !== "");
}

/** Whether a user is among those meant; `unknown` with why, where its tags would tell and can't be read or trusted. */
export interface UserMatch {
  readonly applies: "yes" | "no" | "unknown";
  readonly why: string;
}

/** Whether a finding is about one of these users. A role is none of them. Pure. */
export function matchUser(scope: UserScope, { finding: { resource }, tags }: Subject): UserMatch {
  const { paths, names, tags: named, tagsSetBy } = scope;
  const path = pathOf(resource.arn);
  const isNamed = names?.some((pattern) => matchesPattern(pattern, resource.name)) ?? true;
  if (path === undefined || !isNamed || paths?.some((each) => path.startsWith(each)) === false)
    return { applies: "no", why: `it is for other users than ${resource.name}` };
  if (named === undefined) return { applies: "yes", why: "everything it names matches" };
  if (tags === undefined)
    return { applies: "unknown", why: "it is for users with certain tags, and the tags can't be read" };
  const missing = named.find(({ key, value }) => tags.get(key) !== value);
  if (missing !== undefined) return { applies: "no", why: `the user has no tag ${missing.key}=${missing.value}` };
  return tagsSetBy?.enforcement === "verify"
    ? unproved(tagsSetBy)
    : { applies: "yes", why: "everything it names matches" };
}

/** `/service/` of `arn:aws:iam::111122223333:user/service/reporting`; undefined of what is no user. */
function pathOf(arn: string): string | undefined {
  return /^arn:[^:]+:iam::\d*:user(\/(?:.*\/)?)[^/]+$/.exec(arn)?.[1];
}
