import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Statement } from "../../sandbox/iam/policy.ts";
import { type PolicyDocument, type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import type { StackResource } from "../../sandbox/stack/registry.ts";
import { clientConfig, failureOf } from "./clients.ts";

const MEMBER = "999999999999";
const CELL = "111122223333";
const CELL_ROLE = `arn:aws:iam::${CELL}:role/cordon-guard`;
const MEMBER_ROLE = `arn:aws:iam::${MEMBER}:role/cordon-member`;
const ALLOW_ASSUME = { Statement: { Effect: "Allow", Action: "sts:AssumeRole", Resource: MEMBER_ROLE } };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ organization: { id: "o-example", accounts: [CELL, MEMBER] } });
});
afterEach(() => sandbox.close());

/** A role as a template would leave it in the registry. */
function putRole(trust: PolicyDocument, more: Record<string, unknown> = {}, arn = MEMBER_ROLE): StackResource {
  const [, account = "", name = ""] = /::(\d+):role\/(.+)$/.exec(arn) ?? [];
  const properties = { RoleName: name, AssumeRolePolicyDocument: trust, ...more };
  const role = { type: "AWS::IAM::Role", identifier: name, arn, account, region: "eu-central-1", properties };
  sandbox.registry.put(role);
  return role;
}
const trust = (Principal: Record<string, string>, Condition: Statement["Condition"] = {}): PolicyDocument => ({
  Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole", Condition }],
});
const function_ = (...policies: PolicyDocument[]) =>
  sandbox.createPrincipal({ type: "AssumedRole", name: "cordon-guard", policies: () => policies });
const assume = (principal: Principal | undefined, more: object = {}) =>
  new STSClient(clientConfig(sandbox, undefined, principal)).send(
    new AssumeRoleCommand({ RoleArn: MEMBER_ROLE, RoleSessionName: "cordon", ...more }),
  );
type Answer = Awaited<ReturnType<typeof assume>>;
const sessionConfig = ({ Credentials }: Answer) => ({
  ...clientConfig(sandbox),
  credentials: {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  },
});

describe("a role in another account", () => {
  const root = { AWS: `arn:aws:iam::${CELL}:root` };
  const withId = { StringEquals: { "sts:ExternalId": "secret" } };
  const inOrganization = { StringEquals: { "aws:PrincipalOrgID": "o-example" } };
  const namedRole = { ArnEquals: { "aws:PrincipalArn": CELL_ROLE } };
  const likeCordon = { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${CELL}:role/cordon-*` } };

  it.each<[string, PolicyDocument, object, boolean]>([
    ["trusts the account", trust(root), {}, true],
    ["trusts this very role", trust({ AWS: CELL_ROLE }), {}, true],
    ["trusts another role", trust({ AWS: `arn:aws:iam::${CELL}:role/other` }), {}, false],
    ["trusts a service", trust({ Service: "lambda.amazonaws.com" }), {}, false],
    ["wants an external id and gets it", trust(root, withId), { ExternalId: "secret" }, true],
    ["wants an external id and gets another", trust(root, withId), { ExternalId: "guess" }, false],
    ["wants an external id and gets none", trust(root, withId), {}, false],
    ["wants its own organisation", trust({ AWS: "*" }, inOrganization), {}, true],
    [
      "wants a foreign organisation",
      trust({ AWS: "*" }, { StringEquals: { "aws:PrincipalOrgID": "o-no" } }),
      {},
      false,
    ],
    ["wants the role by condition", trust(root, namedRole), {}, true],
    ["wants roles like it by condition", trust(root, likeCordon), {}, true],
    ["wants what the sandbox does not know", trust(root, { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }), {}, false],
  ])("%s", async (_name, document, more, isAllowed) => {
    putRole(document);

    const call = assume(function_(ALLOW_ASSUME), more);

    if (isAllowed)
      expect((await call).AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${MEMBER}:assumed-role/cordon-member/cordon`);
    else {
      expect(await failureOf(call)).toMatchObject({
        name: "AccessDenied",
        message: `User: arn:aws:sts::${CELL}:assumed-role/cordon-guard/cordon-guard is not authorized to perform: sts:AssumeRole on resource: ${MEMBER_ROLE}`,
      });
    }
  });

  it("also needs the caller's own permission", async () => {
    putRole(trust(root));

    expect(await failureOf(assume(function_()))).toMatchObject({ name: "AccessDenied" });
  });

  it("is refused when the account has other roles and not this one", async () => {
    putRole(trust(root), {}, `arn:aws:iam::${MEMBER}:role/other`);

    expect(await failureOf(assume(undefined))).toMatchObject({ name: "AccessDenied" });
  });

  it("may do what its policies say at this moment, in its own account", async () => {
    const head = { Statement: { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::theirs" } };
    const role = putRole(trust(root), { Policies: [{ PolicyName: "read", PolicyDocument: head }] });
    for (const [name, account] of [
      ["theirs", MEMBER],
      ["theirs-too", MEMBER],
      ["ours", CELL],
    ] as const) {
      sandbox.createBucket({ name, account });
    }
    const s3 = new S3Client({ ...sessionConfig(await assume(undefined)), forcePathStyle: true });
    const statuses = async () =>
      Promise.all(
        ["theirs", "theirs-too", "ours"].map((Bucket) =>
          s3.send(new HeadBucketCommand({ Bucket })).then(
            () => 200,
            (error) => error.$metadata.httpStatusCode,
          ),
        ),
      );

    expect(await statuses()).toEqual([200, 403, 403]);
    role.properties.Policies = [];
    expect(await statuses()).toEqual([403, 403, 403]);
  });
});

