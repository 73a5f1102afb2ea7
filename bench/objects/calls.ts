import type { RecordedCall } from "../../sandbox/index.ts";
import type { Account } from "../account.ts";
import { type Contestant, startProcess } from "../process.ts";
import type { CreatedObjects } from "./created-objects.ts";

/** How often an operation was called, and how often it may be. */
export interface CountedCalls {
  readonly operation: string;
  readonly made: number;
  readonly most: number;
}

/** What a number of objects cost in calls. */
export interface CallsOfCase {
  readonly what: string;
  readonly calls: readonly CountedCalls[];
}

/** Of an object that has to be read and tagged (docs/objects.md). What is not named may not be called. */
const PER_OBJECT: Readonly<Record<string, number>> = {
  GetObjectTagging: 1,
  GetObject: 1,
  PutObjectTagging: 1,
  BatchGetItem: 1,
  TransactWriteItems: 2,
};
/** Of a container, in a minute, for each bucket. */
const PER_MINUTE: Readonly<Record<string, number>> = { GetBucketTagging: 1, GetItem: 1 };

const CASES = [
  { what: "a container's first object", objects: 1, isFirst: true },
  { what: "one more within a minute", objects: 1, isFirst: false },
  { what: "ten more in a batch", objects: 10, isFirst: false },
  { what: "ten in a container's first batch", objects: 10, isFirst: true },
] as const;

/**
 * Counts calls in the account's own log, in new containers where a case is about a first delivery.
 *
 * @throws Error when an object was not tagged
 */
export async function countCalls(
  { sandbox }: Account,
  job: CreatedObjects,
  cordon: Contestant,
): Promise<readonly CallsOfCase[]> {
  let container = startProcess(cordon);
  let isUsed = false;
  const counted: CallsOfCase[] = [];
  try {
    for (const { what, objects, isFirst } of CASES) {
      if (isFirst && isUsed) {
        await container.end();
        container = startProcess(cordon);
      }
      isUsed = true;
      const { batch, assertDone } = await job.next(objects);
      sandbox.clearCalls();
      const { result } = await container.handle(batch);
      assertDone(result);
      counted.push({ what, calls: callsOf(sandbox.calls, objects, isFirst) });
    }
  } finally {
    await container.end();
  }
  return counted;
}

function callsOf(calls: readonly RecordedCall[], objects: number, isFirst: boolean): readonly CountedCalls[] {
  const named = [...Object.keys(PER_OBJECT), ...Object.keys(PER_MINUTE)];
  const others = new Set(calls.map(({ operation }) => operation).filter((operation) => !named.includes(operation)));
  return [...named, ...others].map((operation) => ({
    operation,
    made: calls.filter((call) => call.operation === operation).length,
    most: (PER_OBJECT[operation] ?? 0) * objects + (isFirst ? (PER_MINUTE[operation] ?? 0) : 0),
  }));
}

/** Whether nothing is called more often than it may be. Pure. */
export const isWithinCalls = ({ calls }: CallsOfCase): boolean => calls.every(({ made, most }) => made <= most);
