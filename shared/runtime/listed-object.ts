import { parseBucketName, s3BucketRef, s3ObjectRef } from "../signals/s3-bucket-ref.ts";
import type { ResourceRef, Result } from "../types.ts";
import type { Answer } from "./answer.ts";

/** Where a list's objects belong, as far as the list doesn't say. */
export interface ListPlace {
  readonly account: string;
  readonly region: string;
}

/** An object as a list names it; undefined when it names none. */
export function listedObject(
  bucket: string | undefined,
  key: string | undefined,
  version: string | undefined,
  { account, region }: ListPlace,
): ResourceRef | undefined {
  const name = parseBucketName(bucket);
  const ref = name === undefined ? undefined : s3BucketRef(name, account, region);
  if (ref === undefined || key === undefined) return undefined;
  return s3ObjectRef(ref, key, version);
}

/** What became of an object of a list: it was looked at, another attempt may find it otherwise, or none would. */
export interface Looked {
  readonly outcome: "over" | "again" | "never";
  /** The status, and why. */
  readonly told: string;
}

/** What the function's answer means for an object of a list. Pure. */
export function conclude({ results }: Answer): Looked {
  const [first] = results;
  if (first === undefined) return { outcome: "never", told: "failed: nothing is known of the outcome" };
  const outcome = isDenied(first) ? "never" : (OUTCOMES[first.status] ?? "over");
  return { outcome, told: `${first.status}: ${first.reasons.join("; ")}` };
}

/** Cordon may not read it, or AWS has refused what policy lets Cordon do: the list's report has to tell it apart from what a person has to judge. */
function isDenied({ isDenied, status, decision }: Result): boolean {
  return isDenied === true || (status === "awaiting-approval" && decision === "contain");
}

/** Whatever waits for a person's judgement is over for the list: it would not be otherwise when it came again. */
const OUTCOMES: Partial<Record<Result["status"], Looked["outcome"]>> = {
  inconclusive: "again",
  // AWS gave no answer, or another run is at work: the next attempt may find it otherwise.
  failed: "again",
  refused: "never",
};
