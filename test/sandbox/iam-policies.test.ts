import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf, s3Client } from "./clients.ts";

const NOW = Date.parse("2030-06-01T00:00:00Z");
const KEY = "AKIAANNANNANNANNANN1";
const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
const PolicyName = "cordon-revoked-sessions";

let sandbox: Sandbox;
let iam: IAMClient;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  iam = new IAMClient(clientConfig(sandbox));
  sandbox.createUser({ name: "ann", keys: [{ id: KEY }], attached: [ADMINISTRATOR] });
  sandbox.registry.put({
    type: "AWS::IAM::Role",
    identifier: "deployer",
    arn: "arn:aws:iam::111122223333:role/deployer",
    account: "111122223333",
    region: "eu-central-1",
    properties: {
      AssumeRolePolicyDocument: statement({ Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }),
      ManagedPolicyArns: [ADMINISTRATOR],
    },
  });
});
afterEach(() => sandbox.close());

function statement(members: Record<string, unknown>): Record<string, unknown> {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...members }] };
}
const ofLength = (length: number) => {
  const document = (filler: string) =>
    JSON.stringify(statement({ Sid: filler, Action: "s3:GetObject", Resource: "*" }));
  return document("x".repeat(length - document("").length));
};
const put = (text: string, name = PolicyName) =>
  iam.send(new PutUserPolicyCommand({ UserName: "ann", PolicyName: name, PolicyDocument: text }));
const olderThan = (epochMs: number) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { DateLessThan: { "aws:TokenIssueTime": new Date(epochMs).toISOString() } },
    },
  });
const listBuckets = (accessKeyId: string) =>
  s3Client(sandbox, undefined, sandbox.principalOf(accessKeyId)).send(new ListBucketsCommand({}));

describe("a user's inline policies", () => {
  it("are put, read as they were written, listed and deleted", async () => {
    const text = ` ${olderThan(NOW)}\n`;
    await put(text);
    const read = () => iam.send(new GetUserPolicyCommand({ UserName: "ann", PolicyName }));
    expect(decodeURIComponent((await read()).PolicyDocument ?? "")).toBe(text);
    expect((await iam.send(new ListUserPoliciesCommand({ UserName: "ann" }))).PolicyNames).toEqual([PolicyName]);
    expect(sandbox.user("ann").inline).toEqual({ [PolicyName]: JSON.parse(text) });
    await iam.send(new DeleteUserPolicyCommand({ UserName: "ann", PolicyName }));
    expect(await failureOf(read())).toMatchObject({ name: "NoSuchEntityException" });
    expect(sandbox.events).toMatchObject([
      {
        region: "us-east-1",
        detail: {
          eventName: "PutUserPolicy",
          requestParameters: { userName: "ann", policyName: PolicyName, policyDocument: text },
        },
      },
      { detail: { eventName: "DeleteUserPolicy" } },
    ]);
  });

  it("have 2,048 characters together, white space not counted", async () => {
    await put(ofLength(1000), "first");
    await put(`${ofLength(1048)}${" ".repeat(500)}`, "second");
    expect(await failureOf(put(ofLength(1049), "second"))).toMatchObject({
      name: "LimitExceededException",
      message: "Maximum policy size of 2048 bytes exceeded for user ann",
      $metadata: { httpStatusCode: 409 },
    });
    await put(ofLength(999), "first");
    await put(ofLength(1049), "second");
  });

  it.each([
    ["no JSON", "nonsense"],
    ["no statement", "{}"],
    ["an effect of its own", statement({ Effect: "Perhaps", Action: "*", Resource: "*" })],
    ["no action", statement({ Resource: "*" })],
    ["no resource", statement({ Action: "*" })],
    ["an action of no service", statement({ Action: "GetObject", Resource: "*" })],
    ["somebody named", statement({ Action: "*", Resource: "*", Principal: "*" })],
    ["an unknown version", { ...statement({ Action: "*", Resource: "*" }), Version: "2030-01-01" }],
  ])("with %s are malformed, for users and roles", async (_why, document) => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    const given = { RoleName: "deployer", PolicyName, PolicyDocument: text };
    for (const call of [put(text), iam.send(new PutRolePolicyCommand(given))]) {
      expect(await failureOf(call)).toMatchObject({
        name: "MalformedPolicyDocumentException",
        $metadata: { httpStatusCode: 400 },
      });
    }
  });
});

