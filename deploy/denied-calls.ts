import { DENIALS } from "../shared/signals/denied-calls.ts";
import type { Pattern } from "./merge-patterns.ts";

/**
 * The state of a rule that is told of calls that only read as well: EventBridge leaves them out otherwise, and who tries a key out mostly reads.
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
 */
export const WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/** Calls that AWS denied to a long-lived key of an IAM user, of whichever service. Of calls that succeed, of roles and of sessions it matches none. */
export const DENIED_CALLS: Pattern = {
  // Nobody but AWS puts events of such sources on a bus.
  source: [{ prefix: "aws." }],
  "detail-type": ["AWS API Call via CloudTrail"],
  detail: {
    errorCode: DENIALS.map((prefix) => ({ prefix })),
    userIdentity: { type: ["IAMUser"], accessKeyId: [{ prefix: "AKIA" }] },
  },
};
