import type { SandboxClock } from "../clock.ts";
import type { EventBridgeEvent } from "../cloudtrail.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import { type EventMatcher, parseEventPattern } from "./pattern.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";
import { createTargets, type TargetContext, type Undelivered } from "./targets.ts";

/** The bus an event is put on: name or ARN; the default bus of the event's own account and Region by default. */
export interface BusPlace {
  bus?: string;
  account?: string;
  region?: string;
}

/** EventBridge in every account and Region: what rules say is read from the registry at each event. */
export interface EventBridge {
  put(event: EventBridgeEvent, place?: BusPlace): void;
  /** Fire the schedules that have become due. `isSkipped`: pass over them, as if they had been due at another time. */
  tick(isSkipped: boolean): void;
  /** What a rule's target did not take, oldest first: CloudWatch's FailedInvocations, with the reason. */
  readonly undelivered: readonly Undelivered[];
}

export interface EventBridgeContext extends Omit<TargetContext, "forward" | "undelivered"> {
  registry: Registry;
  clock: SandboxClock;
}

interface Timed {
  expression: string;
  schedule: Schedule;
  /** Epoch ms when the rule was put with this expression. */
  since: number;
  /** Epoch ms up to which it has fired. */
  until: number;
}

const RULE = "AWS::Events::Rule";
const WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/** No rules yet but those in the registry. */
export function createEventBridge(context: EventBridgeContext): EventBridge {
  const { registry, clock } = context;
  const matchers = new Map<string, EventMatcher>();
  const timed = new Map<string, Timed>();
  const undelivered: Undelivered[] = [];

  const matches = (rule: StackResource, event: EventBridgeEvent): boolean => {
    const { EventPattern } = rule.properties;
    if (EventPattern === undefined) return false;
    const text = typeof EventPattern === "string" ? EventPattern : JSON.stringify(EventPattern);
    const matcher = matchers.get(text) ?? parseEventPattern(text);
    matchers.set(text, matcher);
    return matcher(event);
  };
  /** `hops`: how many buses it has been on before this one. */
  const put = (event: EventBridgeEvent, bus: string, account: string, region: string, hops: number): void => {
    for (const rule of registry.list(RULE, { account, region })) {
      if (busNameOf(rule.properties.EventBusName) === bus && hears(rule, event) && matches(rule, event))
        targets.deliver(rule, event, hops);
    }
  };
  const targets = createTargets({
    ...context,
    undelivered,
    forward: (event, bus) => put(event, busNameOf(bus.properties.Name), bus.account, bus.region, 1),
  });
  const watch = (): void => {
    const rules = registry.list(RULE).filter(({ properties }) => typeof properties.ScheduleExpression === "string");
    const arns = new Set(rules.map(({ arn }) => arn));
    for (const arn of timed.keys()) if (!arns.has(arn)) timed.delete(arn);
    for (const { arn, properties } of rules) {
      const expression = String(properties.ScheduleExpression);
      if (timed.get(arn)?.expression === expression) continue;
      const now = clock.now();
      timed.set(arn, { expression, schedule: parseSchedule(expression), since: now, until: now });
    }
  };
  registry.onChange(watch);

  return {
    undelivered,
    put(event, { bus = "default", account, region } = {}) {
      const [, , , itsRegion, itsAccount] = bus.startsWith("arn:") ? bus.split(":") : [];
      put(event, busNameOf(bus), itsAccount ?? account ?? event.account, itsRegion ?? region ?? event.region, 0);
    },
    tick(isSkipped) {
      const now = clock.now();
      for (const [arn, { schedule, since, until }] of [...timed]) {
        const rule = registry.list(RULE).find((each) => each.arn === arn);
        for (let due = schedule(until, since); rule && due !== undefined && due <= now; due = schedule(due, since)) {
          const entry = timed.get(arn);
          if (entry) entry.until = due;
          if (!isSkipped && isEnabled(rule)) targets.deliver(rule, describeTick(rule, due, context.createId()), 0);
        }
      }
    },
  };
}

/** `AWS::Events::Rule`'s EventBusName: nothing, a name or an ARN. */
export function busNameOf(value: unknown): string {
  return typeof value === "string" && value !== "" ? (value.split("/").at(-1) ?? value) : "default";
}

/** Reads that CloudTrail tells of take a state of their own, or are dropped whatever the pattern (EventBridge user guide, "read-only management events"). */
function hears(rule: StackResource, event: EventBridgeEvent): boolean {
  if (rule.properties.State === WITH_READS) return true;
  return isEnabled(rule) && !isManagementRead(event);
}

/** By name, as the guide has it. Of STS's calls these two count as changes there, and AssumeRole does not. */
function isManagementRead({ "detail-type": type, detail }: EventBridgeEvent): boolean {
  const { eventName, eventSource, readOnly, managementEvent } = detail;
  if (!type.endsWith("via CloudTrail") || String(readOnly) !== "true" || managementEvent === false) return false;
  if (eventName === "GetFederationToken" || eventName === "GetSessionToken") return false;
  return /^(Describe|Get|List)/.test(String(eventName)) || eventSource === "sts.amazonaws.com";
}

function isEnabled({ properties }: StackResource): boolean {
  return properties.State !== "DISABLED";
}

/** What a schedule gives its targets; it comes on no bus. */
function describeTick({ arn, account, region }: StackResource, at: number, id: string): EventBridgeEvent {
  return {
    version: "0",
    id,
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account,
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region,
    resources: [arn],
    detail: {},
  };
}
