import { sortAwsError } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import { DeliveryError, refusedFor, type TrackerAws, type TrackerPorts } from "./tracker.ts";

/** What SNS says of a key that is asked for too often comes with status 400. */
const BUSY: ReadonlySet<string> = new Set(["KMSThrottlingException", "KMSThrottling", "LimitExceededException"]);

/**
 * What a failed call of AWS means to a ticket: throttling, a server's fault and no answer are `later`, and so is a right that is missing, after REFUSED_MS; what
 * is not there or wrong is `never`, for people. Pure.
 *
 * @param what the call, for people: `Publish to the topic alerts`
 * @param isWide whether all calls of the route go to that same place
 */
export function deliveryErrorOf(error: unknown, what: string, isWide: boolean): DeliveryError {
  if (error instanceof DeliveryError) return error;
  // Credentials of another account: refused for good, or not to be had at the moment.
  if (error instanceof CordonError) {
    if (error.kind === "denied") return refusedFor(`${what}: ${error.message}`, { cause: error, isWide });
    const kind = error.retry ? "later" : "never";
    return new DeliveryError(kind, `${what}: ${error.message}`, { cause: error, isWide: isWide && error.retry });
  }
  const { kind, code, message } = sortAwsError(error);
  if (kind === "denied") return refusedFor(`${what}: ${message}`, { cause: error, isWide });
  const isPassing = kind === "unavailable" || BUSY.has(code);
  return new DeliveryError(isPassing ? "later" : "never", `${what}: ${message}`, {
    cause: error,
    isWide: isWide && isPassing,
  });
}

/** @throws DeliveryError `never`, where tickets are not delivered from within AWS */
export function awsOf({ aws }: TrackerPorts, adapter: string): TrackerAws {
  if (aws === undefined) throw new DeliveryError("never", `the adapter ${adapter} needs an AWS account to call from`);
  return aws;
}
