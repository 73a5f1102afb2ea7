import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { describeError } from "../shared/errors.ts";
import { asObject, asText, describeShape, type Json, parseJson } from "../shared/signals/shapes.ts";
import { JsonPieces, type Piece } from "./json-pieces.ts";

/** What was read: an event as a function would be given it, or what can't be. `where` says where in the file. */
export type Recorded =
  | { readonly kind: "event"; readonly event: Json; readonly where: string }
  /** Understood, and no event: what CloudTrail puts beside its log files. */
  | { readonly kind: "no-event"; readonly where: string }
  | { readonly kind: "refused"; readonly reason: string; readonly where?: string };

/** CloudTrail's log files, what `aws cloudtrail lookup-events` prints, and AWS Config's snapshots and histories. */
const LISTS = ["Records", "Events", "configurationItems"];
/** CloudTrail's events have 256 KB, an oversized item of Config some more. */
const MAX_VALUE_BYTES = 4_000_000;
const CHUNK_BYTES = 256 * 1024;
/** A line that is to tell whether a file has a value in each of its lines. */
const MAX_FIRST_LINE_BYTES = 1_000_000;

/** What may come of one file. Log files of CloudTrail's shrink to a tenth or less, never to a two-hundredth; a gzip bomb does to a thousandth. */
export interface FileLimits {
  readonly maxPlainBytes: number;
  readonly maxRatio: number;
  /** Only from here on the ratio counts. */
  readonly ratioFromBytes: number;
}
export const FILE_LIMITS: FileLimits = { maxPlainBytes: 16e9, maxRatio: 200, ratioFromBytes: 32e6 };

/**
 * Reads the events in one file, one after the other; memory holds one value of it at a time. What can't be read is told, and the rest goes on as far as it can
 * be told apart. Gzip is told by its first bytes, whatever the file is called.
 *
 * @param onBytes is told how many bytes of the file have been read
 */
export async function* readEvents(
  path: string,
  onBytes: (bytes: number) => void = () => {},
  limits: FileLimits = FILE_LIMITS,
): AsyncGenerator<Recorded> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    for await (const piece of piecesOf(path, handle, onBytes, limits)) yield* recordedIn(piece);
  } catch (error) {
    yield { kind: "refused", reason: `it can't be read any further: ${describeError(error)}` };
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

async function* piecesOf(
  path: string,
  handle: FileHandle,
  onBytes: (bytes: number) => void,
  limits: FileLimits,
): AsyncGenerator<Piece> {
  let pieces: JsonPieces | undefined;
  let first: Buffer = Buffer.alloc(0);
  for await (const chunk of plainBytes(handle, onBytes, limits)) {
    if (pieces !== undefined) {
      yield* pieces.push(chunk);
      continue;
    }
    first = Buffer.concat([first, chunk]);
    if (first.includes(0x0a) || first.length > MAX_FIRST_LINE_BYTES) {
      pieces = begin(path, first);
      yield* pieces.push(first);
    }
  }
  if (pieces === undefined) {
    pieces = begin(path, first);
    yield* pieces.push(first);
  }
  yield* pieces.end();
  if (!pieces.hasBegun)
    yield { kind: "broken", reason: "found nothing in it, expected events as JSON", where: "line 1" };
}

/** Whether every line is a value of its own is told by the name or by the first line. */
function begin(path: string, first: Buffer): JsonPieces {
  const end = first.indexOf(0x0a);
  const rest = end < 0 ? "" : first.subarray(end).toString("utf8").trim();
  const isNamed = /\.(jsonl|ndjson)(\.gz)?$/i.test(path);
  const isLines =
    isNamed ||
    (rest !== "" &&
      parseJson(
        first
          .subarray(0, end)
          .toString("utf8")
          .replace(/^\uFEFF/, ""),
      ).ok);
  return new JsonPieces({ lists: LISTS, isLines, maxBytes: MAX_VALUE_BYTES });
}

async function* plainBytes(
  handle: FileHandle,
  onBytes: (bytes: number) => void,
  limits: FileLimits,
): AsyncGenerator<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  const source = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  // The gunzip passes on what goes wrong, to whoever reads it.
  const plain = isGzip ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : source;
  let plainBytes = 0;
  for await (const chunk of plain as AsyncIterable<Buffer>) {
    plainBytes += chunk.length;
    onBytes(source.bytesRead);
    if (isGzip) refuseBomb(source.bytesRead, plainBytes, limits);
    yield chunk;
  }
}

function refuseBomb(packedBytes: number, plainBytes: number, limits: FileLimits): void {
  const { maxPlainBytes, maxRatio, ratioFromBytes } = limits;
  if (plainBytes > maxPlainBytes)
    throw new Error(`it holds over ${maxPlainBytes} bytes when unpacked, expected fewer; split it`);
  if (plainBytes > ratioFromBytes && plainBytes > packedBytes * maxRatio)
    throw new Error(
      `it grew more than ${maxRatio}-fold when unpacked, as a gzip bomb does and no log file; unpack it yourself if it is one`,
    );
}

function recordedIn(piece: Piece): readonly Recorded[] {
  const { where } = piece;
  if (piece.kind === "broken") return [{ kind: "refused", reason: piece.reason, where }];
  const parsed = parseJson(piece.text);
  if (!parsed.ok) return [{ kind: "refused", reason: "it is not JSON", where }];
  // What a list of records holds can be a message or a log record: its wrapper tells.
  const value = piece.list === "Records" ? { Records: [parsed.value] } : parsed.value;
  const event = asObject(value);
  if (event === undefined)
    return [{ kind: "refused", reason: `found ${describeShape(value)}, expected an event`, where }];
  const record = asObject(piece.list === "Records" ? parsed.value : event);
  if (record !== undefined && isBesideEvents(record)) return [{ kind: "no-event", where }];
  if (piece.list !== "Events" || record === undefined) return [{ kind: "event", event, where }];
  // `lookup-events` carries the record itself as text.
  const looked = parseJson(asText(record.CloudTrailEvent) ?? "");
  const inner = looked.ok ? asObject(looked.value) : undefined;
  if (inner === undefined)
    return [{ kind: "refused", reason: "found an entry of Events without CloudTrailEvent", where }];
  return [{ kind: "event", event: inner, where }];
}

/** Digests and Insights lie beside CloudTrail's log files and hold no calls. */
function isBesideEvents(record: Json): boolean {
  return (
    record.eventType === "AwsCloudTrailInsight" ||
    (record.digestS3Object !== undefined && Array.isArray(record.logFiles))
  );
}
