import type { ReadBudget } from "../policy.ts";
import type { Problem } from "./problems.ts";
import type { ObjectsDocument } from "./schema-objects.ts";

type ReadDocument = NonNullable<ObjectsDocument["read"]>;

const KIB = 1_024;

/** What holds where a policy says nothing (schema-objects.ts tells it), as far as what it says leaves room for it. Pure. */
export function compileReadBudget(read: ReadDocument): ReadBudget {
  const { maxKiB = 8_192, sampleKiB = 256, maxInflatedKiB = 65_536 } = read;
  const kept = (read.samples ?? 0) * sampleKiB;
  const headKiB = read.headKiB ?? Math.max(1, Math.min(1_024, maxKiB - kept));
  const samples = read.samples ?? Math.max(0, Math.min(8, Math.floor((maxKiB - headKiB) / sampleKiB)));
  return {
    maxBytes: maxKiB * KIB,
    headBytes: headKiB * KIB,
    samples,
    sampleBytes: sampleKiB * KIB,
    maxInflatedBytes: maxInflatedKiB * KIB,
  };
}

/** That head and samples together are no more than may be read. Pure. */
export function checkReadBudget(read: ReadDocument): Problem[] {
  const { maxBytes, headBytes, samples, sampleBytes } = compileReadBudget(read);
  const wantedBytes = headBytes + samples * sampleBytes;
  if (wantedBytes <= maxBytes) return [];
  const message = `found a head and samples of ${wantedBytes / KIB} KiB together, expected at most maxKiB, which is ${maxBytes / KIB}`;
  const key = read.samples !== undefined ? "samples" : "headKiB";
  return [{ path: ["objects", "read", key], message }];
}
