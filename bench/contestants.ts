import type { RecordedCall } from "../sandbox/index.ts";
import type { Account } from "./account.ts";
import type { Bundles } from "./bundles.ts";
import { requestsSource } from "./floor/source.ts";
import type { Delivery, Job } from "./job.ts";
import type { Both } from "./measure.ts";
import { type Contestant, handleOnce } from "./process.ts";
import { assertSameCalls, operationsOf, requestBytes } from "./same-calls.ts";

/** Cordon and a floor that is proved to make the same calls. */
export interface Contestants extends Both<Contestant> {
  readonly floorBundle: string;
  /** The calls that one thing takes, sorted, without the occasional ones. */
  readonly operations: readonly string[];
  /** Bytes that one thing sends, as JSON. */
  readonly requestBytes: number;
}

/**
 * Records Cordon at one thing of the job, makes the floor of it, and compares their calls.
 *
 * @throws Error when the floor makes other calls
 */
export async function openContestants(account: Account, bundles: Bundles, job: Job): Promise<Contestants> {
  const { runner } = bundles;
  const { functionName, floor: plain, occasional } = job;
  // One function's surroundings for both: names and sizes are in them.
  const environment = { ...account.environmentOf(functionName), ...job.environment };
  const functionArn = account.functionArnOf(functionName);
  const common = { runner, environment, functionArn };
  const cordon: Contestant = { name: "Cordon", bundle: bundles.cordon, ...common };
  const { calls, names } = await record(account, job, cordon);
  const floorBundle = await bundles.buildFloor(plain.entry, requestsSource(plain.requestsOf(calls), names));
  const floor: Contestant = { name: "floor", bundle: floorBundle, ...common };
  assertSameCalls(calls, (await record(account, job, floor)).calls);
  return {
    cordon,
    floor,
    floorBundle,
    operations: operationsOf(calls, occasional),
    requestBytes: requestBytes(calls),
  };
}

async function record(
  { sandbox }: Account,
  job: Job,
  contestant: Contestant,
): Promise<Pick<Delivery, "names"> & { readonly calls: readonly RecordedCall[] }> {
  const { batch, names, assertDone } = await job.next(1);
  sandbox.clearCalls();
  const { result } = await handleOnce(contestant, batch);
  assertDone(result);
  return { names, calls: [...sandbox.calls] };
}
