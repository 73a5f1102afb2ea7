import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, readList, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

const ALARM = "AWS::CloudWatch::Alarm";

/** CloudWatch's metric alarms as they are configured; none ever goes off. */
export function createMonitoring(registry: Registry): Service {
  const setActions = (on: boolean): ControlHandler => ({
    mutating: true,
    run(input, { account, region }) {
      for (const name of namesOf(input)) {
        const alarm = registry.find(ALARM, name, account, region);
        if (!alarm) continue;
        alarm.properties.ActionsEnabled = on;
        registry.changed(alarm);
      }
      return {};
    },
  });
  const service: ControlService = {
    name: "monitoring",
    iamPrefix: "cloudwatch",
    nameOf: (input) => namesOf(input)[0] ?? "",
    arnOf: (input, caller) => alarmArn(namesOf(input)[0] ?? "", caller),
    handlers: {
      PutMetricAlarm: {
        mutating: true,
        run(input, caller) {
          const name = requireText(input, "AlarmName");
          const { account, region } = caller;
          const arn = alarmArn(name, caller);
          registry.put({ type: ALARM, identifier: name, arn, account, region, properties: { ...input } });
          return {};
        },
      },
      DisableAlarmActions: setActions(false),
      EnableAlarmActions: setActions(true),
      DeleteAlarms: {
        mutating: true,
        run(input, { account, region }) {
          for (const name of namesOf(input)) {
            const alarm = registry.find(ALARM, name, account, region);
            if (alarm) registry.remove(alarm);
          }
          return {};
        },
      },
    },
  };
  return createJsonService(service, "1.0");
}

function namesOf(input: Input): string[] {
  return typeof input.AlarmName === "string" ? [input.AlarmName] : readList(input.AlarmNames).map(String);
}

function alarmArn(name: string, { account, region }: Caller): string {
  return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
}
