import { describe, expect, it } from "vitest";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { type AroundObject, objectFacts } from "../../shared/classification/object-facts.ts";
import { considerRules } from "../../shared/classification/object-rules.ts";
import type { Tag } from "../../shared/types.ts";
import { foundOf, objectOf, tag, withObjects } from "./object-stage.ts";

const policy = withObjects({
  rules: [
    { id: "exports", classification: "secret", prefixes: ["exports/"] },
    { id: "ibans", classification: "personal", content: { detectors: ["iban"] } },
    { id: "ssns", classification: "secret", content: { detectors: ["us-ssn"] } },
    { id: "hr", classification: "personal", metadata: [{ key: "team", value: "hr" }] },
  ],
});
const factsAbout = (object: Partial<KnownObject>, around: Partial<AroundObject> = {}) => {
  const known = objectOf(object);
  const rules = considerRules(policy.objects?.rules ?? [], known, () => false);
  return objectFacts(known, rules, { bucketTags: [tag("public")], journalled: {}, policy, ...around });
};
const looked = (...found: readonly ReturnType<typeof foundOf>[]) => ({
  found,
  scannedBytes: 100,
  read: "all 100 bytes",
});
const headers = { metadata: {} };

describe("the facts of an object", () => {
  it("are what was found in it, with the rules that this makes apply", () => {
    expect(
      factsAbout({ headers, content: looked(foundOf("iban", 3, 2), foundOf("phone", 1)), tags: [tag("x", "a")] }),
    ).toEqual({
      kind: "object",
      matched: [{ rule: "ibans", classification: "personal", why: "it contains 3 x iban (2 different)" }],
      undecided: [],
      found: [foundOf("iban", 3, 2), foundOf("phone", 1)],
      carried: [],
      isFull: false,
      read: "all 100 bytes",
    });
  });

  it("know nothing of content that could not have raised its class", () => {
    expect(factsAbout({ key: "exports/a" })).toMatchObject({
      matched: [{ rule: "exports" }],
      undecided: [],
      read: "nothing of it was read: what is known without it is enough",
    });
  });

  it("leave a rule untold for which nobody has looked, where it could raise its class", () => {
    const untold = (around: Partial<AroundObject>, object: Partial<KnownObject> = {}) =>
      factsAbout(object, around).undecided.map(({ rule, why }) => `${rule}: ${why}`);
    expect(untold({})).toEqual([
      "hr: its headers have not been read",
      "ibans: its content has not been read",
      "ssns: its content has not been read",
    ]);
    expect(untold({ bucketTags: [tag("personal")] })).toEqual(["ssns: its content has not been read"]);
    expect(untold({}, { tags: [tag("secret")] })).toEqual([]);
    expect(untold({ journalled: { classification: "secret", classSource: "tag" } })).toEqual([]);
  });

  it("leave a rule untold whose content can't be read, where it could raise its class", () => {
    const content = { unreadable: "the key is denied" };
    expect(factsAbout({ headers, content }, { bucketTags: [tag("personal")] })).toMatchObject({
      undecided: [{ rule: "ssns", why: "its content can't be read: the key is denied" }],
      found: [],
      read: "its content can't be read: the key is denied",
    });
  });

  it.each<readonly [string, Partial<KnownObject>, string]>([
    ["its headers", { headers }, "its headers"],
    ["no headers", { headers: { unreadable: "denied" } }, "its headers can't be read: denied"],
  ])("say that %s were read", (_, object, read) => {
    expect(factsAbout(object).read).toBe(read);
  });

  const nine = Array.from({ length: 9 }, (_, index) => tag("v", `k${index}`));
  it.each<readonly [string, readonly Tag[], boolean]>([
    ["has none", [], false],
    ["has nine", nine, false],
    ["has ten others", [...nine, tag("v", "k9")], true],
    ["has ten, one of them with the key of its class", [...nine, tag("public")], true],
  ])("T4 say whether S3 takes another tag: it %s", (_, tags, isFull) => {
    expect(factsAbout({ tags }).isFull).toBe(isFull);
  });

  it("keep of its tags only those that are about its class", () => {
    expect(factsAbout({ tags: [tag("maria", "owner"), tag("public")] }).carried).toEqual([tag("public")]);
  });
});
