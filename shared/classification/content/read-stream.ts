import { inflate } from "./inflate.ts";
import type { Inspection, Outcome } from "./inspection.ts";
import { peek } from "./peek.ts";
import { readTar } from "./read-tar.ts";
import { COMPRESSIONS, type Compression, HEAD_BYTES, tellFormat } from "./tell-format.ts";

/** Compressed within compressed is opened this often: more is no way in which data is kept. */
const MAX_COMPRESSIONS = 2;

export interface StreamOptions {
  /** The stream ends before its content does. */
  readonly isCut: () => boolean;
  /** How often it was decompressed already. */
  readonly compressions: number;
  /** It is a part of an archive. */
  readonly isPart?: boolean;
}

/**
 * Hands to the scanner what a stream holds that can only be read from its beginning: decompressed first, when it is compressed.
 *
 * @param chunks read once, and not to their end when they are nothing that can be read
 * @throws LimitReached, Unreadable, and what the stream throws
 */
export async function readStream(
  chunks: AsyncIterable<Uint8Array>,
  inspection: Inspection,
  options: StreamOptions,
): Promise<Outcome> {
  const peeked = await peek(chunks, HEAD_BYTES);
  // What S3 says of the object's encoding it says of the outermost.
  const isOutermost = options.compressions === 0 && options.isPart !== true;
  const told = tellFormat(peeked.head, isOutermost ? inspection.hints : { key: inspection.hints.key });
  if (options.isPart !== true) inspection.tell(told.format);
  if (told.kind === "text") {
    const { sink } = inspection;
    sink.begin({ encoding: told.encoding, isCut: false });
    for await (const chunk of peeked.chunks) sink.push(chunk);
    sink.finish(options.isCut());
    return { format: told.format };
  }
  if (isCompression(told.format) && options.compressions < MAX_COMPRESSIONS) {
    const inflated = inflate(told.format, peeked.chunks, inspection.meter);
    return readStream(inflated, inspection, { ...options, compressions: options.compressions + 1 });
  }
  if (told.format === "tar" && options.isPart !== true) return readTar(peeked.chunks, inspection, options);
  await peeked.chunks.return();
  return { format: told.format, closed: whyClosed(told.format) };
}

export function isCompression(format: string): format is Compression {
  return COMPRESSIONS.some((each) => each === format);
}

/** Why nothing can be said of the content of a format that is not opened. */
export function whyClosed(format: Outcome["format"]): string {
  switch (format) {
    case "unknown":
      return "it is binary and of no format that is known";
    case "encrypted parquet":
      return "it is encrypted";
    case "compound file":
      return "it is a compound file: an Office document of before 2007, or an encrypted one";
    case "gzip":
    case "zstd":
    case "brotli":
      return `it is compressed more than ${MAX_COMPRESSIONS} times over`;
    case "zip":
    case "parquet":
    case "tar":
      return `${format} within another file is not opened`;
    default:
      return `${format} is not opened`;
  }
}
