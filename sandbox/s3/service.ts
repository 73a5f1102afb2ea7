import { ServiceError } from "../errors.ts";
import {
  type CallContext,
  failure,
  type Operation,
  type Service,
  type ServiceFailure,
  type WireRequest,
  type WireResponse,
} from "../operation.ts";
import {
  type AccountOperation,
  accountOperations,
  type BucketOperation,
  bucketOperations,
  type S3Call,
} from "./bucket-operations.ts";
import { conditionKeys, resourceArn, tagConditionKeys } from "./condition-keys.ts";
import { replicationOperations, taggingOperations } from "./configuration-operations.ts";
import { parseControlOperation } from "./control.ts";
import { copyOperations } from "./copy-operation.ts";
import { findRead } from "./find-version.ts";
import { listOperations } from "./list-operations.ts";
import { lockOperations } from "./lock-operations.ts";
import { multipartOperations } from "./multipart-operations.ts";
import { objectTaggingOperations } from "./object-tagging-operations.ts";
import { tagsAskedFor } from "./object-tags.ts";
import { protectionOperations } from "./protection-operations.ts";
import { readOperations } from "./read-operations.ts";
import { findBucket, type S3State } from "./state.ts";
import { describeTrail } from "./trail.ts";
import { escapeXml, type OperationWire, readInput, readOperationSchema, writeOutput } from "./wire.ts";
import { writeOperations } from "./write-operations.ts";

type Route = { wire: OperationWire } & (
  | { account: AccountOperation; bucket?: undefined }
  | { account?: undefined; bucket: BucketOperation }
);

const routes: Route[] = [
  ...accountOperations.map((account) => ({ wire: readOperationSchema(account.schema), account })),
  ...[
    ...bucketOperations,
    ...replicationOperations,
    ...taggingOperations,
    ...lockOperations,
    ...protectionOperations,
    ...listOperations,
    ...objectTaggingOperations,
    ...readOperations,
    ...writeOperations,
    ...copyOperations,
    ...multipartOperations,
  ].map((bucket) => ({ wire: readOperationSchema(bucket.schema), bucket })),
];

/** S3, path-style: buckets with what Cordon reads of their configuration, and objects. Anything else is NotImplemented rather than guessed. */
export function createS3(state: S3State, createId: () => string): Service {
  return {
    name: "s3",
    throttled: failure("SlowDown", "Please reduce your request rate.", 503),
    broken: failure("InternalError", "We encountered an internal error. Please try again.", 500),
    unknownKey: failure("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    expired: failure("ExpiredToken", "The provided token has expired.", 400),
    fail: writeError,
    parse(request) {
      const control = parseControlOperation(state, request);
      if (control) return control;
      const [Bucket = "", ...rest] = request.path.slice(1).split("/").map(decodeURIComponent);
      const labels = { Bucket, Key: rest.join("/") };
      const route = findRoute(request, labels);
      if (!route) throw notImplemented(request);
      const input = readInput(route.wire, request, labels);
      const known = (route.account ?? route.bucket).members;
      const unknown = known && Object.keys(input).find((member) => !known.includes(member));
      if (unknown) throw notImplemented(request, unknown);
      return bindRoute(route, state, request, input, createId);
    },
  };
}

function findRoute(request: WireRequest, { Bucket, Key }: { Bucket: string; Key: string }): Route | undefined {
  const isCopy = request.headers["x-amz-copy-source"] !== undefined;
  const asked = [...request.query.keys()];
  return routes.find(
    ({ wire }) =>
      wire.method === request.method &&
      (Bucket === "") === (wire.name === "ListBuckets") &&
      (Key !== "") === wire.hasKey &&
      (wire.subresource === "" || asked.includes(wire.subresource)) &&
      wire.requiredParameters.every((parameter) => asked.includes(parameter)) &&
      wire.isCopy === isCopy &&
      // An unknown subresource must never fall through to the operation without one: that would be DeleteBucket.
      asked.every((parameter) => wire.parameters.has(parameter)),
  );
}

function bindRoute(
  { wire, account, bucket }: Route,
  state: S3State,
  request: WireRequest,
  input: Record<string, unknown>,
  createId: () => string,
): Operation {
  const name = String(input.Bucket ?? "");
  const { actions: needed, mutating = false, status, eventName } = account ?? bucket;
  const actions = typeof needed === "function" ? needed(input) : needed;
  const find = (context: CallContext) =>
    findBucket(state, name, input.ExpectedBucketOwner, context, wire.name === "HeadBucket");
  const callIn = (context: CallContext): S3Call => ({ state, input, request, context, createId });
  return {
    name: wire.name,
    resource: name,
    input,
    actions,
    permissions(context) {
      const owner = bucket ? find(context).account : context.principal.account;
      const resource = resourceArn(name, wire.hasKey ? String(input.Key) : undefined);
      const shared = conditionKeys(input, context.at);
      const existing = wire.hasKey ? findRead(find(context), input)?.tags : undefined;
      const requested = wire.hasKey ? tagsAskedFor(input) : [];
      const keysOf = (action: string) => ({ ...shared, ...tagConditionKeys(action, existing, requested) });
      return [
        ...actions.map((action) => ({ action, resource, account: owner, keys: keysOf(action) })),
        ...(bucket?.also?.(callIn(context), find(context)) ?? []),
      ];
    },
    mutating,
    ...(bucket ? { locate: (context) => void find(context) } : {}),
    ...(wire.name === "HeadBucket"
      ? { deniedHeaders: () => ({ "x-amz-bucket-region": state.buckets.get(name)?.region ?? "" }) }
      : {}),
    // Writes of objects are data events, which a trail leaves out unless it is told otherwise.
    ...(mutating && !wire.hasKey
      ? {
          trail: (context) => ({
            ...describeTrail(state, wire, request, name, context),
            ...(eventName === undefined ? {} : { eventName }),
          }),
        }
      : {}),
    execute(context): WireResponse {
      const call = callIn(context);
      const answer = bucket ? bucket.run(call, find(context)) : account.run(call);
      const { headers, body } = answer.document
        ? { headers: {}, body: answer.document }
        : writeOutput(wire, answer.output);
      const type = typeof body === "string" && body !== "" ? { "content-type": "application/xml" } : {};
      return {
        status: answer.status ?? status ?? wire.status,
        headers: { ...type, ...headers, ...answer.headers },
        body,
      };
    },
  };
}

function notImplemented(request: WireRequest, member?: string): ServiceError {
  const target = `${request.method} ${request.path}${request.query.size > 0 ? `?${request.query}` : ""}`;
  const part = member ? `${member} of ` : "";
  return new ServiceError("NotImplemented", `The sandbox does not implement ${part}this request: ${target}`, 501);
}

function writeError(error: ServiceFailure, requestId: string, request: WireRequest): WireResponse {
  const members = Object.entries(error.members).map(
    ([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`,
  );
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>${members.join("")}<RequestId>${requestId}</RequestId><HostId>sandbox</HostId></Error>`;
  return {
    status: error.status,
    headers: { "content-type": "application/xml", ...error.headers },
    body: request.method === "HEAD" ? "" : document,
  };
}
