import { cut } from "../cut.ts";
import type { Principal, ResourceRef, Signal } from "../types.ts";
import type { Parsed } from "./parsed.ts";
import { parseBucketName, parseS3BucketArn, s3BucketRef } from "./s3-bucket-ref.ts";
import { asList, asObject, asText, type Json } from "./shapes.ts";

/** What controls listen to: CloudTrail calls as `source -> names`, and AWS Config resource types. */
export interface ControlEvents {
  readonly cloudTrail: Readonly<Record<string, readonly string[]>>;
  readonly configTypes: readonly string[];
  /** Which of a control's resources a record is about, for controls of no S3 buckets; none: it concerns something else. */
  readonly find?: (record: Json, envelope: Json | undefined) => readonly ResourceRef[];
  /** What a signal of a call tells besides, for one of the resources found. */
  readonly more?: (record: Json, resource: ResourceRef) => Partial<Signal>;
  /** A call that AWS denied, whichever it is; undefined: none that counts. */
  readonly denied?: (record: Json) => Parsed | undefined;
  /** A configuration item of one of `configTypes`, for controls of no S3 buckets. */
  readonly item?: (item: Json) => Parsed;
  /** A rule of AWS Config has another opinion of a resource than before. */
  readonly compliance?: (message: Json) => Parsed;
  /** Events of EventBridge that are neither CloudTrail's nor Config's; undefined: none that the control hears. */
  readonly notice?: (type: string, event: Json, detail: Json) => Parsed | readonly Parsed[] | undefined;
  /** What the function is invoked with by hand, in Cordon's own words; undefined: none of the control's. */
  readonly direct?: (event: Json, ownAccount: string | undefined) => readonly Parsed[] | undefined;
  /** A record that S3 sends to queues and topics by itself. */
  readonly notification?: (record: Json, ownAccount: string | undefined) => Parsed;
  /** The cell's own account, where it is known: for what tells none. */
  readonly ownAccount?: string | undefined;
}

/**
 * A CloudTrail record -> a signal for each resource it is about, or why not.
 *
 * A failed call (`errorCode`) changed nothing and is ignored, also when it carries responseElements.
 *
 * @param record the record itself (EventBridge `detail`, or a record of a log file)
 * @param envelope the EventBridge event around it, for the account and Region where the record lacks them
 */
export function parseCloudTrailRecord(
  record: Json,
  envelope: Json | undefined,
  events: ControlEvents,
): readonly Parsed[] {
  const denied = events.denied?.(record);
  if (denied !== undefined) return [denied];
  const unheard = notHeard(record, events);
  if (unheard !== undefined) return [unheard];
  const name = asText(record.eventName) ?? "";
  if (events.find === undefined) return [parseBucketCall(record, envelope, name)];
  const resources = events.find(record, envelope);
  if (resources.length === 0) return [{ kind: "ignored", reason: `${name} concerns nothing that this control judges` }];
  return resources.map((resource) => ({
    kind: "signal",
    signal: { ...callSignal(record, envelope, name, resource), ...events.more?.(record, resource) },
  }));
}

/** Why a record is not for these controls, or nothing that can have changed anything. */
function notHeard(record: Json, events: ControlEvents): Parsed | undefined {
  const source = asText(record.eventSource);
  const name = asText(record.eventName);
  if (source === undefined || name === undefined) {
    return { kind: "refused", reason: "a CloudTrail record without eventSource or eventName; expected both" };
  }
  if (!Object.hasOwn(events.cloudTrail, source) || events.cloudTrail[source]?.includes(name) !== true) {
    return { kind: "ignored", reason: `no control listens to ${cut(name, 80)} of ${cut(source, 80)}` };
  }
  const errorCode = record.errorCode;
  if (errorCode !== undefined && errorCode !== null && errorCode !== "") {
    return { kind: "ignored", reason: `${name} failed with ${String(errorCode).slice(0, 80)} and changed nothing` };
  }
  return undefined;
}

function parseBucketCall(record: Json, envelope: Json | undefined, name: string): Parsed {
  const bucket = findBucket(record);
  if (bucket === "other-resource") return { kind: "ignored", reason: `${name} concerns no bucket` };
  if (bucket === undefined)
    return { kind: "refused", reason: `${name} names no bucket; expected requestParameters.bucketName` };
  const account = findAccount(record, envelope, bucket);
  if (account === undefined)
    return { kind: "refused", reason: `${name} tells no account; expected recipientAccountId` };
  const region = asText(record.awsRegion) ?? asText(envelope?.region);
  const resource = region === undefined ? undefined : s3BucketRef(bucket, account, region);
  if (resource === undefined) {
    return { kind: "refused", reason: `${name} tells no usable bucket, account and Region; expected all three` };
  }
  return { kind: "signal", signal: callSignal(record, envelope, name, resource) };
}

/** The signal of a call on a resource. */
export function callSignal(record: Json, envelope: Json | undefined, name: string, resource: ResourceRef): Signal {
  const principal = principalOf(record);
  const requestId = asText(record.requestID);
  const request = asObject(record.requestParameters);
  return {
    id: asText(record.eventID) ?? asText(envelope?.id) ?? `${name}:${resource.arn}:${asText(record.eventTime) ?? ""}`,
    source: "cloudtrail" as const,
    name,
    at: asText(record.eventTime) ?? asText(envelope?.time) ?? "",
    resource,
    ...(principal !== undefined && { principal }),
    ...(requestId !== undefined && { requestId }),
    ...(request !== undefined && { request }),
  };
}

/**
 * The bucket's name: from the request, else from the resources AWS lists with the event (requestParameters is null in 8 % of
 * records). `other-resource`: the call tags something of S3 that is no bucket.
 */
function findBucket(record: Json): string | "other-resource" | undefined {
  const request = asObject(record.requestParameters);
  const named = parseBucketName(request?.bucketName);
  if (named !== undefined) return named;
  const arn = asText(request?.resourceArn);
  if (arn !== undefined) return parseS3BucketArn(arn) ?? "other-resource";
  for (const entry of asList(record.resources)) {
    const bucket = parseS3BucketArn(asText(asObject(entry)?.ARN) ?? "");
    if (bucket !== undefined) return bucket;
  }
  return undefined;
}

/** The bucket owner's account; the caller's own account is the last resort, for it can be another's. */
function findAccount(record: Json, envelope: Json | undefined, bucket: string): string | undefined {
  for (const entry of asList(record.resources)) {
    const resource = asObject(entry);
    if (parseS3BucketArn(asText(resource?.ARN) ?? "") === bucket) {
      const owner = asText(resource?.accountId);
      if (owner !== undefined) return owner;
    }
  }
  return (
    asText(record.recipientAccountId) ?? asText(envelope?.account) ?? asText(asObject(record.userIdentity)?.accountId)
  );
}

function principalOf(record: Json): Principal | undefined {
  const identity = asObject(record.userIdentity);
  if (identity === undefined) return undefined;
  const arn = asText(identity.arn);
  const account = asText(identity.accountId);
  const sourceIdentity = asText(asObject(identity.sessionContext)?.sourceIdentity);
  const invokedBy = asText(identity.invokedBy);
  const agent = asText(record.userAgent);
  return {
    type: asText(identity.type) ?? "Unknown",
    ...(arn !== undefined && { arn }),
    ...(account !== undefined && { account }),
    ...(sourceIdentity !== undefined && { sourceIdentity: cut(sourceIdentity, 64) }),
    ...(invokedBy !== undefined && { invokedBy }),
    ...(agent !== undefined && { agent: cut(agent, 120) }),
  };
}
