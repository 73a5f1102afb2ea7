import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import {
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf, s3Client } from "./clients.ts";

const NOW = Date.parse("2030-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const OLD = "AKIAOLDOLDOLDOLDOLD1";
const NEW = "AKIANEWNEWNEWNEWNEW2";
const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";

let sandbox: Sandbox;
let iam: IAMClient;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  iam = new IAMClient(clientConfig(sandbox));
  sandbox.createUser({
    name: "ann",
    path: "/team/",
    tags: { owner: "payments", "cordon:exempt": "no" },
    createdAt: NOW - 400 * DAY_MS,
    keys: [
      { id: OLD, createdAt: NOW - 300 * DAY_MS, lastUsed: { at: NOW - DAY_MS, service: "s3", region: "eu-west-1" } },
      { id: NEW, createdAt: NOW - 10 * DAY_MS },
    ],
    mfa: true,
    passwordLastUsed: NOW - 2 * DAY_MS,
    attached: [ADMINISTRATOR],
  });
});
afterEach(() => sandbox.close());

const as = (accessKeyId: string) => clientConfig(sandbox, undefined, sandbox.principalOf(accessKeyId));
const statuses = async (UserName = "ann") =>
  (await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata?.map(({ AccessKeyId, Status }) => [
    AccessKeyId,
    Status,
  ]);
const set = (Status: "Active" | "Inactive", AccessKeyId = OLD, UserName?: string) =>
  iam.send(new UpdateAccessKeyCommand({ AccessKeyId, Status, ...(UserName && { UserName }) }));

describe("a user", () => {
  it("is shown with path, tags, password and MFA, and in lists without tags", async () => {
    const shown = {
      UserName: "ann",
      Path: "/team/",
      Arn: "arn:aws:iam::111122223333:user/team/ann",
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      CreateDate: new Date(NOW - 400 * DAY_MS),
      PasswordLastUsed: new Date(NOW - 2 * DAY_MS),
    };
    const Tags = [
      { Key: "owner", Value: "payments" },
      { Key: "cordon:exempt", Value: "no" },
    ];
    expect((await iam.send(new GetUserCommand({ UserName: "ann" }))).User).toEqual({ ...shown, Tags });
    expect((await iam.send(new ListUsersCommand({}))).Users).toEqual([shown]);
    expect((await iam.send(new ListUserTagsCommand({ UserName: "ann" }))).Tags).toEqual(Tags);
    expect((await iam.send(new ListMFADevicesCommand({ UserName: "ann" }))).MFADevices).toMatchObject([
      { SerialNumber: "arn:aws:iam::111122223333:mfa/ann" },
    ]);
  });

  it("of another account, or none, is not found", async () => {
    sandbox.createUser({ name: "bob", account: "444455556666" });
    for (const UserName of ["bob", "nobody"]) {
      expect(await failureOf(iam.send(new GetUserCommand({ UserName })))).toMatchObject({
        name: "NoSuchEntityException",
        message: `The user with name ${UserName} cannot be found.`,
        $metadata: { httpStatusCode: 404 },
      });
    }
  });

  it("is asked for by who calls when none is named, which takes a user", async () => {
    expect((await new IAMClient(as(NEW)).send(new GetUserCommand({}))).User?.UserName).toBe("ann");
    const role = sandbox.createPrincipal({ type: "AssumedRole", name: "operator" });
    const failure = await failureOf(
      new IAMClient(clientConfig(sandbox, undefined, role)).send(new ListAccessKeysCommand({})),
    );
    expect(failure).toMatchObject({
      name: "ValidationError",
      message: "Must specify userName when calling with non-User credentials",
    });
  });

  it("is one of five thousand with two keys each, which come page by page", { timeout: 30_000 }, async () => {
    for (let i = 0; i < 5_000; i += 1) sandbox.createUser({ name: `u${i}`, keys: [{}, { status: "Inactive" }] });
    const names: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await iam.send(new ListUsersCommand({ MaxItems: 1000, ...(Marker && { Marker }) }));
      expect(page.IsTruncated).toBe(page.Marker !== undefined);
      names.push(...(page.Users ?? []).map(({ UserName }) => UserName));
      Marker = page.Marker;
    } while (Marker);
    expect(new Set(names).size).toBe(5_001);
    expect((await iam.send(new ListUsersCommand({}))).Users).toHaveLength(100);
    expect((await iam.send(new ListUsersCommand({ PathPrefix: "/team/" }))).Users).toHaveLength(1);
  });

  it.each([0, 1001])("is not listed with MaxItems %i", async (MaxItems) => {
    expect(await failureOf(iam.send(new ListUsersCommand({ MaxItems })))).toMatchObject({ name: "ValidationError" });
  });
});

