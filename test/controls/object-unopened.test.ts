import { describe, expect, it } from "vitest";
import type { ObjectSeed } from "../../sandbox/index.ts";
import { zipOf } from "../classification-content/zip-bytes.ts";
import { EU_ONLY, open } from "./object-world.ts";

/** Objects that can't be opened, of which content could raise the class: policy says whether a person is asked about each. */

const PDF = "%PDF-1.7\n\x00\x01\x02";
const UNOPENED: readonly (readonly [string, Partial<ObjectSeed>, string])[] = [
  ["a PDF", { body: PDF }, "pdf is not opened"],
  [
    "a zip with an encrypted file",
    {
      body: zipOf([
        { name: "a", data: "text" },
        { name: "b", data: "x", flags: 1 },
      ]),
    },
    "1 files in it are encrypted",
  ],
  ["an archived object", { body: "x", storageClass: "DEEP_ARCHIVE" }, "it is archived"],
  ["an object with a customer's key", { body: "x", hasCustomerKey: true }, "a key that only its owner has"],
];
const KEEP = { objects: { onUnopened: "keep" } };
const seed = (more: Partial<ObjectSeed>): ObjectSeed => ({ bucket: "public-data", key: "closed", ...more });

describe("where policy keeps the class that is certain", () => {
  it.each(UNOPENED)("%s gets it at once, and the finding notes what was not opened", async (_, object, why) => {
    const set = await open([seed(object)], KEEP);
    const [result] = await set.container().results(set.created("public-data", "closed"));
    expect(result).toMatchObject({ status: "contained", decision: "contain" });
    expect(set.tagsOf("public-data", "closed")).toEqual({ "data-residency": "public" });
    const finding = set.findingOf("public-data", "closed");
    expect(finding).toMatchObject({
      isQuiet: true,
      facts: { undecided: expect.arrayContaining([expect.objectContaining({ hidden: "unopened" })]) },
    });
    const noted = finding?.decision.reasons.filter((each) => each.includes("onUnopened: keep"));
    expect(noted?.length).toBeGreaterThan(0);
    expect(noted?.every((each) => each.includes(why))).toBe(true);
  });

  it("what is found all the same, or known without opening it, raises the class", async () => {
    const set = await open([seed({ key: "ssn.pdf", body: PDF })], KEEP);
    await set.container().results(set.created("public-data", "ssn.pdf"));
    expect(set.tagsOf("public-data", "ssn.pdf")).toEqual(EU_ONLY);
  });

  it("what Cordon may not read is asked about: somebody has to give it the right", async () => {
    const set = await open([seed({ body: PDF })], KEEP);
    set.sandbox.deny({ principal: set.role.arn, action: "s3:GetObject" });
    const [result] = await set.container().results(set.created("public-data", "closed"));
    expect(result?.status).toBe("awaiting-approval");
    expect(set.tagsOf("public-data", "closed")).toEqual({});
  });

  it("a class journalled before does not fall for it", async () => {
    const set = await open([seed({ key: "list", body: PDF, tags: EU_ONLY })], KEEP);
    const container = set.container();
    await container.results(set.created("public-data", "list"));
    set.sandbox.createObject(seed({ key: "list", body: PDF }));
    await container.results({ ...set.created("public-data", "list"), id: "again" });
    expect(set.tagsOf("public-data", "list")).toEqual(EU_ONLY);
  });
});

describe("where policy asks, as it does unless told otherwise", () => {
  it.each(UNOPENED)("%s waits, and carries no tag of a class that it may be above", async (_, object) => {
    const set = await open([seed(object)]);
    const [result] = await set.container().results(set.created("public-data", "closed"));
    expect(result?.status).toBe("awaiting-approval");
    expect(set.tagsOf("public-data", "closed")).toEqual({});
    expect(set.findingOf("public-data", "closed")?.decision.rule).toBe("built-in:unclassified");
  });
});
