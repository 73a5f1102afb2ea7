import { type AccessKeyRules, type KeyLimits, matchUser, type UserMatch, type UserScope } from "./access-keys.ts";
import type { Subject } from "./subject.ts";

/** Whether a finding's user is one for emergencies. What surely matches settles it. Pure. */
export function breakGlassOf(scopes: readonly UserScope[], subject: Subject): UserMatch {
  const matches = scopes.map((scope) => matchUser(scope, subject));
  return (
    matches.find(({ applies }) => applies === "yes") ??
    matches.find(({ applies }) => applies === "unknown") ?? { applies: "no", why: "it is no user for emergencies" }
  );
}

/** One set of limits that may be the user's, and why that can't be told for sure. */
export interface PossibleLimits {
  readonly limits: KeyLimits;
  readonly doubt?: string;
}

/** The limits that hold for a finding's user: one, unless tags that would tell can't be read or trusted; the surest is the last. Pure. */
export function possibleLimits({ service, limits }: AccessKeyRules, subject: Subject): readonly PossibleLimits[] {
  const possible: PossibleLimits[] = [];
  for (const own of service) {
    const { applies, why } = matchUser(own.users, subject);
    if (applies === "yes") return [...possible, { limits: own.limits }];
    if (applies === "unknown") possible.push({ limits: own.limits, doubt: why });
  }
  return [...possible, { limits }];
}
