import type { Consideration } from "../types.ts";
import { matchesPattern } from "./patterns.ts";
import type { Classification, Conditions, Scope, TrustedSetters } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** Whether a rule is about a subject, and what tells so. */
export type Match = Pick<Consideration, "applies" | "why">;

const YES: Match = { applies: "yes", why: "everything it names matches" };

/** Whether a subject lies in a scope. What surely doesn't match settles it; otherwise one part that can't be told leaves it untold. Pure. */
export function matchScope(scope: Scope, subject: Subject, conditions: Conditions): Match {
  let untold: Match | undefined;
  for (const part of PARTS) {
    const match = part(scope, subject);
    if (match?.applies === "no") return match;
    if (match?.applies === "unknown") untold ??= match;
  }
  if (untold !== undefined) return untold;
  const match = scope.when === undefined ? YES : matchWhenForAll(scope.when, subject, conditions);
  return match.applies === "yes" && scope.tagsSetBy?.enforcement === "verify" ? unproved(scope.tagsSetBy) : match;
}

/** That a tag lets data go further, and it has not been proved that only those named can set it. Pure. */
export function unproved({ principals }: TrustedSetters): Match {
  const who = principals.join(", ");
  return unknown(`that live policies deny its tags to everybody but ${who} has not been proved`);
}

/** Data of several classes is in a scope when it is as each of them. */
function matchWhenForAll(when: string, subject: Subject, conditions: Conditions): Match {
  const [first, ...others] = subject.classes ?? [];
  const match = matchWhen(when, subject, conditions, first);
  const other = others
    .map((each) => matchWhen(when, subject, conditions, each))
    .find(({ applies }) => applies !== match.applies);
  if (other === undefined) return match;
  return unknown(`its condition holds for one of the classes of the data and not for another: ${when}`);
}

/** Whether a condition holds. One that fails holds neither nor doesn't: that is never taken for an answer. Pure. */
export function matchWhen(
  when: string,
  subject: Subject,
  conditions: Conditions,
  classification?: Classification,
): Match {
  try {
    if (conditions(when, subject.context(classification))) return YES;
    return { applies: "no", why: `its condition does not hold: ${when}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { applies: "unknown", why: `its condition can't be evaluated (${reason}): ${when}` };
  }
}

type Part = (scope: Scope, subject: Subject) => Match | undefined;

const no = (why: string): Match => ({ applies: "no", why });
const unknown = (why: string): Match => ({ applies: "unknown", why });

/** The cheapest first. Each says nothing where the scope names nothing, or where it matches. */
const PARTS: readonly Part[] = [
  ({ accounts }, { finding: { resource } }) =>
    accounts === undefined || accounts.includes(resource.account)
      ? undefined
      : no(`it is for other accounts than ${resource.account}`),

  ({ regions }, { finding: { resource } }) =>
    regions === undefined || regions.includes(resource.region)
      ? undefined
      : no(`it is for resources elsewhere than in ${resource.region}`),

  ({ units: named }, { units }) =>
    named === undefined || named.some((unit) => units.includes(unit))
      ? undefined
      : no(`it is for the organisational units ${named.join(", ")}`),

  ({ classifications }, { classes }) => {
    if (classifications === undefined) return undefined;
    if (classes === undefined) return unknown("it is for certain classes, and the class of the data can't be told");
    const covered = classes.filter(({ name }) => classifications.includes(name)).length;
    if (covered > 0 && covered === classes.length) return undefined;
    const classNames = classes.map(({ name }) => `"${name}"`).join(" and ");
    if (covered > 0) return unknown(`the data is ${classNames}, of which it is for one only`);
    return no(`it is for other data than ${classNames || "this"}`);
  },

  ({ to }, { transfer, finding: { facts } }) => {
    if (to === undefined) return undefined;
    if (facts.kind === "unreadable")
      return unknown("it is for data that goes to certain places, and the state can't be read");
    if (transfer === undefined) return no("it is for data that moves, and this does not");
    if (transfer.to === undefined)
      return unknown(`it is for certain places, and where ${transfer.destination} lies is unknown`);
    return to.includes(transfer.to) ? undefined : no(`it is for other places than ${transfer.to}`);
  },

  ({ tags: named }, { tags }) => {
    if (named === undefined) return undefined;
    if (tags === undefined) return unknown("it is for resources with certain tags, and the tags can't be read");
    const missing = named.find(({ key, value }) => tags.get(key) !== value);
    return missing === undefined ? undefined : no(`the resource has no tag ${missing.key}=${missing.value}`);
  },

  ({ resources }, { finding: { resource } }) =>
    resources === undefined || resources.some((pattern) => matchesPattern(pattern, resource.arn))
      ? undefined
      : no("it is for other resources"),
];
