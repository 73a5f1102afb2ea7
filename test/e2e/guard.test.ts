import { fileURLToPath } from "node:url";
import { DynamoDBClient, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { DeleteQueueCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meta } from "../../controls/cordon-cell-stays-deployed/meta.ts";
import { type Principal, readTemplate, type StackResource } from "../../sandbox/index.ts";
import { findingId } from "../../shared/ids.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { type Cell, HOME, openCell } from "./cell.ts";

const ACCOUNT = "111122223333";
const RULE = "cordon-quarantine-replication-rule-1";
const FUNCTION = "cordon-quarantine-replication";
const ROLE = `cordon-quarantine-replication-${HOME}`;
const arn = (service: string, rest: string, region = HOME) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;

/** What somebody does to Cordon itself, and how it is put back. */
interface Sabotage {
  readonly what: string;
  readonly type: string;
  readonly arn: string;
  readonly part: string;
  do(as: Clients): Promise<unknown>;
  undo(as: Clients): Promise<unknown>;
}

interface Clients {
  readonly events: EventBridgeClient;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly kms: KMSClient;
  readonly iam: IAMClient;
}

let cell: Cell;
let mallory: Clients;
let admin: Clients;
const put = new Map<string, StackResource>();

const clientsOf = (principal?: Principal): Clients => {
  const config = clientConfig(cell.sandbox, HOME, principal);
  return {
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    sqs: new SQSClient(config),
    dynamodb: new DynamoDBClient(config),
    kms: new KMSClient(config),
    iam: new IAMClient({ ...config, region: "us-east-1" }),
  };
};
const resource = (type: string, identifier: string): StackResource => {
  const found = cell.sandbox.registry.list(type).find((each) => each.identifier.endsWith(identifier));
  if (found === undefined) throw new Error(`no ${type} ${identifier}`);
  return found;
};
/** Remembers a resource as it is, to be put back as it was. */
const remember = (type: string, identifier: string) => put.set(identifier, structuredClone(resource(type, identifier)));
const remembered = (identifier: string) => put.get(identifier) as StackResource;
const queueUrl = (name: string) => `${cell.sandbox.endpoint}/${ACCOUNT}/${name}`;
const mapping = () =>
  cell.sandbox.registry
    .list("AWS::Lambda::EventSourceMapping")
    .find(({ properties }) => String(properties.FunctionName).endsWith(FUNCTION)) as StackResource;

const SABOTAGE: readonly Sabotage[] = [
  {
    what: "a rule is disabled",
    type: "AWS::Events::Rule",
    arn: arn("events", `rule/${RULE}`),
    part: "State",
    do: ({ events }) => events.send(new DisableRuleCommand({ Name: RULE })),
    undo: ({ events }) => events.send(new EnableRuleCommand({ Name: RULE })),
  },
  {
    what: "a rule's targets are removed",
    type: "AWS::Events::Rule",
    arn: arn("events", `rule/${RULE}`),
    part: "Targets",
    async do({ events }) {
      remember("AWS::Events::Rule", RULE);
      await events.send(new RemoveTargetsCommand({ Rule: RULE, Ids: ["queue"] }));
    },
    undo: ({ events }) =>
      events.send(new PutTargetsCommand({ Rule: RULE, Targets: remembered(RULE).properties.Targets as [] })),
  },
  {
    what: "a rule is deleted",
    type: "AWS::Events::Rule",
    arn: arn("events", `rule/${RULE}`),
    part: "existence",
    async do({ events }) {
      remember("AWS::Events::Rule", RULE);
      await events.send(new RemoveTargetsCommand({ Rule: RULE, Ids: ["queue"] }));
      await events.send(new DeleteRuleCommand({ Name: RULE }));
    },
    async undo({ events }) {
      const { EventPattern, Description, Targets } = remembered(RULE).properties;
      await events.send(
        new PutRuleCommand({
          Name: RULE,
          Description: String(Description),
          EventPattern: JSON.stringify(EventPattern),
        }),
      );
      await events.send(new PutTargetsCommand({ Rule: RULE, Targets: Targets as [] }));
    },
  },
  {
    what: "a function's concurrency is set to nothing",
    type: "AWS::Lambda::Function",
    arn: arn("lambda", `function:${FUNCTION}`),
    part: "ReservedConcurrentExecutions",
    do: ({ lambda }) =>
      lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: FUNCTION, ReservedConcurrentExecutions: 0 })),
    undo: ({ lambda }) => lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: FUNCTION })),
  },
  {
    what: "an event source mapping is disabled",
    type: "AWS::Lambda::Function",
    arn: arn("lambda", `function:${FUNCTION}`),
    part: "Trigger",
    do: ({ lambda }) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping().identifier, Enabled: false })),
    undo: ({ lambda }) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping().identifier, Enabled: true })),
  },
  {
    what: "a queue's policy is opened",
    type: "AWS::SQS::Queue",
    arn: arn("sqs", FUNCTION),
    part: "Policy",
    async do({ sqs }) {
      const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" }],
      });
      const found = cell.sandbox.registry
        .list("AWS::SQS::QueuePolicy")
        .find(({ properties }) => (properties.Queues as string[]).some((url) => url.endsWith(`/${FUNCTION}`)));
      put.set("policy", structuredClone(found) as StackResource);
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl(FUNCTION), Attributes: { Policy } }));
    },
    undo: ({ sqs }) =>
      sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: queueUrl(FUNCTION),
          Attributes: { Policy: JSON.stringify(remembered("policy").properties.PolicyDocument) },
        }),
      ),
  },
  {
    what: "the table can be deleted",
    type: "AWS::DynamoDB::Table",
    arn: arn("dynamodb", "table/cordon"),
    part: "DeletionProtectionEnabled",
    do: ({ dynamodb }) =>
      dynamodb.send(new UpdateTableCommand({ TableName: "cordon", DeletionProtectionEnabled: false })),
    undo: ({ dynamodb }) =>
      dynamodb.send(new UpdateTableCommand({ TableName: "cordon", DeletionProtectionEnabled: true })),
  },
  {
    what: "the key of the evidence may be taken away",
    type: "AWS::KMS::Key",
    arn: arn("kms", "alias/cordon-evidence"),
    part: "KeyPolicy",
    async do({ kms }) {
      const { identifier: KeyId } = resource("AWS::KMS::Key", "");
      remember("AWS::KMS::Key", "");
      const Policy = JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" } });
      await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
    },
    undo: ({ kms }) => {
      const { identifier: KeyId, properties } = remembered("");
      return kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(properties.KeyPolicy) }));
    },
  },
  {
    what: "a role's policy is deleted",
    type: "AWS::IAM::Role",
    arn: `arn:aws:iam::${ACCOUNT}:role/${ROLE}`,
    part: "Policies",
    async do({ iam }) {
      remember("AWS::IAM::Role", ROLE);
      await iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: "cordon" }));
    },
    undo: ({ iam }) => {
      const [policy] = remembered(ROLE).properties.Policies as { PolicyDocument: unknown }[];
      const PolicyDocument = JSON.stringify(policy?.PolicyDocument);
      return iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: "cordon", PolicyDocument }));
    },
  },
];

