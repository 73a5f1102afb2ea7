import type { Ticket } from "./ticket.ts";
import { type AdapterDefinition, DeliveryError, type HttpRequest, type Setting, type TrackerRoute } from "./tracker.ts";

/** One request that an adapter would make. */
export interface PreviewedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  /** It carries the finding's id: it is the ticket, and not what goes before it, such as asking for a token. */
  readonly isTicket: boolean;
}

export interface Preview {
  readonly requests: readonly PreviewedRequest[];
  /** Why it went no further than this; left out when it was done. */
  readonly stopped?: string;
}

/** No adapter asks more to open one ticket; one that tries again and again is stopped. */
const MOST_REQUESTS = 10;

/**
 * What an adapter would send to open a ticket. Nothing is sent: each request is written down, and answered with what trackers answer when all is well. The adapter's
 * credentials are made up, and its secret is not read.
 */
export async function previewOf(
  definition: AdapterDefinition,
  route: TrackerRoute,
  ticket: Ticket,
  nowMs: number,
): Promise<Preview> {
  const requests: PreviewedRequest[] = [];
  const note = ({ method, url, body = "" }: HttpRequest) => {
    if (requests.length >= MOST_REQUESTS) throw new DeliveryError("never", "it asks for ever");
    requests.push({ method, url, body, isTicket: `${url}${body}`.includes(ticket.key) });
  };
  const tracker = definition.make(route, {
    send: async (request) => {
      note(request);
      return { status: 200, headers: { "content-type": "application/json" }, body: ANSWER };
    },
    credentials: async () => madeUp(definition),
    nowMs: () => nowMs,
    aws: {
      region: ticket.labels.region,
      account: ticket.labels.account,
      configFor: async (_, region) => awsConfig(region, note),
    },
  });
  try {
    await tracker.open(ticket);
    return { requests };
  } catch (error) {
    // That an answer was not the vendor's is no news once the ticket has gone out.
    const isOut = requests.some(({ isTicket }) => isTicket);
    return { requests, ...(!isOut && { stopped: error instanceof Error ? error.message : String(error) }) };
  }
}

/**
 * A route for an adapter that policy has none for: as its definition has an example, or made up in angle brackets. Pure.
 */
export function routeFor({ name, url, secret, settings, example }: AdapterDefinition): TrackerRoute {
  const needed = Object.entries(settings).filter(([, { isRequired }]) => isRequired);
  const made = needed.map(([key, { type, oneOf }]): [string, Setting] => {
    const value = oneOf?.[0] ?? `<${key}>`;
    return [key, type === "text" ? value : type === "list" ? [value] : {}];
  });
  return {
    id: "preview",
    adapter: name,
    ...(url.use === "required" && { url: "https://tracker.example" }),
    ...(Object.keys(secret).length > 0 && { secret: "preview" }),
    settings: example?.settings ?? Object.fromEntries(made),
  };
}

/** What trackers answer, of all of them at once: a token where one is asked for, what was made, and nothing found. */
const ANSWER = JSON.stringify({
  access_token: "preview",
  token_type: "Bearer",
  expires_in: 3_600,
  ok: true,
  status: "success",
  id: "1",
  key: "PREVIEW-1",
  number: 1,
  ts: "1.1",
  channel: "C0PREVIEW",
  result: { sys_id: "1", number: "INC1" },
  issues: [],
  items: [],
  total_count: 0,
});

function madeUp({ secret, example }: AdapterDefinition): Readonly<Record<string, string>> {
  if (example !== undefined) return example.secret;
  const value = (member: string) => (/url|webhook/i.test(member) ? `https://tracker.example/${member}` : `<${member}>`);
  return Object.fromEntries(Object.keys(secret).map((member) => [member, value(member)]));
}

/** A configuration of any client of the AWS SDK's, whose calls are written down and go nowhere. */
function awsConfig(region: string, note: (request: HttpRequest) => void): object {
  const handle = async ({ method, protocol, hostname, path, body }: SdkRequest) => {
    const text = typeof body === "string" ? body : body instanceof Uint8Array ? Buffer.from(body).toString("utf8") : "";
    note({ method, url: `${protocol}//${hostname}${path}`, body: text });
    throw new DeliveryError("never", "nothing is sent by a preview");
  };
  return {
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: "preview", secretAccessKey: "preview" },
    requestHandler: { handle, metadata: { handlerProtocol: "http/1.1" } },
  };
}

interface SdkRequest {
  readonly method: HttpRequest["method"];
  readonly protocol: string;
  readonly hostname: string;
  readonly path: string;
  readonly body?: unknown;
}
