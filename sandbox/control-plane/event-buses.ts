import type { EventBridgeEvent } from "../cloudtrail.ts";
import { ServiceError } from "../errors.ts";
import { busNameOf } from "../events/bridge.ts";
import type { Registry } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import { isRecord, parseObject, readList, readText, requireText } from "./input.ts";

const BUS = "AWS::Events::EventBus";
const POLICY = "AWS::Events::EventBusPolicy";

/** Gives an event to a bus, named by its ARN. */
export type PublishEvent = (event: EventBridgeEvent, busArn: string) => void;

/** ARN of a bus by its name or ARN. */
export function busArn(bus: unknown, { account, region }: Caller): string {
  return typeof bus === "string" && bus.startsWith("arn:")
    ? bus
    : `arn:aws:events:${region}:${account}:event-bus/${busNameOf(bus)}`;
}

/** Buses, who may send to them, and PutEvents. Every account and Region has its `default` bus, in the registry or not. */
export function eventBusHandlers(
  registry: Registry,
  publish: PublishEvent,
  createId: () => string,
): Record<string, ControlHandler> {
  const findBus = (name: string, caller: Caller) => registry.find(BUS, name, caller.account, caller.region);
  const requireBus = (value: unknown, caller: Caller): string => {
    const name = busNameOf(value);
    if (name === "default" || findBus(name, caller)) return name;
    throw new ServiceError("ResourceNotFoundException", `Event bus ${name} does not exist.`, 400);
  };
  const policiesOf = (name: string, caller: Caller) =>
    registry.list(POLICY, caller).filter(({ properties }) => busNameOf(properties.EventBusName) === name);
  const statementsOf = (name: string, caller: Caller): unknown[] => [
    ...policiesOf(name, caller).map(({ properties }) => readStatement(properties, busArn(name, caller))),
    ...readList(Object(findBus(name, caller)?.properties.Policy).Statement),
  ];
  return {
    DescribeEventBus: {
      arn: (input, caller) => busArn(input.Name, caller),
      run(input, caller) {
        const name = requireBus(input.Name, caller);
        const statements = statementsOf(name, caller);
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
        return { Name: name, Arn: busArn(name, caller), ...(statements.length > 0 && { Policy }) };
      },
    },
    PutPermission: {
      arn: () => "*",
      mutating: true,
      run(input, caller) {
        const name = requireBus(input.EventBusName, caller);
        const put = (StatementId: string, properties: Record<string, unknown>): void =>
          registry.put({
            type: POLICY,
            identifier: `${name}|${StatementId}`,
            arn: busArn(name, caller),
            account: caller.account,
            region: caller.region,
            properties: { EventBusName: name, StatementId, ...properties },
          });
        const policy = readText(input, "Policy");
        if (policy) {
          for (const existing of policiesOf(name, caller)) registry.remove(existing);
          const statements = readList(parseObject(policy, "ValidationException").Statement).filter(isRecord);
          for (const [index, Statement] of statements.entries()) {
            put(String(Statement.Sid ?? `statement-${index}`), { Statement });
          }
          return {};
        }
        const { Action, Principal, Condition } = input;
        put(requireText(input, "StatementId"), { Action, Principal, ...(Condition !== undefined && { Condition }) });
        return {};
      },
    },
    RemovePermission: {
      arn: () => "*",
      mutating: true,
      run(input, caller) {
        const name = requireBus(input.EventBusName, caller);
        const policies = policiesOf(name, caller);
        const removed = input.RemoveAllPermissions
          ? policies
          : policies.filter(({ properties }) => properties.StatementId === input.StatementId);
        if (removed.length === 0 && !input.RemoveAllPermissions) {
          throw new ServiceError("ResourceNotFoundException", "Statement with the provided id does not exist.", 400);
        }
        for (const policy of removed) registry.remove(policy);
        return {};
      },
    },
    DeleteEventBus: {
      arn: (input, caller) => busArn(input.Name, caller),
      mutating: true,
      run(input, caller) {
        const name = requireText(input, "Name");
        if (name === "default") {
          throw new ServiceError("ValidationException", "Cannot delete event bus default.", 400);
        }
        const rules = registry.list("AWS::Events::Rule", caller);
        if (rules.some(({ properties }) => busNameOf(properties.EventBusName) === name)) {
          throw new ServiceError("ValidationException", "EventBus can't be deleted since it has rules.", 400);
        }
        const bus = findBus(name, caller);
        for (const policy of policiesOf(name, caller)) registry.remove(policy);
        if (bus) registry.remove(bus);
        return {};
      },
    },
    PutEvents: {
      mutating: true,
      eventName: false,
      permissions: (input, caller) =>
        [
          ...new Set(readList(input.Entries).map((entry) => busArn(Object(entry).EventBusName ?? "default", caller))),
        ].map((resource) => ({
          action: "events:PutEvents",
          resource,
          account: resource.split(":")[4] ?? caller.account,
        })),
      run(input, caller) {
        const entries = readList(input.Entries)
          .filter(isRecord)
          .map((entry) => {
            const refusal = refuseEntry(entry);
            if (refusal) return refusal;
            const event = readEntry(entry, caller, createId());
            publish(event, busArn(entry.EventBusName ?? "default", caller));
            return { EventId: event.id };
          });
        return { FailedEntryCount: entries.filter((entry) => "ErrorCode" in entry).length, Entries: entries };
      },
    },
  };
}

/** A statement as a policy has it; the older form names action and principal apart. */
function readStatement(properties: Record<string, unknown>, resource: string): unknown {
  const { Statement, StatementId, Action, Principal, Condition } = properties;
  if (Statement) return Statement;
  const condition = isRecord(Condition) && {
    Condition: { [String(Condition.Type)]: { [String(Condition.Key)]: Condition.Value } },
  };
  return {
    Sid: StatementId,
    Effect: "Allow",
    Principal: Principal === "*" ? "*" : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: resource,
    ...condition,
  };
}

function refuseEntry(entry: Record<string, unknown>): { ErrorCode: string; ErrorMessage: string } | undefined {
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  for (const member of ["Source", "DetailType", "Detail"]) {
    if (!readText(entry, member)) {
      return refuse("InvalidArgument", `Parameter ${member} is not valid. Reason: ${member} is a required argument.`);
    }
  }
  if (String(entry.Source).startsWith("aws.")) {
    return refuse("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  try {
    if (isRecord(JSON.parse(String(entry.Detail)))) return undefined;
  } catch {
    // Refused below.
  }
  return refuse("MalformedDetail", "Detail is malformed.");
}

function readEntry(entry: Record<string, unknown>, { account, region, at }: Caller, id: string): EventBridgeEvent {
  const time = typeof entry.Time === "number" ? entry.Time * 1000 : at;
  return {
    version: "0",
    id,
    "detail-type": String(entry.DetailType),
    source: String(entry.Source),
    account,
    time: `${new Date(time).toISOString().slice(0, 19)}Z`,
    region,
    resources: readList(entry.Resources).map(String),
    detail: JSON.parse(String(entry.Detail)),
  };
}
