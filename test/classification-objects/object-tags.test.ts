import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriedTags, classesByTags, isFullFor, tagFor, tagsWith } from "../../shared/classification/object-tags.ts";
import type { Tag } from "../../shared/types.ts";
import { tag, withObjects } from "./object-stage.ts";

const CLASS = tag("secret");
const others = (count: number) => Array.from({ length: count }, (_, index) => tag("v", `k${index}`));

describe("an object's tags with that of its class", () => {
  it.each<readonly [string, readonly Tag[], readonly Tag[] | undefined]>([
    ["on none", [], [CLASS]],
    ["T1 beside others", others(9), [...others(9), CLASS]],
    [
      "in the place of another class",
      [...others(2), tag("public"), tag("v", "z")],
      [...others(2), CLASS, tag("v", "z")],
    ],
    ["in the place of another class on a full object", [tag("public"), ...others(9)], [CLASS, ...others(9)]],
    ["beside a key that differs by letter case", [tag("x", "Class")], [tag("x", "Class"), CLASS]],
    ["T4 on a full object", others(10), undefined],
  ])("%s", (_, tags, expected) => {
    expect(tagsWith(tags, CLASS)).toEqual(expected);
  });

  it("are the very same where it is there already, so that nothing is written", () => {
    const tags = [...others(9), CLASS];
    expect(tagsWith(tags, CLASS)).toBe(tags);
  });

  it("lose, change and move none of the others, whatever they are", () => {
    const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    const letters = fc.record({ key: fc.oneof(key, fc.constant("class")), value: fc.string() });
    const set = fc.uniqueArray(letters, { selector: (each) => each.key, maxLength: 10 });
    fc.assert(
      fc.property(set, letters, (tags, added) => {
        const merged = tagsWith(tags, added);
        const isOther = (each: Tag) => each.key !== added.key;
        if (merged === undefined) {
          expect(tags).toHaveLength(10);
          expect(tags.every(isOther)).toBe(true);
          return;
        }
        expect(merged.filter(isOther)).toEqual(tags.filter(isOther));
        expect(merged.filter((each) => !isOther(each))).toEqual([added]);
        expect(merged.length).toBeLessThanOrEqual(10);
        expect(tagsWith(merged, added)).toBe(merged);
      }),
    );
  });
});

describe("the tags of an object that are about its class", () => {
  const policy = withObjects();

  it("have a key that some class has, whatever they say", () => {
    expect(carriedTags([tag("a", "owner"), tag("unheard-of"), tag("x", "Class")], policy)).toEqual([tag("unheard-of")]);
  });

  it("give the classes that have such a tag, key and value", () => {
    const names = (tags: readonly Tag[]) => classesByTags(tags, policy).map(({ name }) => name);
    expect(names([tag("secret")])).toEqual(["secret"]);
    expect(names([tag("unheard-of"), tag("secret", "other")])).toEqual([]);
  });

  it("are written as the first tag of the class, where there is one", () => {
    const [first] = policy.classifications;
    if (first === undefined) throw new Error("there is a class");
    expect(tagFor({ ...first, tags: [tag("one"), tag("two")] })).toEqual(tag("one"));
    expect(tagFor({ ...first, tags: [] })).toBeUndefined();
  });

  it("have no room on an object with ten tags of other keys", () => {
    expect([others(9), others(10), [...others(9), tag("x")]].map((tags) => isFullFor(tags, CLASS))).toEqual([
      false,
      true,
      false,
    ]);
  });
});
