import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

describe("a queue", () => {
  it("keeps what was sent, hides what was received, forgets what was deleted", async () => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const QueueUrl = sandbox.createQueue("cordon-refused");
    expect(QueueUrl).toBe(`${sandbox.endpoint}/111122223333/cordon-refused`);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: "cordon-refused" }))).QueueUrl).toBe(QueueUrl);

    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: "body é",
        MessageAttributes: { reason: { DataType: "String", StringValue: "not understood" } },
      }),
    );
    expect(sandbox.queues["cordon-refused"]).toMatchObject([
      { body: "body é", attributes: { reason: "not understood" }, receiveCount: 0 },
    ]);
    const receive = async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages ?? [];
    const [message] = await receive();
    expect(message).toMatchObject({ Body: "body é", Attributes: { ApproximateReceiveCount: "1" } });
    expect(await receive()).toEqual([]);
    sandbox.clock.advance(30_000);
    const [again] = await receive();
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
    expect(sandbox.queues["cordon-refused"]).toEqual([]);
  });

  it("takes and forgets messages in batches, and tells each that it could not", async () => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: "q", Attributes: { VisibilityTimeout: "5" } }),
    );
    const Entries = [
      { Id: "1", MessageBody: "a" },
      { Id: "2", MessageBody: "" },
      { Id: "3", MessageBody: "c" },
    ];

    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    const receipts = Messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }));
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({ QueueUrl, Entries: [...receipts, { Id: "no", ReceiptHandle: "no" }] }),
    );

    expect([sent.Successful?.map(({ Id }) => Id), sent.Failed?.map(({ Id }) => Id)]).toEqual([["1", "3"], ["2"]]);
    expect(Messages.map(({ Body }) => Body)).toEqual(["a", "c"]);
    expect(deleted.Failed).toMatchObject([{ Id: "no", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
    expect(sandbox.queues.q).toEqual([]);
  });

  it("that is not there is not made up", async () => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const QueueUrl = `${sandbox.endpoint}/111122223333/nowhere`;

    const refusals = await Promise.all([
      failureOf(sqs.send(new GetQueueUrlCommand({ QueueName: "nowhere" }))),
      failureOf(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }))),
    ]);

    expect(refusals.map(({ name }) => name)).toEqual(["QueueDoesNotExist", "QueueDoesNotExist"]);
    expect(sandbox.queues).toEqual({});
  });

  it("can be denied", async () => {
    const sqs = new SQSClient(clientConfig(sandbox));
    sandbox.deny({ action: "sqs:SendMessage", resource: "cordon-refused" });

    const send = sqs.send(
      new SendMessageCommand({ QueueUrl: sandbox.createQueue("cordon-refused"), MessageBody: "x" }),
    );

    expect(await failureOf(send)).toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

describe("STS", () => {
  it("says who calls, and lets a role of another account be assumed", async () => {
    const sts = new STSClient(clientConfig(sandbox));
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "111122223333",
      Arn: "arn:aws:iam::111122223333:user/sandbox-admin",
    });

    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: "arn:aws:iam::999999999999:role/member", RoleSessionName: "cordon" }),
    );
    const assumed = new STSClient({
      ...clientConfig(sandbox),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken ?? "",
      },
    });
    expect(await assumed.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "999999999999",
      Arn: "arn:aws:sts::999999999999:assumed-role/member/cordon",
    });
  });
});