describe("an access key", () => {
  it("is deactivated, activated again and deleted", async () => {
    await set("Inactive", OLD, "ann");
    expect(await statuses()).toEqual([
      [OLD, "Inactive"],
      [NEW, "Active"],
    ]);
    await set("Active", OLD, "ann");
    expect(await statuses()).toContainEqual([OLD, "Active"]);
    await iam.send(new DeleteAccessKeyCommand({ UserName: "ann", AccessKeyId: OLD }));
    expect(await statuses()).toEqual([[NEW, "Active"]]);
    expect(sandbox.user("ann").keys).toMatchObject([{ id: NEW, status: "Active" }]);
  });

  it("signs while it is active, and is unknown when it isn't, or is gone", async () => {
    const config = as(OLD);
    const call = () => new STSClient(config).send(new GetCallerIdentityCommand({}));
    expect((await call()).Arn).toBe("arn:aws:iam::111122223333:user/team/ann");

    await set("Inactive", OLD, "ann");
    expect(await failureOf(call())).toMatchObject({ name: "InvalidClientTokenId", $metadata: { httpStatusCode: 403 } });
    expect(await failureOf(new IAMClient(config).send(new ListUsersCommand({})))).toMatchObject({
      name: "InvalidClientTokenId",
    });
    await set("Active", OLD, "ann");
    await call();
    await iam.send(new DeleteAccessKeyCommand({ UserName: "ann", AccessKeyId: OLD }));
    expect(await failureOf(call())).toMatchObject({ name: "InvalidClientTokenId" });
  });

  it("is one of two at most, inactive ones included", async () => {
    await set("Inactive", OLD, "ann");
    expect(await failureOf(iam.send(new CreateAccessKeyCommand({ UserName: "ann" })))).toMatchObject({
      name: "LimitExceededException",
      message: "Cannot exceed quota for AccessKeysPerUser: 2",
      $metadata: { httpStatusCode: 409 },
    });
    await iam.send(new DeleteAccessKeyCommand({ UserName: "ann", AccessKeyId: OLD }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "ann" }));
    expect(AccessKey).toMatchObject({ UserName: "ann", Status: "Active", AccessKeyId: expect.stringMatching(/^AKIA/) });
    const credentials = {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
    const sts = new STSClient({ ...clientConfig(sandbox), credentials });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toMatch(/user\/team\/ann$/);
  });

  it.each([
    ["another user's", OLD, "bob"],
    ["temporary", "ASIATEMPORARY0000001", "ann"],
    ["nobody's", "AKIANOBODYNOBODYNOBO", "ann"],
    ["the caller's to be, without a name", OLD, undefined],
  ])("that is %s is not found", async (_whose, AccessKeyId, UserName) => {
    sandbox.createUser({ name: "bob" });
    sandbox.createUser({ name: "sandbox-admin" });
    const expected = {
      name: "NoSuchEntityException",
      message: `The Access Key with id ${AccessKeyId} cannot be found.`,
    };
    expect(await failureOf(set("Inactive", AccessKeyId, UserName))).toMatchObject(expected);
    const given = { AccessKeyId, ...(UserName && { UserName }) };
    expect(await failureOf(iam.send(new DeleteAccessKeyCommand(given)))).toMatchObject(expected);
    expect(await statuses()).toEqual([
      [OLD, "Active"],
      [NEW, "Active"],
    ]);
  });

  it("takes no other status", async () => {
    const Status = "Expired" as const;
    const given = { UserName: "ann", AccessKeyId: OLD, Status };
    expect(await failureOf(iam.send(new UpdateAccessKeyCommand(given)))).toMatchObject({ name: "ValidationError" });
  });

  it("was last used where it signed last, once in a quarter of an hour, or never", async () => {
    const lastUsed = (AccessKeyId: string) => iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    expect(await lastUsed(OLD)).toMatchObject({
      UserName: "ann",
      AccessKeyLastUsed: { LastUsedDate: new Date(NOW - DAY_MS), Region: "eu-west-1", ServiceName: "s3" },
    });
    expect((await lastUsed(NEW)).AccessKeyLastUsed).toEqual({ Region: "N/A", ServiceName: "N/A" });

    await s3Client(sandbox, "eu-west-2", sandbox.principalOf(NEW)).send(new ListBucketsCommand({}));
    const first = (await lastUsed(NEW)).AccessKeyLastUsed;
    expect(first).toMatchObject({ Region: "eu-west-2", ServiceName: "s3" });
    await new STSClient(as(NEW)).send(new GetCallerIdentityCommand({}));
    expect((await lastUsed(NEW)).AccessKeyLastUsed).toEqual(first);
    sandbox.clock.advance(15 * 60_000);
    await new STSClient(as(NEW)).send(new GetCallerIdentityCommand({}));
    expect((await lastUsed(NEW)).AccessKeyLastUsed).toMatchObject({ Region: "eu-central-1", ServiceName: "sts" });

    expect(await failureOf(lastUsed("AKIANOBODYNOBODYNOBO"))).toMatchObject({ name: "NoSuchEntityException" });
  });

  it("tells STS its account", async () => {
    const sts = new STSClient(clientConfig(sandbox));
    expect((await sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: OLD }))).Account).toBe("111122223333");
  });

  it("takes permission for its user, by ARN", async () => {
    await set("Inactive", OLD, "ann");
    await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: OLD }));
    await iam.send(new ListUsersCommand({}));
    const resource = "arn:aws:iam::111122223333:user/team/ann";
    expect(sandbox.calls.map(({ permissions }) => permissions)).toMatchObject([
      [{ action: "iam:UpdateAccessKey", resource, account: "111122223333" }],
      [{ action: "iam:GetAccessKeyLastUsed", resource }],
      [{ action: "iam:ListUsers", resource: "*" }],
    ]);
    sandbox.deny({ action: "iam:UpdateAccessKey", resource: "ann" });
    expect(await failureOf(set("Active", OLD, "ann"))).toMatchObject({ name: "AccessDenied" });
  });
});

