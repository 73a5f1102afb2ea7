import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { GetCredentialReportCommand, type IAMClient } from "@aws-sdk/client-iam";

const OPEN = "<Content>";
const CLOSE = "</Content>";

/**
 * GetCredentialReport: the CSV. Two megabytes for 5,000 users, and the SDK's XML reader puts text together a letter at a time, which takes some fifty times as much memory: the content is
 * taken out of the answer before it comes to that. An answer that looks otherwise is left to the SDK.
 *
 * @throws what the SDK throws
 */
export async function getReport(client: IAMClient): Promise<Uint8Array> {
  const command = new GetCredentialReportCommand({});
  let content: Uint8Array | undefined;
  command.middlewareStack.add(
    (next) => async (given) => {
      const answer = await next(given);
      const response = answer.response as { readonly statusCode: number; body: AsyncIterable<Uint8Array> };
      if (response.statusCode !== 200) return answer;
      const body = await buffer(response.body);
      const taken = takeContent(body);
      content = taken?.content;
      response.body = Readable.from([taken?.rest ?? body]);
      return answer;
    },
    // Next to the connection: the SDK's own reader gets what this leaves.
    { step: "deserialize", priority: "low", name: "takeReportContent" },
  );
  const { Content } = await client.send(command);
  return content ?? Content ?? new Uint8Array();
}

/** The decoded content of an answer, and the answer without it; undefined when it has none, or one that isn't plain base64. */
function takeContent(body: Buffer): { readonly content: Uint8Array; readonly rest: Buffer } | undefined {
  const start = body.indexOf(OPEN);
  const end = body.indexOf(CLOSE, start);
  if (start < 0 || end < 0) return undefined;
  const text = body.toString("latin1", start + OPEN.length, end);
  if (/[^A-Za-z0-9+/=\s]/.test(text)) return undefined;
  const rest = Buffer.concat([body.subarray(0, start), body.subarray(end + CLOSE.length)]);
  return { content: Buffer.from(text, "base64"), rest };
}
