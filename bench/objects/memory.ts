import type { Contestant } from "../process.ts";
import { startProcess } from "../process.ts";
import { median } from "../statistics.ts";
import type { CreatedObjects } from "./created-objects.ts";

/** What objects of one size came to, in processes of their own. */
export interface OfSize {
  readonly sizeBytes: number;
  /** Resident, after the last of them. */
  readonly peakMb: number;
  /** Over the smallest objects'. */
  readonly ratio: number;
  /** Of one object, in a process that has tagged others of the size. */
  readonly cpuMs: number;
}

/** The most that memory may grow by, from objects of the smallest size to those of the largest. */
export const MEMORY_LIMIT = 1.2;

const MIB = 1_048_576;
/** Below the head, at what is read whole, above it, and up to the largest that one PutObject takes. */
export const SIZES_BYTES = [1, 8, 64, 1_024, 5 * 1_024].map((mebibytes) => mebibytes * MIB);

const OBJECTS = 8;

/**
 * Tags objects of each size one after the other, each size in new processes: what a process has once had it never gives back.
 *
 * @param rounds processes of each size
 * @throws Error when an object was not tagged
 */
export async function measureSizes(
  job: CreatedObjects,
  cordon: Contestant,
  rounds: number,
  progress: (done: number, of: number) => void,
): Promise<readonly OfSize[]> {
  const found = SIZES_BYTES.map((sizeBytes) => ({ sizeBytes, peakMb: [] as number[], cpuMs: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { sizeBytes, peakMb, cpuMs }] of found.entries()) {
      const of = await tagObjects(job, cordon, sizeBytes);
      peakMb.push(of.peakMb);
      cpuMs.push(of.cpuMs);
      progress(round * found.length + index + 1, rounds * found.length);
    }
  }
  const smallest = median(found[0]?.peakMb ?? []);
  return found.map(({ sizeBytes, peakMb, cpuMs }) => ({
    sizeBytes,
    peakMb: median(peakMb),
    ratio: median(peakMb) / smallest,
    cpuMs: median(cpuMs),
  }));
}

async function tagObjects(
  job: CreatedObjects,
  cordon: Contestant,
  sizeBytes: number,
): Promise<{ readonly peakMb: number; readonly cpuMs: number }> {
  const container = startProcess(cordon);
  const cpuMs: number[] = [];
  let peakMb = 0;
  let beforeMs = 0;
  try {
    for (let object = 0; object < OBJECTS; object++) {
      const { batch, assertDone } = await job.nextOf(sizeBytes);
      const handled = await container.handle(batch);
      assertDone(handled.result);
      cpuMs.push(handled.cpuMs - beforeMs);
      beforeMs = handled.cpuMs;
      peakMb = handled.peakMb;
    }
  } finally {
    await container.end();
  }
  return { peakMb, cpuMs: median(cpuMs.slice(1)) };
}

/** Pure. A ratio that is no number keeps no limit. */
export const isFlatFor = ({ ratio }: OfSize): boolean => ratio <= MEMORY_LIMIT;
