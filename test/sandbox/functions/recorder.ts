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
  if (process.env.CALLS) for (const name of names) await call(`b-${name}`);
  return null;
}

/** HeadBucket without an SDK, which takes long to load; the sandbox looks at the credential scope only. */
async function call(bucket: string): Promise<void> {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_REGION } = process.env;
  const authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20300101/${AWS_REGION}/s3/aws4_request`;
  await fetch(`${AWS_ENDPOINT_URL}/${bucket}`, { method: "HEAD", headers: { authorization } });
}

function nameOf({ body, dynamodb, Sns }: Record): string {
  if (dynamodb) return dynamodb.NewImage?.name?.S ?? dynamodb.Keys.pk.S;
  if (Sns) return Sns.Message;
  const text = body ?? "";
  return text.startsWith("{") ? String(JSON.parse(text).detail?.name ?? JSON.parse(text).Message) : text;
}
