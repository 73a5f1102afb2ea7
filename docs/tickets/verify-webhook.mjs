// What a receiver of Cordon's webhook has to check, as a server that runs: Node 20 or later, no packages.
//
//   CORDON_WEBHOOK_SECRET=... PORT=8080 node verify-webhook.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const WINDOW_S = 300;
const MAX_BODY_BYTES = 1_048_576;

/**
 * Whether a delivery is Cordon's, and of now.
 *
 * @param headers names in lower case, as Node has them
 * @param rawBody the bytes as they came: JSON that was parsed and written again is another text, with another signature
 */
export function verify(headers, rawBody, secret, nowMs = Date.now()) {
  const timestamp = String(headers["cordon-timestamp"] ?? "");
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > WINDOW_S) return false;
  const expected = createHmac("sha256", secret).update(`${timestamp}.`).update(rawBody).digest();
  // Two signatures while the secret is exchanged: one of them has to be right.
  return String(headers["cordon-signature"] ?? "")
    .split(",")
    .some((each) => {
      const hex = /^v1=([0-9a-f]{64})$/.exec(each.trim())?.[1];
      return hex !== undefined && timingSafeEqual(Buffer.from(hex, "hex"), expected);
    });
}

/** @param take what to do with a delivery that is new */
export function receiver(secret, take) {
  // A delivery comes again when its answer was lost, and at any time: keep the ids where your tickets are, not in memory as here.
  const seen = new Set();
  return createServer(async (request, response) => {
    const answer = (status) => response.writeHead(status).end();
    try {
      const pieces = [];
      let bytes = 0;
      for await (const piece of request) {
        bytes += piece.length;
        if (bytes > MAX_BODY_BYTES) return answer(413);
        pieces.push(piece);
      }
      const rawBody = Buffer.concat(pieces);
      if (!verify(request.headers, rawBody, secret)) return answer(401);
      const delivery = JSON.parse(rawBody.toString("utf8"));
      if (delivery.schema !== "cordon.ticket/1") return answer(422);
      if (!seen.has(delivery.id)) await take(delivery);
      // Only what was taken has been had: what fails here is answered by 500, and comes again.
      seen.add(delivery.id);
      answer(204);
    } catch {
      answer(500);
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const secret = process.env.CORDON_WEBHOOK_SECRET ?? "";
  if (secret.length < 32) throw new Error("CORDON_WEBHOOK_SECRET needs 32 letters or more");
  const server = receiver(secret, ({ id, event, ticket }) => console.log(`${id} ${event}: ${ticket.title}`));
  server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => console.log(`port ${server.address().port}`));
}
