/** What is deployed: one entry a Lambda. serverless.yml, the sandbox and the tests all read this, so that they can't disagree. */

import { catalogue } from "../controls/catalogue.ts";
import { meta as s3Replication } from "../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import type { ControlMeta } from "../shared/control.ts";

export interface FunctionDefinition {
  readonly name: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** The controls it runs or acts for, with their permissions on customers' resources. */
  readonly controls: readonly ControlMeta[];
  /** `events`: EventBridge -> its own queue, by the control's events. `stream`: the table's stream. `invoke`: by hand only. */
  readonly trigger: "events" | "stream" | "invoke";
}

export const functionDefinitions: readonly FunctionDefinition[] = [
  {
    name: "quarantine-replication",
    description: "Contains S3 replication that leaves the jurisdiction",
    timeoutSeconds: 30,
    memoryMb: 512,
    controls: [s3Replication],
    trigger: "events",
  },
  {
    name: "decide",
    description: "Takes a containment back on a person's decision",
    timeoutSeconds: 30,
    memoryMb: 512,
    controls: catalogue,
    trigger: "invoke",
  },
  {
    name: "open-tickets",
    description: "Turns findings in the table's stream into tickets",
    timeoutSeconds: 30,
    memoryMb: 256,
    controls: [],
    trigger: "stream",
  },
];

/** After so many deliveries a message goes to the dead-letter queue. */
export const MAX_RECEIVES = 5;

/** EventBridge patterns for the events a control reacts to. Failed calls change nothing and are not delivered. */
export function eventPatterns({ cloudTrail, configTypes }: ControlMeta): readonly Record<string, unknown>[] {
  const calls = Object.entries(cloudTrail).map(([eventSource, names]) => ({
    source: [`aws.${eventSource.replace(".amazonaws.com", "")}`],
    "detail-type": ["AWS API Call via CloudTrail"],
    detail: { eventSource: [eventSource], eventName: names, errorCode: [{ exists: false }] },
  }));
  if (configTypes.length === 0) return calls;
  // An item too large for an event arrives as its summary.
  const items = ["configurationItem", "configurationItemSummary"].map((item) => ({
    source: ["aws.config"],
    "detail-type": ["Config Configuration Item Change"],
    detail: { [item]: { resourceType: configTypes } },
  }));
  return [...calls, ...items];
}
