import { inflate, inflateSmall, metered } from "./inflate.ts";
import { type Inspection, isAboutContent, type Outcome } from "./inspection.ts";
import { LimitReached, Unreadable } from "./limits.ts";
import { tellPackage, textOfPart } from "./office-parts.ts";
import { readStream } from "./read-stream.ts";
import { readXmlPart } from "./read-xml-part.ts";
import { isWithoutText } from "./tell-format.ts";
import { readDirectory, type ZipEntry } from "./zip-directory.ts";

const STORED = 0;
const DEFLATED = 8;
const CHUNK_BYTES = 64 * 1024;
/** An entry's own header is at least 30 bytes long, and a name and some extra fields. */
const HEADER_BYTES = 1024;
/** Where OpenDocument tells its kind. */
const MIMETYPE_BYTES = 128;

/** Why a file in a zip gave nothing, as the note begins that tells how many did. */
type Unopened =
  | "encrypted"
  | "compressed in a way that is not read"
  | "broken"
  | "of formats that are not opened there"
  | typeof WITHOUT_TEXT_NOTE;

/** Of these nothing is hidden. */
const WITHOUT_TEXT_NOTE = "without text, such as pictures";

/**
 * Hands to the scanner what the files in a zip hold: an Office document's text, and of every other zip the files that are text or compressed text. What is in
 * memory is read whole; of a larger zip as many files as there are samples, spread evenly, each from its beginning.
 *
 * @throws LimitReached, Unreadable, and what `read` throws
 */
export async function readZip(inspection: Inspection): Promise<Outcome> {
  const { source, sink, notes, gaps, limits } = inspection;
  const entries = await readDirectory(inspection).catch((error: unknown) => {
    if (error instanceof LimitReached || !isAboutContent(error, inspection)) throw error;
    throw new Unreadable("the zip's directory is missing or broken");
  });
  const format = tellPackage(entries, await source.at(0, Math.min(source.size, MIMETYPE_BYTES)));
  const chosen = choose(entries, inspection);
  if (chosen.length < entries.length) notes.add(`${chosen.length} of ${entries.length} files in it were looked at`);
  const unopened = new Map<Unopened, number>();
  try {
    for (const entry of chosen) {
      const why = await readEntry(entry, format, inspection);
      if (why !== undefined) unopened.set(why, (unopened.get(why) ?? 0) + 1);
    }
  } finally {
    for (const [why, count] of unopened)
      (why === WITHOUT_TEXT_NOTE ? notes : gaps).add(`${count} files in it are ${why}`);
  }
  // Of pictures alone all is said: there is nothing in them to be found.
  const first = [...unopened.keys()].find((why) => why !== WITHOUT_TEXT_NOTE);
  const isOpaque = first !== undefined && sink.bytesScanned === 0;
  return { format, ...(isOpaque && { closed: `no file in it can be read: ${unopened.get(first)} are ${first}` }) };

  function choose(all: readonly ZipEntry[], { source }: Inspection): readonly ZipEntry[] {
    if (source.isHeld) return all;
    const isInMemory = (entry: ZipEntry) => source.heldFrom(entry.offset) > entry.compressedBytes + HEADER_BYTES;
    const further = all.filter((entry) => !isInMemory(entry));
    const step = Math.max(1, further.length / Math.max(1, limits.samples));
    const picked = new Set(Array.from({ length: limits.samples }, (_, i) => further[Math.floor(i * step)]));
    return all.filter((entry) => isInMemory(entry) || picked.has(entry));
  }
}

async function readEntry(
  entry: ZipEntry,
  format: Outcome["format"],
  inspection: Inspection,
): Promise<Unopened | undefined> {
  const { meter, sink, notes } = inspection;
  meter.checkTime();
  if (entry.compressedBytes === 0) return undefined;
  if (entry.isEncrypted) return "encrypted";
  if (entry.method !== STORED && entry.method !== DEFLATED) return "compressed in a way that is not read";
  const textAs = textOfPart(entry.name, format);
  let isCut = false;
  const cut = () => {
    isCut = true;
    notes.add("of large files in it only the beginning was looked at");
  };
  try {
    const bytes = await openEntry(entry, inspection, cut);
    const outcome =
      textAs === undefined
        ? await readStream(bytes, inspection, { isCut: () => isCut, compressions: 0, isPart: true })
        : await readXmlPart(bytes, textAs, inspection);
    if (outcome.closed === undefined) return undefined;
    return isWithoutText(outcome.format) ? WITHOUT_TEXT_NOTE : "of formats that are not opened there";
  } catch (error) {
    if (error instanceof LimitReached || !isAboutContent(error, inspection)) throw error;
    sink.finish(true);
    return "broken";
  }
}

async function openEntry(
  entry: ZipEntry,
  inspection: Inspection,
  cut: () => void,
): Promise<AsyncGenerator<Uint8Array>> {
  const { source, meter } = inspection;
  const start = await entry.locate();
  if (entry.method === STORED) return metered(readRaw(entry, start, inspection, cut), meter);
  const isNear = source.heldFrom(start) >= entry.compressedBytes;
  const small = isNear ? inflateSmall(await source.at(start, entry.compressedBytes)) : undefined;
  return small === undefined
    ? inflate("deflate", readRaw(entry, start, inspection, cut), meter)
    : metered([small], meter);
}

/** An entry's bytes as they lie in the file: all of them out of memory, or of a zip that isn't in memory what one read gives. */
async function* readRaw(
  { compressedBytes }: ZipEntry,
  start: number,
  { source, limits }: Inspection,
  cut: () => void,
): AsyncGenerator<Uint8Array> {
  const most = source.isHeld ? compressedBytes : Math.max(limits.sampleBytes, source.heldFrom(start));
  const end = start + Math.min(compressedBytes, most);
  if (most < compressedBytes) cut();
  for (let from = start; from < end; ) {
    const bytes = await source.at(from, Math.min(CHUNK_BYTES, end - from));
    yield bytes;
    from += bytes.length;
  }
}
