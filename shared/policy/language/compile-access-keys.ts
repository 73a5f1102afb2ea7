import { ACCESS_KEY_DEFAULTS, type AccessKeyRules, type KeyLimits, type UserScope } from "../access-keys.ts";
import type { Compiled } from "./compile-scopes.ts";
import type { Problem } from "./problems.ts";
import type { AccessKeysDocument } from "./schema-access-keys.ts";

type UsersDocument = NonNullable<AccessKeysDocument["breakGlass"]>[number];
type Days = { readonly [Name in keyof KeyLimits]?: KeyLimits[Name] | undefined };

/** What policy says of access keys; undefined where the document says nothing, so that its digest stays what it was before there was this. Pure. */
export function compileAccessKeys(document: AccessKeysDocument | undefined): Compiled<AccessKeyRules | undefined> {
  if (document === undefined) return { part: undefined, problems: [] };
  const { deletion, ownerTags, breakGlass = [], service = [], deniedBursts } = document;
  const defaults = ACCESS_KEY_DEFAULTS;
  const limits = limitsOf(document, defaults.limits);
  return {
    part: {
      limits,
      deletion: deletion ?? defaults.deletion,
      ownerTags: [...new Set(ownerTags ?? defaults.ownerTags)],
      breakGlass: breakGlass.map(usersOf),
      service: service.map(({ users, ...own }) => ({ users: usersOf(users), limits: limitsOf(own, limits) })),
      deniedBursts: {
        count: deniedBursts?.count ?? defaults.deniedBursts.count,
        windowMs: deniedBursts?.windowMinutes ? deniedBursts.windowMinutes * 60_000 : defaults.deniedBursts.windowMs,
        do: deniedBursts?.do ?? defaults.deniedBursts.do,
      },
    },
    problems: [
      ...checkLimits(document, limits, ["accessKeys"]),
      ...service.flatMap((own, index) => checkLimits(own, limitsOf(own, limits), ["accessKeys", "service", index])),
    ],
  };
}

function limitsOf(own: Days, around: KeyLimits): KeyLimits {
  // Whoever gives keys but 20 days need not say that those never used have no 30.
  const deactivateDays = own.deactivateDays ?? around.deactivateDays;
  const room = Math.max(0, around.deactivateDays - around.warnDays);
  return {
    deactivateDays,
    warnDays: own.warnDays ?? Math.max(1, own.deactivateDays === undefined ? around.warnDays : deactivateDays - room),
    deleteAfterDays: own.deleteAfterDays ?? around.deleteAfterDays,
    neverUsedDays: own.neverUsedDays ?? Math.min(around.neverUsedDays, deactivateDays),
    recentDays: own.recentDays ?? around.recentDays,
    minWarningDays: own.minWarningDays ?? around.minWarningDays,
  };
}

function usersOf({ paths, names, tags, tagsSetBy }: UsersDocument): UserScope {
  return {
    ...(paths && { paths }),
    ...(names && { names }),
    ...(tags && { tags }),
    ...(tagsSetBy && { tagsSetBy }),
  };
}

/** A warning comes before what it warns of, and what is never used lives no longer than what is. Told where it is said, not where it is inherited. */
function checkLimits(own: Days, limits: KeyLimits, path: Problem["path"]): Problem[] {
  const { warnDays, deactivateDays, neverUsedDays } = limits;
  const most = `expected at most deactivateDays, which is ${deactivateDays}`;
  const tell = (key: keyof KeyLimits, message: string): Problem[] => {
    const at = [key, "deactivateDays" as const].find((each) => own[each] !== undefined);
    return at === undefined ? [] : [{ path: [...path, at], message: `${message}, ${most}` }];
  };
  return [
    ...(warnDays > deactivateDays ? tell("warnDays", `found a warning at ${warnDays} days`) : []),
    ...(neverUsedDays > deactivateDays
      ? tell("neverUsedDays", `found ${neverUsedDays} days for a key that was never used`)
      : []),
  ];
}
