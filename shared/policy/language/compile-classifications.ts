import { freesFrom, isWithin } from "../../classification/order.ts";
import type { Classification } from "../policy.ts";
import { parseCitation } from "./citations.ts";
import type { Compiled } from "./compile-scopes.ts";
import { checkName, type Names, resolvePlaces } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { ClassificationDocument, PolicyDocument } from "./schema.ts";

/** Classes from the least to the most restrictive. */
export function compileClassifications(document: PolicyDocument, names: Names): Compiled<readonly Classification[]> {
  const compiled = document.classifications.map((entry, index) => compileClassification(entry, index, names));
  const classes = compiled.map(({ part }) => part);
  const { unclassified } = document;
  const problems = [
    ...compiled.flatMap((each) => each.problems),
    ...checkUniqueness(document.classifications),
    ...(unclassified === undefined
      ? []
      : checkName(
          "classification",
          unclassified.treatAs,
          names.classifications,
          ["unclassified", "treatAs"],
          ["classifications"],
        )),
  ];
  // What follows compares classes, which have to be right themselves.
  if (problems.length === 0)
    problems.push(...checkRanks(classes), ...checkTags(classes), ...checkSetters(classes, unclassified?.treatAs));
  return { part: classes.toSorted((a, b) => a.rank - b.rank), problems };
}

function compileClassification(
  { name, rank, residency, recognisedBy = [], setBy, loweredBy = [], citations = [] }: ClassificationDocument,
  index: number,
  names: Names,
): Compiled<Classification> {
  const anywhere = residency === "anywhere";
  const listed = anywhere ? [] : residency;
  const { places, problems } = resolvePlaces(listed, ["classifications", index, "residency"], names);
  return {
    part: {
      name,
      rank,
      residency: listed,
      places,
      anywhere,
      tags: recognisedBy.map(({ tag }) => tag),
      ...(setBy !== undefined && { setBy }),
      isFavoured: false,
      loweredBy,
      citations: citations.flatMap((cited) => parseCitation(cited) ?? []),
    },
    problems,
  };
}

/** Names, ranks and tags are unique, so that "the most restrictive wins" always names one class. */
function checkUniqueness(classifications: readonly ClassificationDocument[]): Problem[] {
  const seen = new Map<string, string>();
  const once = (key: string, path: Problem["path"], what: string, owner: string): Problem[] => {
    const other = seen.get(key);
    if (other !== undefined) return [{ path, message: `${what} is already ${other}'s; expected one of its own` }];
    seen.set(key, owner);
    return [];
  };
  return classifications.flatMap(({ name, rank, recognisedBy = [] }, index) => [
    ...once(`name:${name}`, ["classifications", index, "name"], `the name "${name}"`, name),
    ...once(`rank:${rank}`, ["classifications", index, "rank"], `rank ${rank}`, name),
    ...recognisedBy.flatMap(({ tag: { key, value } }, position) =>
      once(
        `tag:${key}=${value}`,
        ["classifications", index, "recognisedBy", position],
        `the tag ${key}=${value}`,
        name,
      ),
    ),
  ]);
}

/** A class that ranks higher may not live where a lower one may not: the more restrictive would free data. */
function checkRanks(classes: readonly Classification[]): Problem[] {
  return classes.flatMap((higher, index) => {
    const lower = classes.find(
      (other) => other.rank < higher.rank && freesFrom(higher, other) && !freesFrom(other, higher),
    );
    if (lower === undefined) return [];
    const message = `"${higher.name}" (rank ${higher.rank}) may live wherever "${lower.name}" (rank ${lower.rank}) may, and elsewhere too; expected the more restrictive to rank higher`;
    return [{ path: ["classifications", index, "rank"], message, restsOn: ["jurisdictions"] }];
  });
}

/** Classes of which neither may live wherever the other may must not meet on one resource: a resource carries a key once. */
function checkTags(classes: readonly Classification[]): Problem[] {
  const keysOf = ({ tags }: Classification) => new Set(tags.map(({ key }) => key));
  return classes.flatMap((one, index) => {
    const keys = keysOf(one);
    const other = classes.slice(0, index).find((each) => {
      const all = new Set([...keys, ...keysOf(each)]);
      const isApart = !isWithin(one, each) && !isWithin(each, one);
      return isApart && keys.size > 0 && each.tags.length > 0 && all.size > 1;
    });
    if (other === undefined) return [];
    const message = `"${one.name}" and "${other.name}" may live in different places, and one resource could carry the tags of both; expected tags with one and the same key`;
    return [{ path: ["classifications", index, "recognisedBy"], message, restsOn: ["jurisdictions"] }];
  });
}

/** A tag that lets data go where unclassified data may not is trusted only from those whom policy names (invariant 15). */
function checkSetters(classes: readonly Classification[], treatAs: string | undefined): Problem[] {
  const strictest = classes.toSorted((a, b) => b.rank - a.rank)[0];
  const reference = classes.find(({ name }) => name === treatAs) ?? strictest;
  return classes.flatMap((each, index) => {
    if (reference === undefined || each.tags.length === 0 || each.setBy !== undefined || isWithin(each, reference))
      return [];
    const message = `the tags of "${each.name}" make data less restricted than "${reference.name}" data is; expected setBy, which names who may set them`;
    return [{ path: ["classifications", index], message, restsOn: ["jurisdictions", "unclassified"] }];
  });
}
