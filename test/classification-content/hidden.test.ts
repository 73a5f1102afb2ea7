import { gzipSync } from "node:zlib";
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import type { KnownObject, LookedThrough, Unreadable } from "../../shared/classification/known-object.ts";
import { lookThroughWith } from "../../shared/classification/look-through.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Clock } from "../../shared/types.ts";
import { considered, objectOf as knownObject, withObjects } from "../classification-objects/object-stage.ts";
import { generatedObject, objectOf, type RecordingObject } from "./recording.ts";
import { tarOf, type ZipFile, zipOf } from "./zip-bytes.ts";

/** What nobody looked at may hold what a rule asks for; what holds no text does not. */

const RULE = { id: "ibans", classification: "secret", content: { detectors: ["iban"] } };
const MIB = 2 ** 20;
const TEXT = "nothing of interest\n";
const IBAN = "DE89370400440532013000\n";
const PICTURE = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\x02\xff\xfe", "latin1");
const PDF = Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\0\x01\x02", "latin1");

const standing: Clock = { nowMs: () => 0, sleep: async () => {} };

async function lookThrough(bytes: Uint8Array | RecordingObject, read: object = {}, clock = standing, key = "data") {
  const policy: ResidencyPolicy = withObjects({ rules: [RULE], read });
  let isClosed = false;
  const opened = {
    headers: { metadata: {} },
    etag: "e",
    bytes: "read" in bytes ? bytes : objectOf(bytes),
    close: () => {
      isClosed = true;
    },
  };
  const search = { detectors: ["iban"], policy, key, deadlineMs: 10_000 };
  try {
    return (await lookThroughWith("salt", clock)(async () => opened, search)).content;
  } finally {
    expect(isClosed).toBe(true);
  }
}

/** What the rule says of an object with such content. */
async function toldOf(content: LookedThrough | Unreadable): Promise<string> {
  const object: KnownObject = knownObject({ content });
  const { matched, undecided } = await considered([RULE], object);
  if (matched.length > 0) return "matched";
  return undecided[0]?.why ?? "decided";
}

const text = (name = "a.txt"): ZipFile => ({ name, data: TEXT });

/** A Parquet file of which one column is encrypted with a key of its own (apache/parquet-format, Encryption.md): nothing is told of where its pages lie. */
function withEncryptedColumn(): Buffer {
  const columnData = [
    { name: "iban", data: [IBAN.trim()], type: "STRING" as const },
    { name: "note", data: [TEXT.trim()], type: "STRING" as const },
  ];
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData }) });
  void writer.write({ columnData });
  const column = writer.row_groups[0]?.columns[0];
  delete column?.meta_data;
  if (column !== undefined) column.encrypted_column_metadata = Uint8Array.of(1, 2, 3);
  void writer.finish();
  return Buffer.from(bytes.getBuffer());
}

/** A text of so much, and an IBAN at its end. */
const large = (bytes: number) => Buffer.concat([Buffer.alloc(bytes, "nothing \n"), Buffer.from(IBAN)]);
const broken = (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 1_000, 1_100);

describe("a rule can't be told of content that is hidden", () => {
  it.each<[string, Uint8Array, string, object?]>([
    [
      "a file in a zip is encrypted",
      zipOf([text(), { name: "b", data: IBAN, flags: 1 }]),
      "1 files in it are encrypted",
    ],
    [
      "a file in a zip is broken",
      zipOf([text(), { name: "b", data: IBAN, claimedOffset: 7 }]),
      "1 files in it are broken",
    ],
    [
      "a file in a zip is compressed in another way",
      zipOf([text(), { name: "b", data: IBAN, method: 14 }]),
      "1 files in it are compressed in a way that is not read",
    ],
    [
      "a file in a zip is of a format that is not opened",
      zipOf([text(), { name: "b.pdf", data: PDF }]),
      "1 files in it are of formats that are not opened there",
    ],
    [
      "a picture comes first in a zip of an encrypted file",
      zipOf([
        { name: "a.png", data: PICTURE },
        { name: "b", data: IBAN, flags: 1 },
      ]),
      "no file in it can be read: 1 are encrypted",
    ],
    [
      "a file in a tar is of a format that is not opened",
      tarOf([text(), { name: "b.pdf", data: PDF }]),
      "1 files in it are of formats that are not opened there",
    ],
    [
      "a tar is broken behind its first file",
      Buffer.concat([
        tarOf([text()]).subarray(0, 1024),
        Buffer.alloc(512, "no header of any file\n"),
        Buffer.alloc(512),
      ]),
      "the tar archive is broken",
    ],
    [
      "columns of a Parquet file are encrypted",
      withEncryptedColumn(),
      "1 column chunks are encrypted, or lie in another file",
    ],
    ["a gzip is a bomb", gzipSync(large(4 * MIB)), "it unpacks to more than", { maxInflatedKiB: 1024 }],
    [
      "a zip is a bomb",
      zipOf([{ name: "a", data: large(4 * MIB) }]),
      "it unpacks to more than",
      { maxInflatedKiB: 1024 },
    ],
    ["a gzip is broken in its middle", broken(gzipSync(large(MIB))), "the text is broken"],
    ["it is a PDF", PDF, "pdf is not opened"],
  ])("where %s", async (_, bytes, why, read) => {
    expect(await toldOf(await lookThrough(bytes, read))).toContain(why);
  });
});

