import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it came in. */
export interface Heard {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a text. */
  readonly body?: unknown;
}

/**
 * How the next requests go wrong: `crash` carries the request out and drops the connection before the answer, `drop` before it is read, `slow` sends the head of an answer and
 * never the rest; `none` lets one go by.
 */
export type Failure = "none" | "drop" | "crash" | "slow" | Said | Echo;

/** Answers with what it was asked, as servers do that are being debugged. */
export interface Echo {
  readonly status: number;
  /** What is said first, so that an answer that is cut is cut anywhere. */
  readonly echoes: string;
  readonly as: "json" | "text" | "html";
}

/** A server on loopback that stands for a vendor's. */
export interface FakeServer {
  readonly url: string;
  readonly heard: Heard[];
  /** What requests had wrong by the vendor's published schema, whatever they were answered. Who looks takes them out. */
  readonly mistakes: string[];
  /** The next requests fail like this, one each, in this order. */
  failNext(...failures: readonly Failure[]): void;
  /** What has not failed yet goes well. */
  mend(): void;
  /** @throws Error when there are mistakes that nobody has taken out */
  close(): Promise<void>;
}

/**
 * @param answer the vendor's behaviour; what it throws is answered as 500
 * @param mistakesOf what a request has wrong by the vendor's published schema; asked of every one, those that fail included
 */
export async function openFakeServer(
  answer: (request: Heard) => Said | Promise<Said>,
  mistakesOf: (request: Heard) => readonly string[] = () => [],
): Promise<FakeServer> {
  const heard: Heard[] = [];
  const mistakes: string[] = [];
  const failures: Failure[] = [];
  const server = createServer(async (request, response) => {
    const failure = failures.shift();
    if (failure === "drop") return void request.socket.destroy();
    const asked = await read(request);
    heard.push(asked);
    mistakes.push(...mistakesIn(asked, mistakesOf));
    if (failure === "slow") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.write("{");
    }
    if (typeof failure === "object")
      return say(response, "echoes" in failure ? { status: failure.status, body: echoed(asked, failure) } : failure);
    try {
      const said = await answer(asked);
      if (failure === "crash") return void request.socket.destroy();
      say(response, said);
    } catch (error) {
      say(response, { status: 500, body: { error: String(error) } });
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    mistakes,
    failNext: (...more) => void failures.push(...more),
    mend: () => void failures.splice(0),
    async close() {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      failFor(mistakes);
    },
  };
}

/** @throws Error that tells the mistakes, when there are any */
export function failFor(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new Error(`By the vendor's published schema:\n${[...new Set(mistakes)].join("\n")}`);
}

function mistakesIn(request: Heard, mistakesOf: (request: Heard) => readonly string[]): readonly string[] {
  const named = (mistake: string) => `${request.method} ${request.path.split("?")[0]}: ${mistake}`;
  try {
    return mistakesOf(request).map(named);
  } catch (error) {
    return [named(String(error))];
  }
}

async function read(request: IncomingMessage): Promise<Heard> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method = "", url = "", headers } = request;
  return { method, path: url, headers, body: Buffer.concat(pieces).toString("utf8") };
}

function echoed({ method, path, headers, body }: Heard, { echoes, as }: Echo): unknown {
  if (as === "json") return { error: echoes, headers, body };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = [`${echoes}${method} ${path}`, ...lines, "", body].join("\n");
  return as === "text" ? text : text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

function say(response: ServerResponse, { status, headers = {}, body }: Said): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
  response.end(body === undefined ? "" : isText ? body : JSON.stringify(body));
}
