import type { FindingState, ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Signal } from "../types.ts";

/**
 * AWS has no compare-and-set for this state: a write of somebody else's between our read and our write is lost without a trace in live state.
 * CloudTrail still tells of it. Such a write is told to people, once, with its event, so that they can bring back what was lost (invariant 8).
 *
 * @returns the finding's state and note, or undefined when this signal is no such write
 */
export function foreignWriteDuring(
  signal: Signal,
  record: ResourceRecord,
  previous: FindingState | undefined,
  stateCalls: readonly string[],
): { readonly state: FindingState; readonly notes: readonly string[] } | undefined {
  const writtenMs = previous?.containedAtMs.at(-1);
  if (previous?.status !== "contained" || previous.claim === undefined || writtenMs === undefined) return undefined;
  if (signal.source !== "cloudtrail" || !stateCalls.includes(signal.name)) return undefined;
  if (isOwnCall(signal, record) || signal.id === previous.claim.signalId || signal.id === previous.interleaved)
    return undefined;
  // CloudTrail cuts times to whole seconds.
  const calledMs = Date.parse(signal.at);
  if (!(calledMs + 999 >= previous.claim.atMs && calledMs <= writtenMs)) return undefined;
  return {
    state: { ...previous, interleaved: signal.id },
    notes: [
      `${signal.name} of ${signal.principal?.arn ?? "somebody"} at ${signal.at} came while this was being contained and may have been overwritten: compare CloudTrail event ${signal.id} with what is there now`,
    ],
  };
}
