import type { Invoker } from "../control-plane/lambda-invoke.ts";
import { ServiceError } from "../errors.ts";
import { type CallContext, failure, type Operation, type Service, type WireRequest } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import { type FunctionUrlTarget, readFunctionUrlPath } from "./function-url-address.ts";
import { functionFailed, toFunctionUrlAnswer, toFunctionUrlEvent } from "./function-url-event.ts";

export interface FunctionUrlsContext {
  registry: Registry;
  invoker: Invoker;
  /** The organisation an account is in. */
  organizationOf(account: string): string | undefined;
}

/** One answer to whoever may not, or whose signature, key or session is none: AWS says no more. */
const FORBIDDEN = failure("AccessDeniedException", "Forbidden", 403);

/**
 * Requests to function URLs (AWS::Lambda::Url in the registry). With AuthType AWS_IAM each has to be signed for `lambda` and the URL's
 * Region; with NONE nobody is asked who he is. The caller needs both permissions that AWS asks for since October 2025. An event of data: CloudTrail writes nothing.
 */
export function createFunctionUrls(context: FunctionUrlsContext): Service {
  return {
    name: "lambda",
    owns: (path) => readFunctionUrlPath(path) !== undefined,
    throttled: failure("TooManyRequestsException", "Rate Exceeded.", 429),
    broken: failure("ServiceException", "Internal Server Error", 500),
    unknownKey: FORBIDDEN,
    expired: FORBIDDEN,
    accessDenied: { code: FORBIDDEN.code, status: FORBIDDEN.status },
    fail({ code, message, status, headers }) {
      const Message = status === FORBIDDEN.status ? FORBIDDEN.message : message;
      return {
        status,
        headers: { "content-type": "application/json", "x-amzn-errortype": code, ...headers },
        body: JSON.stringify({ Message }),
      };
    },
    parse(request) {
      const target = readFunctionUrlPath(request.path);
      if (!target) throw forbidden();
      return invocation(request, target, context);
    },
  };
}

function invocation(
  request: WireRequest,
  target: FunctionUrlTarget,
  { registry, invoker, organizationOf }: FunctionUrlsContext,
): Operation {
  const { account, region, functionName, rawPath } = target;
  const arn = `arn:aws:lambda:${region}:${account}:function:${functionName}`;
  const about = { resource: arn, account };
  const authType = registry.find("AWS::Lambda::Url", arn, account, region)?.properties.AuthType ?? "AWS_IAM";
  return {
    name: "InvokeFunctionUrl",
    resource: functionName,
    input: {
      FunctionName: functionName,
      Method: request.method,
      RawPath: rawPath,
      Body: request.body.toString("utf8"),
    },
    actions: ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
    permissions: () => [
      { action: "lambda:InvokeFunctionUrl", ...about, keys: { "lambda:FunctionUrlAuthType": String(authType) } },
      { action: "lambda:InvokeFunction", ...about, keys: { "lambda:InvokedViaFunctionUrl": "true" } },
    ],
    mutating: false,
    ...(authType === "NONE"
      ? { isPublic: true as const }
      : { signature: { service: "lambda", region, refuse: () => FORBIDDEN } }),
    locate() {
      if (!registry.find("AWS::Lambda::Url", arn, account, region)) throw forbidden();
    },
    execute: () => ({ status: 202, headers: {}, body: "" }),
    async proceed(call: CallContext) {
      const event = toFunctionUrlEvent(request, target, call, organizationOf(call.principal.account));
      const result = await invoker.invoke(arn, event);
      if (result.ok) return toFunctionUrlAnswer(result.result);
      if (!result.throttled) throw functionFailed();
      if (result.error.type === "ResourceNotFoundException") throw forbidden();
      throw new ServiceError(result.error.type, result.error.message, 429);
    },
  };
}

function forbidden(): ServiceError {
  return new ServiceError(FORBIDDEN.code, FORBIDDEN.message, FORBIDDEN.status);
}
