import { CONSUMERS } from "../shared/journal/keys.ts";
import { OVERDUE_SECONDS, SWEEPS_EVERY_MINUTES } from "../shared/outbox/sweep-outbox.ts";
import { metricsNamespace } from "../shared/runtime/metrics-namespace.ts";
import { ARCHIVIST } from "./evidence-store.ts";
import { type FunctionDefinition, functionsOf, queueNames } from "./functions.ts";
import { GUARD, LOOKS_EVERY_MINUTES } from "./guard.ts";
import { type Json, logicalId } from "./json.ts";
import type { Stack } from "./stack.ts";

interface Watched {
  readonly id: string;
  /** What has happened, for whoever is paged. */
  readonly says: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly statistic: "Sum" | "Maximum";
  readonly threshold: number;
  readonly periodSeconds?: number;
  readonly periods?: number;
  /** It is bad to be below the threshold, not above. */
  readonly isLow?: boolean;
  /** No data is bad news. */
  readonly mustReport?: boolean;
  /** No data is no news: it stays as it is until there is some. */
  readonly staysUntilTold?: boolean;
}

const HOUR_SECONDS = 3_600;
/** Tickets wait for quiet hours and quiet periods, too. */
const TICKETS_LATE_HOURS = 15;

/** Of a metric that the functions themselves write. */
type Own = Omit<Watched, "namespace">;

/** What pages somebody. Each alarm says what has happened, and tells one topic when it begins and when it is over. */
export function alarms(stack: Stack): Record<string, Json> {
  const { name } = stack;
  const topic: Json = { Type: "AWS::SNS::Topic", Properties: { TopicName: `${name}-alarms` } };
  const all = [
    refused(),
    ...functionsOf(stack).flatMap((definition) => watched(name, definition)),
    ...[...CONSUMERS.map(outboxAge), ...sweepNews(), trackersDown(), chainHead(), guardHeartbeat(), ...guardNews()].map(
      (each) => ({
        ...each,
        namespace: metricsNamespace(name),
      }),
    ),
  ];
  return Object.fromEntries([
    ["AlarmTopic", topic],
    ...all.map((each) => [`${each.id}Alarm`, alarm(name, each)] as const),
  ]);
}

/** Told by every sweep: no word from it means that nobody brings again what was lost. */
function outboxAge(consumer: string): Own {
  return {
    id: `${logicalId(consumer)}OutboxAge`,
    says: `Entries for ${consumer} have not been acknowledged for half an hour, or the sweep tells nothing.`,
    metric: "outbox-oldest-age-seconds",
    dimensions: { service: "sweep", consumer },
    statistic: "Maximum",
    threshold: OVERDUE_SECONDS,
    periodSeconds: SWEEPS_EVERY_MINUTES * 60,
    periods: 2,
    mustReport: true,
  };
}

/** Told by every sweep: that nothing is contained, or that what is due is looked at late. */
function sweepNews(): readonly Own[] {
  const told = { dimensions: { service: "sweep" }, statistic: "Maximum", threshold: 1 } as const;
  const periodSeconds = SWEEPS_EVERY_MINUTES * 60;
  return [
    {
      ...told,
      id: "BrakeOn",
      says: "Cordon's brake is on: nothing is contained, what leaves the jurisdiction goes on. The finding says who put it on and why.",
      metric: "brake-on",
      staysUntilTold: true,
      periodSeconds,
    },
    {
      ...told,
      id: "DueLooksLeft",
      says: "More is due to be looked at than a sweep has time for: questions, exceptions and turns end later than they say.",
      metric: "due-looks-left",
      periodSeconds,
      periods: 2,
    },
  ];
}

/** Tickets that trackers do not take: a queue's age says nothing of messages that were received a few times. */
function trackersDown(): Own {
  return {
    id: "TrackersDown",
    says: "A tracker has taken no ticket for an hour, or its credentials can't be used: the log of deliver-tickets says which and why. Nothing is lost; containment does not wait.",
    metric: "ticket-postponed",
    dimensions: { service: "deliver-tickets" },
    statistic: "Sum",
    threshold: 1,
    periodSeconds: 900,
    periods: 4,
  };
}

/** The archivist's: what the table says of a chain's end is not what the locked objects say. */
function chainHead(): Own {
  return {
    id: "ChainHead",
    says: "The table's head of a chain of evidence is not borne out by its objects: somebody wrote to one or the other.",
    metric: "chain-head-mistrusted",
    dimensions: { service: ARCHIVIST },
    statistic: "Sum",
    threshold: 1,
  };
}

