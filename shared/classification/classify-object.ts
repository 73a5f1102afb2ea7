import type { Classification, ResidencyPolicy } from "../policy/policy.ts";
import type { ObjectFacts, RuleMatch, Tag } from "../types.ts";
import {
  type Classified,
  certainClasses,
  classifyBucket,
  deciders,
  type JournalledClass,
  joinClasses,
  journalledClasses,
  quoted,
  unproved,
} from "./classify.ts";
import { couldRaise } from "./object-rules.ts";
import { classesByTags } from "./object-tags.ts";
import { isWithin, strictest } from "./order.ts";

/** The class journalled for an object before. */
export interface JournalledObject extends JournalledClass {
  /**
   * This very version of the object was last seen with a tag of that class: that it has none now is somebody's doing. Left out where that is not known, and of a
   * version that was never seen: it had no tag that anybody could have lowered.
   */
  readonly wasCarried?: boolean | undefined;
}

/** Something that gives an object a class. */
interface Claim {
  readonly by: "bucket" | "tag" | "rule" | "default";
  readonly classification: Classification;
  readonly reason: string;
  readonly rule?: string;
}

/**
 * The class of an object's data: its bucket's, that of a rule that applies, or that of its own tags, whichever is the most restrictive. Where two lie apart, as
 * under two laws, both hold. Its own tags only ever raise it: a tag below its bucket's class frees nothing. The class journalled before holds until a data owner
 * decides (invariant 15). What can't be told, and could raise the class, leaves it undecided. Pure and total.
 *
 * @param bucketTags the bucket's live tags, or why they could not be read
 * @param around what is journalled of the bucket's class: it does not fall with a tag, for its objects neither
 */
export function classifyObject(
  facts: Pick<ObjectFacts, "matched" | "undecided" | "carried">,
  bucketTags: readonly Tag[] | { readonly unreadable: string },
  { classification, classSource, wasCarried = false }: JournalledObject,
  policy: ResidencyPolicy,
  around: JournalledClass = {},
): Classified {
  const bucket = classifyBucket(bucketTags, around, policy);
  const claims = [...claimsOfBucket(bucket), ...claimsOfTags(facts, policy), ...claimsOfRules(facts, policy)];
  const known = journalledClasses(classification, policy);
  const before = classSource === "tag" ? (known ?? []) : [];
  const held = strictest([...claims.map((each) => each.classification), ...before]);
  const sure = strictest([
    ...claims.flatMap((each) => (each.by === "default" ? [] : [each.classification])),
    ...before,
  ]);
  // A class that policy doesn't know, or that none of these is within, stays as it is journalled: a default too, whose lower class a data owner has to confirm.
  const isKept = known?.every((each) => sure.some((now) => isWithin(now, each)));
  const undecided = (reason: string): Classified => ({
    kind: "undecided",
    reason,
    ...(held.length > 0 && { atLeast: held }),
    ...(isKept && sure.length > 0 && { remembered: joinClasses(sure) }),
  });

  if (classSource === "tag" && known === undefined)
    return undecided(`the journalled class "${classification}" is not in policy ${policy.name}`);
  if (bucket.kind !== "classified") return undecided(bucket.reason);
  const { onUnopened } = policy.objects ?? {};
  const isLeft = ({ hidden }: RuleMatch) => hidden === "unopened" && onUnopened === "keep";
  const unopened = facts.undecided.filter((each) => isLeft(each) && couldRaise([each], held, policy));
  const doubt =
    doubtOfRules({ ...facts, undecided: facts.undecided.filter((each) => !isLeft(each)) }, held, policy) ??
    doubtOfTags(facts, claims, held) ??
    (classSource === "tag" ? undefined : doubtOfDefault(known ?? [], held, bucket));
  if (doubt !== undefined) return undecided(doubt);
  const { because = [], ...classified } = classifiedAs(held, claims, before);
  const notes = [...because, ...unopened.map(leftInWords).sort()];
  return {
    ...classified,
    ...(notes.length > 0 && { because: notes }),
    ...(wasCarried && isLowered(before, facts.carried, policy) && { isLowered: true }),
  };
}

/** What policy lets be, in words. */
function leftInWords({ rule, classification, why }: RuleMatch): string {
  return `rule "${rule}" might have made it "${classification}", had it been opened, and policy keeps the class that is certain (onUnopened: keep): ${why}`;
}

function claimsOfBucket(bucket: Classified): readonly Claim[] {
  if (bucket.kind !== "classified") return [];
  const by = bucket.source === "default" ? "default" : "bucket";
  return certainClasses(bucket).map((classification) => ({ by, classification, reason: bucket.reason }));
}

