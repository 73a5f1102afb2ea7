/** The stack's resources besides the functions, as plain CloudFormation, so that any line of the Serverless Framework deploys them. */
import { alarms } from "./alarms.ts";
import { backfillMap } from "./backfill-map.ts";
import { backfillRole } from "./backfill-role.ts";
import { evidenceStore } from "./evidence-store.ts";
import { functionsOf, queueNames } from "./functions.ts";
import { type Json, logicalId } from "./json.ts";
import { role } from "./roles.ts";
import { deadLetters, eventBus, inboxPolicy, queueOf, refusedQueue, rules } from "./routing.ts";
import { type Stack, singleAccount } from "./stack.ts";
import { table } from "./table.ts";
import { witness } from "./witness.ts";

export { logicalId } from "./json.ts";

/** Every resource by its logical id, in the order a reader meets them: store, evidence, routing, roles, alarms, and the guard's witness. */
export function stackResources(stack: Stack | string): Readonly<Record<string, Json>> {
  const cell = typeof stack === "string" ? singleAccount(stack) : stack;
  const resources: Record<string, Json> = {
    Table: table(cell),
    ...evidenceStore(cell),
    ...eventBus(cell),
    ...refusedQueue(cell),
  };
  for (const definition of functionsOf(cell)) {
    const { name, trigger } = definition;
    if (trigger === "stream") Object.assign(resources, deadLetters(cell, name));
    for (const queue of queueNames(definition)) {
      Object.assign(resources, deadLetters(cell, queue), queueOf(cell, queue, definition));
      Object.assign(resources, trigger === "queue" ? rules(cell, definition) : inboxPolicy(queue, definition));
    }
    resources[`${logicalId(name)}Role`] = role(cell, definition);
  }
  resources.BackfillRole = backfillRole(cell);
  Object.assign(resources, backfillMap(cell));
  return { ...resources, ...alarms(cell), ...witness(cell) };
}

/** What whoever deploys needs to know afterwards: where forwarders send, where alarms are told, where evidence lies. */
export function stackOutputs(): Readonly<Record<string, Json>> {
  return {
    EventBusArn: { Description: "CellBusArn of deploy/forwarder.yml", Value: { "Fn::GetAtt": ["Bus", "Arn"] } },
    AlarmTopicArn: { Description: "Subscribe those on call to it", Value: { Ref: "AlarmTopic" } },
    EvidenceBucketName: { Description: "The locked evidence", Value: { Ref: "EvidenceBucket" } },
    BackfillRoleArn: {
      Description: "What whoever runs cordon backfill passes to S3 Batch Operations",
      Value: { "Fn::GetAtt": ["BackfillRole", "Arn"] },
    },
    BackfillMapArn: {
      Description: "What whoever runs cordon backfill --engine distributed-map starts",
      Value: { "Fn::GetAtt": ["BackfillMap", "Arn"] },
    },
  };
}
