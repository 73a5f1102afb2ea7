import { crc32, deflateRawSync } from "node:zlib";

/** One file of a zip that a test makes; what isn't given is as it should be. */
export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  readonly flags?: number;
  /** What the headers claim instead of the truth. */
  readonly claimedBytes?: number;
  readonly claimedOffset?: number;
}

/** Builds a zip byte by byte (APPNOTE.TXT 6.3.10), so that tests can make broken and hostile ones. */
export function zipOf(files: readonly ZipFile[], { isZip64 = false, count = files.length } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const data = Buffer.from(file.data);
    const method = file.method ?? 8;
    const packed = method === 8 ? deflateRawSync(data) : data;
    const name = Buffer.from(file.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(45, 0);
    common.writeUInt16LE(file.flags ?? 0, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(file.claimedBytes ?? data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    parts.push(local);
    directory.push(directoryEntry(common, name, file.claimedOffset ?? offset, isZip64));
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  return Buffer.concat([...parts, listed, endOf(offset, listed.length, count, isZip64)]);
}

function directoryEntry(common: Buffer, name: Buffer, offset: number, isZip64: boolean): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(isZip64 ? 0xff_ff_ff_ff : offset, 10);
  const extra = Buffer.alloc(isZip64 ? 12 : 0);
  if (isZip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(offset), 4);
  }
  const head = Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([45, 3]), common, rest]);
  head.writeUInt16LE(extra.length, 30);
  return Buffer.concat([head, name, extra]);
}

function endOf(directoryOffset: number, directoryBytes: number, count: number, isZip64: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(Math.min(count, 0xff_ff), 8);
  end.writeUInt16LE(Math.min(count, 0xff_ff), 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(isZip64 ? 0xff_ff_ff_ff : directoryOffset, 16);
  if (!isZip64) return end;
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryOffset), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

/** A tar archive: a header block a file, the file filled up to whole blocks, two empty blocks (POSIX.1-2017, pax). */
export function tarOf(files: readonly { readonly name: string; readonly data: Uint8Array | string }[]): Buffer {
  const parts = files.map(({ name, data }) => {
    const bytes = Buffer.from(data);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("0", 156);
    header.write("ustar\0" + "00", 257);
    return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
