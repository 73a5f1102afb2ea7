import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OBJECTS_AT_ONCE } from "../../shared/backfill/batches.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { withoutFinding } from "../../shared/runtime/answer.ts";
import { answerMapBatch, isMapBatch } from "../../shared/runtime/map-batch.ts";
import type { Json } from "../../shared/signals/shapes.ts";
import type { ResourceRef, Result } from "../../shared/types.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };
const INPUT = { bucket: "orders", account: "444455556666", keys: "plain", report: "all" };
const listed = (...keys: readonly string[]) => keys.map((Key) => ({ Key, Size: 1, Etag: '"1"' }));

/** A function that answers each look with what `statusOf` says of the object's key. */
function looking(statusOf: (key: string) => Result["status"] = () => "compliant") {
  const seen: ResourceRef[] = [];
  let underWay = 0;
  let most = 0;
  const look = async (event: Json): Promise<Answer> => {
    const { resource } = event.detail as { readonly resource: ResourceRef };
    seen.push(resource);
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    underWay -= 1;
    const key = resource.name.slice(resource.name.indexOf("/") + 1);
    return { results: [withoutFinding("a-control", resource, statusOf(key), `about ${statusOf(key)}`)] };
  };
  const answer = (Items: unknown, more: object = {}, remainingMs = 60_000) =>
    answerMapBatch({ BatchInput: { ...INPUT, ...more }, Items }, "a-control", PLACE, () => remainingMs, look);
  return { answer, seen, most: () => most };
}

