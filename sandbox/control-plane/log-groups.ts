import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

const LOG_GROUP = "AWS::Logs::LogGroup";

/** Log groups as they are configured. Nothing is logged to them. */
export function createLogs(registry: Registry): Service {
  const find = (input: Input, { account, region }: Caller): StackResource => {
    const group = registry.find(LOG_GROUP, requireText(input, "logGroupName"), account, region);
    if (group) return group;
    throw new ServiceError("ResourceNotFoundException", "The specified log group does not exist.", 400);
  };
  const retain = (daysOf: (input: Input) => unknown): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const group = find(input, caller);
      const days = daysOf(input);
      if (days === undefined) delete group.properties.RetentionInDays;
      else group.properties.RetentionInDays = days;
      registry.changed(group);
      return {};
    },
  });
  const service: ControlService = {
    name: "logs",
    nameOf: (input) => readText(input, "logGroupName") ?? "",
    arnOf: (input, { account, region }) => `arn:aws:logs:${region}:${account}:log-group:${input.logGroupName}`,
    handlers: {
      PutRetentionPolicy: retain((input) => input.retentionInDays),
      DeleteRetentionPolicy: retain(() => undefined),
      DeleteLogGroup: {
        mutating: true,
        run(input, caller) {
          registry.remove(find(input, caller));
          return {};
        },
      },
    },
  };
  return createJsonService(service, "1.1");
}
