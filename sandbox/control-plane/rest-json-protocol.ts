import { ServiceError } from "../errors.ts";
import { failure, type Service, type WireRequest, type WireResponse } from "../operation.ts";
import { bindControlHandler, type ControlService } from "./control-service.ts";
import type { Input } from "./input.ts";

/** Where an operation lives: `["PUT", "/2015-03-31/functions/{FunctionName}/code"]`. */
export type RestRoute = readonly [method: string, path: string];

/** A control plane that speaks REST with JSON bodies: method and path name the operation, labels and query are members. */
export function createRestJsonService(service: ControlService, routes: Readonly<Record<string, RestRoute>>): Service {
  return {
    name: service.name,
    throttled: failure("TooManyRequestsException", "Rate Exceeded.", 429),
    broken: failure("ServiceException", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("UnrecognizedClientException", "The security token included in the request is invalid.", 403),
    accessDenied: { code: "AccessDeniedException", status: 403 },
    fail: ({ code, message, status, headers, members }) =>
      answer(status, { message, ...members }, { "x-amzn-errortype": code, ...headers }),
    parse(request) {
      for (const [name, route] of Object.entries(routes)) {
        const handler = service.handlers[name];
        const labels = readLabels(request, route);
        if (!handler || !labels) continue;
        return bindControlHandler(service, name, handler, readInput(request, labels), (output) => {
          const status = handler.status ?? 200;
          return status === 204 ? { status, headers: {}, body: "" } : answer(status, output, {});
        });
      }
      const target = `${request.method} ${request.path}`;
      throw new ServiceError("UnknownOperationException", `The sandbox's ${service.name} has no ${target}`, 404);
    },
  };
}

/** Values of the path's labels; undefined when the request is not for this route. */
export function readLabels(request: WireRequest, [method, path]: RestRoute): Input | undefined {
  if (method !== request.method) return undefined;
  const expected = path.split("/");
  const found = request.path.replace(/\/$/, "").split("/");
  if (expected.length !== found.length) return undefined;
  const labels: Input = {};
  for (const [index, part] of expected.entries()) {
    const text = found[index] ?? "";
    const [, label] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (label) labels[label] = decodeURIComponent(text);
    else if (part !== text) return undefined;
  }
  return labels;
}

function readInput(request: WireRequest, labels: Input): Input {
  const body: Input = JSON.parse(request.body.toString("utf8") || "{}");
  return { ...labels, ...Object.fromEntries(request.query), ...body };
}

function answer(status: number, content: unknown, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(content) };
}
