import type { IAMClient } from "@aws-sdk/client-iam";
import { requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { Clock, Receipt, ResourceRef } from "../types.ts";
import type { Reading } from "./port.ts";

export type Place = Pick<ResourceRef, "account" | "region">;

/** A client of IAM for a place. */
export type IamClientFor = (place: Place) => Promise<IAMClient>;

/** IAM throttles a whole account at once: who reads slows down when it says so. A write is never sent twice: what it rests on may be stale by then. */
export function iamClients(
  clients: AwsClients,
  Service: typeof IAMClient,
): { readonly reader: IamClientFor; readonly writer: IamClientFor } {
  return {
    reader: (place) => clients.in(place, Service, { retryMode: "adaptive", maxAttempts: 5 }),
    writer: (place) => clients.in(place, Service, { maxAttempts: 1 }),
  };
}

/** What a read gave; `absent` where IAM knows no such thing, `unreadable` where it refuses. Throws CordonError `unavailable`. */
export async function reading<State>(
  operation: string,
  what: string,
  read: () => Promise<State>,
): Promise<Reading<State>> {
  try {
    return { kind: "present", state: await read() };
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable(operation, error);
    return isNoSuchEntity(failure.code)
      ? { kind: "absent", reason: `there is no ${what}` }
      : { kind: "unreadable", reason: `${what} can't be read: ${operation} is refused, ${failure.code}` };
  }
}

/** What AWS answered a write. Throws CordonError `unavailable` when it is not known whether AWS took it. */
export async function receiptOf(
  operation: string,
  clock: Clock,
  send: () => Promise<{ readonly $metadata: { readonly requestId?: string | undefined } }>,
): Promise<Receipt> {
  const at = () => new Date(clock.nowMs()).toISOString();
  try {
    const { $metadata } = await send();
    return { operation, requestId: $metadata.requestId ?? "", at: at(), outcome: "accepted" };
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable(operation, error);
    return { operation, requestId: requestIdOf(error), at: at(), outcome: "refused", error: failure.code };
  }
}

function isNoSuchEntity(code: string): boolean {
  return code === "NoSuchEntity" || code === "NoSuchEntityException";
}