/** Counted by the guard each time it has looked around. */
function guardHeartbeat(): Own {
  return {
    id: `${logicalId(GUARD)}Heartbeat`,
    says: "Nobody looks whether Cordon itself is as deployed: the guard has not come round three times.",
    metric: "heartbeat",
    dimensions: { service: GUARD },
    statistic: "Sum",
    threshold: 1,
    isLow: true,
    periodSeconds: LOOKS_EVERY_MINUTES * 60,
    // A deployment may cost one round.
    periods: 3,
    mustReport: true,
  };
}

/** What the guard finds of Cordon itself goes to the topic without a ticket between: what opens tickets may be what was switched off. */
function guardNews(): readonly Own[] {
  const told = { dimensions: { service: GUARD }, statistic: "Maximum", threshold: 1 } as const;
  const id = logicalId(GUARD);
  return [
    {
      ...told,
      id: `${id}Findings`,
      says: "Cordon itself is not as deployed, or can't be read: the guard's findings and its log say what.",
      metric: "cell-findings-open",
      // Told at once by an event, and by every round until one finds nothing any more.
      staysUntilTold: true,
    },
    {
      ...told,
      id: `${id}LooksFailed`,
      says: "AWS gives the guard no answer about Cordon itself or an account, round after round: its log says about what.",
      metric: "looks-failed",
      periodSeconds: LOOKS_EVERY_MINUTES * 60,
      periods: 2,
    },
    {
      ...told,
      id: `${id}LooksLeft`,
      says: "The guard has no time to look at every account and Region: each is looked at less often than every quarter of an hour.",
      metric: "looks-left",
      periodSeconds: LOOKS_EVERY_MINUTES * 60,
      periods: 2,
    },
  ];
}

function refused(): Watched {
  return {
    ...deep("Refused", "RefusedQueue"),
    says: "Events were refused: nothing was done about them. The messages say why.",
  };
}

function watched(name: string, definition: FunctionDefinition) {
  const { name: fn, trigger, timeoutSeconds } = definition;
  const id = logicalId(fn);
  const lambda = { namespace: "AWS/Lambda", dimensions: { FunctionName: `${name}-${fn}` }, threshold: 1 } as const;
  const some: Watched[] = [
    { ...lambda, id: `${id}Errors`, metric: "Errors", statistic: "Sum", says: `${fn} failed.` },
    { ...lambda, id: `${id}Throttles`, metric: "Throttles", statistic: "Sum", says: `${fn} was held back by Lambda.` },
  ];
  for (const queue of trigger === "stream" ? [fn] : queueNames(definition)) {
    // What EventBridge couldn't deliver lies there too, so its FailedInvocations have no alarm of their own: it counts them by rule only, and an alarm takes ten.
    const says = `${fn} gave messages up: they are in its dead-letter queue${queue === fn ? "" : ` for ${queue}`}.`;
    some.push({ ...deep(`${logicalId(queue)}Dead`, `${logicalId(queue)}DeadQueue`), says });
  }
  for (const queue of queueNames(definition)) {
    some.push({
      ...ofQueue(`${logicalId(queue)}Queue`),
      id: `${logicalId(queue)}Age`,
      metric: "ApproximateAgeOfOldestMessage",
      statistic: "Maximum",
      // Twice the visibility timeout: one delivery has failed and the next is late.
      threshold: trigger === "inboxes" ? HOUR_SECONDS * TICKETS_LATE_HOURS : timeoutSeconds * 12,
      says: queue === fn ? `Events wait for ${fn}.` : `Tickets wait in ${queue}: its tracker takes none.`,
    });
  }
  if (trigger === "stream") {
    some.push({
      ...lambda,
      id: `${id}IteratorAge`,
      metric: "IteratorAge",
      statistic: "Maximum",
      threshold: HOUR_SECONDS * 1_000,
      says: `${fn} lags behind the table's stream, which forgets after 24 hours; the sweep brings again what it forgets.`,
    });
  }
  return some;
}

function ofQueue(queue: string) {
  return { namespace: "AWS/SQS", dimensions: { QueueName: { "Fn::GetAtt": [queue, "QueueName"] } } } as const;
}

function deep(id: string, queue: string) {
  return {
    ...ofQueue(queue),
    id,
    metric: "ApproximateNumberOfMessagesVisible",
    statistic: "Maximum",
    threshold: 1,
  } as const;
}

function alarm(name: string, each: Watched): Json {
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      AlarmName: `${name}-${each.id}`,
      AlarmDescription: each.says,
      Namespace: each.namespace,
      MetricName: each.metric,
      Dimensions: Object.entries(each.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: each.statistic,
      Period: each.periodSeconds ?? 300,
      EvaluationPeriods: each.periods ?? 1,
      Threshold: each.threshold,
      ComparisonOperator: each.isLow ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold",
      TreatMissingData: each.mustReport ? "breaching" : each.staysUntilTold ? "ignore" : "notBreaching",
      AlarmActions: [{ Ref: "AlarmTopic" }],
      OKActions: [{ Ref: "AlarmTopic" }],
    },
  };
}
