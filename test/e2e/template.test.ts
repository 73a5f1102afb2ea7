import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  DeleteBucketTaggingCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { meta } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { functionDefinitions, MAX_RECEIVES } from "../../deploy/functions.ts";
import {
  type EventPattern,
  matchesPattern,
  packagedTemplate,
  type Sandbox,
  startSandbox,
} from "../../sandbox/index.ts";
import { failureOf, s3Client } from "../sandbox/clients.ts";
import { cloudTrailRecord, configItem, eventBridge } from "../support/events.ts";
import { replicationOf } from "./cell.ts";
import { ROOT, run } from "./osls.ts";
import { zipEntries } from "./zip.ts";

interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly Properties: Readonly<Record<string, unknown>>;
}
interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/** Statements that may name every resource, because AWS knows no narrower one for their actions. */
const WITHOUT_RESOURCE = [
  "xray:PutTraceSegments",
  "xray:PutTelemetryRecords",
  "dynamodb:ListStreams",
  "iam:GenerateCredentialReport",
  "iam:GetCredentialReport",
  "iam:ListUsers",
  "iam:GetAccountSummary",
  "cloudtrail:LookupEvents",
  "cloudformation:GetResource",
  "cloudformation:ListResources",
  "cloudtrail:DescribeTrails",
  "kms:ListAliases",
  "lambda:ListEventSourceMappings",
  "logs:DescribeIndexPolicies",
  "logs:DescribeLogGroups",
  "logs:DescribeResourcePolicies",
];

/** What `osls package` wrote when these tests were begun (npm run assemble). */
const folder = join(ROOT, "dist", "package");
const templateFile = join(folder, "cloudformation-template-update-stack.json");
const { Resources: resources } = packagedTemplate() as unknown as {
  readonly Resources: Readonly<Record<string, Resource>>;
};

