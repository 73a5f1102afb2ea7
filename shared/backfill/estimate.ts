import type { BackfillEngine } from "../policy/policy.ts";
import { BATCHES_AT_ONCE, OBJECTS_AT_ONCE, OBJECTS_PER_BATCH } from "./batches.ts";
import {
  ASSUMED_CONCURRENCY,
  ASSUMED_ENTRY_MS,
  EXPRESS_GB,
  KEYS_A_PAGE,
  LEAST,
  MOST,
  OWN_TRANSITIONS,
  type PerObject,
  USD,
} from "./prices.ts";

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
  /** The engine lists the bucket; an inventory is there already, and paid for. */
  readonly isListed: boolean;
  readonly engine: BackfillEngine;
}

/** What an engine takes by itself, and how it has the function invoked. */
interface Engine {
  readonly what: string;
  /** Of all the objects, in US dollars. */
  readonly fees: Range;
  readonly objectsPerInvocation: number;
  /** Objects that share a container's time, and objects under way. */
  readonly sharing: Range;
  readonly underWay: Range;
}

/** What a job will cost, and how long it will take, about. Pure. */
export function estimate(asked: Asked): Estimate {
  const { objects, memoryMb } = asked;
  const { what, fees, objectsPerInvocation, sharing, underWay } = ENGINES[asked.engine](asked);
  const millions = objects.objects / 1e6;
  const range = (of: (each: PerObject, end: keyof Range) => number): Range => ({
    least: of(LEAST, "least") * millions,
    most: of(MOST, "most") * millions,
  });
  const gbSecond = (memoryMb / 1_024) * USD.perGbSecond;
  const usd = [
    { what, usd: fees },
    {
      what: "Lambda",
      usd: range(
        ({ billedMs }, end) =>
          USD.perMillionInvocations / objectsPerInvocation + (billedMs / sharing[end] / 1_000) * gbSecond * 1e6,
      ),
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
  const perObjectSeconds = objects.objects / 1_000;
  return {
    objects,
    usd,
    totalUsd: sum(usd.map((each) => each.usd)),
    monthlyUsd: sum([
      range(({ tableBytes }) => (tableBytes / 1_000) * USD.perTableGbAMonth),
      { least: 0, most: millions * USD.perMillionTagsAMonth },
    ]),
    seconds: {
      least: (perObjectSeconds * LEAST.billedMs) / underWay.least,
      most: (perObjectSeconds * MOST.billedMs) / underWay.most,
    },
    evidenceSeconds: { least: 0, most: (objects.objects * ASSUMED_ENTRY_MS) / 1_000 },
  };
}

const ENGINES: Readonly<Record<BackfillEngine, (asked: Asked) => Engine>> = {
  "batch-operations": ({ objects, isListed }) => {
    const perMillion = USD.perMillionTasks + (isListed ? USD.perMillionListed : 0);
    return {
      what: "S3 Batch Operations",
      fees: same(USD.perJob + (objects.objects / 1e6) * perMillion),
      objectsPerInvocation: 1,
      sharing: same(1),
      underWay: same(ASSUMED_CONCURRENCY),
    };
  },
  // At the least, the objects of an invocation wait for AWS at the same time; at the most, each takes the container for itself.
  "distributed-map": ({ objects, isListed }) => {
    const sharing = { least: OBJECTS_AT_ONCE, most: 1 };
    const batches = Math.ceil(objects.objects / OBJECTS_PER_BATCH);
    const perMillionBatches = USD.perMillionTransitions + USD.perMillionExpressRequests;
    const pages = isListed ? Math.ceil(objects.objects / KEYS_A_PAGE) : 0;
    const whole =
      (batches * perMillionBatches + OWN_TRANSITIONS * USD.perMillionTransitions + pages * USD.perMillionS3Writes) /
      1e6;
    const during = ({ billedMs }: PerObject, shared: number) =>
      (objects.objects * billedMs * EXPRESS_GB * USD.perExpressGbSecond) / shared / 1_000;
    return {
      what: "Step Functions",
      fees: { least: whole + during(LEAST, sharing.least), most: whole + during(MOST, sharing.most) },
      objectsPerInvocation: OBJECTS_PER_BATCH,
      sharing,
      underWay: { least: BATCHES_AT_ONCE * sharing.least, most: BATCHES_AT_ONCE * sharing.most },
    };
  },
};

function same(value: number): Range {
  return { least: value, most: value };
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
