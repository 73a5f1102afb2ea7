import type { EventBridgeEvent } from "../cloudtrail.ts";
import {
  type CallContext,
  failure,
  type Operation,
  type Service,
  type ServiceFailure,
  type WireRequest,
  type WireResponse,
} from "../operation.ts";
import { type Jobs, parseJobOperation } from "./batch/job-operations.ts";
import type { S3Call } from "./bucket-operations.ts";
import { conditionKeys, resourceArn, tagConditionKeys } from "./condition-keys.ts";
import { parseControlOperation } from "./control.ts";
import { logsDataEvents } from "./data-events.ts";
import { findRead } from "./find-version.ts";
import { tellsEventBridge } from "./notification-operations.ts";
import { describeNotice } from "./notifications.ts";
import { tagsAskedFor } from "./object-tags.ts";
import { findRoute, type Route } from "./routes.ts";
import { findBucket, type S3State } from "./state.ts";
import { describeDataEvent, describeTrail } from "./trail.ts";
import { escapeXml, notImplemented, readInput, writeOutput } from "./wire.ts";

const CONTROL_PATH = "/v20180820/";

/** What S3 needs of the account around it. */
export interface S3Surroundings {
  /** Ids of versions and uploads. */
  createId(): string;
  /** Ids of events. */
  createEventId(): string;
  /** Give EventBridge an event of S3's own. */
  notify(event: EventBridgeEvent): void;
  /** S3 Batch Operations. */
  jobs: Jobs;
}

/** S3, path-style: buckets with what Cordon reads of their configuration, and objects. Anything else is NotImplemented rather than guessed. */
export function createS3(state: S3State, surroundings: S3Surroundings): Service {
  return {
    name: "s3",
    throttled: failure("SlowDown", "Please reduce your request rate.", 503),
    broken: failure("InternalError", "We encountered an internal error. Please try again.", 500),
    unknownKey: failure("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    expired: failure("ExpiredToken", "The provided token has expired.", 400),
    fail: writeError,
    parse(request) {
      const control = parseControlOperation(state, request) ?? parseJobOperation(surroundings.jobs, request);
      if (control) return control;
      const [Bucket = "", ...rest] = request.path.slice(1).split("/").map(decodeURIComponent);
      const labels = { Bucket, Key: rest.join("/") };
      const route = findRoute(request, labels);
      if (!route) throw notImplemented(request);
      const input = readInput(route.wire, request, labels);
      const known = (route.account ?? route.bucket).members;
      const unknown = known && Object.keys(input).find((member) => !known.includes(member));
      if (unknown) throw notImplemented(request, unknown);
      return bindRoute(route, state, request, input, surroundings);
    },
  };
}

function bindRoute(
  { wire, account, bucket }: Route,
  state: S3State,
  request: WireRequest,
  input: Record<string, unknown>,
  { createId, createEventId, notify }: S3Surroundings,
): Operation {
  const name = String(input.Bucket ?? "");
  const { actions: needed, mutating = false, status, eventName } = account ?? bucket;
  const actions = typeof needed === "function" ? needed(input) : needed;
  const find = (context: CallContext) =>
    findBucket(state, name, input.ExpectedBucketOwner, context, wire.name === "HeadBucket");
  const callIn = (context: CallContext): S3Call => ({
    state,
    input,
    request,
    context,
    createId,
    announce(notice, about, version) {
      const origin = { at: context.at, requestId: context.requestId, requester: context.principal.account };
      if (tellsEventBridge(about)) notify(describeNotice(notice, about, version, origin, createEventId()));
    },
  });
  const key = String(input.Key);
  const isLogged = (): boolean => {
    const target = state.buckets.get(name);
    return target !== undefined && logsDataEvents(state.registry, target, key, wire.name);
  };
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
    // Writes of objects are data events, which trails leave out unless they are told otherwise.
    ...(mutating && wire.hasKey && isLogged()
      ? { trail: (context) => describeDataEvent(state, wire, request, { bucketName: name, key }, context) }
      : {}),
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

function writeError(error: ServiceFailure, requestId: string, request: WireRequest): WireResponse {
  const members = Object.entries(error.members).map(
    ([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`,
  );
  const element = `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>${members.join("")}<RequestId>${requestId}</RequestId><HostId>sandbox</HostId></Error>`;
  // S3 Control wraps its errors, S3 doesn't.
  const root = request.path.startsWith(CONTROL_PATH) ? `<ErrorResponse>${element}</ErrorResponse>` : element;
  return {
    status: error.status,
    headers: { "content-type": "application/xml", ...error.headers },
    body: request.method === "HEAD" ? "" : `<?xml version="1.0" encoding="UTF-8"?>\n${root}`,
  };
}
