import { describe, expect, it } from "vitest";
import { classifyObject, type JournalledObject } from "../../shared/classification/classify-object.ts";
import { classOf } from "../../shared/lifecycle/judge.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Tag } from "../../shared/types.ts";
import { compiled, DATA_OWNER } from "../policy/policy-stage.ts";
import { factsOf, matchOf, TWO_LAWS, tag } from "./object-stage.ts";

const policy = compiled(TWO_LAWS);
const unread = { ...matchOf("eu-personal"), why: "its content can't be read" };

/** Looks one after the other: what each journals is what the next one knows. */
function looks(first: JournalledObject = {}) {
  let journalled = first;
  return (bucket: readonly Tag[], more: Parameters<typeof factsOf>[0] = {}, by: ResidencyPolicy = policy) => {
    const classified = classifyObject(factsOf(more), bucket, journalled, by);
    journalled = { ...journalled, ...classOf(classified) };
    return { kind: classified.kind, reason: classified.reason, journalled };
  };
}

describe("what is journalled of an object whose class can't be told", () => {
  it("answers no open question: a class below the default is still to be confirmed at the next look, and the one after", () => {
    const look = looks();
    expect(look([]).journalled).toEqual({ classification: "internal", classSource: "default" });
    for (const _ of [1, 2, 3])
      expect(look([tag("public")])).toMatchObject({
        kind: "undecided",
        reason: expect.stringContaining("a data owner has to confirm"),
        journalled: { classification: "internal", classSource: "default" },
      });
  });

  it("takes nothing back while policy doesn't know the class", () => {
    const secret = {
      name: "secret",
      rank: 90,
      residency: ["eu"],
      recognisedBy: [{ tag: tag("secret") }],
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
    };
    const full = compiled({ ...TWO_LAWS, classifications: [...TWO_LAWS.classifications, secret] });
    const look = looks({ classification: "secret", classSource: "tag" });
    const kept = { classification: "secret", classSource: "tag" };
    expect(look([tag("internal")], {}, policy)).toMatchObject({ kind: "undecided", journalled: kept });
    expect(look([tag("internal")], {}, full)).toMatchObject({ kind: "classified", journalled: kept });
  });

  it("is no default, which nobody has said: the first true class has to be confirmed", () => {
    const look = looks();
    expect(look([], { undecided: [unread] })).toMatchObject({ kind: "undecided", journalled: {} });
  });

  it("is what surely holds, and it never falls", () => {
    const look = looks();
    const eu = { classification: "eu-personal", classSource: "tag" };
    const open = { undecided: [{ ...matchOf("us-health"), why: "its content can't be read" }] };
    expect(look([tag("eu")], open)).toMatchObject({ kind: "undecided", journalled: eu });
    expect(look([tag("public")])).toMatchObject({ kind: "classified", journalled: eu });
  });
});
