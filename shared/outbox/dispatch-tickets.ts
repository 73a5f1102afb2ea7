import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { inboxName } from "../ticketing/message.ts";
import { routesOf } from "../ticketing/routing.ts";
import type { Emission } from "./emissions-aws.ts";

/** Puts messages into a queue of the cell's, by its name. Throws CordonError when one of them may not be in it. */
export type SendToQueue = (queueName: string, bodies: readonly string[]) => Promise<void>;

/**
 * Asks for a ticket at each route that policy names for a finding: one message each, in the inbox of its tracker, where it waits for as long as that takes. Nothing of the
 * finding is in it.
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
    const finding = item?.record as FindingRecord | undefined;
    if (finding === undefined) continue;
    for (const { id: route, adapter } of routesOf(finding, policy)) {
      const queue = inboxName(stack, adapter);
      const body = JSON.stringify({ ticket: finding.id, route });
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
