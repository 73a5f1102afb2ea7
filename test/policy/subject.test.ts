import { describe, expect, it } from "vitest";
import type { Classified } from "../../shared/classification/classify.ts";
import { subjectFor } from "../../shared/policy/subject.ts";
import { findingOf, policyOf, resource, transferTo } from "./policy-stage.ts";

describe("what a condition is told", () => {
  const told = async (
    facts: Parameters<typeof findingOf>[0],
    classified?: Classified,
    tags: Parameters<typeof subjectFor>[3] = [],
  ) => {
    const policy = await policyOf({
      organizationalUnits: { company: {}, lab: { parent: "company", accounts: [resource.account] } },
    });
    const [, personal] = policy.classifications;
    if (personal === undefined) throw new Error("the policy has a second class");
    const subject = subjectFor(
      findingOf(facts),
      policy,
      classified ?? { kind: "classified", classification: personal, source: "tag", reason: "r" },
      tags,
    );
    // Made once, however often it is asked for.
    expect(subject.context()).toBe(subject.context());
    return subject.context();
  };
  const always = { resource, units: ["company", "lab"], part: "to-there" };
  const personal = { name: "personal", rank: 50 };

  it("is all that is known of data that moves", async () => {
    const facts = transferTo("us-west-2", {
      prefix: "pii/",
      replicaKey: "key",
      destinationAccount: "222233334444",
      tags: [{ key: "a", value: "1" }],
    });
    expect(await told(facts, undefined, [{ key: "env", value: "dev" }])).toStrictEqual({
      ...always,
      tags: { env: "dev" },
      classification: personal,
      transfer: {
        from: "eu-central-1",
        to: "us-west-2",
        destination: "arn:aws:s3:::copies",
        destinationAccount: "222233334444",
        prefix: "pii/",
        replicaKey: "key",
        tags: { a: "1" },
      },
    });
  });

  it("is empty where AWS tells nothing, and left out where it is not known", async () => {
    expect(
      await told(transferTo(undefined), { kind: "undecided", reason: "r" }, { unreadable: "denied" }),
    ).toStrictEqual({
      ...always,
      transfer: {
        from: "eu-central-1",
        destination: "arn:aws:s3:::copies",
        prefix: "",
        replicaKey: "",
        tags: {},
      },
    });
  });

  it("has no transfer and no class where no data is judged", async () => {
    expect(await told({ kind: "unreadable", reason: "denied" }, { kind: "not-applicable", reason: "r" })).toStrictEqual(
      { ...always, tags: {} },
    );
  });

  it("has the first class of data under two laws", async () => {
    const { classifications } = await policyOf();
    const [first, second, third] = classifications;
    if (first === undefined || second === undefined || third === undefined) throw new Error("there are three classes");
    const classified: Classified = {
      kind: "classified",
      classification: third,
      also: [second],
      source: "journal",
      reason: "r",
    };
    expect((await told(transferTo("us-west-2"), classified)).classification).toEqual({ name: "secret", rank: 90 });
    const policy = await policyOf();
    const subject = subjectFor(findingOf(transferTo("us-west-2")), policy, classified, []);
    expect(subject.context(second).classification).toEqual({ name: "personal", rank: 50 });
  });
});
