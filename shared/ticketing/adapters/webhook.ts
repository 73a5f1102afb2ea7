import { createHmac } from "node:crypto";
import { fitted } from "../fit.ts";
import { expectGood } from "../http.ts";
import { cutTo, oneLine } from "../text.ts";
import type { Ticket } from "../ticket.ts";
import { type AdapterDefinition, type Change, type HttpAnswer, refusedFor } from "../tracker.ts";

/** What the body is, so that a receiver knows a form that it does not know: docs/tickets/webhook.schema.json. */
const SCHEMA = "cordon.ticket/1";
/** A delivery stays below 256 KB: what lies around the sections is small. */
const MAX_SECTIONS_BYTES = 200_000;
/** As docs/tickets' schema has it. */
const MAX_LINE = 2_000;
const MAX_TITLE = 500;
const MAX_NOTE = 4_000;
const MIN_SECRET = 32;

type Event = "open" | Change["kind"];

/**
 * Deliveries to an address of one's own, signed by HMAC-SHA256 (RFC 2104) over the time and the raw body. It holds nothing that it could be asked for: a receiver keeps the
 * tickets by their key, and drops a delivery whose id it has had.
 *
 * @see docs/tickets/webhook.md
 */
export const webhook: AdapterDefinition = {
  name: "webhook",
  url: { use: "required", meaning: "where deliveries go by POST, such as https://tickets.example.com/cordon" },
  secret: {
    secret: `what deliveries are signed with: ${MIN_SECRET} letters or more, of a generator`,
    previous: "while it is exchanged: the secret before, which signs as well; left out otherwise",
  },
  settings: {},
  example: { secret: { secret: "at least thirty-two letters, of a generator" }, settings: {} },
  make(route, ports) {
    const deliver = async (event: Event, ticket: Ticket, note?: string): Promise<void> => {
      const body = bodyOf(event, ticket, note);
      const send = async (isStale: boolean): Promise<HttpAnswer> => {
        const secrets = secretsIn(await ports.credentials(isStale));
        // The time is of each attempt: what is tried again later must not be stale.
        const timestamp = `${Math.floor(ports.nowMs() / 1_000)}`;
        return ports.send({
          method: "POST",
          url: route.url ?? "",
          headers: {
            "content-type": "application/json",
            "user-agent": "Cordon",
            "cordon-timestamp": timestamp,
            "cordon-signature": secrets.map((secret) => `v1=${signature(secret, timestamp, body)}`).join(","),
          },
          body,
        });
      };
      const first = await send(false);
      expectGood(first.status === 401 ? await send(true) : first, "webhook", ports.nowMs());
    };
    return {
      async open(ticket) {
        await deliver("open", ticket);
        return { id: ticket.key, state: "open" };
      },
      async change(remote, ticket, { kind, note }) {
        await deliver(kind, ticket, note);
        return { ...remote, state: kind === "resolve" ? "resolved" : kind === "reopen" ? "open" : remote.state };
      },
    };
  },
};

/** The delivery's JSON. The same event of the same version of a ticket has the same id, however often it is sent. Pure. */
function bodyOf(event: Event, ticket: Ticket, note: string | undefined): string {
  const { key, title, severity, state, labels, isWaiting, parent, occurrences, updatedAt, version } = ticket;
  return JSON.stringify({
    schema: SCHEMA,
    // What is told later of a version whose text went out in silence is no duplicate of it.
    id: `${key}.${version}.${event === "update" && note !== undefined ? "note" : event}`,
    event,
    ...(note !== undefined && { note: cutTo(oneLine(note), MAX_NOTE) }),
    ticket: {
      key,
      version,
      title: cutTo(oneLine(title), MAX_TITLE),
      severity,
      state,
      isWaiting,
      ...(parent !== undefined && { parent }),
      occurrences,
      updatedAt,
      labels: { ...labels, resource: cutTo(oneLine(labels.resource), MAX_TITLE) },
      sections: fitted(ticket, {
        most: MAX_SECTIONS_BYTES,
        clean: (line) => cutTo(oneLine(line), MAX_LINE),
        costOf: (line) => Buffer.byteLength(JSON.stringify(line)) + 30,
      }),
    },
  });
}

function signature(secret: string, timestamp: string, body: string): string {
  return createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
}

function secretsIn({ secret, previous }: Readonly<Record<string, string>>): readonly string[] {
  const secrets = [secret ?? "", ...(previous === undefined || previous === "" ? [] : [previous])];
  if (secrets.some(({ length }) => length < MIN_SECRET))
    throw refusedFor(`webhook: the members secret and previous need ${MIN_SECRET} letters or more`);
  return secrets;
}
