import { ServiceError } from "../errors.ts";
import { busNameOf } from "../events/bridge.ts";
import { parseEventPattern } from "../events/pattern.ts";
import { parseSchedule } from "../events/schedule.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import { type Input, isRecord, readList, readText, requireText } from "./input.ts";
import { takePage } from "./page.ts";

const RULE = "AWS::Events::Rule";
/** What PutRule sets, and unsets when it is left out. */
const RULE_MEMBERS = ["Description", "RoleArn", "ScheduleExpression"] as const;

/** ARN of a rule by its name and its bus, which may be given by name or ARN. */
export function ruleArn(name: string, bus: string | undefined, { account, region }: Caller): string {
  const busName = busNameOf(bus);
  return `arn:aws:events:${region}:${account}:rule/${busName === "default" ? name : `${busName}/${name}`}`;
}

/** DescribeRule, ListRules, ListTargetsByRule and what changes rules and their targets. */
export function eventRuleHandlers(registry: Registry): Record<string, ControlHandler> {
  const find = (input: Input, member: "Name" | "Rule", caller: Caller): StackResource => {
    const name = requireText(input, member);
    const bus = readText(input, "EventBusName");
    const rule = registry.find(RULE, ruleArn(name, bus, caller), caller.account, caller.region);
    if (rule) return rule;
    throw new ServiceError(
      "ResourceNotFoundException",
      `Rule ${name} does not exist on EventBus ${bus ?? "default"}.`,
      400,
    );
  };
  const change = (input: Input, caller: Caller, properties: Record<string, unknown>): Record<string, never> => {
    const rule = find(input, "Name", caller);
    Object.assign(rule.properties, properties);
    registry.changed(rule);
    return {};
  };
  return {
    DescribeRule: {
      run: (input, caller) => ({ ...describeRule(find(input, "Name", caller)), CreatedBy: caller.account }),
    },
    ListRules: {
      arn: () => "*",
      run(input, caller) {
        const bus = busNameOf(input.EventBusName);
        const rules = registry
          .list(RULE, caller)
          .filter(({ properties }) => busNameOf(properties.EventBusName) === bus)
          .filter((rule) => nameOf(rule).startsWith(readText(input, "NamePrefix") ?? ""));
        const { items, next } = takePage(rules, input.NextToken, input.Limit, "ValidationException");
        return { Rules: items.map(describeRule), ...(next && { NextToken: next }) };
      },
    },
    ListTargetsByRule: {
      run(input, caller) {
        const targets = readList(find(input, "Rule", caller).properties.Targets);
        const { items, next } = takePage(targets, input.NextToken, input.Limit, "ValidationException");
        return { Targets: items, ...(next && { NextToken: next }) };
      },
    },
    PutRule: {
      mutating: true,
      run(input, caller) {
        const name = requireText(input, "Name");
        const bus = readText(input, "EventBusName");
        const arn = ruleArn(name, bus, caller);
        const pattern = readPattern(input);
        checkSchedule(input);
        const existing = registry.find(RULE, arn, caller.account, caller.region);
        const properties = {
          Name: name,
          ...(bus && { EventBusName: bus }),
          ...Object.fromEntries(RULE_MEMBERS.flatMap((member) => (input[member] ? [[member, input[member]]] : []))),
          ...(pattern && { EventPattern: pattern }),
          State: readText(input, "State") ?? "ENABLED",
          ...(existing?.properties.Targets !== undefined && { Targets: existing.properties.Targets }),
        };
        if (existing) {
          for (const member of Object.keys(existing.properties)) delete existing.properties[member];
          Object.assign(existing.properties, properties);
          registry.changed(existing);
        } else {
          const { account, region } = caller;
          registry.put({ type: RULE, identifier: arn, arn, account, region, properties });
        }
        return { RuleArn: arn };
      },
    },
    EnableRule: { mutating: true, run: (input, caller) => change(input, caller, { State: "ENABLED" }) },
    DisableRule: { mutating: true, run: (input, caller) => change(input, caller, { State: "DISABLED" }) },
    DeleteRule: {
      mutating: true,
      run(input, caller) {
        const rule = find(input, "Name", caller);
        if (readList(rule.properties.Targets).length > 0) {
          throw new ServiceError("ValidationException", "Rule can't be deleted since it has targets.", 400);
        }
        registry.remove(rule);
        return {};
      },
    },
    PutTargets: {
      mutating: true,
      run(input, caller) {
        const rule = find(input, "Rule", caller);
        const added = readList(input.Targets).filter(isRecord);
        rule.properties.Targets = [...withoutTargets(rule, added.map(idOf)), ...added];
        registry.changed(rule);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    RemoveTargets: {
      mutating: true,
      run(input, caller) {
        const rule = find(input, "Rule", caller);
        rule.properties.Targets = withoutTargets(rule, readList(input.Ids).map(String));
        registry.changed(rule);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
  };
}

/** What PutRule refuses: a pattern that EventBridge doesn't understand. */
function readPattern(input: Input): Record<string, unknown> | undefined {
  const text = readText(input, "EventPattern");
  if (!text) return undefined;
  try {
    parseEventPattern(text);
  } catch (error) {
    throw new ServiceError("InvalidEventPatternException", error instanceof Error ? error.message : String(error), 400);
  }
  return JSON.parse(text);
}

/** And a schedule that it doesn't, or on a bus where there are none, or neither of them. */
function checkSchedule(input: Input): void {
  const schedule = readText(input, "ScheduleExpression");
  const refuse = (message: string) => new ServiceError("ValidationException", message, 400);
  if (!schedule) {
    if (readText(input, "EventPattern")) return;
    throw refuse("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  if (busNameOf(input.EventBusName) !== "default") {
    throw refuse("ScheduleExpression is supported only on the default event bus.");
  }
  try {
    parseSchedule(schedule);
  } catch {
    throw refuse("Parameter ScheduleExpression is not valid.");
  }
}

function withoutTargets(rule: StackResource, ids: readonly string[]): Record<string, unknown>[] {
  return readList(rule.properties.Targets)
    .filter(isRecord)
    .filter((target) => !ids.includes(idOf(target)));
}

function idOf(target: Record<string, unknown>): string {
  return String(target.Id);
}

function nameOf({ arn }: StackResource): string {
  return arn.split("/").at(-1) ?? "";
}

function describeRule(rule: StackResource): Record<string, unknown> {
  const { EventPattern, Targets: _targets, Tags: _tags, ...properties } = rule.properties;
  return {
    ...properties,
    Name: nameOf(rule),
    Arn: rule.arn,
    EventBusName: busNameOf(properties.EventBusName),
    State: properties.State ?? "ENABLED",
    ...(EventPattern !== undefined && { EventPattern: JSON.stringify(EventPattern) }),
  };
}
