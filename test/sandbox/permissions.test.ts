import { DynamoDBClient, GetItemCommand, QueryCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutBucketReplicationCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Statement } from "../../sandbox/iam/policy.ts";
import { type PolicyDocument, type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf, s3Client } from "./clients.ts";

const OWN = "111122223333";
const FOREIGN = "999999999999";
const TABLE = `arn:aws:dynamodb:eu-central-1:${OWN}:table/cordon`;
const KEY = { pk: { S: "a" }, sk: { S: "b" } };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({
    tables: [{ name: "cordon", indexes: [{ name: "outbox", hash: "outbox" }] }],
  });
  for (const name of ["home", "second"]) sandbox.createBucket({ name, versioning: true });
  sandbox.createBucket({ name: "foreign", versioning: true, account: FOREIGN });
});
afterEach(() => sandbox.close());

const allow = (Action: string | string[], Resource: string | string[], Condition: Statement["Condition"] = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  Condition,
});
const asFunction = (...Statement: Statement[]): Principal =>
  sandbox.createPrincipal({ type: "AssumedRole", name: "guard", policies: () => [{ Statement }] });
const asFunctionS3 = (...statements: Statement[]): S3Client => s3Client(sandbox, undefined, asFunction(...statements));
const putPolicy = (Bucket: string, account: string, ...Statement: Statement[]) =>
  sandbox.registry.put({
    type: "AWS::S3::BucketPolicy",
    identifier: Bucket,
    arn: "",
    account,
    region: "eu-central-1",
    properties: { Bucket, PolicyDocument: { Statement } satisfies PolicyDocument },
  });
const head = (s3: S3Client, Bucket: string) =>
  s3.send(new HeadBucketCommand({ Bucket })).then(
    () => 200,
    (error) => error.$metadata.httpStatusCode,
  );

