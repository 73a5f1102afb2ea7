import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inspect } from "./inspect.ts";
import { type ZipFile, zipOf } from "./zip-bytes.ts";

const csv = "name,ssn\nA,078-05-1120\n";
const types = { name: "[Content_Types].xml", data: "<Types/>" };

function word(body: string): Buffer {
  const data = `<?xml version="1.0"?><w:document xmlns:w="w"><w:body>${body}</w:body></w:document>`;
  return zipOf([types, { name: "word/document.xml", data }]);
}
const run = (text: string) =>
  `<w:r><w:rPr><w:b/><w:color w:val="FF0000"/></w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;

describe("a zip", () => {
  it.each([
    ["deflated", zipOf([{ name: "a.csv", data: csv }])],
    ["stored", zipOf([{ name: "a.csv", data: csv, method: 0 }])],
    ["of the kind for large files", zipOf([{ name: "a.csv", data: csv }], { isZip64: true })],
    ["with compressed text", zipOf([{ name: "a.csv.gz", data: gzipSync(csv), method: 0 }])],
    [
      "with folders and empty files",
      zipOf([
        { name: "d/", data: "" },
        { name: "d/a.csv", data: csv },
        { name: "e", data: "" },
      ]),
    ],
    ["with a name out of its folder", zipOf([{ name: "../../etc/a.csv", data: csv }])],
  ])("%s is read by its text", async (_, content) => {
    const { inspected, texts, reads } = await inspect(content);
    expect(texts).toEqual([csv]);
    expect(inspected).toMatchObject({ kind: "scanned", format: "zip", isWhole: true });
    expect(reads).toHaveLength(1);
  });

  it("separates its files", async () => {
    const { texts } = await inspect(
      zipOf([
        { name: "a", data: "4111" },
        { name: "b", data: "1111" },
      ]),
    );
    expect(texts).toEqual(["4111", "1111"]);
  });

  it("without files is whole", async () => {
    expect((await inspect(zipOf([]))).inspected).toMatchObject({ kind: "scanned", format: "zip", isWhole: true });
  });

  const closed: readonly (readonly [string, ZipFile, string])[] = [
    ["is encrypted", { name: "a", data: csv, flags: 1 }, "1 files in it are encrypted"],
    [
      "is compressed by LZMA",
      { name: "a", data: csv, method: 14 },
      "1 files in it are compressed in a way that is not read",
    ],
    [
      "is a zip",
      { name: "a.zip", data: zipOf([{ name: "a", data: csv }]) },
      "1 files in it are of formats that are not opened there",
    ],
    [
      "is an image",
      { name: "a.csv", data: "\x89PNG\r\n\x1a\n" },
      "1 files in it are of formats that are not opened there",
    ],
    ["lies elsewhere than is claimed", { name: "a", data: csv, claimedOffset: 7 }, "1 files in it are broken"],
    ["lies behind the end", { name: "a", data: csv, claimedOffset: 900_000_000 }, "1 files in it are broken"],
  ];
  it.each(closed)("tells that a file in it %s, and reads the others", async (_, file, limit) => {
    const { inspected, texts } = await inspect(zipOf([file, { name: "b.csv", data: csv }]));
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: [limit] });
    expect(texts).toEqual([csv]);
  });

  it.each(closed)("with nothing but a file that %s is opaque", async (_, file) => {
    const { inspected } = await inspect(zipOf([file]));
    expect(inspected).toMatchObject({ kind: "opaque", format: "zip" });
  });

  it("that is cut off is opaque", async () => {
    const { inspected } = await inspect(zipOf([{ name: "a", data: csv }]).subarray(0, 60));
    expect(inspected).toMatchObject({
      kind: "opaque",
      format: "zip",
      reason: "the zip's directory is missing or broken",
    });
  });

  it("that is large is read by its directory, and by files that lie spread over it", async () => {
    const files = Array.from({ length: 200 }, (_, i) => ({
      name: `${i}.txt`,
      data: `file ${i}\n`.repeat(200),
      method: 0,
    }));
    const limits = { maxBytes: 150_000, headBytes: 10_000, samples: 4, sampleBytes: 4_000 };
    const { inspected, texts, reads } = await inspect(zipOf(files), { limits });
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false });
    expect(inspected).toMatchObject({ limits: [expect.stringMatching(/^\d+ of 200 files in it were looked at$/)] });
    expect(inspected.bytesRead).toBeLessThanOrEqual(150_000);
    expect(reads.length).toBeLessThanOrEqual(8);
    const seen = texts.map((text) => Number(/^file (\d+)\n/.exec(text)?.[1]));
    expect(seen[0]).toBe(0);
    expect(seen.filter((i) => i >= 50).length).toBeGreaterThanOrEqual(3);
  });
});

describe("an Office document", () => {
  it("of text joins what differs only in looks, and separates paragraphs and cells", async () => {
    const table = `<w:tbl><w:tr><w:tc><w:p>${run("1")}</w:p></w:tc><w:tc><w:p>${run("2")}</w:p></w:tc></w:tr></w:tbl>`;
    const body = `<w:p>${run("4111 11")}<w:proofErr w:type="x"/>${run("11 1111 1111")}</w:p><w:p>${run("42")}</w:p>${table}`;
    const { inspected, texts } = await inspect(word(body));
    expect(texts.at(-1)).toBe("4111 1111 1111 1111\n42\n1\n\t2\n\t\n");
    expect(inspected).toMatchObject({ kind: "scanned", format: "docx", isWhole: true });
  });

  it.each([
    ["named references", "&lt;a&gt; &amp; &quot;b&apos;", "<a> & \"b'"],
    ["numbered references", "&#52;&#x31;&#49;1 &#233;", "4111 é"],
    [
      "what is no reference",
      "A&B; & &#1114112; &longer-than-any-reference-could-possibly-be;",
      "A&B; & &#1114112; &longer-than-any-reference-could-possibly-be;",
    ],
    ["CDATA", "<![CDATA[<4111> ]] ]]]>", "<4111> ]] ]"],
    ["comments", "41<!-- > -- -->11", "4111"],
    ["instructions", "41<?x a > b?>11", "4111"],
    ["tags with angle brackets in attributes", "41<w:x a='>' b=\">\"/>11", "4111"],
    ["line breaks and tabs", "a<w:br/>b<w:tab/>c", "a\nb\tc"],
  ])("of text understands %s", async (_, xml, text) => {
    const { texts } = await inspect(word(`<w:p><w:t>${xml}</w:t></w:p>`));
    expect(texts).toEqual([`${text}\n`]);
  });

  it("in UTF-16 is understood as well", async () => {
    const data = Buffer.from("\ufeff<w:p><w:t>4111</w:t></w:p>", "utf16le");
    expect((await inspect(zipOf([types, { name: "word/document.xml", data }]))).texts).toEqual(["4111\n"]);
  });

  it("of sheets gives shared strings, and the numbers and texts in cells", async () => {
    const strings = "<sst><si><t>ssn</t></si><si><r><t>078-05</t></r><r><rPr/><t>-1120</t></r></si></sst>";
    const cells =
      '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="3"><v>219099999</v></c></row>' +
      '<row r="2"><c r="A2" t="inlineStr"><is><t>text</t></is></c><c r="B2"/><c r="C2"><f>A1*2</f><v>42</v></c></row>';
    const { inspected, texts } = await inspect(
      zipOf([
        types,
        { name: "xl/sharedStrings.xml", data: strings },
        { name: "xl/worksheets/sheet1.xml", data: `<worksheet><sheetData>${cells}</sheetData></worksheet>` },
      ]),
    );
    expect(texts).toEqual(["ssn\n078-05-1120\n", "\t219099999\t\ntext\t\tA1*2\t42\t\n"]);
    expect(inspected).toMatchObject({ kind: "scanned", format: "xlsx", isWhole: true });
  });

  it("gives its links and its properties", async () => {
    const links = '<Relationships><Relationship Target="mailto:someone@example.org"/></Relationships>';
    const { texts } = await inspect(
      zipOf([
        types,
        { name: "ppt/slides/slide1.xml", data: "<p:sld><a:p><a:r><a:t>one</a:t></a:r></a:p></p:sld>" },
        { name: "ppt/slides/_rels/slide1.xml.rels", data: links },
        { name: "docProps/core.xml", data: "<p><dc:creator>A</dc:creator><by>B</by></p>" },
      ]),
    );
    expect(texts).toEqual(["one\n", links, "A\nB\n"]);
  });

  it.each([
    ["odt", "application/vnd.oasis.opendocument.text"],
    ["ods", "application/vnd.oasis.opendocument.spreadsheet"],
  ])("of OpenDocument is told as %s and read", async (format, type) => {
    const row = (cells: string) => `<table:table-row>${cells}</table:table-row>`;
    const cell = (text: string) => `<table:table-cell><text:p>${text}</text:p></table:table-cell>`;
    const { inspected, texts } = await inspect(
      zipOf([
        { name: "mimetype", data: type, method: 0 },
        { name: "content.xml", data: `<x>${row(cell("4111 <text:span>1111</text:span>") + cell("2"))}</x>` },
      ]),
    );
    expect(texts).toEqual([type, "4111 1111\n\t2\n\t\n"]);
    expect(inspected).toMatchObject({ kind: "scanned", format });
  });
});
