import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A tracker on this machine that takes everything, and counts. */
export interface Receiver {
  readonly url: string;
  /** Requests so far, and tickets they were about. */
  readonly counts: { readonly requests: number; readonly tickets: number };
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  let requests = 0;
  const tickets = new Set<string>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    requests += 1;
    tickets.add((JSON.parse(body) as { readonly ticket: { readonly key: string } }).ticket.key);
    response.writeHead(204).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get counts() {
      return { requests, tickets: tickets.size };
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
