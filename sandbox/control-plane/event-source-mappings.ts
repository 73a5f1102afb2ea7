import { ServiceError } from "../errors.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { functionArn, functionNameOf } from "./lambda-functions.ts";
import { takePage } from "./page.ts";

const MAPPING = "AWS::Lambda::EventSourceMapping";
/** Settings of UpdateEventSourceMapping that CloudFormation has under the same name. */
const SETTINGS = [
  "BatchSize",
  "BisectBatchOnFunctionError",
  "DestinationConfig",
  "Enabled",
  "FilterCriteria",
  "FunctionName",
  "FunctionResponseTypes",
  "MaximumBatchingWindowInSeconds",
  "MaximumRecordAgeInSeconds",
  "MaximumRetryAttempts",
  "ParallelizationFactor",
  "ScalingConfig",
  "TumblingWindowInSeconds",
] as const;

/** What feeds functions from queues and streams. */
export function eventSourceMappingHandlers(registry: Registry): Record<string, ControlHandler> {
  const find = (input: Input, caller: Caller): StackResource => {
    const found = registry.find(MAPPING, requireText(input, "UUID"), caller.account, caller.region);
    if (found) return found;
    const message = "The resource you requested does not exist.";
    throw new ServiceError("ResourceNotFoundException", message, 404, { members: { Type: "User" } });
  };
  const arn = (input: Input, { account, region }: Caller) =>
    `arn:aws:lambda:${region}:${account}:event-source-mapping:${readText(input, "UUID") ?? "*"}`;
  return {
    GetEventSourceMapping: {
      arn,
      run: (input, caller) => describeMapping(find(input, caller), caller),
    },
    ListEventSourceMappings: {
      arn: () => "*",
      run(input, caller) {
        const name = functionNameOf(input.FunctionName);
        const source = readText(input, "EventSourceArn");
        const mappings = registry
          .list(MAPPING, caller)
          .filter(({ properties }) => name === "" || functionNameOf(properties.FunctionName) === name)
          .filter(({ properties }) => source === undefined || properties.EventSourceArn === source);
        const { items, next } = takePage(mappings, input.Marker, input.MaxItems, "InvalidParameterValueException");
        const EventSourceMappings = items.map((mapping) => describeMapping(mapping, caller));
        return { EventSourceMappings, ...(next && { NextMarker: next }) };
      },
    },
    UpdateEventSourceMapping: {
      mutating: true,
      arn,
      eventName: "UpdateEventSourceMapping20150331",
      status: 202,
      run(input, caller) {
        const mapping = find(input, caller);
        for (const setting of SETTINGS) {
          if (input[setting] !== undefined) mapping.properties[setting] = input[setting];
        }
        registry.changed(mapping);
        return { ...describeMapping(mapping, caller), State: "Updating" };
      },
    },
    DeleteEventSourceMapping: {
      mutating: true,
      arn,
      eventName: "DeleteEventSourceMapping20150331",
      status: 202,
      run(input, caller) {
        const mapping = find(input, caller);
        registry.remove(mapping);
        return { ...describeMapping(mapping, caller), State: "Deleting" };
      },
    },
  };
}

function describeMapping({ identifier, arn, properties }: StackResource, caller: Caller): Record<string, unknown> {
  const { Enabled, FunctionName, EventSourceArn, StartingPosition } = properties;
  const settings = Object.fromEntries(
    SETTINGS.flatMap((setting) => (properties[setting] === undefined ? [] : [[setting, properties[setting]]])),
  );
  const { Enabled: _enabled, FunctionName: _name, ...shown } = settings;
  return {
    ...shown,
    UUID: identifier,
    EventSourceMappingArn: arn,
    EventSourceArn,
    ...(StartingPosition !== undefined && { StartingPosition }),
    FunctionArn: functionArn(FunctionName, caller),
    State: Enabled === false ? "Disabled" : "Enabled",
    StateTransitionReason: "User action",
  };
}
