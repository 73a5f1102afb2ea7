import yauzl from "yauzl";
import type { Inspection } from "./inspection.ts";
import { isAboutContent } from "./inspection.ts";
import { LimitReached } from "./limits.ts";
import type { ObjectSource } from "./object-source.ts";

/** A file within a zip, as the directory at the zip's end tells it. Nothing of it is believed before it is read. */
export interface ZipEntry {
  /** For telling what part it is; it may be personal data and goes nowhere. */
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly compressedBytes: number;
  /** Where its own header lies. */
  readonly offset: number;
  /** Where its data begins. @throws an error of yauzl's when it is no entry */
  locate(): Promise<number>;
}

/** A directory may claim any number; each costs a look. */
export const MAX_ENTRIES = 10_000;

/**
 * Reads a zip's directory (APPNOTE.TXT 6.3.10, zip64 too) from its end: the last 64 KiB find it, and it is read in pieces of `sampleBytes`.
 *
 * @returns its files without the folders; those before a limit or a break, with a note that says so
 * @throws an error of yauzl's when there is no directory; LimitReached when no byte of it may be read; what `read` throws
 */
export async function readDirectory(inspection: Inspection): Promise<readonly ZipEntry[]> {
  const { source, gaps, meter } = inspection;
  // Names stay bytes: as texts they would be checked for paths out of a folder, and nothing is unpacked to a disk here.
  const options = { lazyEntries: true, decodeStrings: false, validateEntrySizes: false, autoClose: false };
  const zip = await yauzl.fromRandomAccessReaderPromise(createReader(source), source.size, options);
  const entries: ZipEntry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      meter.checkTime();
      const found = toEntry(entry, zip);
      if (!found.name.endsWith("/")) entries.push(found);
      if (entries.length < MAX_ENTRIES) continue;
      gaps.add(`only the first ${MAX_ENTRIES} files in it were looked at`);
      break;
    }
  } catch (error) {
    if (!isAboutContent(error, inspection)) throw error;
    if (error instanceof LimitReached && error.of === "time") throw error;
    gaps.add(
      error instanceof LimitReached ? error.message : "the zip's directory is broken: files in it may be missing",
    );
  }
  return entries;
}

function toEntry(entry: yauzl.Entry, zip: yauzl.ZipFile): ZipEntry {
  return {
    name: Buffer.from(entry.fileNameRaw).toString("utf8"),
    method: entry.compressionMethod,
    isEncrypted: (entry.generalPurposeBitFlag & 1) !== 0,
    compressedBytes: entry.compressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
    locate: async () => (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart,
  };
}

/** yauzl asks by subclass; what it opens as streams is not used, for those know no limits. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ObjectSource;
  constructor(source: ObjectSource) {
    super();
    this.#source = source;
  }
  override read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null) => void) {
    this.#source.at(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        done(null);
      },
      (error: Error) => done(error),
    );
  }
}

function createReader(source: ObjectSource): yauzl.RandomAccessReader {
  return new SourceReader(source);
}
