import { type Encoding, tellEncoding } from "./encoding.ts";

export const TEXT_FORMATS = ["text", "csv", "tsv", "json", "ndjson", "xml"] as const;
export const COMPRESSIONS = ["gzip", "zstd", "brotli"] as const;
export const PACKAGES = ["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "tar"] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];
export type Compression = (typeof COMPRESSIONS)[number];
export type PackageFormat = (typeof PACKAGES)[number];
/** What is told and not opened. */
export type ClosedFormat = (typeof MAGIC)[number][0] | (typeof WEAK_MAGIC)[number][0];
export type Format = TextFormat | Compression | PackageFormat | ClosedFormat;

/** What S3 and the key say of the content. They refine what bytes leave open, and never contradict them. */
export interface ContentHints {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly key: string;
}

export type Told =
  | { readonly kind: "text"; readonly format: TextFormat; readonly encoding: Encoding }
  | { readonly kind: "other"; readonly format: Format | "unknown" };

/** So many bytes tell a format. */
export const HEAD_BYTES = 4096;

/**
 * How files of each format begin: format, offset, bytes as Latin-1 (the formats' own specifications; freedesktop.org's shared-mime-info lists them together).
 * A table and no library: `file-type` unpacks and walks what it is given to tell one kind from another, which is a way in for hostile files.
 */
const MAGIC = [
  ["gzip", 0, "\x1f\x8b\x08"],
  ["zstd", 0, "\x28\xb5\x2f\xfd"],
  ["zip", 0, "PK\x03\x04"],
  ["zip", 0, "PK\x05\x06"],
  ["zip", 0, "PK\x07\x08"],
  ["parquet", 0, "PAR1\x15"],
  ["encrypted parquet", 0, "PARE"],
  ["tar", 257, "ustar"],
  ["pdf", 0, "%PDF-"],
  ["png", 0, "\x89PNG\r\n\x1a\n"],
  ["gif", 0, "GIF87a"],
  ["gif", 0, "GIF89a"],
  ["jpeg", 0, "\xff\xd8\xff"],
  ["tiff", 0, "II*\0"],
  ["tiff", 0, "MM\0*"],
  ["mp4", 4, "ftyp"],
  ["ogg", 0, "OggS\0"],
  ["flac", 0, "fLaC\0"],
  ["matroska", 0, "\x1a\x45\xdf\xa3"],
  ["elf", 0, "\x7fELF"],
  ["mach-o", 0, "\xcf\xfa\xed\xfe"],
  ["java class", 0, "\xca\xfe\xba\xbe"],
  ["wasm", 0, "\0asm"],
  ["7z", 0, "7z\xbc\xaf\x27\x1c"],
  ["rar", 0, "Rar!\x1a\x07"],
  ["xz", 0, "\xfd7zXZ\0"],
  ["bzip2", 4, "1AY&SY"],
  ["lz4", 0, "\x04\x22\x4d\x18"],
  // Word, Excel and PowerPoint before 2007, Outlook's messages, and any Office document with a password.
  ["compound file", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["sqlite", 0, "SQLite format 3\0"],
  ["avro", 0, "Obj\x01"],
  ["arrow", 0, "ARROW1\0\0"],
  ["hdf5", 0, "\x89HDF\r\n\x1a\n"],
] as const;

/** These are letters that a text can begin with, too: they count only for what is no text. */
const WEAK_MAGIC = [
  ["parquet", 0, "PAR1"],
  ["bmp", 0, "BM"],
  ["riff", 0, "RIFF"],
  ["mp3", 0, "ID3"],
  ["mp3", 0, "\xff\xfb"],
  ["executable", 0, "MZ"],
  ["orc", 0, "ORC"],
] as const;

/**
 * Tells the format: magic bytes first, then whether it is text at all, then the hints. Pure.
 *
 * @param head the first `HEAD_BYTES` bytes, or all there are
 */
export function tellFormat(head: Uint8Array, hints: ContentHints): Told {
  const strong = MAGIC.find(([, offset, bytes]) => hasBytes(head, offset, bytes));
  const encoding = tellEncoding(head);
  // What is letters throughout a text can begin with as well: only what is no text is a picture by it.
  if (strong !== undefined && !(encoding !== undefined && isWithoutText(strong[0]) && /^[ -~]*$/.test(strong[2])))
    return { kind: "other", format: isDisguised(head, strong) ? "unknown" : strong[0] };
  if (encoding !== undefined) return { kind: "text", format: tellTextFormat(head, encoding, hints), encoding };
  // Brotli has no magic bytes: it can only be believed.
  if (hints.contentEncoding?.trim().toLowerCase() === "br") return { kind: "other", format: "brotli" };
  const weak = WEAK_MAGIC.find(([, offset, bytes]) => hasBytes(head, offset, bytes));
  return { kind: "other", format: weak?.[0] ?? "unknown" };
}

/** Text behind the first bytes of a picture: nobody could say that nothing is in it. */
function isDisguised(head: Uint8Array, [format, offset, magic]: (typeof MAGIC)[number]): boolean {
  const rest = head.subarray(offset + magic.length);
  return isWithoutText(format) && rest.length >= MIN_DISGUISED_BYTES && tellEncoding(rest) !== undefined;
}

/** Less is no list of anything. */
const MIN_DISGUISED_BYTES = 64;

/** Pictures, sound, film and programs: no detector could read text in them. Whatever else was not opened may hold some. Pure. */
export function isWithoutText(format: string): boolean {
  return WITHOUT_TEXT.has(format);
}

const WITHOUT_TEXT: ReadonlySet<string> = new Set<ClosedFormat>([
  ...(["png", "gif", "jpeg", "tiff", "bmp", "riff", "mp4", "ogg", "flac", "matroska", "mp3"] as const),
  ...(["elf", "mach-o", "java class", "wasm", "executable"] as const),
]);

function hasBytes(head: Uint8Array, offset: number, bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) if (head[offset + i] !== bytes.charCodeAt(i)) return false;
  return true;
}

/** The kind of text changes nothing in how it is read; it is told to people. */
function tellTextFormat(head: Uint8Array, encoding: Encoding, hints: ContentHints): TextFormat {
  const text = new TextDecoder(encoding === "single-bytes" ? "latin1" : encoding).decode(head).replace(/^ï»¿/, "");
  const start = text.trimStart();
  if (start.startsWith("<")) return "xml";
  if (/^[[{]/.test(start)) return /^\{[^\n]*\}[ \t\r]*\n[ \t\r]*\{/.test(start) ? "ndjson" : "json";
  const type = hints.contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const name = hints.key.toLowerCase().replace(/\.(gz|gzip|zst|br)$/, "");
  if (type.endsWith("/csv") || name.endsWith(".csv")) return "csv";
  if (type.endsWith("/tab-separated-values") || /\.(tsv|tab)$/.test(name)) return "tsv";
  return "text";
}
