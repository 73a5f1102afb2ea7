import { sortAwsError } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import { DeliveryError, type TrackerAws, type TrackerPorts } from "./tracker.ts";

/** What SNS says of a key that is asked for too often comes with status 400. */
const BUSY: ReadonlySet<string> = new Set(["KMSThrottlingException", "KMSThrottling", "LimitExceededException"]);

/**
 * What a failed call of AWS means to a ticket: throttling, a server's fault and no answer are `later`; what is refused, missing or wrong is `never`, for people. Pure.
 *
 * @param what the call, for people: `Publish to the topic alerts`
 */
export function deliveryErrorOf(error: unknown, what: string): DeliveryError {
  if (error instanceof DeliveryError) return error;
  // Credentials of another account: refused for good, or not to be had at the moment.
  if (error instanceof CordonError)
    return new DeliveryError(error.retry ? "later" : "never", `${what}: ${error.message}`, { cause: error });
  const { kind, code, message } = sortAwsError(error);
  const isPassing = kind === "unavailable" || BUSY.has(code);
  return new DeliveryError(isPassing ? "later" : "never", `${what}: ${message}`, { cause: error });
}

/** @throws DeliveryError `never`, where tickets are not delivered from within AWS */
export function awsOf({ aws }: TrackerPorts, adapter: string): TrackerAws {
  if (aws === undefined) throw new DeliveryError("never", `the adapter ${adapter} needs an AWS account to call from`);
  return aws;
}
