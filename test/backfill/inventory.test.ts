import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { linesIn, objectsIn, parseInventory } from "../../shared/backfill/inventory.ts";

const MANIFEST = {
  sourceBucket: "orders",
  destinationBucket: "arn:aws:s3:::inventories",
  version: "2016-11-30",
  creationTimestamp: "1793494800000",
  fileFormat: "CSV",
  fileSchema: "Bucket, Key, Size",
  files: [
    { key: "orders/daily/data/a.csv.gz", size: 3_000, MD5checksum: "0" },
    { key: "orders/daily/data/b.csv.gz", size: 1_000, MD5checksum: "1" },
  ],
};
const parse = (more: object) => parseInventory(JSON.stringify({ ...MANIFEST, ...more }));

describe("an inventory's manifest", () => {
  it("tells its bucket, its day and its files", () => {
    expect(parse({})).toEqual({
      ok: true,
      inventory: {
        sourceBucket: "orders",
        bucket: "inventories",
        createdAtMs: Date.parse("2026-11-01T01:00:00Z"),
        hasVersions: false,
        files: [
          { key: "orders/daily/data/a.csv.gz", bytes: 3_000 },
          { key: "orders/daily/data/b.csv.gz", bytes: 1_000 },
        ],
      },
    });
    expect(parse({ fileSchema: "Bucket, Key, VersionId, IsLatest" })).toMatchObject({
      inventory: { hasVersions: true },
    });
  });

  it.each<[string, string, string]>([
    ["no JSON", "orders,a.csv", "it is no JSON"],
    ["a text", '"orders"', "it is no JSON"],
    ["no manifest", "{}", "it names no sourceBucket"],
    ["ORC", JSON.stringify({ ...MANIFEST, fileFormat: "ORC" }), 'its fileFormat is "ORC"'],
    ["Parquet", JSON.stringify({ ...MANIFEST, fileFormat: "Parquet" }), 'its fileFormat is "Parquet"'],
    ["no keys", JSON.stringify({ ...MANIFEST, fileSchema: "Bucket, Size" }), "its fileSchema has no column Key"],
    ["files without sizes", JSON.stringify({ ...MANIFEST, files: [{ key: "a" }, null] }), "a file of it has no size"],
  ])("is refused when it is %s", (_, text, problem) => {
    expect(parseInventory(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

describe("how many objects an inventory has", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => `"orders","2026/order ${(n * 7_919) % 99_991}.csv","${n}"\n`).join("");

  it("is told, within a tenth, by the beginning of one of its files", () => {
    const whole = gzipSync(lines(20_000));
    const files = [
      { key: "a", bytes: whole.length },
      { key: "b", bytes: whole.length / 2 },
    ];
    const sample = linesIn(whole.subarray(0, 20_000));
    const inventory = { sourceBucket: "orders", bucket: "i", createdAtMs: 0, hasVersions: false, files };
    const objects = objectsIn(inventory, sample ?? { lines: 0, bytes: 0 });
    expect(objects / 30_000).toBeGreaterThan(0.9);
    expect(objects / 30_000).toBeLessThan(1.1);
  });

  it("is none of an empty one, and not known of what is no gzip or a bomb", () => {
    const inventory = { sourceBucket: "orders", bucket: "i", createdAtMs: 0, hasVersions: false, files: [] };
    expect(objectsIn(inventory, { lines: 0, bytes: 0 })).toBe(0);
    expect(linesIn(Buffer.from("orders,a.csv\n"))).toBeUndefined();
    expect(linesIn(gzipSync(Buffer.alloc(80 * 1024 * 1024)))).toBeUndefined();
  });
});