describe("a batch of a Distributed Map", () => {
  it.each([
    [{ BatchInput: INPUT, Items: [] }, true],
    [{ BatchInput: "x" }, true],
    [{ Items: [] }, false],
    [{ Records: [] }, false],
    [null, false],
  ])("is told by its BatchInput: %j", (event, isOne) => {
    expect(isMapBatch(event)).toBe(isOne);
  });

  it("has each object looked at where its bucket's owner and the function are, and tells of each", async () => {
    const set = looking((key) => (key === "b" ? "contained" : "compliant"));
    expect(await set.answer(listed("a", "b"))).toEqual({
      objects: 2,
      results: [
        { key: "a", result: "compliant: about compliant" },
        { key: "b", result: "contained: about contained" },
      ],
    });
    expect(set.seen[0]).toMatchObject({ name: "orders/a", account: "444455556666", region: "eu-central-1" });
  });

  it("names no object in its answer unless every one is to be told of", async () => {
    const answer = await looking().answer(listed("people/jane roe.csv"), { report: "failed" });
    expect(answer).toEqual({ objects: 1, results: [] });
  });

  it.each<[string, Json, object, string, string | undefined]>([
    ["S3's listing has keys as they are", { Key: "a+b %2F.csv" }, {}, "orders/a+b %2F.csv", undefined],
    [
      "an inventory has them encoded",
      { Key: "a+b%2F.csv", Bucket: "orders" },
      { keys: "encoded" },
      "orders/a b/.csv",
      undefined,
    ],
    ["an empty column is none", { Key: "a", VersionId: "" }, { keys: "encoded" }, "orders/a", undefined],
    ["a version is looked at as such", { Key: "a", VersionId: "v1" }, { keys: "encoded" }, "orders/a", "v1"],
  ])("reads items: %s", async (_, item, more, name, version) => {
    const set = looking();
    await set.answer([item], more);
    expect(set.seen.map((resource) => [resource.name, resource.version])).toEqual([[name, version]]);
  });

  it("waits for a person over nothing: what waits for one was looked at", async () => {
    const { answer } = looking(() => "awaiting-approval");
    expect(await answer(listed("a"))).toMatchObject({ results: [{ result: expect.stringMatching(/^awaiting-appr/) }] });
  });

  it.each<[Result["status"], string]>([
    ["failed", "ObjectsNotOver"],
    ["inconclusive", "ObjectsNotOver"],
    ["refused", "ObjectsFailed"],
  ])(
    "with an object that is %s fails as %s, and says which by number: keys don't belong in a log",
    async (status, name) => {
      const set = looking((key) => (key === "secret-2" ? status : "compliant"));
      const failure = await set.answer(listed("secret-1", "secret-2", "secret-3")).catch((error: Error) => error);
      expect(failure).toMatchObject({
        name,
        message: `1 of 3 objects were not looked at. item 1: ${status}: about ${status}`,
      });
      expect(set.seen).toHaveLength(3);
    },
  );

  it("with an object on which Cordon itself fails has all others looked at, and tells no more than the error's name", async () => {
    const set = looking((key) => {
      if (key === "jane-roe-0") throw new TypeError("cannot read jane-roe-0");
      return "compliant";
    });
    const keys = Array.from({ length: 30 }, (_, index) => `jane-roe-${index}`);
    const failure: Error = await set.answer(listed(...keys)).catch((error) => error);
    expect(failure).toMatchObject({
      name: "ObjectsNotOver",
      message: "1 of 30 objects were not looked at. item 0: failed: TypeError",
    });
    expect(set.seen).toHaveLength(30);
  });

  it("that has both is tried again", async () => {
    const set = looking((key) => (key === "a" ? "refused" : "failed"));
    await expect(set.answer(listed("a", "b"))).rejects.toMatchObject({ name: "ObjectsNotOver" });
  });

  it.each<[string, unknown]>([
    ["without a key", { Size: 1 }],
    ["of another bucket", { Bucket: "invoices", Key: "a" }],
    ["that is none", "a"],
    ["with a key longer than keys are", { Key: "k".repeat(1_025) }],
  ])("with an item %s fails for good, after the others", async (_, item) => {
    const set = looking();
    await expect(set.answer([item, ...listed("b")])).rejects.toMatchObject({ name: "ObjectsFailed" });
    expect(set.seen.map(({ name }) => name)).toEqual(["orders/b"]);
  });

  it("begins nothing when the invocation's time is nearly up, and has the rest tried again", async () => {
    const set = looking();
    const failure = set.answer(listed("a", "b"), {}, 5_000);
    await expect(failure).rejects.toMatchObject({
      name: "ObjectsNotOver",
      message: expect.stringContaining("not begun"),
    });
    expect(set.seen).toEqual([]);
  });

  it("looks at some at a time", async () => {
    const set = looking();
    await set.answer(listed(...Array.from({ length: 35 }, (_, n) => String(n))));
    expect(set.seen).toHaveLength(35);
    expect(set.most()).toBe(OBJECTS_AT_ONCE);
  });

  it.each<[string, unknown, unknown, string]>([
    ["no bucket", {}, [], "BatchInput is an empty object; expected a bucket in it"],
    ["a bucket's ARN", { ...INPUT, bucket: "arn:aws:s3:::orders" }, [], "expected a bucket in it"],
    ["no account", { ...INPUT, account: 444455556666 }, [], "BatchInput.account: expected 12 digits"],
    ["unknown keys", { ...INPUT, keys: "raw" }, [], "BatchInput.keys: expected plain or encoded"],
    ["an unknown report", { ...INPUT, report: "some" }, [], "BatchInput.report: expected all or failed"],
    ["no items", INPUT, { Key: "a" }, "Items is an object with Key; expected an array"],
  ])("with %s is refused, and says what was expected", async (_, BatchInput, Items, said) => {
    const refused = answerMapBatch(
      { BatchInput, Items },
      "a-control",
      PLACE,
      () => 60_000,
      async () => ({ results: [] }),
    );
    await expect(refused).rejects.toMatchObject({ name: "BatchRefused", message: expect.stringContaining(said) });
  });

  it("of whatever form is answered, or refused by name", async () => {
    const nothing = async () => ({ results: [] });
    const inputs = fc.oneof(fc.constant<unknown>(INPUT), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(inputs, fc.jsonValue(), async (BatchInput, Items) => {
        const answer = answerMapBatch({ BatchInput, Items }, "a-control", PLACE, () => 60_000, nothing);
        const end = await answer.then(
          () => "answered",
          ({ name }: Error) => name,
        );
        expect(["answered", "ObjectsFailed", "BatchRefused"]).toContain(end);
      }),
      { numRuns: 50 },
    );
  });
});
