/** A function that does what its event says, for tests of the sandbox's Lambda. Loads the SDK only when it calls. */

interface Act {
  act: "echo" | "throw" | "hang" | "exit" | "reject" | "call" | "write" | "now" | "remaining" | "environment";
}
interface Message {
  messageId: string;
  body: string;
  attributes: { ApproximateReceiveCount: string };
}
interface StreamRecord {
  eventName: string;
  dynamodb: { SequenceNumber: string; Keys: { pk: { S: string } } };
}

let invocations = 0;

export async function handler(
  event: Act & { Records?: (Message | StreamRecord)[] },
  context: Context,
): Promise<unknown> {
  invocations += 1;
  if (!event.Records) return act(event, context);
  const failures: { itemIdentifier: string }[] = [];
  for (const record of event.Records) {
    if ("dynamodb" in record) {
      const { Keys, SequenceNumber } = record.dynamodb;
      console.log(`record ${record.eventName} ${Keys.pk.S}`);
      if (Keys.pk.S.startsWith("bad")) failures.push({ itemIdentifier: SequenceNumber });
      continue;
    }
    const { detail } = JSON.parse(record.body);
    const receiveCount = Number(record.attributes.ApproximateReceiveCount);
    console.log(`message ${detail.name} ${receiveCount}`);
    if (detail.act) await act(detail, context);
    if (receiveCount < (detail.succeedAt ?? 0)) failures.push({ itemIdentifier: detail.wrongId ?? record.messageId });
  }
  return { batchItemFailures: failures };
}

interface Context {
  awsRequestId: string;
  functionName: string;
  memoryLimitInMB: string;
  invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

async function act({ act: what }: Act, context: Context): Promise<unknown> {
  switch (what) {
    case "throw":
      throw new RangeError("as told");
    case "hang":
      return new Promise(() => setTimeout(() => {}, 60_000));
    case "exit":
      return process.exit(3);
    case "reject":
      void Promise.reject(new Error("nobody waits for me"));
      return new Promise((done) => setTimeout(done, 1000));
    case "call": {
      const { HeadBucketCommand, S3Client } = await import("@aws-sdk/client-s3");
      await new S3Client({ maxAttempts: 1 }).send(new HeadBucketCommand({ Bucket: "home" }));
      return "called";
    }
    case "write": {
      const { PutBucketVersioningCommand, S3Client } = await import("@aws-sdk/client-s3");
      await new S3Client({ maxAttempts: 1 }).send(
        new PutBucketVersioningCommand({ Bucket: "home", VersioningConfiguration: { Status: "Enabled" } }),
      );
      return "written";
    }
    case "now":
      return {
        now: Date.now(),
        fresh: Date.parse(new Date().toISOString()),
        given: new Date(5).getTime(),
        is: new Date() instanceof Date,
      };
    case "environment":
      return { ...process.env };
    default:
      return {
        invocations,
        pid: process.pid,
        name: context.functionName,
        memory: context.memoryLimitInMB,
        arn: context.invokedFunctionArn,
        requestId: context.awsRequestId,
        remaining: context.getRemainingTimeInMillis(),
      };
  }
}
