import type { ResourceRef, Signal } from "../types.ts";
import type { ControlEvents } from "./cloudtrail.ts";
import type { Parsed } from "./parsed.ts";
import { parseBucketName, parseS3BucketArn, s3BucketRef, s3ObjectRef } from "./s3-bucket-ref.ts";
import { asList, asObject, asText, type Json } from "./shapes.ts";

/** S3's own events about an object, by EventBridge. Lifecycle, restore and ACL tell nothing of content or tags. */
export const OBJECT_NOTICES: readonly string[] = ["Object Created", "Object Tags Added", "Object Tags Deleted"];
export const MACIE_FINDING = "Macie Finding";

/** Whether what has happened made the object what it is: new bytes, which nobody has looked at. */
export function isCreation({ name }: Pick<Signal, "name">): boolean {
  return CREATIONS.has(name);
}

const CREATIONS: ReadonlySet<string> = new Set([
  "Object Created",
  "PutObject",
  "CopyObject",
  "CompleteMultipartUpload",
  "POST",
]);

/**
 * What a control hears that is about S3 objects.
 *
 * @param cloudTrail the calls, which a trail tells only where it logs data events
 */
export function objectEvents(cloudTrail: ControlEvents["cloudTrail"]): ControlEvents {
  return { cloudTrail, configTypes: [], find: objectsOf, notice: parseNotice, notification: parseNotification };
}

/** The object that a call is about: from its request, else from the resources that AWS lists with it. */
function objectsOf(record: Json, envelope: Json | undefined): readonly ResourceRef[] {
  const request = asObject(record.requestParameters);
  const listed = asList(record.resources).map(asObject);
  const arn = listed.map((each) => asText(each?.ARN) ?? "").find((each) => OBJECT_ARN.test(each));
  const [, listedBucket, listedKey] = OBJECT_ARN.exec(arn ?? "") ?? [];
  const bucket = parseBucketName(request?.bucketName) ?? parseBucketName(listedBucket);
  const key = asText(request?.key) ?? listedKey;
  const owners = ownersOf(bucket, listed);
  // AWS tells one owner. Whom to believe of two nobody can say.
  if (owners.length > 1) return [];
  const account = owners[0] ?? asText(record.recipientAccountId) ?? asText(envelope?.account);
  const region = asText(record.awsRegion) ?? asText(envelope?.region);
  const version = asText(request?.versionId) ?? asText(asObject(record.responseElements)?.["x-amz-version-id"]);
  const object = refOf(bucket, key, version, account, region);
  return object === undefined ? [] : [object];
}

/** Whom the record calls the bucket's owner: a copy's record lists where it came from as well, which may be another's. */
function ownersOf(bucket: string | undefined, listed: readonly (Json | undefined)[]): readonly string[] {
  const own = listed.filter((each) => {
    const arn = asText(each?.ARN) ?? "";
    return bucket !== undefined && (parseS3BucketArn(arn) ?? OBJECT_ARN.exec(arn)?.[1]) === bucket;
  });
  return [...new Set(own.flatMap((each) => asText(each?.accountId) ?? []))];
}

const OBJECT_ARN = /^arn:aws[a-z-]*:s3:::([^/:]+)\/(.+)$/s;

function refOf(
  bucket: string | undefined,
  key: string | undefined,
  version: string | undefined,
  account: string | undefined,
  region: string | undefined,
): ResourceRef | undefined {
  if (bucket === undefined || key === undefined || account === undefined || region === undefined) return undefined;
  const ref = s3BucketRef(bucket, account, region);
  return ref && s3ObjectRef(ref, key, version);
}

/** An event of S3 itself, or a finding of Macie's; undefined for any other. */
function parseNotice(type: string, event: Json, detail: Json): Parsed | undefined {
  if (type === MACIE_FINDING) return parseMacie(event, detail);
  if (!OBJECT_NOTICES.includes(type)) return undefined;
  if (event.source !== "aws.s3")
    return { kind: "refused", reason: `an event "${type}" of ${asText(event.source) ?? "no source"}; expected aws.s3` };
  const object = asObject(detail.object);
  const resource = refOf(
    parseBucketName(asObject(detail.bucket)?.name),
    asText(object?.key),
    asText(object?.["version-id"]),
    asText(event.account),
    asText(event.region),
  );
  if (resource === undefined) return { kind: "refused", reason: `"${type}" ${NAMES_NO_OBJECT}` };
  return { kind: "signal", signal: signalOf("s3", type, event, resource, asText(detail["request-id"])) };
}

const NAMES_NO_OBJECT =
  "names no object; expected detail.bucket.name, detail.object.key, and the event's account and Region";

/** https://docs.aws.amazon.com/macie/latest/user/findings-publish-event-schemas.html */
function parseMacie(event: Json, detail: Json): Parsed {
  const type = asText(detail.type) ?? "";
  if (!type.startsWith("SensitiveData:"))
    return { kind: "ignored", reason: `Macie's finding ${type.slice(0, 80)} is not about what is in an object` };
  const affected = asObject(detail.resourcesAffected);
  const object = asObject(affected?.s3Object);
  const bucket = asObject(affected?.s3Bucket);
  const resource = refOf(
    parseBucketName(bucket?.name),
    asText(object?.key),
    asText(object?.versionId),
    asText(detail.accountId) ?? asText(event.account),
    asText(detail.region) ?? asText(event.region),
  );
  if (resource === undefined)
    return {
      kind: "refused",
      reason: "Macie's finding names no object; expected resourcesAffected.s3Object and s3Bucket",
    };
  return { kind: "signal", signal: { ...signalOf("macie", MACIE_FINDING, event, resource, undefined), macie: type } };
}

function signalOf(
  source: Signal["source"],
  name: string,
  event: Json,
  resource: ResourceRef,
  requestId: string | undefined,
): Signal {
  const at = asText(event.time) ?? "";
  return {
    id: asText(event.id) ?? `${name}:${at}`,
    source,
    name,
    at,
    resource,
    ...(requestId !== undefined && { requestId }),
  };
}

/**
 * A notification as S3 sends it to queues and topics: its key is URL-encoded, with `+` for a space, and it tells no account: the bucket has to be of the cell's own.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
function parseNotification(record: Json, ownAccount: string | undefined): Parsed {
  const name = asText(record.eventName) ?? "";
  const kind = /^(ObjectCreated|ObjectTagging):/.exec(name)?.[1];
  if (kind === undefined)
    return { kind: "ignored", reason: `no control listens to the S3 notification ${name.slice(0, 80)}` };
  const s3 = asObject(record.s3);
  const object = asObject(s3?.object);
  const resource = refOf(
    parseBucketName(asObject(s3?.bucket)?.name),
    decodeKey(asText(object?.key)),
    asText(object?.versionId),
    ownAccount,
    asText(record.awsRegion),
  );
  if (resource === undefined)
    return {
      kind: "refused",
      reason: `the S3 notification ${name.slice(0, 80)} names no object; expected s3.bucket.name and s3.object.key`,
    };
  const requestId = asText(asObject(record.responseElements)?.["x-amz-request-id"]);
  const at = asText(record.eventTime) ?? "";
  const id = `${name}:${asText(object?.sequencer) ?? at}:${requestId ?? ""}`;
  const told = kind === "ObjectCreated" ? "Object Created" : "Object Tags Added";
  return {
    kind: "signal",
    signal: { id, source: "s3", name: told, at, resource, ...(requestId !== undefined && { requestId }) },
  };
}

/** The key behind a URL-encoded one; undefined when it is none. Pure. */
export function decodeKey(key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