describe("a session", () => {
  const DurationSeconds = 900;

  it("is over when the clock says so", async () => {
    const config = sessionConfig(await assume(undefined, { DurationSeconds }));
    sandbox.createTable("cordon");
    const calls = {
      // The session's credentials with the clock of that moment: their signature is looked at.
      sts: () =>
        new STSClient({ ...config, systemClockOffset: sandbox.clock.offsetMs }).send(new GetCallerIdentityCommand({})),
      s3: () => new S3Client({ ...config, forcePathStyle: true }).send(new HeadBucketCommand({ Bucket: "none" })),
      dynamodb: () => new DynamoDBClient(config).send(new ScanCommand({ TableName: "none" })),
    };
    sandbox.clock.advance(840_000);
    await calls.sts();

    sandbox.clock.advance(60_000);

    expect(await failureOf(calls.sts())).toMatchObject({ name: "ExpiredToken" });
    expect(await failureOf(calls.dynamodb())).toMatchObject({ name: "ExpiredTokenException" });
    // HEAD has no body to carry the code.
    expect((await failureOf(calls.s3())).$metadata?.httpStatusCode).toBe(400);
    expect(sandbox.calls.slice(-3).map(({ errorCode }) => errorCode)).toEqual([
      "ExpiredToken",
      "ExpiredTokenException",
      "ExpiredToken",
    ]);
  });

  it.each<[string, number, number | undefined, boolean, boolean]>([
    ["too short", 899, undefined, false, false],
    ["the shortest", 900, undefined, false, true],
    ["an hour, the default maximum", 3600, undefined, false, true],
    ["longer than the role allows", 3601, undefined, false, false],
    ["as long as the role allows", 43_200, 43_200, false, true],
    ["longer than any role allows", 43_201, 43_200, false, false],
    ["longer than an hour by role chaining", 3601, 43_200, true, false],
  ])("of a length that is %s", async (_name, seconds, MaxSessionDuration, isChained, isAllowed) => {
    putRole(trust({ AWS: "*" }), MaxSessionDuration ? { MaxSessionDuration } : {});

    const call = assume(isChained ? function_(ALLOW_ASSUME) : undefined, { DurationSeconds: seconds });

    if (!isAllowed) expect(await failureOf(call)).toMatchObject({ name: "ValidationError" });
    else expect((await call).Credentials?.Expiration?.getTime()).toBeGreaterThan(sandbox.clock.now() + seconds * 990);
  });
});

