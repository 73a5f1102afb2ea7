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
} from "./bucket-operations.ts";
import { replicationOperations, taggingOperations } from "./configuration-operations.ts";
import { parseControlOperation } from "./control.ts";
import { findBucket, type S3State } from "./state.ts";
import { describeTrail } from "./trail.ts";
import { escapeXml, type OperationWire, readInput, readOperationSchema, writeOutput } from "./wire.ts";

interface Route {
  wire: OperationWire;
  account?: AccountOperation;
  bucket?: BucketOperation;
}

const routes: Route[] = [
  ...accountOperations.map((operation) => ({ wire: readOperationSchema(operation.schema), account: operation })),
  ...[...bucketOperations, ...replicationOperations, ...taggingOperations].map((operation) => ({
    wire: readOperationSchema(operation.schema),
    bucket: operation,
  })),
];

/** S3's control plane for buckets, path-style. Anything else, object operations too, is NotImplemented rather than guessed. */
export function createS3(state: S3State, createId: () => string): Service {
  return {
    name: "s3",
    throttled: failure("SlowDown", "Please reduce your request rate.", 503),
    broken: failure("InternalError", "We encountered an internal error. Please try again.", 500),
    unknownKey: failure("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    fail: writeError,
    parse(request) {
      const control = parseControlOperation(state, request);
      if (control) return control;
      const [bucketName = "", ...key] = request.path.slice(1).split("/").map(decodeURIComponent);
      const route = key.join("/") === "" ? findRoute(request, bucketName) : undefined;
      if (!route) throw notImplemented(request);
      return bindRoute(route, state, request, bucketName, createId);
    },
  };
}

function findRoute(request: WireRequest, bucketName: string): Route | undefined {
  const asked = [...request.query.keys()].filter((key) => key !== "x-id");
  return routes.find(({ wire }) => {
    if (wire.method !== request.method || (bucketName === "") !== (wire.name === "ListBuckets")) return false;
    // An unknown subresource must never fall through to the operation without one: that would be DeleteBucket.
    return (
      wire.name === "ListBuckets" || (wire.subresource === "" ? asked.length === 0 : asked[0] === wire.subresource)
    );
  });
}

function bindRoute(
  route: Route,
  state: S3State,
  request: WireRequest,
  bucketName: string,
  createId: () => string,
): Operation {
  const { wire } = route;
  const input = readInput(wire, request, bucketName);
  const { actions, mutating, status } = route.account ?? route.bucket ?? { actions: [] };
  const find = (context: CallContext) =>
    findBucket(state, bucketName, input.ExpectedBucketOwner, context, wire.name === "HeadBucket");
  return {
    name: wire.name,
    resource: bucketName,
    input,
    actions,
    mutating: mutating ?? false,
    ...(route.bucket ? { locate: (context) => void find(context) } : {}),
    ...(wire.name === "HeadBucket"
      ? { deniedHeaders: () => ({ "x-amz-bucket-region": state.buckets.get(bucketName)?.region ?? "" }) }
      : {}),
    ...(mutating ? { trail: (context) => describeTrail(state, wire, request, bucketName, context) } : {}),
    execute(context): WireResponse {
      const call = { state, input, context, createId };
      const answer = route.bucket ? route.bucket.run(call, find(context)) : (route.account?.run(call) ?? {});
      const body = answer.document ?? writeOutput(wire, answer.output);
      return {
        status: status ?? wire.status,
        headers: { ...(body === "" ? {} : { "content-type": "application/xml" }), ...answer.headers },
        body,
      };
    },
  };
}

function notImplemented(request: WireRequest): ServiceError {
  const target = `${request.method} ${request.path}${request.query.size > 0 ? `?${request.query}` : ""}`;
  return new ServiceError("NotImplemented", `The sandbox does not implement this request: ${target}`, 501);
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
