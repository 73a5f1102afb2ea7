import { CordonError } from "../errors.ts";
import type { ResourcePort } from "../resources/port.ts";
import type { Plan, Receipt, ResourceRef } from "../types.ts";

/**
 * What became of a plan's calls: `after` is the state AWS accepted, or there is none because it refused. `unknown`: AWS gave no usable answer to the
 * last call, and only live state can tell.
 */
export type Applied<State> =
  | { readonly kind: "accepted"; readonly after: State; readonly receipts: readonly Receipt[] }
  | { readonly kind: "refused"; readonly receipts: readonly Receipt[]; readonly reason: string }
  | {
      readonly kind: "unknown";
      readonly receipts: readonly Receipt[];
      readonly reason: string;
      readonly isUntaken: boolean;
    };

/**
 * Makes a plan's calls: the plan's own, and only when AWS refuses that for good, the fallback's.
 *
 * Side effects: changes the customer's resource. Call it under a lease, with the plan stored.
 * @param beforeFallback stores the refusal, so that whoever takes the run up after a crash knows that the fallback was on its way
 */
export async function applyPlan<State>(
  plan: Plan<State>,
  resource: ResourceRef,
  port: ResourcePort<State>,
  beforeFallback: (refusal: Receipt) => Promise<void>,
): Promise<Applied<State>> {
  const first = await tryWrite(port, resource, plan.after, plan.before);
  if ("reason" in first) return { kind: "unknown", receipts: [], ...first };
  const refused = first.find(isRefusal);
  if (refused === undefined) return { kind: "accepted", after: plan.after, receipts: first };
  const refusal = refused.error ?? "no reason given";
  // Only a denial is known to leave the harder stop possible; any other refusal needs a person to look.
  const isLeft = isDenial(refused) || (plan.fallback?.isAsHard === true && isFull(refused));
  if (plan.fallback === undefined || !isLeft) return { kind: "refused", receipts: first, reason: refusal };
  await beforeFallback(refused);
  const second = await tryWrite(port, resource, plan.fallback.after, plan.before);
  if ("reason" in second) return { kind: "unknown", receipts: first, ...second };
  const receipts = [...first, ...second];
  const refusedToo = second.find(isRefusal);
  if (refusedToo === undefined) return { kind: "accepted", after: plan.fallback.after, receipts };
  return { kind: "refused", receipts, reason: `${refusal}; then ${refusedToo.error ?? "refused"}` };
}

const isRefusal = ({ outcome }: Receipt): boolean => outcome === "refused";

async function tryWrite<State>(
  port: ResourcePort<State>,
  resource: ResourceRef,
  next: State,
  from: State,
): Promise<readonly Receipt[] | { readonly reason: string; readonly isUntaken: boolean }> {
  try {
    return [await port.write(resource, next, from)].flat();
  } catch (error) {
    if (error instanceof CordonError && error.kind === "unavailable")
      return { reason: error.message, isUntaken: error.isUntaken };
    throw error;
  }
}

function isDenial(receipt: Receipt): boolean {
  return receipt.error?.startsWith("AccessDenied") ?? false;
}

/** A quota: there may be room elsewhere. */
function isFull(receipt: Receipt): boolean {
  return receipt.error?.startsWith("LimitExceeded") ?? false;
}
