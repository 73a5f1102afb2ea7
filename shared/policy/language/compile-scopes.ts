import type { Tag } from "../../types.ts";
import { checkCondition } from "../conditions/check-condition.ts";
import type { Scope } from "../policy.ts";
import { checkNames, type Names, resolvePlaces } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { ScopeDocument } from "./schema.ts";

/** A part of the document compiled, with the mistakes in it. */
export interface Compiled<Part> {
  readonly part: Part;
  readonly problems: readonly Problem[];
}

/** A scope with its jurisdictions as places and its condition checked. */
export function compileScope(
  { accounts, units, regions, classifications, tags, resources, to, when, tagsSetBy }: ScopeDocument,
  path: Problem["path"],
  names: Names,
): Compiled<Scope> {
  const lies = regions && resolvePlaces(regions, [...path, "regions"], names);
  const goes = to && resolvePlaces(to, [...path, "to"], names);
  return {
    part: {
      ...(accounts && { accounts }),
      ...(units && { units }),
      ...(lies && { regions: lies.places }),
      ...(classifications && { classifications }),
      ...(tags && { tags: distinctTags(tags) }),
      ...(resources && { resources }),
      ...(goes && { to: goes.places }),
      ...(when !== undefined && { when }),
      ...(tagsSetBy && { tagsSetBy }),
    },
    problems: [
      ...(lies?.problems ?? []),
      ...(goes?.problems ?? []),
      ...checkNames("organisational unit", units, names.units, [...path, "units"], ["organizationalUnits"]),
      ...checkNames(
        "classification",
        classifications,
        names.classifications,
        [...path, "classifications"],
        ["classifications"],
      ),
      ...checkWhen(when, path, names),
      ...(tags ?? []).flatMap(({ key, value }, index) =>
        tags?.some((other) => other.key === key && other.value !== value)
          ? [
              {
                path: [...path, "tags", index],
                message: `no resource carries ${key} with several values; expected one`,
              },
            ]
          : [],
      ),
    ],
  };
}

function distinctTags(tags: readonly Tag[]): readonly Tag[] {
  return [...new Map(tags.map((tag) => [tag.key, tag])).values()];
}

/** The mistakes in a condition, each at its letter; jurisdictions that it names count as used. */
export function checkWhen(when: string | undefined, path: Problem["path"], names: Names): Problem[] {
  if (when === undefined) return [];
  const at = [...path, "when"];
  const checked = checkCondition(when);
  if (!checked.ok)
    return checked.problems.map(({ offset, message }) => ({ path: at, offset, message: `in CEL: ${message}` }));
  names.costsMs.set(when, checked.costMs);
  const listed = checked.jurisdictions;
  for (const name of listed) names.use(name);
  return resolvePlaces(listed, at, names).problems.map(({ message }) => ({
    path: at,
    message: `in CEL: ${message}`,
    restsOn: ["jurisdictions"],
  }));
}
