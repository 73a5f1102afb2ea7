import type { PackageFormat } from "./tell-format.ts";
import type { XmlText } from "./xml-text.ts";

/** The folder that holds the content of each Office Open XML format (ECMA-376, part 1). */
const FOLDERS: readonly (readonly [PackageFormat, string])[] = [
  ["docx", "word/"],
  ["xlsx", "xl/"],
  ["pptx", "ppt/"],
];

/** OpenDocument says what it is in its first entry, which is stored and not compressed (OpenDocument 1.3, part 2, 3.3). */
const DOCUMENTS: readonly (readonly [PackageFormat, string])[] = [
  ["odt", "application/vnd.oasis.opendocument.text"],
  ["ods", "application/vnd.oasis.opendocument.spreadsheet"],
  ["odp", "application/vnd.oasis.opendocument.presentation"],
];

/**
 * What kind of package a zip is, by what is in it. Pure.
 *
 * @param head the zip's first bytes
 */
export function tellPackage(entries: readonly { readonly name: string }[], head: Uint8Array): PackageFormat {
  const start = Buffer.from(head.subarray(30, 128)).toString("latin1");
  const document = DOCUMENTS.find(([, type]) => start.startsWith(`mimetype${type}`));
  if (document !== undefined) return document[0];
  if (!entries.some(({ name }) => name === "[Content_Types].xml")) return "zip";
  return FOLDERS.find(([, folder]) => entries.some(({ name }) => name.startsWith(folder)))?.[0] ?? "zip";
}

/**
 * How the text of a part of an Office document is taken out; `undefined` when the part is read as it is: links with their addresses, embedded files, and
 * everything in a zip that is no Office document. Pure.
 */
export function textOfPart(name: string, format: string): XmlText | undefined {
  if (format === "zip" || !name.endsWith(".xml")) return undefined;
  const isContent =
    name === "content.xml" || FOLDERS.some(([each, folder]) => each === format && name.startsWith(folder));
  return isContent ? "joined" : "separate";
}
