import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { describeError } from "../errors.ts";
import { DeliveryError, type HttpAnswer, refusedFor, type SendHttp } from "./tracker.ts";

/** A tracker that takes longer is asked again later. */
const TIMEOUT_MS = 10_000;
/** No tracker's answer to one ticket is longer. */
const MAX_ANSWER_BYTES = 1_048_576;
/** What is told of an answer. */
const MAX_TOLD = 300;
/** Visible ASCII and spaces (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/** Addresses that are nobody's on the internet (RFC 6890): a ticket must not be a way into the network that Cordon runs in. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  PRIVATE.addSubnet(net, bits);
for (const [net, bits] of [
  ["::", 96],
  // An IPv4 address lies within, as it does within 2002::/16 and 2001::/32: a gateway leads to it, private or not.
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv6");

export interface HttpOptions {
  /** Whether servers on this machine may be spoken to without TLS: the sandbox's only. */
  readonly allowsLoopback: boolean;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  /** The addresses of a host. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** Whether the account is one simulated on this machine: then its trackers may be, too. Pure. */
export function isOnLoopback(env: Readonly<Record<string, string | undefined>>): boolean {
  const endpoint = env.AWS_ENDPOINT_URL ?? "";
  return URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname);
}

/** Requests to trackers, by `fetch`. A host's addresses are looked at before it is spoken to; whoever can change what they are in between needs the tracker's TLS certificate, too. */
export function httpSender({ allowsLoopback, timeoutMs = TIMEOUT_MS, ...using }: HttpOptions): SendHttp {
  const { fetch: ask = fetch, resolve = addressesOf } = using;
  return async ({ method, url, headers, body }) => {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    if (address === undefined) throw new DeliveryError("never", "the address of the tracker is no URL");
    const isHere = allowsLoopback && isLoopback(address.hostname);
    if (address.protocol !== "https:" && !isHere)
      throw new DeliveryError("never", `tickets go by https only: found ${address.protocol}//${address.host}`);
    if (address.username !== "" || address.password !== "")
      throw new DeliveryError("never", `credentials belong in the secret, not in the address of ${address.host}`);
    // Fetch's own error would quote the value, which is a secret.
    if (!Object.values(headers ?? {}).every((value) => HEADER_VALUE.test(value)))
      throw refusedFor(`${address.host}: the credentials hold a character that no header takes`);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (!isHere) await refusePrivate(address.hostname, resolve);
      const response = await ask(address, {
        method,
        ...(headers && { headers: { ...headers } }),
        ...(body !== undefined && { body }),
        signal,
        redirect: "manual",
      });
      // A redirect is followed by nobody: what is sent holds credentials and findings.
      if (response.status >= 300 && response.status < 400)
        throw new DeliveryError(
          "never",
          `${address.host} answers with a redirect (${response.status}): name the address it leads to`,
        );
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await textOf(response) };
    } catch (error) {
      if (error instanceof DeliveryError) throw error;
      if (isOfBuilding(error)) throw new DeliveryError("later", `${address.host}: the request can't be built`);
      const why = signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : describeError(causeOf(error));
      throw new DeliveryError("later", `${address.host}: ${why}`, { cause: error, isWide: true });
    }
  };
}

/**
 * The answer, when it is a good one.
 *
 * @throws DeliveryError `later` for 408, 425, 429 and 5xx, with what `Retry-After` says (RFC 9110, 10.2.3), and for 401 and 403, after REFUSED_MS; `gone` for 404 and 410;
 * `never` for other statuses
 */
export function expectGood(answer: HttpAnswer, what: string, nowMs: number): HttpAnswer {
  const { status, headers, body } = answer;
  if (status >= 200 && status < 300) return answer;
  const message = `${what}: status ${status}: ${body.replace(/\s+/g, " ").slice(0, MAX_TOLD)}`;
  if (status === 401 || status === 403) throw refusedFor(message, { isOfRight: status === 403 });
  if (status === 404 || status === 410) throw new DeliveryError("gone", message);
  const retryAfterMs = retryAfter(headers["retry-after"], nowMs);
  const isBusy = status === 408 || status === 429 || status >= 500;
  if (!isBusy && status !== 425) throw new DeliveryError("never", message);
  throw new DeliveryError("later", message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    // Refused for now; what a server's fault has left behind nobody knows.
    isUntaken: status === 425 || status === 429,
    isWide: isBusy || retryAfterMs !== undefined,
  });
}

/** An answer's JSON. @throws DeliveryError `later`: a tracker that answers with something else is out of order */
export function jsonOf(answer: HttpAnswer, what: string): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw new DeliveryError("later", `${what}: expected JSON, found ${answer.body.slice(0, 60)}`);
  }
}

/** Seconds or a date, as milliseconds from now; undefined when nothing is said. Pure. */
export function retryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

async function refusePrivate(hostname: string, resolve: (host: string) => Promise<readonly string[]>): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const wrong = addresses.find(isPrivate);
  if (addresses.length === 0) throw new DeliveryError("later", `${host} has no address`, { isWide: true });
  if (wrong !== undefined)
    throw new DeliveryError("never", `${host} lies at ${wrong}, which is not on the internet: no ticket goes there`);
}

function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const family = isIP(mapped ?? address);
  return family === 0 || PRIVATE.check(mapped ?? address, family === 6 ? "ipv6" : "ipv4");
}

/** Whether a URL's host is a literal address, or a name of this machine, that no ticket goes to. What a name stands for is looked at when a ticket is sent. Pure. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) : isPrivate(host);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new DeliveryError("later", "the tracker's answer is too long");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Fetch wraps what the network does into a TypeError with a cause. One without is about the request, and may quote any part of it. */
function isOfBuilding(error: unknown): boolean {
  return error instanceof TypeError && error.cause === undefined;
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