beforeAll(async () => {
  cell = await openCell({}, ["guard-cell", "open-tickets", "quarantine-replication"]);
  cell.sandbox.seedTrail();
  cell.sandbox.seedRecorder();
  // IAM's calls are recorded in one Region only.
  const forwarder = readTemplate(fileURLToPath(new URL("../../deploy/forwarder.yml", import.meta.url)));
  const parameters = { CellBusArn: arn("events", "event-bus/cordon") };
  cell.sandbox.deployTemplate(forwarder, { region: "us-east-1", parameters });
  mallory = clientsOf(cell.sandbox.createPrincipal({ type: "IAMUser", name: "mallory" }));
  admin = clientsOf();
}, 60_000);
afterAll(async () => {
  for (const client of [...Object.values(mallory ?? {}), ...Object.values(admin ?? {})]) client.destroy();
  await cell?.close();
});

const idOf = ({ type, arn: own, part }: Sabotage) =>
  findingId(meta.id, { type, arn: own, name: "", account: ACCOUNT, region: HOME } satisfies ResourceRef, part);

describe("somebody changes Cordon itself (S13)", () => {
  it.each(SABOTAGE.map((each) => [each.what, each] as const))(
    "%s: told at once, with a ticket that names who, and resolved when it is put back",
    async (_, each) => {
      await each.do(mallory);
      await cell.sandbox.settle();

      const id = idOf(each);
      expect(cell.journal.finding(id)).toMatchObject({
        status: "awaiting-approval",
        severity: "critical",
        principal: { arn: expect.stringContaining("user/mallory") },
      });
      const ticket = cell.ticket(id);
      expect(ticket).toContain("state: open | severity: critical");
      expect(ticket).toContain("user/mallory");
      expect(ticket).toContain("What to do");

      await each.undo(admin);
      await cell.sandbox.drain();

      expect(cell.journal.finding(id)?.status).toBe("resolved");
      expect(cell.ticket(id)).toContain("state: resolved");
    },
    20_000,
  );
});

