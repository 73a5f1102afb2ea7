import type { FindingRecord } from "../journal/journal.ts";
import type { PolicyInForce } from "../policy/policy.ts";
import { type TicketRoute, ticketRules } from "../policy/tickets.ts";
import { adapters } from "./adapters/index.ts";
import { withholdingFor } from "./content/withhold.ts";
import { type Delivered, deliver, type Office } from "./deliver.ts";
import type { Desk } from "./desk.ts";
import { makeTracker } from "./make-tracker.ts";
import type { Message } from "./message.ts";
import { holdUntilMs, routesOf } from "./routing.ts";
import { oneLine } from "./text.ts";
import { ticketFor } from "./ticket.ts";
import { DeliveryError, type Tracker, type TrackerPorts } from "./tracker.ts";

/** What becomes of a message. `never`: it is put aside with the reason. `later`: it comes again then, and why, unless that is the course of things. */
export type Outcome =
  | { readonly kind: "done"; readonly follow?: string; readonly did?: string }
  | { readonly kind: "later"; readonly atMs: number; readonly reason?: string }
  | { readonly kind: "never"; readonly reason: string };

export interface Errands {
  /**
   * Has one message carried out.
   *
   * @param attempt how often it was received, from 1
   * @throws CordonError of the table
   */
  run(message: Message, messageId: string | undefined, attempt: number): Promise<Outcome>;
}

interface Means {
  readonly policy: PolicyInForce;
  readonly desk: Desk;
  portsFor(route: TicketRoute): TrackerPorts;
  nowMs(): number;
  /** From 0 to 1. */
  random(): number;
  readonly alone: Office["alone"];
}

/** A tracker that was down is asked again after this long, then after twice as long, and so on, up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 900_000;

/**
 * Carries messages out for a container's life: trackers are made once each, and one that has no answer, or asks for a pause, is left alone until it is over, whatever
 * else waits for it. What one tracker does holds up no other.
 */
export function openErrands({ policy, desk, portsFor, nowMs, random, alone }: Means): Errands {
  const trackers = new Map<string, Tracker>();
  const pausedUntilMs = new Map<string, number>();
  const rules = ticketRules(policy);
  const jittered = (ms: number) => ms * (0.5 + random() / 2);

  return {
    async run({ ticket: key, route: routeId }, messageId, attempt) {
      const route = rules.routes.find(({ id }) => id === routeId);
      const adapter = route && adapters[route.adapter];
      if (route === undefined || adapter === undefined)
        return { kind: "never", reason: `policy ${policy.name} has no route "${routeId}": the ticket goes nowhere` };
      const pauseMs = (pausedUntilMs.get(routeId) ?? 0) - nowMs();
      // All that waited for the pause must not come at its end together.
      if (pauseMs > 0) return { kind: "later", atMs: nowMs() + Math.max(pauseMs, jittered(backoffMs(attempt))) };
      const tracker = trackers.get(routeId) ?? makeTracker(adapter, route, portsFor(route));
      trackers.set(routeId, tracker);
      try {
        const delivered: Delivered = await deliver(
          { key, routeId, ...(messageId !== undefined && { messageId }) },
          {
            desk,
            tracker,
            times: rules,
            storm: rules.storm,
            wants: (finding) => routesOf(finding, policy).some(({ id }) => id === routeId),
            ticketFor: (finding, version) => ticketFor(finding, version, route, policy),
            whoFor: (finding) => whoFor(finding, route, policy),
            holdUntilMs: (ticket, at) => holdUntilMs(ticket, policy, at),
            nowMs,
            alone,
          },
        );
        return delivered;
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        if (error.kind !== "later") return { kind: "never", reason: error.message };
        const untilMs = nowMs() + Math.max(error.retryAfterMs ?? 0, jittered(backoffMs(attempt)));
        if (error.isWide) pausedUntilMs.set(routeId, nowMs() + (error.retryAfterMs ?? jittered(FIRST_RETRY_MS)));
        return { kind: "later", atMs: untilMs, reason: error.message };
      }
    },
  };
}

function backoffMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20), LONGEST_RETRY_MS);
}

function whoFor(finding: FindingRecord, route: TicketRoute, policy: PolicyInForce): string | undefined {
  const who = finding.principal?.arn ?? finding.principal?.invokedBy;
  return who !== undefined && withholdingFor(finding, route, policy).lets(["principals"]) ? oneLine(who) : undefined;
}
