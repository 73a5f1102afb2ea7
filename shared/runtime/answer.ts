import type { Result } from "../types.ts";

/** The answer of a direct invoke. */
export interface Answer {
  readonly results: readonly Result[];
}

/** Kept back from Lambda's time limit, to answer in. */
export const ANSWER_MS = 500;

/** A result that is about no finding: an event that was ignored or refused, or a call that failed. */
export function withoutFinding(
  controlId: string,
  about: Result["resource"],
  status: Result["status"],
  reason: string,
): Result {
  const resource = about && { arn: about.arn, account: about.account, region: about.region, type: about.type };
  return {
    findingId: null,
    occurrence: 0,
    controlId,
    resource,
    decision: null,
    status,
    reasons: [reason],
    changes: [],
  };
}
