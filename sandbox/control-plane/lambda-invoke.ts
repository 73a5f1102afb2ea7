import { ServiceError } from "../errors.ts";
import type { CallContext, Operation, WireRequest, WireResponse } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { InvocationResult } from "../types.ts";
import { functionArn, functionNameOf } from "./lambda-functions.ts";
import { type RestRoute, readLabels } from "./rest-json-protocol.ts";

/** What runs functions, by ARN. */
export interface Invoker {
  /** Invoke it and wait for its answer. */
  invoke(functionArn: string, event: unknown): Promise<InvocationResult>;
  /** Invoke it without waiting, with two retries. */
  invokeLater(functionArn: string, event: unknown): void;
}

const ROUTE: RestRoute = ["POST", "/2015-03-31/functions/{FunctionName}/invocations"];
const TYPES = ["RequestResponse", "Event", "DryRun"];
const VERSION = { "x-amz-executed-version": "$LATEST" };

/**
 * The call of Invoke; undefined when the request is another one. An event of data, of which CloudTrail writes nothing unless a trail is told to.
 *
 * @throws ServiceError
 */
export function parseInvocation(request: WireRequest, registry: Registry, invoker: Invoker): Operation | undefined {
  const labels = readLabels(request, ROUTE);
  if (labels === undefined) return undefined;
  const name = String(labels.FunctionName);
  const qualifier = request.query.get("Qualifier") ?? name.split(":function:").at(-1)?.split(":")[1] ?? "$LATEST";
  const type = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  const arnFor = ({ principal, region }: CallContext): string =>
    name.startsWith("arn:")
      ? name.split(":").slice(0, 7).join(":")
      : functionArn(name, { account: principal.account, region, at: 0 });
  const payload = request.body.toString("utf8");

  return {
    name: "Invoke",
    resource: functionNameOf(name),
    input: { FunctionName: name, InvocationType: type, Payload: payload },
    actions: ["lambda:InvokeFunction"],
    permissions(context) {
      const resource = arnFor(context);
      return [{ action: "lambda:InvokeFunction", resource, account: resource.split(":")[4] ?? "" }];
    },
    mutating: false,
    execute(context) {
      const arn = arnFor(context);
      const [, , , region = "", account = ""] = arn.split(":");
      const found = registry.find("AWS::Lambda::Function", functionNameOf(arn), account, region);
      if (!found || region !== context.region || qualifier !== "$LATEST") throw notFound(arn);
      if (!TYPES.includes(type)) {
        throw new ServiceError("InvalidParameterValueException", `InvocationType: expected ${TYPES.join(", ")}`, 400);
      }
      const event = eventOf(payload);
      if (type === "Event") invoker.invokeLater(arn, event);
      return { status: type === "DryRun" ? 204 : 202, headers: { ...VERSION }, body: "" };
    },
    ...(type === "RequestResponse" && {
      proceed: async (context: CallContext) => answerOf(await invoker.invoke(arnFor(context), eventOf(payload))),
    }),
  };
}

function eventOf(payload: string): unknown {
  if (payload === "") return {};
  try {
    return JSON.parse(payload);
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    throw new ServiceError("InvalidRequestContentException", message, 400, { members: { Type: "User" } });
  }
}

/** What a function throws is an answer like another, marked by a header. */
function answerOf(result: InvocationResult): WireResponse {
  const headers = { "content-type": "application/json", ...VERSION };
  if (result.ok) return { status: 200, headers, body: JSON.stringify(result.result ?? null) };
  const { type, message } = result.error;
  if (result.throttled === true) {
    if (type === "ResourceNotFoundException") throw new ServiceError(type, message, 404, { members: { Type: "User" } });
    throw new ServiceError(type, message, 429, {
      members: { Type: "User", Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" },
    });
  }
  const body = JSON.stringify({ errorType: type, errorMessage: message });
  return { status: 200, headers: { ...headers, "x-amz-function-error": "Unhandled" }, body };
}

function notFound(arn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Function not found: ${arn}`, 404, {
    members: { Type: "User" },
  });
}
