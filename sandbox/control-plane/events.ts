import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { ControlService } from "./control-service.ts";
import { eventBusHandlers, type PublishEvent } from "./event-buses.ts";
import { eventRuleHandlers, ruleArn } from "./event-rules.ts";
import { readText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

/** EventBridge's rules, targets, buses and PutEvents, as `registry` has them. Managed rules, archives and tags are not there. */
export function createEvents(registry: Registry, publish: PublishEvent, createId: () => string): Service {
  const service: ControlService = {
    name: "events",
    handlers: { ...eventRuleHandlers(registry), ...eventBusHandlers(registry, publish, createId) },
    nameOf: (input) => readText(input, "Rule") ?? readText(input, "Name") ?? readText(input, "EventBusName") ?? "",
    arnOf: (input, caller) =>
      ruleArn(readText(input, "Rule") ?? readText(input, "Name") ?? "", readText(input, "EventBusName"), caller),
  };
  return createJsonService(service, "1.1");
}
