import { ServiceError } from "../errors.ts";
import { failure, type Service, type WireResponse } from "../operation.ts";
import { bindControlHandler, type ControlService } from "./control-service.ts";
import type { Input } from "./input.ts";

/** A control plane that speaks AWS JSON: `X-Amz-Target` names the operation. */
export function createJsonService(service: ControlService, version: "1.0" | "1.1"): Service {
  const contentType = `application/x-amz-json-${version}`;
  return {
    name: service.name,
    throttled: failure("ThrottlingException", "Rate exceeded", 400),
    broken: failure("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("UnrecognizedClientException", "The security token included in the request is invalid.", 400),
    accessDenied: { code: "AccessDeniedException", status: 400 },
    fail: ({ code, message, status, headers, members }) =>
      answer(status, { __type: code, message, ...members }, { "content-type": contentType, ...headers }),
    parse(request) {
      const name = request.headers["x-amz-target"]?.split(".").at(-1) ?? "";
      const handler = Object.hasOwn(service.handlers, name) ? service.handlers[name] : undefined;
      if (!handler) {
        throw new ServiceError(
          "UnknownOperationException",
          `The sandbox does not implement ${service.name} ${name}`,
          400,
        );
      }
      const input: Input = JSON.parse(request.body.toString("utf8") || "{}");
      return bindControlHandler(service, name, handler, input, (output) =>
        answer(handler.status ?? 200, output, { "content-type": contentType }),
      );
    },
  };
}

/** A data plane that speaks AWS JSON, with its administration: `control` takes the operations it has, `data` all others. */
export function withControlPlane(data: Service, control: ControlService): Service {
  const own = createJsonService(control, "1.0");
  return {
    ...data,
    parse(request, region) {
      const name = request.headers["x-amz-target"]?.split(".").at(-1) ?? "";
      return Object.hasOwn(control.handlers, name) ? own.parse(request, region) : data.parse(request, region);
    },
  };
}

function answer(status: number, content: unknown, headers: Record<string, string>): WireResponse {
  return { status, headers, body: JSON.stringify(content) };
}
