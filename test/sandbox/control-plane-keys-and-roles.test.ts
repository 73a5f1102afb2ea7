import {
  AttachRolePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CancelKeyDeletionCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ListAliasesCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z") });
});
afterEach(() => sandbox.close());

const trail = () => sandbox.events.map(({ detail }) => [detail.eventName, detail.requestParameters, detail.errorCode]);

describe("a key", () => {
  const KeyId = "0a0a0a0a-0000-4000-8000-000000000001";
  const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${KeyId}`;
  const everybody = { Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" };
  let kms: KMSClient;
  beforeEach(() => {
    kms = new KMSClient(clientConfig(sandbox));
    const put = (type: string, identifier: string, arn: string, properties: Record<string, unknown>) =>
      sandbox.registry.put({ ...PLACE, type, identifier, arn, properties });
    put("AWS::KMS::Key", KeyId, ARN, { KeyPolicy: { Version: "2012-10-17", Statement: [everybody] } });
    const alias = "alias/cordon-evidence";
    put("AWS::KMS::Alias", alias, `arn:aws:kms:eu-central-1:111122223333:${alias}`, { TargetKeyId: KeyId });
  });
  const state = async (id = KeyId) => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: id }));
    return [KeyMetadata?.KeyState, KeyMetadata?.Enabled];
  };

  it("is found by id, ARN and alias", async () => {
    for (const id of [KeyId, ARN, "alias/cordon-evidence", ARN.replace(`key/${KeyId}`, "alias/cordon-evidence")]) {
      expect(await state(id)).toEqual(["Enabled", true]);
    }
    const { Aliases } = await kms.send(new ListAliasesCommand({}));
    expect(Aliases).toMatchObject([{ AliasName: "alias/cordon-evidence", TargetKeyId: KeyId }]);
    expect(await failureOf(state("nothing"))).toMatchObject({ name: "NotFoundException" });
  });

  it("is disabled, enabled, and scheduled for deletion, from which it comes back disabled", async () => {
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await state()).toEqual(["Disabled", false]);
    await kms.send(new EnableKeyCommand({ KeyId: ARN }));
    expect(await state()).toEqual(["Enabled", true]);
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(await state()).toEqual(["PendingDeletion", false]);
    expect(await failureOf(kms.send(new EnableKeyCommand({ KeyId })))).toMatchObject({
      name: "KMSInvalidStateException",
    });
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));

    expect(await state()).toEqual(["Disabled", false]);
    expect(trail()).toEqual([
      ["DisableKey", { keyId: KeyId }, undefined],
      ["EnableKey", { keyId: ARN }, undefined],
      ["ScheduleKeyDeletion", { keyId: KeyId, pendingWindowInDays: 7 }, undefined],
      ["EnableKey", { keyId: KeyId }, "KMSInvalidStateException"],
      ["CancelKeyDeletion", { keyId: KeyId }, undefined],
    ]);
    expect(sandbox.events[0]).toMatchObject({
      source: "aws.kms",
      detail: { resources: [{ accountId: PLACE.account, type: "AWS::KMS::Key", ARN }] },
    });
  });

  it("gets another policy", async () => {
    const policy = { Version: "2012-10-17", Statement: [{ ...everybody, Action: "kms:Describe*" }] };

    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(policy) }));

    const key = sandbox.registry.find("AWS::KMS::Key", KeyId, PLACE.account, PLACE.region);
    expect(key?.properties.KeyPolicy).toEqual(policy);
    expect(await failureOf(kms.send(new DisableKeyCommand({ KeyId })))).toMatchObject({
      name: "AccessDeniedException",
    });
  });
});

describe("a role", () => {
  const RoleName = "cordon-sweep-eu-central-1";
  const allow = (Action: string) => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });
  let iam: IAMClient;
  beforeEach(() => {
    iam = new IAMClient(clientConfig(sandbox));
    sandbox.registry.put({
      ...PLACE,
      type: "AWS::IAM::Role",
      identifier: RoleName,
      arn: `arn:aws:iam::111122223333:role/${RoleName}`,
      properties: { Policies: [{ PolicyName: "cordon", PolicyDocument: allow("s3:*") }] },
    });
  });
  const document = async (PolicyName: string) => {
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    return JSON.parse(decodeURIComponent(PolicyDocument));
  };

  it("has inline policies put, replaced and deleted", async () => {
    const put = (PolicyName: string, Action: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(allow(Action)) }));
    expect(await document("cordon")).toEqual(allow("s3:*"));

    await put("more", "sqs:*");
    await put("cordon", "iam:*");
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(["more", "cordon"]);
    expect(await document("cordon")).toEqual(allow("iam:*"));
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "cordon" }));

    expect(await failureOf(document("cordon"))).toMatchObject({ name: "NoSuchEntityException" });
  });

  it("has managed policies attached and detached", async () => {
    const PolicyArn = "arn:aws:iam::aws:policy/AWSDenyAll";
    const attached = async () => (await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies;

    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    expect(await attached()).toEqual([{ PolicyName: "AWSDenyAll", PolicyArn }]);
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));

    expect(await attached()).toEqual([]);
  });

  it("is trusted by somebody else", async () => {
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(allow("sts:x")) }));

    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""))).toEqual(allow("sts:x"));
  });

  it("is not deleted while it has policies", async () => {
    expect(await failureOf(iam.send(new DeleteRoleCommand({ RoleName })))).toMatchObject({
      name: "DeleteConflictException",
      $metadata: { httpStatusCode: 409 },
    });
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "cordon" }));
    await iam.send(new DeleteRoleCommand({ RoleName }));

    expect(await failureOf(iam.send(new GetRoleCommand({ RoleName })))).toMatchObject({
      name: "NoSuchEntityException",
    });
  });

  it("leaves its events in us-east-1, wherever it was called from", async () => {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "cordon" }));

    expect(sandbox.events).toMatchObject([
      {
        source: "aws.iam",
        region: "us-east-1",
        detail: {
          awsRegion: "us-east-1",
          eventSource: "iam.amazonaws.com",
          eventName: "DeleteRolePolicy",
          requestParameters: { roleName: RoleName, policyName: "cordon" },
        },
      },
    ]);
  });
});
