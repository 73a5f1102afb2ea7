import { meta as accountRegion } from "../controls/account-region-stays-covered/meta.ts";
import { meta as cell } from "../controls/cordon-cell-stays-deployed/meta.ts";
import { arnOf, type Json, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

/** The function that looks at Cordon itself. */
export const GUARD = "guard-cell";

/** How often it looks at everything; forwarders beat as often. */
export const LOOKS_EVERY_MINUTES = 15;

/** Actions that AWS allows on every resource or on none. */
const WITHOUT_RESOURCE: readonly string[] = [
  "cloudformation:GetResource",
  "cloudformation:ListResources",
  "cloudtrail:DescribeTrails",
  "kms:ListAliases",
  "lambda:ListEventSourceMappings",
  "logs:DescribeIndexPolicies",
  "logs:DescribeLogGroups",
  "logs:DescribeResourcePolicies",
];

interface Reads {
  readonly sid: string;
  readonly actions: RegExp;
  readonly resources: readonly unknown[];
}

/** What it reads: the stack's own resources, and what the cell hears of its own account by, in any Region. */
function readsOf({ name }: Stack): readonly Reads[] {
  const own = (service: string, rest: string) =>
    sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
  const anywhere = (service: string, rest: string) =>
    sub(`arn:\${AWS::Partition}:${service}:*:\${AWS::AccountId}:${rest}`);
  const rules = [anywhere("events", `rule/${name}-*`), own("events", `rule/${name}/${name}-*`)];
  return [
    { sid: "GuardTable", actions: /^dynamodb:/, resources: [arnOf("Table")] },
    // Reading a table asks for the insights of each of its indexes.
    {
      sid: "GuardIndexes",
      actions: /^dynamodb:DescribeContributorInsights$/,
      resources: [{ "Fn::Sub": "${Table.Arn}/index/*" }],
    },
    { sid: "GuardEvidence", actions: /^s3:/, resources: [arnOf("EvidenceBucket")] },
    { sid: "GuardKey", actions: /^kms:/, resources: [arnOf("EvidenceKey")] },
    { sid: "GuardRules", actions: /^events:(DescribeRule|List)/, resources: rules },
    { sid: "GuardBus", actions: /^events:(DescribeEventBus|ListTagsForResource)$/, resources: [arnOf("Bus")] },
    { sid: "GuardQueues", actions: /^sqs:/, resources: [own("sqs", `${name}-*`)] },
    {
      sid: "GuardFunctions",
      actions: /^lambda:Get(Function|Runtime)/,
      resources: [own("lambda", `function:${name}-*`)],
    },
    {
      sid: "GuardTriggers",
      actions: /^lambda:(GetEventSourceMapping|ListTags)$/,
      resources: [own("lambda", "event-source-mapping:*")],
    },
    { sid: "GuardLogs", actions: /^logs:/, resources: [own("logs", `log-group:/aws/lambda/${name}-*`)] },
    {
      sid: "GuardRoles",
      actions: /^iam:/,
      resources: [sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${name}-*`)],
    },
    { sid: "GuardAlarms", actions: /^cloudwatch:/, resources: [own("cloudwatch", `alarm:${name}-*`)] },
    { sid: "GuardTopic", actions: /^sns:/, resources: [{ Ref: "AlarmTopic" }] },
    {
      sid: "CoverRegions",
      actions: /^account:/,
      resources: [sub("arn:${AWS::Partition}:account::${AWS::AccountId}:account")],
    },
    // An organisation's trail lies in another account.
    { sid: "CoverTrails", actions: /^cloudtrail:/, resources: [sub("arn:${AWS::Partition}:cloudtrail:*:*:trail/*")] },
    { sid: "CoverRecorders", actions: /^config:/, resources: [anywhere("config", "configuration-recorder/*")] },
  ];
}

/**
 * What the guard may read besides its journal. Cloud Control calls each service in the caller's name.
 *
 * @throws Error for an action that none of the statements would have
 */
export function guardStatements(stack: Stack): readonly Json[] {
  const actions = [...new Set([...cell.iam.read, ...accountRegion.iam.read])].sort();
  const narrow = actions.filter((action) => !WITHOUT_RESOURCE.includes(action));
  const reads = readsOf(stack);
  const homeless = narrow.find((action) => !reads.some((each) => each.actions.test(action)));
  if (homeless !== undefined) throw new Error(`deploy/guard.ts says of no resource that ${homeless} is about it`);
  return [
    ...reads.map(({ sid, actions, resources }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: narrow.filter((action) => actions.test(action)),
      Resource: resources,
    })),
    { Sid: "GuardWithoutResource", Effect: "Allow", Action: WITHOUT_RESOURCE, Resource: "*" },
  ];
}

/** Forwarders' heartbeats, on the bus of the cell: the pattern of the rule that hands them to the guard. */
export function heartbeatPattern({ name }: Stack): Json {
  return {
    source: ["aws.events"],
    "detail-type": ["Scheduled Event"],
    resources: [{ suffix: `:rule/${name}-heartbeat` }],
  };
}