describe("a role's inline policies", () => {
  it("have 10,240 characters together", async () => {
    const putRole = (length: number, name: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName: "deployer", PolicyName: name, PolicyDocument: ofLength(length) }));
    await putRole(6000, "first");
    expect(await failureOf(putRole(4241, "second"))).toMatchObject({
      name: "LimitExceededException",
      message: "Maximum policy size of 10240 bytes exceeded for role deployer",
    });
    await putRole(4240, "second");
  });
});

describe("managed policies", () => {
  const create = (text = olderThan(NOW), name = "cordon-deny-ann") =>
    iam.send(
      new CreatePolicyCommand({ PolicyName: name, PolicyDocument: text, Tags: [{ Key: "cordon", Value: "yes" }] }),
    );

  it("take the place of an inline one where there is no room, and are undone", async () => {
    const { Policy } = await create();
    const PolicyArn = Policy?.Arn ?? "";
    expect(PolicyArn).toBe("arn:aws:iam::111122223333:policy/cordon-deny-ann");
    await iam.send(new AttachUserPolicyCommand({ UserName: "ann", PolicyArn }));
    const attached = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: "ann" }));
    expect(attached.AttachedPolicies?.map((each) => each.PolicyArn)).toEqual([ADMINISTRATOR, PolicyArn]);
    expect((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({
      AttachmentCount: 1,
      DefaultVersionId: "v1",
      Tags: [{ Key: "cordon", Value: "yes" }],
    });
    const version = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    expect(decodeURIComponent(version.PolicyVersion?.Document ?? "")).toBe(olderThan(NOW));
    expect(await failureOf(iam.send(new DeletePolicyCommand({ PolicyArn })))).toMatchObject({
      name: "DeleteConflictException",
    });
    await iam.send(new DetachUserPolicyCommand({ UserName: "ann", PolicyArn }));
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
    expect(await failureOf(iam.send(new GetPolicyCommand({ PolicyArn })))).toMatchObject({
      name: "NoSuchEntityException",
    });
  });

  it("have names of their own, and 6,144 characters", async () => {
    await create();
    expect(await failureOf(create())).toMatchObject({ name: "EntityAlreadyExistsException" });
    expect(await failureOf(create(ofLength(6145), "long"))).toMatchObject({ name: "LimitExceededException" });
    await create(ofLength(6144), "long");
  });

  it("are ten at most of a user", async () => {
    const attach = (name: string) =>
      iam.send(new AttachUserPolicyCommand({ UserName: "ann", PolicyArn: `arn:aws:iam::aws:policy/${name}` }));
    for (let i = 1; i < 10; i += 1) await attach(`P${i}`);
    await attach("P1");
    expect(await failureOf(attach("P10"))).toMatchObject({
      name: "LimitExceededException",
      message: "Cannot exceed quota for PoliciesPerUser: 10",
    });
  });

  it("that are not there can't be attached", async () => {
    const PolicyArn = "arn:aws:iam::111122223333:policy/nothing";
    for (const call of [
      iam.send(new AttachUserPolicyCommand({ UserName: "ann", PolicyArn })),
      iam.send(new AttachRolePolicyCommand({ RoleName: "deployer", PolicyArn })),
      iam.send(new DetachUserPolicyCommand({ UserName: "ann", PolicyArn })),
    ]) {
      expect(await failureOf(call)).toMatchObject({ name: "NoSuchEntityException" });
    }
  });
});