const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
const functionNamed = (name: string) => {
  const found = ofType("AWS::Lambda::Function").find(
    ([, { Properties }]) => Properties.FunctionName === `cordon-${name}`,
  );
  if (found === undefined) throw new Error(`the template has no function cordon-${name}`);
  return found;
};
const resource = (id: string): Resource => {
  const found = resources[id];
  if (found === undefined) throw new Error(`the template has no resource ${id}`);
  return found;
};
/** The logical id that `Fn::GetAtt: [id, ...]` or `Ref: id` points to. */
function pointedAt(value: unknown): string {
  const { "Fn::GetAtt": attribute, Ref } = value as { "Fn::GetAtt"?: string[]; Ref?: string };
  return attribute?.[0] ?? Ref ?? "";
}
function statementsOf({ Properties }: Resource): readonly Statement[] {
  const policies = Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
const allStatements = () =>
  ofType("AWS::IAM::Role").flatMap(([id, role]) => statementsOf(role).map((statement) => ({ id, ...statement })));
const names = functionDefinitions.map(({ name }) => name);

describe("the packaged template", () => {
  it("has the functions defined, and no others", () => {
    expect(
      ofType("AWS::Lambda::Function")
        .map(([, { Properties }]) => Properties.FunctionName)
        .sort(),
    ).toEqual(names.map((name) => `cordon-${name}`).sort());
  });

  it.each(functionDefinitions)(
    "runs $name on Node 24 on arm64 in a role of its own",
    ({ name, timeoutSeconds, memoryMb }) => {
      const [, { Properties }] = functionNamed(name);

      expect(Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        Timeout: timeoutSeconds,
        MemorySize: memoryMb,
        Handler: `dist/${name}/index.handler`,
        TracingConfig: { Mode: "Active" },
      });
      const role = pointedAt(Properties.Role);
      expect(resource(role).Type).toBe("AWS::IAM::Role");
      const sharers = ofType("AWS::Lambda::Function").filter(([, each]) => pointedAt(each.Properties.Role) === role);
      expect(sharers).toHaveLength(1);
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      // Put in last, where invoke local doesn't see it; everything else is a literal.
      const { CORDON_EVIDENCE_BUCKET: _bucket, ...literals } = Variables;
      for (const value of Object.values(literals)) expect(value).toEqual(expect.any(String));
      expect(Object.keys(Variables)).toEqual(expect.arrayContaining(["CORDON_TABLE", "CORDON_MODE"]));
    },
  );

  it.each(names)("packs of %s nothing but its own bundle", (name) => {
    const entries = zipEntries(readFileSync(join(folder, `${name}.zip`)));

    expect([...entries].sort()).toEqual([`dist/${name}/index.js`, `dist/${name}/package.json`]);
  });

  it("hides a message six times as long as the function may take, and gives it up into a dead-letter queue", () => {
    for (const { name, timeoutSeconds, trigger } of functionDefinitions) {
      if (trigger !== "queue") continue;
      const [functionId] = functionNamed(name);
      const mapping = ofType("AWS::Lambda::EventSourceMapping").find(
        ([, { Properties }]) => pointedAt(Properties.FunctionName) === functionId,
      )?.[1].Properties;
      const queue = resource(pointedAt(mapping?.EventSourceArn)).Properties;

      expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeoutSeconds);
      expect(queue.RedrivePolicy).toMatchObject({ maxReceiveCount: MAX_RECEIVES });
      const dead = resource(pointedAt((queue.RedrivePolicy as Record<string, unknown>).deadLetterTargetArn));
      expect(dead.Type).toBe("AWS::SQS::Queue");
      expect(mapping).toMatchObject({
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: expect.any(Number) },
      });
    }
  });

  it("gives what is too old or too often tried in the stream no silent end", () => {
    const [streamId] = functionNamed("open-tickets");
    const mapping = ofType("AWS::Lambda::EventSourceMapping").find(
      ([, { Properties }]) => pointedAt(Properties.FunctionName) === streamId,
    )?.[1].Properties;

    expect(mapping).toMatchObject({
      StartingPosition: "TRIM_HORIZON",
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    // After a bounded number of attempts a ticket would be lost, unless what was given up goes to a queue that the function may write to.
    if (Number(mapping?.MaximumRetryAttempts ?? -1) >= 0) {
      const destinations = mapping?.DestinationConfig as { OnFailure?: { Destination: unknown } } | undefined;
      const queue = pointedAt(destinations?.OnFailure?.Destination ?? {});
      expect(resource(queue).Type).toBe("AWS::SQS::Queue");
      const mayWrite = statementsOf(resource("OpenTicketsRole")).filter(
        ({ Action, Resource }) => [Action].flat().includes("sqs:SendMessage") && pointedAt(Resource) === queue,
      );
      expect(mayWrite).toHaveLength(1);
    }
    expect(pointedAt(mapping?.EventSourceArn)).toBe("Table");
  });

  it("keeps the table's data: stream, recovery, deletion protection, expiry, retention", () => {
    const [tables] = [ofType("AWS::DynamoDB::Table")];
    expect(tables).toHaveLength(1);
    expect(tables[0]?.[1]).toMatchObject({
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        TimeToLiveSpecification: { AttributeName: "expiresAtSeconds", Enabled: true },
      },
    });
  });

  it("allows no action by a pattern, and names every resource but where there is none", () => {
    for (const { id, Action, Resource } of allStatements()) {
      const actions = [Action].flat();
      expect(
        actions.filter((action) => action.includes("*")),
        id,
      ).toEqual([]);
      if ([Resource].flat().includes("*")) {
        expect(
          actions.filter((action) => !WITHOUT_RESOURCE.includes(action)),
          id,
        ).toEqual([]);
      }
    }
    expect(allStatements().length).toBeGreaterThan(0);
  });

  it("limits what it may do to customers' resources to its own account, and the roles it passes to S3", () => {
    for (const { id, Action, Resource, Condition } of allStatements()) {
      const actions = [Action].flat();
      if (!JSON.stringify(Resource).includes(":s3:::") && !actions.includes("iam:PassRole")) continue;
      const expected = actions.includes("iam:PassRole")
        ? { StringEquals: { "iam:PassedToService": ["s3.amazonaws.com"] } }
        : { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
      expect(Condition, `${id}: ${actions}`).toEqual(expected);
    }
  });

  it("lets the function that contains do exactly what its control says", () => {
    const granted = statementsOf(resource("QuarantineReplicationRole"))
      .flatMap(({ Action }) => [Action].flat())
      .filter((action) => action.startsWith("s3:"));
    expect(granted.sort()).toEqual([...meta.iam.read, ...meta.iam.write].sort());
  });

  it("lets queue and bus in by exact ARN only, and nobody take from a function's queue but the function", () => {
    for (const [id, { Properties }] of ofType("AWS::SQS::QueuePolicy")) {
      const { Statement } = Properties.PolicyDocument as { Statement: (Statement & { Principal: unknown })[] };
      const [queue = "", ...more] = (Properties.Queues as unknown[]).map(pointedAt);
      const [allowed, ...others] = Statement.filter(({ Effect }) => Effect === "Allow");
      // Inboxes are filled by functions, whose roles let them.
      const isInbox = queue.startsWith("Tickets");

      expect(more, id).toEqual([]);
      expect(others, id).toEqual([]);
      if (isInbox) expect(allowed, id).toBeUndefined();
      else {
        const rules = { Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" };
        expect(allowed, id).toMatchObject(rules);
        expect(allowed?.Condition, id).toHaveProperty("ArnEquals");
      }
      for (const { Resource } of Statement) expect(pointedAt(Resource), id).toBe(queue);
      if (queue.endsWith("DeadQueue")) continue;
      const takes = Statement.find(({ Condition }) => Condition !== undefined && "ArnNotEquals" in Condition);
      const role = (takes?.Condition?.ArnNotEquals as Record<string, unknown> | undefined)?.["aws:PrincipalArn"];
      expect(pointedAt(role), id).toBe(isInbox ? "DeliverTicketsRole" : `${queue.replace(/Queue$/, "")}Role`);
    }
  });

  it("passes cfn-lint without an error", async ({ skip }) => {
    const { code, stdout, stderr } = await run("cfn-lint", ["--format", "parseable", templateFile]);
    if (stderr.includes("ENOENT") || code === 127) {
      console.log("template: SKIPPED cfn-lint, it is not on the PATH");
      skip("cfn-lint is not on the PATH");
    }
    expect(stdout.split("\n").filter((line) => /:E\d{4}:/.test(line))).toEqual([]);
    // 2 and its combinations are errors; 4 and 8 are warnings and remarks.
    expect(code & 2, `${stdout}${stderr}`).toBe(0);
  });
});

describe("the packaged event patterns", () => {
  const isHeardBy = (event: unknown, isOf: (id: string) => boolean) =>
    ofType("AWS::Events::Rule").some(([id, { Properties }]) => {
      const pattern = Properties.EventPattern as EventPattern | undefined;
      return pattern !== undefined && isOf(id) && matchesPattern(pattern, event);
    });
  /** What AWS has denied to keys is counted, whatever was called: rules of their own hear that. */
  const isOfDenied = (id: string) => id.endsWith("Denied");
  const isHeard = (event: unknown) => isHeardBy(event, (id) => !isOfDenied(id));

  async function account(): Promise<{ sandbox: Sandbox; user: S3Client }> {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    sandbox.createBucket({ name: "source", versioning: true, tags: { a: "b" } });
    for (const [name, region] of [
      ["source-ireland", "eu-west-1"],
      ["source-oregon", "us-west-2"],
    ] as const) {
      sandbox.createBucket({ name, region, versioning: true });
    }
    return { sandbox, user: s3Client(sandbox) };
  }
  const calls: readonly (readonly [string, (user: S3Client) => Promise<unknown>])[] = [
    [
      "PutBucketReplication",
      (user) =>
        user.send(
          new PutBucketReplicationCommand({ Bucket: "source", ReplicationConfiguration: replicationOf("source") }),
        ),
    ],
    [
      "PutBucketTagging",
      (user) =>
        user.send(new PutBucketTaggingCommand({ Bucket: "source", Tagging: { TagSet: [{ Key: "c", Value: "d" }] } })),
    ],
    ["DeleteBucketTagging", (user) => user.send(new DeleteBucketTaggingCommand({ Bucket: "source" }))],
  ];

  it.each(calls)("hear %s as S3 records it", async (name, call) => {
    const { sandbox, user } = await account();

    await call(user);

    expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual([name]);
    expect(sandbox.events.map(isHeard)).toEqual([true]);
  });

  it.each(calls)("do not hear %s that was refused", async (name, call) => {
    const { sandbox, user } = await account();
    for (const action of ["s3:PutReplicationConfiguration", "s3:PutBucketTagging"]) sandbox.deny({ action });

    await failureOf(call(user));

    expect(sandbox.events.map(({ detail }) => [detail.eventName, detail.errorCode])).toEqual([[name, "AccessDenied"]]);
    expect(sandbox.events.map(isHeard)).toEqual([false]);
  });

  it("hear for access keys what was denied to one, and what only reads", () => {
    const denied = {
      userIdentity: { type: "IAMUser", accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
      errorCode: "AccessDenied",
    };
    const call = eventBridge({ ...cloudTrailRecord("source", { name: "ListBuckets" }), ...denied });
    expect([isHeardBy(call, isOfDenied), isHeard(call)]).toEqual([true, false]);
    const rules = ofType("AWS::Events::Rule").filter(([id]) => isOfDenied(id));
    expect(rules.length).toBeGreaterThan(0);
    for (const [id, { Properties }] of rules) {
      expect(id).toMatch(/^RevokeStaleKeys/);
      expect(Properties.State).toBe("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS");
    }
  });

  it.each(meta.cloudTrail["s3.amazonaws.com"] ?? [])("hear %s unless it failed", (name) => {
    expect(isHeard(eventBridge(cloudTrailRecord("source", { name })))).toBe(true);
    expect(isHeard(eventBridge(cloudTrailRecord("source", { name, errorCode: "AccessDenied" })))).toBe(false);
  });

  it("hear items of AWS Config about buckets and nothing else", () => {
    const item = (more: object) =>
      eventBridge(
        { messageType: "ConfigurationItemChangeNotification", configurationItem: { ...configItem("source"), ...more } },
        "Config Configuration Item Change",
        "aws.config",
      );
    expect(isHeard(item({}))).toBe(true);
    expect(isHeard(item({ resourceType: "AWS::EC2::Volume" }))).toBe(false);
  });

  it("hear the oversized items of AWS Config about buckets, which carry a summary instead", () => {
    const detail = {
      messageType: "OversizedConfigurationItemChangeNotification",
      configurationItemSummary: configItem("source"),
    };
    expect(isHeard(eventBridge(detail, "Config Configuration Item Change", "aws.config"))).toBe(true);
  });

  it("do not hear other calls to S3", async () => {
    const { sandbox, user } = await account();

    await user.send(
      new PutBucketVersioningCommand({ Bucket: "source", VersioningConfiguration: { Status: "Enabled" } }),
    );

    expect(sandbox.events.length).toBeGreaterThan(0);
    expect(sandbox.events.filter(isHeard)).toEqual([]);
  });
});