it("the very rule that would have told of it is disabled: the next look around finds it, and names nobody", async () => {
  const name = "cordon-guard-cell-rule-1";
  await mallory.events.send(new DisableRuleCommand({ Name: name }));
  await cell.sandbox.settle();
  const ref = { type: "AWS::Events::Rule", arn: arn("events", `rule/${name}`), name, account: ACCOUNT, region: HOME };
  const id = findingId(meta.id, ref, "State");
  expect(cell.journal.finding(id)).toBeUndefined();

  cell.sandbox.clock.advance(16 * 60_000);
  await cell.sandbox.settle();

  expect(cell.journal.finding(id)).toMatchObject({ status: "awaiting-approval", severity: "critical" });
  expect(cell.ticket(id)).toContain("Found by a scheduled look; no event has named anybody.");
  await admin.events.send(new EnableRuleCommand({ Name: name }));
});

it("a queue is deleted: told at once", async () => {
  const name = "cordon-sweep-dead";
  await mallory.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl(name) }));
  await cell.sandbox.settle();
  const ref = { type: "AWS::SQS::Queue", arn: arn("sqs", name), name, account: ACCOUNT, region: HOME };
  expect(cell.journal.finding(findingId(meta.id, ref, "existence"))).toMatchObject({
    title: `Cordon's queue ${name} is gone`,
    principal: { arn: expect.stringContaining("user/mallory") },
  });
});

describe("code is changed", () => {
  const id = findingId(
    meta.id,
    {
      type: "AWS::Lambda::Function",
      arn: arn("lambda", `function:${FUNCTION}`),
      name: "",
      account: ACCOUNT,
      region: HOME,
    },
    "Code",
  );
  const change = (invokedBy?: string) => ({
    version: "0",
    id: `e-${invokedBy ?? "by-hand"}`,
    "detail-type": "AWS API Call via CloudTrail",
    source: "aws.lambda",
    account: ACCOUNT,
    time: "2026-03-01T09:00:00Z",
    region: HOME,
    resources: [],
    detail: {
      eventSource: "lambda.amazonaws.com",
      eventName: "UpdateFunctionCode20150331v2",
      // Of the container's own day: of two changes the later one counts.
      eventTime: new Date(cell.sandbox.clock.now() - 3_600_000 + (invokedBy ? 60_000 : 0)).toISOString(),
      awsRegion: HOME,
      requestParameters: { functionName: FUNCTION },
      responseElements: { functionName: FUNCTION, codeSha256: "x" },
      eventID: `c-${invokedBy ?? "by-hand"}`,
      recipientAccountId: ACCOUNT,
      userIdentity: {
        type: "IAMUser",
        arn: `arn:aws:iam::${ACCOUNT}:user/mallory`,
        ...(invokedBy && { invokedBy }),
      },
    },
  });

  it("by hand: told until a deployment puts its own code there", async () => {
    await cell.sandbox.invoke("guard-cell", change());
    await cell.sandbox.settle();
    expect(cell.journal.finding(id)).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
      facts: { found: expect.stringContaining("user/mallory") },
    });

    await cell.sandbox.invoke("guard-cell", change("cloudformation.amazonaws.com"));
    await cell.sandbox.settle();
    expect(cell.journal.finding(id)?.status).toBe("resolved");
  });
});
