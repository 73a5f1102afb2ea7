/** Who and what the generated policies and findings are about. Numbers stand for nothing; everything is made anew, and the same, each time. */

export const CONTROL = "s3-replication-stays-in-jurisdiction";
export const CELL_CONTROL = "cordon-cell-stays-deployed";

/** Nothing rests on the day the benchmark runs. */
export const NOW_MS = Date.parse("2026-03-01T09:00:00Z");

/** So many accounts lie in each unit, and so often each situation occurs. */
export const ACCOUNTS = 4;

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
const accountsFrom = (first: number) => numbers(ACCOUNTS).map((number) => String(first + number));

export const UNITS = {
  production: accountsFrom(100000000000),
  staging: accountsFrom(110000000000),
  lab: accountsFrom(120000000000),
} as const;

/** Classes that no finding is of, for rules that are about other data. */
export const OTHER_CLASSES = numbers(17).map((number) => `c${number}`);

/** Where no finding's resource lies and no finding's data goes. */
export const OTHER_REGIONS = [
  "af-south-1",
  "ap-east-1",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-2",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ca-west-1",
  "eu-central-2",
  "eu-north-1",
  "eu-south-1",
  "eu-south-2",
  "eu-west-2",
  "eu-west-3",
  "il-central-1",
  "me-central-1",
  "me-south-1",
  "mx-central-1",
  "sa-east-1",
] as const;

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;
export const KEY = "arn:aws:kms:us-east-1:100000000000:key/0a3f1d64-2b7c-4c58-8a57-6f1f4f0d9c21";

/** The names of buckets that rules name: one in each account of production. */
export const named = (what: string): readonly string[] => numbers(ACCOUNTS).map((number) => `${what}-${number}`);

/** Who may set tags that let data go further. */
export const DATA_OWNER = { principals: ["arn:aws:iam::*:role/data-owner"], enforcement: "declared" } as const;