describe("what a user may do", () => {
  it("is nothing without a policy, and what the policies say at that moment", async () => {
    sandbox.createUser({ name: "bob", keys: [{ id: "AKIABOBBOBBOBBOBBOB1" }] });
    expect(await failureOf(listBuckets("AKIABOBBOBBOBBOBBOB1"))).toMatchObject({ name: "AccessDenied" });
    await iam.send(
      new PutUserPolicyCommand({
        UserName: "bob",
        PolicyName: "read",
        PolicyDocument: JSON.stringify(statement({ Action: "s3:List*", Resource: "*" })),
      }),
    );
    await listBuckets("AKIABOBBOBBOBBOBBOB1");
  });

  it("ends for sessions of before a time, not for later ones, nor for the key itself", async () => {
    const session = async () => {
      const sts = new STSClient(clientConfig(sandbox, undefined, sandbox.principalOf(KEY)));
      return (await sts.send(new GetSessionTokenCommand({}))).Credentials?.AccessKeyId ?? "";
    };
    const before = await session();
    await listBuckets(before);
    sandbox.clock.advance(60_000);
    await put(olderThan(sandbox.clock.now()));
    expect(await failureOf(listBuckets(before))).toMatchObject({ name: "AccessDenied" });
    await listBuckets(KEY);
    sandbox.clock.advance(60_000);
    await listBuckets(await session());
    await iam.send(new DeleteUserPolicyCommand({ UserName: "ann", PolicyName }));
    await listBuckets(before);
  });

  it("by a role's session ends with everybody's who uses the role", async () => {
    const session = async () => {
      const sts = new STSClient(clientConfig(sandbox, undefined, sandbox.principalOf(KEY)));
      const given = { RoleArn: "arn:aws:iam::111122223333:role/deployer", RoleSessionName: "build" };
      return (await sts.send(new AssumeRoleCommand(given))).Credentials?.AccessKeyId ?? "";
    };
    const before = await session();
    await listBuckets(before);
    // The user's own policy says nothing about the role.
    sandbox.clock.advance(60_000);
    await put(olderThan(sandbox.clock.now()));
    await listBuckets(before);
    const given = { RoleName: "deployer", PolicyName, PolicyDocument: olderThan(sandbox.clock.now()) };
    await iam.send(new PutRolePolicyCommand(given));
    expect(await failureOf(listBuckets(before))).toMatchObject({ name: "AccessDenied" });
    sandbox.clock.advance(60_000);
    await listBuckets(await session());
  });
});

describe("a read of IAM", () => {
  const status = async () =>
    (await iam.send(new ListAccessKeysCommand({ UserName: "ann" }))).AccessKeyMetadata?.[0]?.Status;
  const deactivate = () =>
    iam.send(new UpdateAccessKeyCommand({ UserName: "ann", AccessKeyId: KEY, Status: "Inactive" }));

  it("is one write behind as often as it is told to", async () => {
    await deactivate();
    sandbox.stale({ user: "ann", operation: "ListAccessKeys", times: 2 });
    // Another operation doesn't count.
    await iam.send(new ListUserPoliciesCommand({ UserName: "ann" }));
    expect([await status(), await status(), await status()]).toEqual(["Active", "Active", "Inactive"]);
  });

  it("is one write behind for a time after each write", async () => {
    sandbox.stale({ user: "ann", forMs: 5_000 });
    await deactivate();
    expect(await status()).toBe("Active");
    sandbox.clock.advance(5_000);
    expect(await status()).toBe("Inactive");
    await put(olderThan(NOW));
    const names = async () => (await iam.send(new ListUserPoliciesCommand({ UserName: "ann" }))).PolicyNames;
    expect(await names()).toEqual([]);
    sandbox.clock.advance(5_000);
    expect(await names()).toEqual([PolicyName]);
  });

  it("is, too, about a role", async () => {
    const given = { RoleName: "deployer", PolicyName };
    await iam.send(new PutRolePolicyCommand({ ...given, PolicyDocument: olderThan(NOW) }));
    sandbox.stale({ role: "deployer", times: 1 });
    expect(await failureOf(iam.send(new GetRolePolicyCommand(given)))).toMatchObject({ name: "NoSuchEntityException" });
    await iam.send(new GetRolePolicyCommand(given));
  });

  it("is throttled in Query's words", async () => {
    sandbox.faults.inject({ operation: "ListAccessKeys", resource: "ann", kind: "throttle", times: 1 });
    expect(await failureOf(status())).toMatchObject({ name: "Throttling", message: "Rate exceeded" });
    expect(await status()).toBe("Active");
  });
});
