import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, isRecord, readList, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

const RECORDER = "AWS::Config::ConfigurationRecorder";

/**
 * AWS Config's recorders, customer-managed ones. CloudFormation has no property for whether one is recording: it is kept
 * as `Recording` beside the properties, with `StartedAt` and `StoppedAt` in epoch ms.
 */
export function createConfig(registry: Registry): Service {
  const findNamed = (name: string, { account, region }: Caller): StackResource => {
    const recorder = registry.find(RECORDER, name, account, region);
    if (recorder) return recorder;
    throw new ServiceError(
      "NoSuchConfigurationRecorderException",
      `Cannot find configuration recorder with the specified name '${name}'.`,
      400,
    );
  };
  const find = (input: Input, caller: Caller) => findNamed(requireText(input, "ConfigurationRecorderName"), caller);
  const asked = (input: Input, caller: Caller): readonly StackResource[] => {
    const names = readList(input.ConfigurationRecorderNames).map(String);
    return names.length > 0 ? names.map((name) => findNamed(name, caller)) : registry.list(RECORDER, caller);
  };
  const record = (on: boolean): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const recorder = find(input, caller);
      recorder.properties.Recording = on;
      recorder.properties[on ? "StartedAt" : "StoppedAt"] = caller.at;
      registry.changed(recorder);
      return {};
    },
  });
  const service: ControlService = {
    name: "config",
    nameOf: (input) => readText(input, "ConfigurationRecorderName") ?? "",
    // Its ARN ends in an id that no call names.
    arnOf(input, { account, region }) {
      const recorder = registry.find(RECORDER, readText(input, "ConfigurationRecorderName") ?? "", account, region);
      return recorder?.arn ?? `arn:aws:config:${region}:${account}:configuration-recorder/*/*`;
    },
    handlers: {
      DescribeConfigurationRecorders: {
        run: (input, caller) => ({ ConfigurationRecorders: asked(input, caller).map(describeRecorder) }),
      },
      DescribeConfigurationRecorderStatus: {
        run: (input, caller) => ({ ConfigurationRecordersStatus: asked(input, caller).map(describeStatus) }),
      },
      StopConfigurationRecorder: record(false),
      StartConfigurationRecorder: record(true),
      DeleteConfigurationRecorder: {
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

function describeRecorder({ identifier, arn, properties }: StackResource): Record<string, unknown> {
  const { RoleARN, RecordingGroup, RecordingMode } = properties;
  return {
    arn,
    name: identifier,
    roleARN: RoleARN,
    recordingGroup: toMembers(RecordingGroup ?? { AllSupported: true, IncludeGlobalResourceTypes: false }),
    ...(RecordingMode !== undefined && { recordingMode: toMembers(RecordingMode) }),
    recordingScope: "PAID",
  };
}

function describeStatus({ identifier, arn, properties }: StackResource): Record<string, unknown> {
  const { Recording, StartedAt, StoppedAt } = properties;
  return {
    arn,
    name: identifier,
    recording: Recording === true,
    lastStatus: Recording === true ? "SUCCESS" : "PENDING",
    ...(typeof StartedAt === "number" && { lastStartTime: StartedAt / 1000 }),
    ...(typeof StoppedAt === "number" && { lastStopTime: StoppedAt / 1000 }),
  };
}

/** CloudFormation's `AllSupported` is AWS Config's `allSupported`. */
function toMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toMembers);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), toMembers(member)]),
  );
}
