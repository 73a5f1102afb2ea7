import { CordonError } from "../errors.ts";
import type { ResourceRecord } from "../journal/journal.ts";
import { shownArn } from "../shown.ts";

/** Another run has the resource; the error says until when at the latest. */
export function leaseHeld({ resource, leaseUntilMs }: ResourceRecord): CordonError {
  const until = new Date(leaseUntilMs).toISOString();
  return new CordonError("lease-held", `another run works on ${shownArn(resource)}, until ${until} at the latest`, {
    retryAtMs: leaseUntilMs,
  });
}