describe("what CloudTrail tells of keys", () => {
  it("is in us-east-1, with the new key and never its secret", async () => {
    sandbox.createUser({ name: "bob" });
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "bob" }));
    await set("Inactive", OLD, "ann");
    await failureOf(iam.send(new CreateAccessKeyCommand({ UserName: "ann" })));

    const accessKey = { userName: "bob", accessKeyId: AccessKey?.AccessKeyId, status: "Active" };
    expect(sandbox.events).toMatchObject([
      {
        region: "us-east-1",
        source: "aws.iam",
        detail: {
          eventName: "CreateAccessKey",
          requestParameters: { userName: "bob" },
          responseElements: { accessKey: { ...accessKey, createDate: "Jun 1, 2030 12:00:00 AM" } },
        },
      },
      {
        detail: {
          eventName: "UpdateAccessKey",
          requestParameters: { userName: "ann", accessKeyId: OLD, status: "Inactive" },
          responseElements: null,
        },
      },
      { detail: { eventName: "CreateAccessKey", errorCode: "LimitExceededException", responseElements: null } },
    ]);
    const told = JSON.stringify([sandbox.events, sandbox.calls]);
    expect(told).not.toContain(AccessKey?.SecretAccessKey);
  });
});

describe("a user's temporary credentials", () => {
  const session = async (): Promise<Principal> => {
    const { Credentials } = await new STSClient(as(OLD)).send(new GetSessionTokenCommand({}));
    return sandbox.principalOf(Credentials?.AccessKeyId ?? "");
  };

  it("are the user's, outlive the key they were asked for with, and end", async () => {
    const principal = await session();
    const sts = () => new STSClient(clientConfig(sandbox, undefined, principal));
    await set("Inactive", OLD, "ann");
    expect((await sts().send(new GetCallerIdentityCommand({}))).Arn).toMatch(/user\/team\/ann$/);
    sandbox.clock.advance(12 * 3_600_000);
    expect(await failureOf(sts().send(new GetCallerIdentityCommand({})))).toMatchObject({ name: "ExpiredToken" });
  });

  it("don't make further ones", async () => {
    const sts = new STSClient(clientConfig(sandbox, undefined, await session()));
    expect(await failureOf(sts.send(new GetSessionTokenCommand({})))).toMatchObject({ name: "AccessDenied" });
  });
});