describe("a source identity", () => {
  const SOURCE = { SourceIdentity: "ann@example.org" };
  const may = (...Action: string[]) => ({ Statement: { Effect: "Allow", Action, Resource: MEMBER_ROLE } });
  const trusts = (Action: string[], Condition: Statement["Condition"] = {}): PolicyDocument => ({
    Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${CELL}:root` }, Action, Condition }],
  });
  const BOTH = ["sts:AssumeRole", "sts:SetSourceIdentity"];
  const isAnn = { StringEquals: { "sts:SourceIdentity": "ann@example.org" } };

  it.each<[string, PolicyDocument, PolicyDocument, object, boolean]>([
    ["is set with leave of both", may(...BOTH), trusts(BOTH), SOURCE, true],
    ["is not set without the caller's leave", may("sts:AssumeRole"), trusts(BOTH), SOURCE, false],
    ["is not set without the role's leave", may(...BOTH), trusts(["sts:AssumeRole"]), SOURCE, false],
    ["is the one the role wants", may(...BOTH), trusts(BOTH, isAnn), SOURCE, true],
    ["is not the one the role wants", may(...BOTH), trusts(BOTH, isAnn), { SourceIdentity: "bob" }, false],
    ["can't be left out where the role wants one", may(...BOTH), trusts(BOTH, isAnn), {}, false],
  ])("%s", async (_name, policy, document, more, isAllowed) => {
    putRole(document);

    const call = assume(function_(policy), more);

    if (isAllowed) expect((await call).SourceIdentity).toBe("ann@example.org");
    else expect(await failureOf(call)).toMatchObject({ name: "AccessDenied" });
  });

  it.each(["a", "aws:ann", "a b"])("can't be %j", async (SourceIdentity) => {
    expect(await failureOf(assume(undefined, { SourceIdentity }))).toMatchObject({ name: "ValidationError" });
  });

  it("stays with every session assumed from the first, and can't be changed", async () => {
    const first = new STSClient(sessionConfig(await assume(undefined, SOURCE)));
    const again = (more: object = {}) =>
      first.send(new AssumeRoleCommand({ RoleArn: MEMBER_ROLE, RoleSessionName: "again", ...more }));

    expect((await again()).SourceIdentity).toBe("ann@example.org");
    expect((await again(SOURCE)).SourceIdentity).toBe("ann@example.org");
    expect(sandbox.calls.at(-1)?.permissions.map(({ action }) => action)).toEqual(BOTH);
    expect(await failureOf(again({ SourceIdentity: "bob" }))).toMatchObject({ name: "AccessDenied" });
  });

  it("needs the next role's leave to be brought along", async () => {
    putRole(trusts(["sts:AssumeRole"]));
    const ann = sandbox.createPrincipal({ type: "AssumedRole", name: "admin", sourceIdentity: "ann@example.org" });

    expect(await failureOf(assume(ann))).toMatchObject({ name: "AccessDenied" });
  });

  it("is told to policies", async () => {
    const Condition = { StringEquals: { "aws:SourceIdentity": "ann" } };
    const policies = () => [{ Statement: { Effect: "Allow", Action: "s3:*", Resource: "*", Condition } }];
    sandbox.createBucket({ name: "ours" });
    const head = (sourceIdentity: string) => {
      const principal = sandbox.createPrincipal({ type: "AssumedRole", name: "admin", sourceIdentity, policies });
      const s3 = new S3Client({ ...clientConfig(sandbox, undefined, principal), forcePathStyle: true });
      return s3.send(new HeadBucketCommand({ Bucket: "ours" }));
    };

    expect((await head("ann")).$metadata.httpStatusCode).toBe(200);
    expect((await failureOf(head("bob"))).$metadata?.httpStatusCode).toBe(403);
  });
});
