/** A function that prints what it got as one line, and fails at everything whose name begins with "bad", unless it is FORGIVING. */

interface Record {
  messageId?: string;
  body?: string;
  dynamodb?: { SequenceNumber: string; Keys: { pk: { S: string } }; NewImage?: { name?: { S: string } } };
  Sns?: { Message: string };
}

export async function handler(event: { Records?: Record[]; name?: string }): Promise<unknown> {
  const records = event.Records ?? [];
  const names = records.length > 0 ? records.map(nameOf) : [String(event.name)];
  console.log(`got ${names.join(" ")}`);
  const bad = records.filter((record) => nameOf(record).startsWith("bad") && !process.env.FORGIVING);
  if (process.env.REPORTS)
    return {
      batchItemFailures: bad.map(({ messageId, dynamodb }) => ({
        itemIdentifier: messageId ?? dynamodb?.SequenceNumber,
      })),
    };
  if (bad.length > 0 || event.name?.startsWith("bad")) throw new Error("as named");
  if (process.env.CALLS) {
    const { HeadBucketCommand, S3Client } = await import("@aws-sdk/client-s3");
    for (const name of names)
      await new S3Client({ maxAttempts: 1 }).send(new HeadBucketCommand({ Bucket: `b-${name}` })).catch(() => {});
  }
  return null;
}

function nameOf({ body, dynamodb, Sns }: Record): string {
  if (dynamodb) return dynamodb.NewImage?.name?.S ?? dynamodb.Keys.pk.S;
  if (Sns) return Sns.Message;
  const text = body ?? "";
  return text.startsWith("{") ? String(JSON.parse(text).detail?.name ?? JSON.parse(text).Message) : text;
}
