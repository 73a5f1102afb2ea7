import type { CallContext, TrailSubject, WireRequest } from "../operation.ts";
import type { S3State } from "./state.ts";
import { type OperationWire, readXml } from "./wire.ts";

/** CloudTrail's view of an S3 call: the body's own XML as JSON, the subresource as an empty marker, bucket and host. */
export function describeTrail(
  state: S3State,
  wire: OperationWire,
  request: WireRequest,
  bucketName: string,
  context: CallContext,
): TrailSubject {
  const payload = [...wire.input.structIterator()].find(([, member]) => member.getMergedTraits().httpPayload);
  const document = payload ? readDocument(payload[0], request.body) : {};
  const marker = wire.subresource === "" ? {} : { [wire.subresource]: "" };
  return describe(state, bucketName, context, { ...document, ...marker });
}

/** Headers CloudTrail shows of calls on objects (recorded events of PutObject and CopyObject). */
const SHOWN_HEADERS = [
  ...["x-amz-copy-source", "x-amz-metadata-directive", "x-amz-tagging-directive", "x-amz-storage-class"],
  ...["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"],
  "x-amz-server-side-encryption-customer-algorithm",
];

/**
 * The same for a call on an object: its key, and what the query and headers say. Whether the tags of PutObjectTagging are shown is not
 * documented: they are left out.
 */
export function describeDataEvent(
  state: S3State,
  wire: OperationWire,
  request: WireRequest,
  { bucketName, key }: { bucketName: string; key: string },
  context: CallContext,
): TrailSubject {
  const query = [...request.query].filter(([name]) => name !== "x-id");
  const headers = SHOWN_HEADERS.flatMap((name) =>
    request.headers[name] ? [[name, request.headers[name]] as const] : [],
  );
  const marker = wire.subresource === "" ? {} : { [wire.subresource]: "" };
  const parameters = { ...Object.fromEntries([...query, ...headers]), ...marker, key };
  const subject = describe(state, bucketName, context, parameters);
  const object = { type: "AWS::S3::Object", ARN: `arn:aws:s3:::${bucketName}/${key}` };
  return { ...subject, resources: [object, ...subject.resources], isDataEvent: true };
}

function readDocument(name: string, body: Buffer): Record<string, unknown> {
  try {
    if (name === "Policy") return { bucketPolicy: JSON.parse(body.toString("utf8")) };
    return body.length > 0 ? { [name]: toTrailJson(readXml(body)) } : {};
  } catch {
    // The call itself is refused as malformed; the trail then has nothing to show.
    return {};
  }
}

/** The same for S3 Control's tagging. The shape of these parameters is not documented; the names are the API's. */
export function describeControlTrail(
  state: S3State,
  bucketName: string,
  parameters: Record<string, unknown>,
  context: CallContext,
): TrailSubject {
  return describe(state, bucketName, context, parameters);
}

function describe(
  state: S3State,
  name: string,
  context: CallContext,
  parameters: Record<string, unknown>,
): TrailSubject {
  const bucket = state.buckets.get(name);
  const region = bucket?.region ?? context.region;
  return {
    eventSource: "s3.amazonaws.com",
    region,
    account: bucket?.account ?? context.principal.account,
    requestParameters: { ...parameters, bucketName: name, Host: `${name}.s3.${region}.amazonaws.com` },
    resources: bucket ? [{ accountId: bucket.account, type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${name}` }] : [],
    additionalEventData: { SignatureVersion: "SigV4", AuthenticationMethod: "AuthHeader" },
  };
}

/** CloudTrail turns element text that reads as a boolean or a whole number into one (recorded events: `"Value": true`, `"Days": 1`). */
function toTrailJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toTrailJson);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toTrailJson(member)]));
  }
  if (value === "true" || value === "false") return value === "true";
  return typeof value === "string" && /^(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}
