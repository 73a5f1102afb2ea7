import type { AdapterName } from "./tracker.ts";

/** What a message of an inbox says: which finding, or group, is to be told at which route. What there is to tell, the table says by then. */
export interface Message {
  readonly ticket: string;
  readonly route: string;
}

const KEY = /^[fg]-[0-9a-f]{20}$/;
const ROUTE = /^[a-z0-9][a-z0-9-]{0,63}$/;

export const EXPECTED = 'expected { "ticket": "<finding>", "route": "<a route of the policy>" }';

/** The queue for a tracker's tickets, by its name. Pure. */
export function inboxName(stack: string, adapter: AdapterName): string {
  return `${stack}-tickets-${adapter}`;
}

/** What a message asks for; undefined when it is none. Pure. */
export function parseMessage(value: unknown): Message | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { ticket, route } = value as Readonly<Record<string, unknown>>;
  if (typeof ticket !== "string" || !KEY.test(ticket) || typeof route !== "string" || !ROUTE.test(route))
    return undefined;
  return { ticket, route };
}
