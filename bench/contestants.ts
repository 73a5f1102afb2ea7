import type { RecordedCall } from "../sandbox/index.ts";
import { type Account, asBatch, assertContained, type Incident } from "./account.ts";
import { type Bundles, MEASURED } from "./bundles.ts";
import { requestsSource } from "./floor/source.ts";
import type { Both } from "./measure.ts";
import { type Contestant, handleOnce } from "./process.ts";
import { assertSameCalls, operationsOf, recordedRequests, requestBytes } from "./same-calls.ts";

/** Cordon and a floor that is proved to make the same calls. */
export interface Contestants extends Both<Contestant> {
  readonly floorBundle: string;
  /** The calls of a containment, sorted. */
  readonly operations: readonly string[];
  /** Bytes that a containment sends, as JSON. */
  readonly requestBytes: number;
}

/**
 * Records a containment of Cordon's, makes the floor of it, and compares their calls.
 *
 * @throws Error when the floor makes other calls
 */
export async function openContestants(account: Account, bundles: Bundles): Promise<Contestants> {
  const { runner } = bundles;
  // One function's surroundings for both: names and sizes are in them.
  const environment = account.environmentOf(MEASURED);
  const functionArn = account.functionArnOf(MEASURED);
  const common = { runner, environment, functionArn };
  const cordon: Contestant = { name: "Cordon", bundle: bundles.cordon, ...common };
  const recorded = await recordContainment(account, cordon);
  const floorBundle = await bundles.buildFloor(
    requestsSource(recordedRequests(recorded.calls), recorded.incident.bucket),
  );
  const floor: Contestant = { name: "floor", bundle: floorBundle, ...common };
  assertSameCalls(recorded.calls, (await recordContainment(account, floor)).calls);
  return {
    cordon,
    floor,
    floorBundle,
    operations: operationsOf(recorded.calls),
    requestBytes: requestBytes(recorded.calls),
  };
}

async function recordContainment(
  account: Account,
  contestant: Contestant,
): Promise<{ readonly incident: Incident; readonly calls: readonly RecordedCall[] }> {
  const incident = await account.createIncident();
  account.sandbox.clearCalls();
  const { result } = await handleOnce(contestant, asBatch(incident));
  assertContained(account, incident, result);
  return { incident, calls: [...account.sandbox.calls] };
}
