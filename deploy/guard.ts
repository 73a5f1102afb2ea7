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

/** What of each service it reads: the stack's own resources, and what the cell hears of its own account by, in any Region. */
function resourcesOf({ name }: Stack): Readonly<Record<string, readonly unknown[]>> {
  const own = (service: string, rest: string) =>
    sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
  return {
    account: [sub("arn:${AWS::Partition}:account::${AWS::AccountId}:account")],
    cloudtrail: [sub("arn:${AWS::Partition}:cloudtrail:*:*:trail/*")],
    cloudwatch: [own("cloudwatch", `alarm:${name}-*`)],
    config: [sub("arn:${AWS::Partition}:config:*:${AWS::AccountId}:configuration-recorder/*")],
    dynamodb: [arnOf("Table")],
    events: [
      sub(`arn:\${AWS::Partition}:events:*:\${AWS::AccountId}:rule/${name}-*`),
      own("events", `rule/${name}/${name}-*`),
      arnOf("Bus"),
    ],
    iam: [sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${name}-*`)],
    kms: [arnOf("EvidenceKey")],
    lambda: [own("lambda", `function:${name}-*`), own("lambda", "event-source-mapping:*")],
    logs: [own("logs", `log-group:/aws/lambda/${name}-*`)],
    s3: [arnOf("EvidenceBucket")],
    sns: [{ Ref: "AlarmTopic" }],
    sqs: [own("sqs", `${name}-*`)],
  };
}

/**
 * What the guard may read besides its journal: one statement a service. Cloud Control calls each service in the caller's name.
 *
 * @throws Error for an action of a service that is not known here
 */
export function guardStatements(stack: Stack): readonly Json[] {
  const actions = [...new Set([...cell.iam.read, ...accountRegion.iam.read])].sort();
  const narrow = actions.filter((action) => !WITHOUT_RESOURCE.includes(action));
  const resources = resourcesOf(stack);
  const statements = [...new Set(narrow.map(serviceOf))].map((service): Json => {
    const Resource = resources[service];
    if (Resource === undefined) throw new Error(`deploy/guard.ts knows no resources for the actions of ${service}`);
    const Sid = `Guard${service.charAt(0).toUpperCase()}${service.slice(1)}`;
    return { Sid, Effect: "Allow", Action: narrow.filter((action) => serviceOf(action) === service), Resource };
  });
  return [
    ...statements,
    { Sid: "GuardWithoutResource", Effect: "Allow", Action: WITHOUT_RESOURCE, Resource: "*" },
    { Sid: "Heartbeats", Effect: "Allow", Action: ["dynamodb:Query"], Resource: arnOf("Table") },
  ];
}

function serviceOf(action: string): string {
  return action.split(":")[0] ?? "";
}

/** Forwarders' heartbeats, on the bus of the cell: the pattern of the rule that hands them to the guard. */
export function heartbeatPattern({ name }: Stack): Json {
  return {
    source: ["aws.events"],
    "detail-type": ["Scheduled Event"],
    resources: [{ suffix: `:rule/${name}-heartbeat` }],
  };
}
