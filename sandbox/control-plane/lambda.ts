import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { ControlService } from "./control-service.ts";
import { eventSourceMappingHandlers } from "./event-source-mappings.ts";
import { functionUrlConfigHandlers } from "./function-url-configs.ts";
import { readText } from "./input.ts";
import { functionArn, functionHandlers, functionNameOf } from "./lambda-functions.ts";
import { type Invoker, parseInvocation } from "./lambda-invoke.ts";
import { createRestJsonService, type RestRoute } from "./rest-json-protocol.ts";

const FUNCTION = "/2015-03-31/functions/{FunctionName}";
const MAPPINGS = "/2015-03-31/event-source-mappings";

const ROUTES: Readonly<Record<string, RestRoute>> = {
  GetFunction: ["GET", FUNCTION],
  DeleteFunction: ["DELETE", FUNCTION],
  GetFunctionConfiguration: ["GET", `${FUNCTION}/configuration`],
  UpdateFunctionConfiguration: ["PUT", `${FUNCTION}/configuration`],
  UpdateFunctionCode: ["PUT", `${FUNCTION}/code`],
  GetFunctionConcurrency: ["GET", "/2019-09-30/functions/{FunctionName}/concurrency"],
  PutFunctionConcurrency: ["PUT", "/2017-10-31/functions/{FunctionName}/concurrency"],
  DeleteFunctionConcurrency: ["DELETE", "/2017-10-31/functions/{FunctionName}/concurrency"],
  GetFunctionUrlConfig: ["GET", "/2021-10-31/functions/{FunctionName}/url"],
  ListEventSourceMappings: ["GET", MAPPINGS],
  GetEventSourceMapping: ["GET", `${MAPPINGS}/{UUID}`],
  UpdateEventSourceMapping: ["PUT", `${MAPPINGS}/{UUID}`],
  DeleteEventSourceMapping: ["DELETE", `${MAPPINGS}/{UUID}`],
};

/** Lambda's functions, their URLs and event source mappings as `registry` has them; functions are invoked by `invoker`. */
export function createLambdaApi(registry: Registry, invoker: Invoker): Service {
  const service: ControlService = {
    name: "lambda",
    handlers: {
      ...functionHandlers(registry),
      ...functionUrlConfigHandlers(registry),
      ...eventSourceMappingHandlers(registry),
    },
    nameOf: (input) => readText(input, "UUID") ?? functionNameOf(input.FunctionName),
    arnOf: (input, caller) => functionArn(input.FunctionName, caller),
  };
  const api = createRestJsonService(service, ROUTES);
  return {
    ...api,
    parse: (request, region) => parseInvocation(request, registry, invoker) ?? api.parse(request, region),
  };
}