describe("somebody with policies", () => {
  it("may do what they allow, where they allow it", async () => {
    const s3 = asFunctionS3(allow("s3:ListBucket", "arn:aws:s3:::home"));

    expect(await head(s3, "home")).toBe(200);
    expect(await head(s3, "second")).toBe(403);
  });

  it("is told in S3's words what is missing", async () => {
    const put = asFunctionS3().send(new PutObjectCommand({ Bucket: "home", Key: "a/b", Body: "" }));

    expect(await failureOf(put)).toMatchObject({
      name: "AccessDenied",
      message: `User: arn:aws:sts::${OWN}:assumed-role/guard/guard is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::home/a/b" because no identity-based policy allows the s3:PutObject action`,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("is told so in DynamoDB's", async () => {
    const db = new DynamoDBClient(clientConfig(sandbox, undefined, asFunction()));

    expect(await failureOf(db.send(new GetItemCommand({ TableName: "cordon", Key: KEY })))).toMatchObject({
      name: "AccessDeniedException",
      message: `User: arn:aws:sts::${OWN}:assumed-role/guard/guard is not authorized to perform: dynamodb:GetItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:GetItem action`,
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("needs the action of each operation in a transaction", async () => {
    const check = {
      ConditionCheck: { TableName: "cordon", Key: KEY, ConditionExpression: "attribute_not_exists(pk)" },
    };
    const put = { Put: { TableName: "cordon", Item: { ...KEY, pk: { S: "c" } } } };
    const write = (...actions: string[]) =>
      new DynamoDBClient(clientConfig(sandbox, undefined, asFunction(allow(actions, TABLE)))).send(
        new TransactWriteItemsCommand({ TransactItems: [check, put] }),
      );

    expect((await failureOf(write("dynamodb:PutItem"))).message).toContain("dynamodb:ConditionCheckItem");
    expect(sandbox.table("cordon").items()).toEqual([]);
    await write("dynamodb:PutItem", "dynamodb:ConditionCheckItem");
    expect(sandbox.table("cordon").items()).toHaveLength(1);
  });

  it("needs the index, not the table, to query it", async () => {
    const query = (resource: string) =>
      new DynamoDBClient(clientConfig(sandbox, undefined, asFunction(allow("dynamodb:Query", resource)))).send(
        new QueryCommand({
          TableName: "cordon",
          IndexName: "outbox",
          KeyConditionExpression: "outbox = :o",
          ExpressionAttributeValues: { ":o": { S: "x" } },
        }),
      );

    expect(await failureOf(query(TABLE))).toMatchObject({ name: "AccessDeniedException" });
    expect((await query(`${TABLE}/index/outbox`)).Count).toBe(0);
  });

  it("is kept to its account by aws:ResourceAccount, whatever the bucket's owner allows", async () => {
    putPolicy("foreign", FOREIGN, { ...allow("s3:*", "*"), Principal: "*" });
    const own = { StringEquals: { "aws:ResourceAccount": OWN } };

    const s3 = asFunctionS3(allow("s3:ListBucket", "arn:aws:s3:::*", own));

    expect([await head(s3, "home"), await head(s3, "foreign")]).toEqual([200, 403]);
  });

  it.each<[string, string, boolean]>([
    ["the role and the service", "s3.amazonaws.com", true],
    ["the role, for another service", "lambda.amazonaws.com", false],
  ])("passes a role on only with leave to pass %s", async (_name, service, isAllowed) => {
    const role = `arn:aws:iam::${OWN}:role/replication`;
    const s3 = asFunctionS3(
      allow("s3:PutReplicationConfiguration", "arn:aws:s3:::home"),
      allow("iam:PassRole", `arn:aws:iam::${OWN}:role/*`, { StringEquals: { "iam:PassedToService": service } }),
    );
    const put = s3.send(
      new PutBucketReplicationCommand({
        Bucket: "home",
        ReplicationConfiguration: {
          Role: role,
          Rules: [{ ID: "r", Status: "Enabled", Prefix: "", Destination: { Bucket: "arn:aws:s3:::second" } }],
        },
      }),
    );

    if (isAllowed) await put;
    else expect((await failureOf(put)).message).toContain(`perform: iam:PassRole on resource: ${role}`);
    expect(sandbox.calls[0]?.permissions).toEqual([
      { action: "s3:PutReplicationConfiguration", resource: "arn:aws:s3:::home", account: OWN },
      { action: "iam:PassRole", resource: role, account: OWN },
    ]);
  });

  it("is a queue's sender by the queue's ARN", async () => {
    const QueueUrl = sandbox.createQueue("cordon-refused");
    const arn = `arn:aws:sqs:eu-central-1:${OWN}:cordon-refused`;
    const sqs = new SQSClient(clientConfig(sandbox, undefined, asFunction(allow("sqs:SendMessage", arn))));

    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));

    const url = sqs.send(new GetQueueUrlCommand({ QueueName: "cordon-refused" }));
    expect((await failureOf(url)).message).toContain(`perform: sqs:GetQueueUrl on resource: ${arn}`);
  });

  it("loses what is taken from its role at once", async () => {
    const statements = [allow("s3:ListBucket", "*")];
    const policies = () => [{ Statement: statements }];
    const s3 = s3Client(sandbox, undefined, sandbox.createPrincipal({ type: "AssumedRole", name: "guard", policies }));
    expect(await head(s3, "home")).toBe(200);

    statements.pop();

    expect(await head(s3, "home")).toBe(403);
  });
});

describe("a bucket's policy", () => {
  it("denies its own account what it names", async () => {
    const s3 = s3Client(sandbox);
    await s3.send(new PutObjectCommand({ Bucket: "home", Key: "a", Body: "x" }));
    putPolicy("home", OWN, { ...allow("s3:DeleteObject*", "arn:aws:s3:::home/*"), Effect: "Deny", Principal: "*" });

    const remove = s3.send(new DeleteObjectCommand({ Bucket: "home", Key: "a" }));

    expect((await failureOf(remove)).message).toContain("with an explicit deny in a resource-based policy");
    await s3.send(new GetObjectCommand({ Bucket: "home", Key: "a" }));
  });

  it("can insist on the key, of uploads that name one", async () => {
    const s3 = s3Client(sandbox);
    const header = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    const condition = { StringNotEquals: { [header]: "right" }, Null: { [header]: "false" } };
    putPolicy("home", OWN, { ...allow("s3:PutObject", "*", condition), Effect: "Deny", Principal: "*" });
    const put = (SSEKMSKeyId?: string) =>
      s3.send(
        new PutObjectCommand({
          Bucket: "home",
          Key: "a",
          ...(SSEKMSKeyId ? { ServerSideEncryption: "aws:kms", SSEKMSKeyId } : {}),
        }),
      );

    await put();
    await put("right");
    expect(await failureOf(put("wrong"))).toMatchObject({ name: "AccessDenied" });
  });

  it("is what lets somebody of another account in, without a word to those it does not", async () => {
    const s3 = s3Client(sandbox);
    const get = () => failureOf(s3.send(new GetObjectCommand({ Bucket: "foreign", Key: "a" })));
    expect((await get()).message).toBe("Access Denied");

    putPolicy("foreign", FOREIGN, {
      ...allow("s3:GetObject", "arn:aws:s3:::foreign/*"),
      Principal: { AWS: `arn:aws:iam::${OWN}:root` },
    });

    // There is no such object, which only those who may list the bucket are told.
    expect((await get()).message).toBe("Access Denied");
    await s3Client(
      sandbox,
      undefined,
      sandbox.createPrincipal({ type: "IAMUser", name: "owner", account: FOREIGN }),
    ).send(new PutObjectCommand({ Bucket: "foreign", Key: "a", Body: "x" }));
    expect((await s3.send(new GetObjectCommand({ Bucket: "foreign", Key: "a" }))).ContentLength).toBe(1);
    expect(await head(s3, "foreign")).toBe(403);
  });
});

it("a key's policy comes before the account's", async () => {
  const arn = `arn:aws:kms:eu-central-1:${OWN}:key/evidence`;
  sandbox.createBucket({ name: "encrypted", kmsKey: "evidence" });
  const root = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${OWN}:root` }, Action: "kms:*", Resource: "*" };
  const properties: Record<string, unknown> = { KeyPolicy: { Statement: [root] } };
  sandbox.registry.put({
    type: "AWS::KMS::Key",
    identifier: "evidence",
    arn,
    account: OWN,
    region: "eu-central-1",
    properties,
  });
  const viaS3 = { StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" } };
  const s3 = asFunctionS3(allow("s3:PutObject", "*"), allow("kms:GenerateDataKey", arn, viaS3));
  const put = () => s3.send(new PutObjectCommand({ Bucket: "encrypted", Key: "a", Body: "x" }));
  await put();

  properties.KeyPolicy = { Statement: [] };

  expect((await failureOf(put())).message).toContain("because no resource-based policy allows the kms:GenerateDataKey");
});
