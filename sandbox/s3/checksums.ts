/** Members of requests and answers that hold a checksum, by the algorithm in its header's name. */
export const CHECKSUMS = {
  ChecksumCRC32: "crc32",
  ChecksumCRC32C: "crc32c",
  ChecksumCRC64NVME: "crc64nvme",
  ChecksumSHA1: "sha1",
  ChecksumSHA256: "sha256",
  ChecksumSHA512: "sha512",
  ChecksumMD5: "md5",
  ChecksumXXHASH64: "xxhash64",
  ChecksumXXHASH3: "xxhash3",
  ChecksumXXHASH128: "xxhash128",
} as const;

/** Checksums by the SDK's names, as far as there are any. */
export function describeChecksums(checksums: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(CHECKSUMS).flatMap(([member, algorithm]) => {
      const value = checksums[algorithm];
      return value === undefined ? [] : [[member, value] as const];
    }),
  );
}
