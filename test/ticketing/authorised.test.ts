import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { githubSession } from "../../shared/ticketing/adapters/github-session.ts";
import { authorisedSender } from "../../shared/ticketing/authorised.ts";
import type { HttpAnswer, HttpRequest, SendHttp, TrackerPorts } from "../../shared/ticketing/tracker.ts";
import { APP } from "./fakes/github.ts";

const TICKET: HttpRequest = { method: "POST", url: "https://tracker.example/tickets" };
const said = (status: number, body: object = {}): HttpAnswer => ({ status, headers: {}, body: JSON.stringify(body) });

let nowMs: number;
/** How often each was asked for. */
let asked: { tokens: number; tickets: number; reads: (boolean | undefined)[] };
/** The token that is worth something; the next that are given out. */
let valid: string;
let failing: HttpAnswer[];

/** A tracker whose answers take their time, so that what is asked at once is under way at once. */
const send: SendHttp = async ({ url, headers }) => {
  const isToken = url.endsWith("/token") || url.endsWith("/access_tokens");
  await setImmediate();
  if (!isToken) {
    asked.tickets += 1;
    return said(headers?.authorization === `Bearer ${valid}` ? 200 : 401);
  }
  asked.tokens += 1;
  const failed = failing.shift();
  if (failed !== undefined) return failed;
  valid = `token-${asked.tokens}`;
  return said(200, {
    ...{ access_token: valid, expires_in: 3_600, token: valid },
    expires_at: new Date(nowMs + 3_600_000).toISOString(),
  });
};
const ports: TrackerPorts = {
  send,
  credentials: async (isStale) => {
    asked.reads.push(isStale);
    return { ...APP };
  },
  nowMs: () => nowMs,
};

const SENDERS: readonly (readonly [string, () => () => Promise<HttpAnswer>])[] = [
  [
    "OAuth client credentials",
    () => {
      const sender = authorisedSender(ports, () => ({
        kind: "token",
        request: { method: "POST", url: "https://tracker.example/token" },
      }));
      return () => sender(TICKET);
    },
  ],
  [
    "an App's tokens",
    () => {
      const ask = githubSession(
        { id: "r", adapter: "github", url: "https://tracker.example", settings: { repository: "example/security" } },
        ports,
      );
      return () => ask("POST", "/tickets", {});
    },
  ],
];

describe.each(SENDERS)("requests with %s", (_, make) => {
  let request: () => Promise<HttpAnswer>;
  const tenAtOnce = async () => (await Promise.allSettled(Array.from({ length: 10 }, request))).map(statusOf);
  const statusOf = (settled: PromiseSettledResult<HttpAnswer>) =>
    settled.status === "fulfilled" ? settled.value.status : settled.reason.kind;
  beforeEach(() => {
    nowMs = Date.parse("2026-11-27T09:00:00Z");
    asked = { tokens: 0, tickets: 0, reads: [] };
    valid = "";
    failing = [];
    request = make();
  });

  it("that go out at once ask for one token, and for no other until it ends", async () => {
    expect(await tenAtOnce()).toEqual(Array(10).fill(200));
    expect(await tenAtOnce()).toEqual(Array(10).fill(200));
    expect(asked).toEqual({ tokens: 1, tickets: 20, reads: [false] });
    nowMs += 3_600_000;
    expect(await tenAtOnce()).toEqual(Array(10).fill(200));
    expect(asked.tokens).toBe(2);
  });

  it("keep none that was not given: all that waited for it fail, and the next one asks again", async () => {
    failing = [said(503)];
    expect(await tenAtOnce()).toEqual(Array(10).fill("later"));
    expect(asked).toMatchObject({ tokens: 1, tickets: 0 });
    expect((await request()).status).toBe(200);
    expect(asked.tokens).toBe(2);
  });

  it("read the credentials again, once for all of them, where the token is refused", async () => {
    failing = [said(401)];
    expect(await tenAtOnce()).toEqual(Array(10).fill(200));
    expect(asked).toMatchObject({ tokens: 2, tickets: 10, reads: [false, true] });
  });

  it("that are refused at once ask for one new token", async () => {
    await request();
    valid = "revoked";
    expect(await tenAtOnce()).toEqual(Array(10).fill(200));
    expect(asked).toMatchObject({ tokens: 2, tickets: 21, reads: [false, true] });
  });

  it("are refused for good the second time", async () => {
    failing = [said(401), said(401)];
    expect((await request()).status).toBe(401);
    expect(asked).toMatchObject({ tokens: 2, tickets: 0 });
  });
});

describe("a token that was refused", () => {
  it("is not asked for again by who learns of it after another has been given", async () => {
    const held: (() => void)[] = [];
    valid = "";
    asked = { tokens: 0, tickets: 0, reads: [] };
    const slowly: SendHttp = async (request) => {
      const answer = await send(request);
      if (request.headers?.["x-slow"] !== undefined && held.length === 0)
        await new Promise<void>((go) => held.push(go));
      return answer;
    };
    const sender = authorisedSender({ ...ports, send: slowly }, () => ({
      kind: "token",
      request: { method: "POST", url: "https://tracker.example/token" },
    }));
    await sender(TICKET);
    valid = "revoked";
    const late = sender({ ...TICKET, headers: { "x-slow": "yes" } });
    expect((await sender(TICKET)).status).toBe(200);
    expect(asked.tokens).toBe(2);
    held[0]?.();
    expect((await late).status).toBe(200);
    expect(asked.tokens).toBe(2);
  });
});