function claimsOfTags({ carried }: Pick<ObjectFacts, "carried">, policy: ResidencyPolicy): readonly Claim[] {
  return classesByTags(carried, policy).map((classification) => ({
    by: "tag",
    classification,
    reason: `its own tags say "${classification.name}"`,
  }));
}

function claimsOfRules({ matched }: Pick<ObjectFacts, "matched">, policy: ResidencyPolicy): readonly Claim[] {
  return matched
    .toSorted((one, other) => (one.rule < other.rule ? -1 : 1))
    .flatMap(({ rule, classification: name, why }): Claim | readonly Claim[] => {
      const classification = policy.classifications.find((each) => each.name === name);
      const reason = `rule "${rule}" says "${name}": ${why}`;
      return classification === undefined ? [] : { by: "rule", classification, reason, rule };
    });
}

/** A rule that may apply, and would raise the class, is not passed over. */
function doubtOfRules(
  { matched, undecided }: Pick<ObjectFacts, "matched" | "undecided">,
  held: readonly Classification[],
  policy: ResidencyPolicy,
): string | undefined {
  const isUnknown = (name: string) => policy.classifications.every((each) => each.name !== name);
  const stale = matched.find(({ classification }) => isUnknown(classification));
  if (stale !== undefined)
    return `rule "${stale.rule}" says "${stale.classification}", which is no class of policy ${policy.name}`;
  const open = undecided
    .filter((each) => couldRaise([each], held, policy))
    .map(
      ({ rule, classification, why }) => `whether rule "${rule}" makes it "${classification}" can't be told: ${why}`,
    );
  return open.length === 0 ? undefined : open.sort().join("; ");
}

/** A class to which some rule gives more than to those below it frees data, too: its tag counts only from those who may set it (invariant 15). */
function doubtOfTags(
  { carried }: Pick<ObjectFacts, "carried">,
  claims: readonly Claim[],
  held: readonly Classification[],
): string | undefined {
  const doubtful = held.find((each) => {
    const own = claims.filter(({ classification }) => classification === each);
    const isTagAlone = own.length > 0 && own.every(({ by }) => by === "tag");
    return isTagAlone && each.isFavoured && each.setBy?.enforcement === "verify";
  });
  return doubtful && unproved(doubtful, carried);
}

/** A class below what it was treated as by default may be its first, true one or a way out: a person has to say. Another default is none. */
function doubtOfDefault(
  treatedAs: readonly Classification[],
  held: readonly Classification[],
  bucket: Classified,
): string | undefined {
  if (bucket.kind === "classified" && bucket.source === "default") return undefined;
  if (treatedAs.every((each) => held.some((now) => isWithin(now, each)))) return undefined;
  return `it is ${quoted(held)} now, but it was treated as ${quoted(treatedAs)} so far; a data owner has to confirm the lower class${deciders(treatedAs)}`;
}

/** What counts first when several give the same class: a tag is remembered, a default is not. */
const ORDER: readonly Claim["by"][] = ["bucket", "tag", "rule", "default"];
const SOURCE = { bucket: "tag", tag: "tag", rule: "rule", default: "default" } as const;

function classifiedAs(
  held: readonly Classification[],
  claims: readonly Claim[],
  before: readonly Classification[],
): Extract<Classified, { readonly kind: "classified" }> {
  // The bucket has a class, so that there is one.
  const [classification, ...also] = held as [Classification, ...Classification[]];
  const ranked = claims.toSorted((one, other) => ORDER.indexOf(one.by) - ORDER.indexOf(other.by));
  const deciding = ranked.find((each) => each.classification === classification);
  const live = strictest(claims.map((each) => each.classification));
  const journalled = `journalled as ${quoted(before)} (by all that is seen it is ${quoted(live)}; only a data owner's decision lowers a class${deciders(before)})`;
  const isKept = held.some((each) => !live.includes(each));
  const reason = deciding?.reason ?? journalled;
  const others = [...ranked.map((each) => each.reason), ...(isKept ? [journalled] : [])];
  const apart = `${quoted(held)} may live in different places: it is treated as all of them until a data owner decides${deciders(held)}`;
  const because = new Set([...(also.length > 0 ? [apart] : []), ...others].filter((each) => each !== reason));
  return {
    kind: "classified",
    classification,
    ...(also.length > 0 && { also, remembered: joinClasses(held) }),
    source: deciding === undefined ? "journal" : SOURCE[deciding.by],
    reason,
    ...(because.size > 0 && { because: [...because] }),
    ...(deciding?.rule !== undefined && { rule: deciding.rule }),
  };
}

function isLowered(before: readonly Classification[], carried: readonly Tag[], policy: ResidencyPolicy): boolean {
  const now = classesByTags(carried, policy);
  return before.some((each) => !now.some((given) => isWithin(given, each)));
}
