import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { ticketRules } from "../policy/tickets.ts";
import { inboxName } from "../ticketing/message.ts";
import type { Emission } from "./emissions-aws.ts";

/** Puts messages of a route into a queue of the cell's, by its name. Throws CordonError when one of them may not be in it. */
export type SendToQueue = (queueName: string, bodies: readonly string[], route: string) => Promise<void>;

/**
 * Asks for a finding's ticket at each route: one message each, in the inbox of its tracker, where it waits for as long as that takes. Nothing of the finding is in it. Routes that policy does not name
 * for it are among them, for there may be a ticket from when it did: severities and classes change. Routes to trackers of one kind share an inbox, in which SQS serves them fairly.
 *
 * Side effects: the messages, ten of a route at a time. @returns why it failed for each finding that is not in every inbox, by the stream's number of the emission
 */
export async function dispatchTickets(
  emissions: readonly Emission[],
  stack: string,
  policy: ResidencyPolicy,
  send: SendToQueue,
): Promise<ReadonlyMap<string, unknown>> {
  const bodies = new Map<string, { readonly queue: string; readonly sequences: Map<string, string[]> }>();
  for (const { sequence, item } of emissions) {
    const { id } = (item?.record ?? {}) as Partial<FindingRecord>;
    if (id === undefined) continue;
    for (const { id: route, adapter } of ticketRules(policy).routes) {
      const body = JSON.stringify({ ticket: id, route });
      const { queue, sequences } = bodies.get(route) ?? { queue: inboxName(stack, adapter), sequences: new Map() };
      // Several states of one finding are told by one message.
      sequences.set(body, [...(sequences.get(body) ?? []), sequence]);
      bodies.set(route, { queue, sequences });
    }
  }
  const failures = new Map<string, unknown>();
  for (const [route, { queue, sequences }] of bodies) {
    try {
      await send(queue, [...sequences.keys()], route);
    } catch (error) {
      for (const sequence of [...sequences.values()].flat()) failures.set(sequence, error);
    }
  }
  return failures;
}