describe("a rule is told", () => {
  it.each<[string, Uint8Array, string]>([
    ["of a zip of text and a picture", zipOf([text(), { name: "b.png", data: PICTURE }]), "without text"],
    ["of a zip of nothing but pictures", zipOf([{ name: "b.png", data: PICTURE }]), "without text"],
    ["of a tar of text and a picture", tarOf([text(), { name: "b.png", data: PICTURE }]), "without text"],
    ["of a tar of nothing but pictures", tarOf([{ name: "b.png", data: PICTURE }]), "without text"],
    ["of a picture", PICTURE, "png is not opened"],
    ["of a compressed picture", gzipSync(PICTURE), "png is not opened"],
  ])("%s, and what was passed over is noted", async (_, bytes, note) => {
    const content = await lookThrough(bytes);
    expect(await toldOf(content)).toBe("decided");
    expect(content).toMatchObject({ read: expect.stringContaining(note) });
  });

  it("of a large sound text of which policy lets a part be looked at", async () => {
    const chunk = Buffer.from(TEXT.repeat(4_000));
    const content = await lookThrough(
      generatedObject(64 * MIB, (_, bytes) => chunk.subarray(0, bytes)),
      { headKiB: 64, samples: 2, sampleKiB: 16, maxKiB: 256 },
    );
    expect(await toldOf(content)).toBe("decided");
    expect(content).toMatchObject({ read: expect.stringContaining("a part of it") });
  });

  it("of a large sound gzip that can only be read from its beginning", async () => {
    let seed = 1;
    const noise = Array.from({ length: 60_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return `${seed}\n`;
    });
    const content = await lookThrough(gzipSync(noise.join("")), { headKiB: 16, maxKiB: 64, samples: 1, sampleKiB: 16 });
    expect(await toldOf(content)).toBe("decided");
    expect(content).toMatchObject({ read: expect.stringContaining("only be read from its beginning") });
  });

  it("of a large sound zip, where what policy lets be read is used up", async () => {
    const files = Array.from({ length: 60 }, (_, index) => ({ name: `${index}`, data: TEXT.repeat(1_000), method: 0 }));
    const content = await lookThrough(zipOf(files), { headKiB: 16, maxKiB: 128, samples: 8, sampleKiB: 14 });
    expect(await toldOf(content)).toBe("decided");
    expect(content).toMatchObject({ read: expect.stringContaining("that may be read were used up") });
  });

  it.each([
    ["CSV", "GIF89a,name\n1,"],
    ["CSV", "GIF87a,name\n1,"],
    ["text", "RIFF is a word, too: "],
    ["text", "BM "],
    ["text", "MZ "],
    ["text", "ID3 "],
  ])("of %s that begins as a picture, a sound or a program does: %s", async (_, start) => {
    expect(await toldOf(await lookThrough(Buffer.from(`${start}${IBAN}`)))).toBe("matched");
  });
});

describe("text behind the first bytes of a picture", () => {
  it.each([
    ["a JPEG", [0xff, 0xd8, 0xff]],
    ["a PNG", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
    ["a program", [0x7f, 0x45, 0x4c, 0x46]],
  ])("is no %s: what is in it can't be told", async (_, magic) => {
    const bytes = Buffer.concat([Buffer.from(magic), Buffer.from(`\n${IBAN}`.repeat(5))]);
    expect(await toldOf(await lookThrough(bytes))).toContain("its content can't be read");
  });
});

describe("time that is over while content is looked through", () => {
  it("lets what was seen until then count, and what was not may hold anything", async () => {
    let nowMs = 0;
    const bytes = tarOf(Array.from({ length: 20 }, (_, index) => text(`${index}.txt`)));
    const ticking: Clock = { nowMs: () => (nowMs += 1_000), sleep: async () => {} };
    const looked = await lookThrough(bytes, {}, ticking);
    expect(looked).toMatchObject({ cutOff: expect.stringContaining("no time to look through all of it") });
    expect("unreadable" in looked || looked.scannedBytes).toBeGreaterThan(0);
  });
});
