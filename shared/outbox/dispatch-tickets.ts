import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { ticketRules } from "../policy/tickets.ts";
import { inboxName } from "../ticketing/message.ts";
import type { Emission } from "./emissions-aws.ts";

/** Puts messages into a queue of the cell's, by its name. Throws CordonError when one of them may not be in it. */
export type SendToQueue = (queueName: string, bodies: readonly string[]) => Promise<void>;

/**
 * Asks for a finding's ticket at each route: one message each, in the inbox of its tracker, where it waits for as long as that takes. Nothing of the finding is in it. Routes that policy does not name
 * for it are among them, for there may be a ticket from when it did: severities and classes change.
 *
 * Side effects: the messages, ten at a time. @returns why it failed for each finding that is not in every inbox, by the stream's number of the emission
 */
export async function dispatchTickets(
  emissions: readonly Emission[],
  stack: string,
  policy: ResidencyPolicy,
  send: SendToQueue,
): Promise<ReadonlyMap<string, unknown>> {
  const bodies = new Map<string, Map<string, string[]>>();
  for (const { sequence, item } of emissions) {
    const { id } = (item?.record ?? {}) as Partial<FindingRecord>;
    if (id === undefined) continue;
    for (const { id: route, adapter } of ticketRules(policy).routes) {
      const queue = inboxName(stack, adapter);
      const body = JSON.stringify({ ticket: id, route });
      const inQueue = bodies.get(queue) ?? new Map<string, string[]>();
      // Several states of one finding are told by one message.
      inQueue.set(body, [...(inQueue.get(body) ?? []), sequence]);
      bodies.set(queue, inQueue);
    }
  }
  const failures = new Map<string, unknown>();
  for (const [queue, messages] of bodies) {
    try {
      await send(queue, [...messages.keys()]);
    } catch (error) {
      for (const sequence of [...messages.values()].flat()) failures.set(sequence, error);
    }
  }
  return failures;
}
