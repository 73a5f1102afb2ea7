import { tellEncoding } from "./encoding.ts";
import type { Inspection, Outcome } from "./inspection.ts";
import { peek } from "./peek.ts";
import { HEAD_BYTES } from "./tell-format.ts";
import { createXmlText, type XmlText } from "./xml-text.ts";

/**
 * Hands the text of an Office document's XML part to the scanner, without the tags.
 *
 * @throws LimitReached, and what the stream throws
 */
export async function readXmlPart(
  chunks: AsyncIterable<Uint8Array>,
  as: XmlText,
  { sink }: Inspection,
): Promise<Outcome> {
  const { head, chunks: all } = await peek(chunks, HEAD_BYTES);
  const encoding = tellEncoding(head);
  if (encoding === undefined) {
    // OpenDocument encrypts its parts one by one.
    await all.return();
    return { format: "unknown", closed: "a part of the document is encrypted or broken" };
  }
  const decoder = encoding === "single-bytes" ? undefined : new TextDecoder(encoding);
  const toText = createXmlText(as);
  sink.begin({ encoding: "single-bytes", isCut: false });
  for await (const chunk of all) {
    sink.push(toText(decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }))));
  }
  sink.finish(false);
  return { format: "xml" };
}
