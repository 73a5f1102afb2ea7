import type { RecordedCall } from "../sandbox/index.ts";

/** Requests of the same call may differ by this share in size: ids and times are not all of one length. */
const SIZE_TOLERANCE = 0.02;

type Input = RecordedCall["input"];

/** What was sent by each call of an operation. */
export function inputsOf(calls: readonly RecordedCall[], operation: string): readonly Input[] {
  return calls.filter((call) => call.operation === operation).map(({ input }) => input);
}

/** A transaction to send again. Its token is made by the client for each call: the same one twice would be one call. */
export function withoutToken({ ClientRequestToken: _, ...input }: Input): Input {
  return input;
}

/**
 * The calls by name, sorted: those that are made at the same time arrive in any order.
 *
 * @param without these are left out
 */
export function operationsOf(calls: readonly RecordedCall[], without: readonly string[] = []): readonly string[] {
  return calls.flatMap(({ operation }) => (without.includes(operation) ? [] : [operation])).sort();
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
