import {
  CopyObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Client } from "../sandbox/clients.ts";
import { policyFile } from "../support/policy-file.ts";
import { type Cell, openCell, WITHOUT_LOOKS } from "./cell.ts";

/** The built function, heard by the rules of the packaged template, on what an ordinary client does. */
describe("objects that people write", () => {
  let cell: Cell;
  let client: ReturnType<typeof s3Client>;
  beforeAll(async () => {
    cell = await openCell({}, WITHOUT_LOOKS);
    const file = policyFile({ controls: { "s3-object-carries-its-class": { mode: "enforce" } } });
    cell.deploy("tag-objects", { environment: { ...cell.environment, CORDON_POLICY: file } });
    client = s3Client(cell.sandbox);
    for (const [name, residency] of [
      ["shared-files", "public"],
      ["eu-files", "eu-only"],
    ] as const)
      cell.sandbox.createBucket({ name, versioning: true, tags: { "data-residency": residency }, eventBridge: true });
  });
  afterAll(async () => {
    client.destroy();
    await cell.close();
  });

  const put = (Bucket: string, Key: string, Body: string, more: object = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const tagsOf = async (Bucket: string, Key: string) => {
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    return Object.fromEntries(TagSet.map(({ Key: key, Value }) => [key, Value]));
  };

  it("T1 T2 T3: get the tag of their class by bucket, key and content, with their other tags kept", async () => {
    const cards = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"];
    await put("shared-files", "people/ssn list.txt", "x", { Tagging: "owner=billing" });
    await put("shared-files", "exports/a+b.csv", `card\n${cards.join("\n")}\n`, { ContentType: "text/csv" });
    await put("shared-files", "readme.txt", "nothing of anybody's");
    await put("eu-files", "orders.json", "{}");
    await client.send(
      new CopyObjectCommand({ Bucket: "eu-files", Key: "copy.txt", CopySource: "shared-files/readme.txt" }),
    );
    await cell.sandbox.drain();

    expect(await tagsOf("shared-files", "people/ssn list.txt")).toEqual({
      owner: "billing",
      "data-residency": "eu-only",
    });
    expect(await tagsOf("shared-files", "exports/a+b.csv")).toEqual({ "data-residency": "eu-only" });
    expect(await tagsOf("shared-files", "readme.txt")).toEqual({ "data-residency": "public" });
    expect(await tagsOf("eu-files", "orders.json")).toEqual({ "data-residency": "eu-only" });
    expect(await tagsOf("eu-files", "copy.txt")).toEqual({ "data-residency": "eu-only" });
    expect(cell.ticketNames()).toEqual([]);
    expect(cell.sandbox.deadLetters).toEqual([]);
    const contained = cell.journal.evidence().filter(({ kind }) => kind === "contained");
    expect(contained).toHaveLength(5);
  });

  it("T7: lowered by hand are tagged again, and the echo of that is not read", async () => {
    const lowered = { Bucket: "eu-files", Key: "orders.json" };
    const TagSet = [{ Key: "data-residency", Value: "public" }];
    await client.send(new PutObjectTaggingCommand({ ...lowered, Tagging: { TagSet } }));
    await cell.sandbox.drain();
    expect(await tagsOf("eu-files", "orders.json")).toEqual({ "data-residency": "eu-only" });
  });

  it("T4: with ten tags are told of by one ticket that says what to do, and names no key", async () => {
    const Tagging = Array.from({ length: 10 }, (_, index) => `t${index}=x`).join("&");
    await put("eu-files", "customers/jane-roe.csv", "x", { Tagging });
    await cell.sandbox.drain();
    const [name = "", ...others] = cell.ticketNames();
    expect(others).toEqual([]);
    const text = cell.ticket(name.replace(".md", ""));
    expect(text).toContain("it has ten tags, as many as S3 takes");
    expect(text).not.toContain("jane");
  });
});
