import type { Logger } from "@aws-lambda-powertools/logger";
import { describeError } from "../errors.ts";
import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { type Ticket, type TicketAdapter, ticketOf } from "../ticketing/ticket.ts";
import type { Emission } from "./emissions-aws.ts";

/**
 * Takes a finding out of the outbox.
 *
 * @param version the state that was delivered
 * @returns false when it has been written since, or is out of the outbox already: nothing was changed
 * @throws CordonError when the table gives no usable answer
 */
export type AcknowledgeTicket = (findingId: string, version: number, at: string) => Promise<boolean>;

/** Where consumers of the outbox tell what they do. */
export type Log = Pick<Logger, "info" | "error">;

/**
 * Puts tickets, one after the other, because a finding's states are in order, and acknowledges each in the table once every adapter and every inbox has it. A lost
 * acknowledgement is none of our business: the newer state is on its way.
 *
 * One that fails holds up the later states of its finding, and no other finding: the stream begins again at the first failure, and when it gives up it
 * gives up everything from there on, so that what is behind has to be delivered by then.
 *
 * Side effects: the adapters'; one update a ticket.
 *
 * @param policy whose clocks run
 * @param dispatch has trackers told (dispatch-tickets.ts)
 * @returns the stream's numbers of what has to come again, held up or failed
 */
export async function deliverTickets(
  emissions: readonly Emission[],
  adapters: readonly TicketAdapter[],
  acknowledge: AcknowledgeTicket,
  now: () => number,
  log: Log,
  policy?: ResidencyPolicy,
  dispatch: (emissions: readonly Emission[]) => Promise<ReadonlyMap<string, unknown>> = async () => new Map(),
): Promise<readonly string[]> {
  const undispatched = await dispatch(emissions);
  const left: string[] = [];
  const heldUp = new Set<string>();
  for (const emission of emissions) {
    const { sequence } = emission;
    const ticket = ticketIn(emission, policy, log);
    if (ticket === undefined) continue;
    const { key, state, occurrences, version } = ticket;
    if (heldUp.has(key)) {
      left.push(sequence);
      continue;
    }
    try {
      if (undispatched.has(sequence)) throw undispatched.get(sequence);
      for (const adapter of adapters) await adapter.put(ticket);
      const isAcknowledged = await acknowledge(key, version, new Date(now()).toISOString());
      log.info("ticket", { key, state, occurrences, version, isAcknowledged });
    } catch (error) {
      log.error("ticket not delivered; the stream delivers it again", { sequence, key, reason: describeError(error) });
      left.push(sequence);
      heldUp.add(key);
    }
  }
  return left;
}

/**
 * The ticket of the finding that is emitted. One that no ticket can be made of is passed over, for it would hold up all behind it and never be right;
 * it stays in the outbox, whose age raises an alarm.
 */
function ticketIn({ sequence, item }: Emission, policy: ResidencyPolicy | undefined, log: Log): Ticket | undefined {
  try {
    return ticketOf(item?.record as FindingRecord, Number(item?.version ?? 0), policy);
  } catch (error) {
    log.error("a finding that no ticket can be made of", { sequence, item: item?.pk, reason: describeError(error) });
    return undefined;
  }
}
