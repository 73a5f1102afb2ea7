import { ASSUMED_CONCURRENCY, ASSUMED_ENTRY_MS, LEAST, MOST, type PerObject, USD } from "./prices.ts";

/** How many objects there are: all were counted, so many and more, or about so many. */
export interface Amount {
  readonly objects: number;
  readonly certainty: "exact" | "at-least" | "about";
}

/** From the case in which every object is as it should be to that in which each is read and gets its tag. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

export interface Estimate {
  readonly objects: Amount;
  /** What each service takes, in US dollars. */
  readonly usd: readonly { readonly what: string; readonly usd: Range }[];
  readonly totalUsd: Range;
  /** Each month, for as long as tags and journal are kept. */
  readonly monthlyUsd: Range;
  /** Until every object was looked at. */
  readonly seconds: Range;
  /** Until the evidence of it all is locked away, which goes on by itself. */
  readonly evidenceSeconds: Range;
}

/** What is known before a job begins. */
export interface Asked {
  readonly objects: Amount;
  readonly memoryMb: number;
  /** S3 lists the bucket; an inventory is there already, and paid for. */
  readonly isListed: boolean;
}

/** What a job will cost, and how long it will take, about. Pure. */
export function estimate({ objects, memoryMb, isListed }: Asked): Estimate {
  const millions = objects.objects / 1e6;
  const range = (of: (each: PerObject) => number): Range => ({
    least: of(LEAST) * millions,
    most: of(MOST) * millions,
  });
  const gb = memoryMb / 1_024;
  const fees = USD.perJob + millions * (USD.perMillionTasks + (isListed ? USD.perMillionListed : 0));
  const usd = [
    { what: "S3 Batch Operations", usd: { least: fees, most: fees } },
    {
      what: "Lambda",
      usd: range(({ billedMs }) => USD.perMillionInvocations + (billedMs / 1_000) * gb * USD.perGbSecond * 1e6),
    },
    {
      what: "S3 requests",
      usd: range(({ s3Reads, s3Writes }) => s3Reads * USD.perMillionS3Reads + s3Writes * USD.perMillionS3Writes),
    },
    {
      what: "DynamoDB",
      usd: range(
        ({ readUnits, writeUnits }) => readUnits * USD.perMillionReadUnits + writeUnits * USD.perMillionWriteUnits,
      ),
    },
    { what: "logs", usd: range(({ logBytes }) => (logBytes / 1_000) * USD.perLogGb) },
  ];
  const perSlot = objects.objects / ASSUMED_CONCURRENCY / 1_000;
  return {
    objects,
    usd,
    totalUsd: sum(usd.map((each) => each.usd)),
    monthlyUsd: sum([
      range(({ tableBytes }) => (tableBytes / 1_000) * USD.perTableGbAMonth),
      { least: 0, most: millions * USD.perMillionTagsAMonth },
    ]),
    seconds: { least: perSlot * LEAST.billedMs, most: perSlot * MOST.billedMs },
    evidenceSeconds: { least: 0, most: (objects.objects * ASSUMED_ENTRY_MS) / 1_000 },
  };
}

function sum(ranges: readonly Range[]): Range {
  return {
    least: ranges.reduce((total, { least }) => total + least, 0),
    most: ranges.reduce((total, { most }) => total + most, 0),
  };
}

/** Whether it may cost more than somebody will pay; undefined when that can't be told, since not all objects were counted. Pure. */
export function isAbove({ totalUsd, objects }: Estimate, maxUsd: number): boolean | undefined {
  if (totalUsd.most > maxUsd) return true;
  return objects.certainty === "at-least" ? undefined : false;
}
