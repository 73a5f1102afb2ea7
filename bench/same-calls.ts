import type { RecordedCall } from "../sandbox/index.ts";
import type { TableRequests } from "./floor/requests.ts";

/** Requests of the same call may differ by this share in size: ids and times are not all of one length. */
const SIZE_TOLERANCE = 0.02;

/**
 * What a recorded containment sent to the table, for the floor to send as well.
 *
 * @throws Error when the calls are no containment's
 */
export function recordedRequests(calls: readonly RecordedCall[]): TableRequests {
  const inputs = (operation: string) => calls.filter((call) => call.operation === operation).map(({ input }) => input);
  const [open] = inputs("BatchGetItem");
  const [count] = inputs("UpdateItem");
  const [claim, finish] = inputs("TransactWriteItems");
  if (!open || !count || !claim || !finish) throw new Error(`no containment: ${operationsOf(calls).join(", ")}`);
  // Made by the client for each call: the same one twice would be one call.
  const { ClientRequestToken: _, ...ownClaim } = claim;
  const { ClientRequestToken: __, ...ownFinish } = finish;
  return { open, count, claim: ownClaim, finish: ownFinish } as unknown as TableRequests;
}

/** The calls by name, sorted: those that are made at the same time arrive in any order. */
export function operationsOf(calls: readonly RecordedCall[]): readonly string[] {
  return calls.map(({ operation }) => operation).sort();
}

/**
 * A floor that does less would be a lie: it has to make the calls that Cordon makes, as often, against the same Regions, with as much in them, and
 * those that change something in the same order.
 *
 * @throws Error that says how the calls differ
 */
export function assertSameCalls(cordon: readonly RecordedCall[], floor: readonly RecordedCall[]): void {
  const [ours, theirs] = [cordon, floor].map((calls) => ({
    calls: calls.map(({ service, operation, region }) => `${service} ${operation} in ${region}`).sort(),
    writes: calls.filter(({ mutating }) => mutating).map(({ operation }) => operation),
  }));
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
    throw new Error(`The floor is none: it doesn't make Cordon's calls.\n${JSON.stringify({ ours, theirs }, null, 2)}`);
  }
  for (const operation of new Set(operationsOf(cordon))) {
    const [expected = 0, found = 0] = [cordon, floor].map((calls) =>
      requestBytes(calls.filter((call) => call.operation === operation)),
    );
    if (Math.abs(found - expected) <= SIZE_TOLERANCE * expected) continue;
    throw new Error(`The floor is none: it sends ${found} bytes with ${operation}, Cordon ${expected}`);
  }
}

/** Size of what the calls sent, as JSON. */
export function requestBytes(calls: readonly RecordedCall[]): number {
  return calls.reduce((sum, { input }) => sum + JSON.stringify(input).length, 0);
}
