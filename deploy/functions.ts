/** What is deployed: one entry a Lambda. serverless.yml, the roles and the tests read this, so that they can't disagree. */

import { meta as accountRegionStaysCovered } from "../controls/account-region-stays-covered/meta.ts";
import { catalogue } from "../controls/catalogue.ts";
import { meta as cellStaysDeployed } from "../controls/cordon-cell-stays-deployed/meta.ts";
import { meta as exposedKeys } from "../controls/iam-access-key-is-not-exposed/meta.ts";
import { meta as staleKeys } from "../controls/iam-access-key-is-rotated/meta.ts";
import { meta as roleSessions } from "../controls/iam-role-has-no-session-of-exposed-key/meta.ts";
import { meta as rootKeys } from "../controls/iam-root-has-no-access-key/meta.ts";
import { meta as userSessions } from "../controls/iam-user-has-no-session-of-exposed-key/meta.ts";
import { meta as s3Object } from "../controls/s3-object-carries-its-class/meta.ts";
import { meta as s3Replication } from "../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import type { ControlMeta } from "../shared/control.ts";
import { SWEEPS_EVERY_MINUTES } from "../shared/outbox/sweep-outbox.ts";
import { ADAPTERS } from "../shared/ticketing/tracker.ts";
import { ARCHIVIST } from "./evidence-store.ts";
import { GUARD, LOOKS_EVERY_MINUTES } from "./guard.ts";
import type { Stack } from "./stack.ts";
import { OUTBOX_INDEX } from "./table.ts";

export interface FunctionDefinition {
  readonly name: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** The controls it runs or acts for, with their permissions on customers' resources. */
  readonly controls: readonly ControlMeta[];
  /**
   * `queue`: EventBridge -> its own queue, by the controls' events or a schedule. `stream`: the table's outbox. `inboxes`: queues that other functions fill. `invoke`: by
   * hand only.
   */
  readonly trigger: "queue" | "stream" | "inboxes" | "invoke";
  /** The names of its inboxes: one each, so that what is slow in one holds up no other. */
  readonly inboxes?: readonly string[];
  /** How many messages of its queue it takes at once, and how long they are gathered; 10 and not at all unless given. */
  readonly batch?: { readonly size: number; readonly windowSeconds: number };
  /** The schedule that puts a message into its queue. */
  readonly everyMinutes?: number;
  /** It has a URL. `signed`: for requests that AWS IAM lets in, the command line's. `public`: for everybody's, so that the function itself has to tell whose they are. */
  readonly url?: "signed" | "public";
  /** So many of its containers at most, kept free for it; as many as the account has unless given. */
  readonly maxConcurrency?: number;
  /** The function that it invokes. */
  readonly invokes?: string;
  /** Functions whose queues it puts messages into. */
  readonly asks?: readonly string[];
  /** It reads the Slack app's signing secret, where the stack names one. */
  readonly readsSlackSecret?: true;
  /** It reads the trackers' credentials, and publishes to the topics that are theirs. */
  readonly tellsTrackers?: true;
  /** Whose entries of the outbox it reads. */
  readonly consumes?: "tickets" | "archive";
  /** What it does with the cell's own table. */
  readonly table: TableUse;
}

/**
 * Operations on the table by IAM action without its prefix; a transaction needs those of its items. `keys` says how the items' partition keys may read,
 * `index` that an index is asked instead of the table.
 */
export type ItemsUse = { readonly operations: readonly string[] } & (
  | { readonly keys: readonly string[]; readonly index?: undefined }
  | { readonly index: string; readonly keys?: undefined }
);
/** What a function does with the table, by the Sid of its statement. The rest is refused: only `decide` writes the BRAKE, and a chain's head only the archivist. */
export type TableUse = Readonly<Record<string, ItemsUse>>;

/** The journal's calls: `open`, `readFinding`; `recordQuiet`; transactions of puts and updates. */
const JOURNAL: TableUse = {
  ReadJournal: { operations: ["BatchGetItem", "GetItem"], keys: ["RESOURCE#*", "FINDING#*", "BRAKE", "STORM#*"] },
  WriteJournal: { operations: ["PutItem", "UpdateItem"], keys: ["RESOURCE#*", "FINDING#*"] },
};

export const functionDefinitions: readonly FunctionDefinition[] = [
  {
    name: "quarantine-replication",
    description: "Contains S3 replication that leaves the jurisdiction",
    timeoutSeconds: 30,
    memoryMb: 512,
    controls: [s3Replication],
    trigger: "queue",
    table: { ...JOURNAL, Count: { operations: ["UpdateItem"], keys: ["COUNTER#*", "STORM#*"] } },
  },
  {
    name: "tag-objects",
    description: "Gives S3 objects the tag of their class",
    timeoutSeconds: 60,
    memoryMb: 1_024,
    controls: [s3Object],
    trigger: "queue",
    // Objects come by the thousand, and each takes a moment.
    batch: { size: 100, windowSeconds: 2 },
    table: {
      ...JOURNAL,
      ReadJournal: { operations: ["BatchGetItem", "GetItem"], keys: ["RESOURCE#*", "FINDING#*", "BRAKE"] },
    },
  },
  {
    name: "revoke-stale-keys",
    description: "Deactivates access keys that are too old, or known to others",
    timeoutSeconds: 120,
    memoryMb: 512,
    controls: [exposedKeys, userSessions, roleSessions, staleKeys, rootKeys],
    trigger: "queue",
    // Each day: the credential report is made anew every four hours.
    everyMinutes: 1_440,
    // More users than an invocation has time for.
    asks: ["revoke-stale-keys"],
    table: { ...JOURNAL, Count: { operations: ["UpdateItem"], keys: ["COUNTER#*", "STORM#*"] } },
  },
  {
    name: "decide",
    description: "Does what a person decides: approve, reject, extend, roll back, brake",
    timeoutSeconds: 30,
    memoryMb: 512,
    controls: catalogue,
    trigger: "invoke",
    url: "signed",
    readsSlackSecret: true,
    table: { ...JOURNAL, Decide: { operations: ["UpdateItem"], keys: ["BRAKE", "PROOF#*", "STORM#*"] } },
  },
  {
    name: "open-tickets",
    description: "Turns findings in the table's outbox into tickets",
    timeoutSeconds: 30,
    memoryMb: 256,
    controls: [],
    trigger: "stream",
    consumes: "tickets",
    asks: ["deliver-tickets"],
    table: { Acknowledge: { operations: ["UpdateItem"], keys: ["FINDING#*"] } },
  },
  {
    name: "deliver-tickets",
    description: "Keeps tickets true in the systems that policy names",
    timeoutSeconds: 60,
    memoryMb: 512,
    controls: [],
    trigger: "inboxes",
    inboxes: ADAPTERS.map((adapter) => `tickets-${adapter}`),
    // A group that has changed is told by a message of its own.
    asks: ["deliver-tickets"],
    tellsTrackers: true,
    table: {
      ReadMatters: { operations: ["BatchGetItem"], keys: ["FINDING#*", "TICKET#*"] },
      KeepTickets: { operations: ["PutItem", "UpdateItem"], keys: ["TICKET#*"] },
      CountCauses: { operations: ["GetItem", "PutItem"], keys: ["CAUSE#*"] },
    },
  },
  {
    name: ARCHIVIST,
    description: "Chains the outbox's evidence and locks it away",
    timeoutSeconds: 60,
    memoryMb: 512,
    controls: [],
    trigger: "stream",
    consumes: "archive",
    table: {
      Chain: { operations: ["GetItem", "UpdateItem"], keys: ["CHAIN#*"] },
      Acknowledge: { operations: ["BatchGetItem", "UpdateItem"], keys: ["RESOURCE#*"] },
    },
  },
  {
    name: "sweep",
    description: "Has looked at what is due, and tells again what no consumer has acknowledged",
    timeoutSeconds: 60,
    memoryMb: 256,
    controls: [],
    trigger: "queue",
    everyMinutes: SWEEPS_EVERY_MINUTES,
    asks: [...new Set(catalogue.flatMap((control: ControlMeta) => control.runBy ?? []))],
    table: {
      ...JOURNAL,
      Outbox: { operations: ["Query"], index: OUTBOX_INDEX },
      EndStorms: { operations: ["UpdateItem"], keys: ["STORM#*"] },
    },
  },
  {
    name: GUARD,
    description: "Tells when Cordon itself, or what it hears by, is changed",
    timeoutSeconds: 120,
    memoryMb: 512,
    controls: [cellStaysDeployed, accountRegionStaysCovered],
    trigger: "queue",
    everyMinutes: LOOKS_EVERY_MINUTES,
    table: {
      ...JOURNAL,
      // What changes nothing has no storms.
      ReadJournal: { operations: ["BatchGetItem", "GetItem"], keys: ["RESOURCE#*", "FINDING#*", "BRAKE"] },
      Remember: { operations: ["GetItem", "Query", "UpdateItem"], keys: ["HEARTBEAT", "CODE", "ROUND", "TROUBLE"] },
    },
  },
];

/** The names of the queues that feed a function, without the stack's. Pure. */
export function queueNames({ name, trigger, inboxes = [] }: FunctionDefinition): readonly string[] {
  return trigger === "queue" ? [name] : inboxes;
}

/**
 * Slack's requests come from the internet. The one function that is open to it knows whether they are Slack's, and hands them on as they came: it has no right to decide, so that whoever
 * breaks into it decides nothing.
 */
export const SLACK_ENDPOINT: FunctionDefinition = {
  name: "hear-slack",
  description: "Hands what is pressed in Slack to decide",
  timeoutSeconds: 5,
  // CPU comes with memory, and Slack waits for three seconds.
  memoryMb: 512,
  controls: [],
  trigger: "invoke",
  url: "public",
  // People press buttons one after the other; whoever floods it costs no more than this, and holds nobody else back.
  maxConcurrency: 5,
  invokes: "decide",
  readsSlackSecret: true,
  table: {},
};

/** The functions of a stack: Slack's only where the stack names the Slack app's secret. */
export function functionsOf({ slackSecret }: Pick<Stack, "slackSecret">): readonly FunctionDefinition[] {
  return slackSecret === undefined ? functionDefinitions : [...functionDefinitions, SLACK_ENDPOINT];
}

/**
 * After so many deliveries a message goes to the dead-letter queue, which nothing empties by itself: at three minutes each, hours of an outage are
 * outlasted. That events wait is told long before, by their age.
 */
export const MAX_RECEIVES = 100;
/** After so many attempts a record of the stream goes to the dead-letter queue; the sweep brings it again. */
export const MAX_STREAM_RETRIES = 10;

/** EventBridge patterns for the events a control reacts to. Failed calls change nothing and are not delivered. */
export function eventPatterns({
  cloudTrail,
  configTypes,
  notices = [],
}: ControlMeta): readonly Record<string, unknown>[] {
  const told = notices.map(({ source, types, detail }) => ({
    source: [source],
    "detail-type": types,
    ...(detail !== undefined && { detail }),
  }));
  const calls = Object.entries(cloudTrail).map(([eventSource, names]) => ({
    source: [`aws.${eventSource.replace(".amazonaws.com", "")}`],
    "detail-type": ["AWS API Call via CloudTrail"],
    detail: { eventSource: [eventSource], eventName: names, errorCode: [{ exists: false }] },
  }));
  if (configTypes.length === 0) return [...calls, ...told];
  // An item too large for an event arrives as its summary.
  const items = ["configurationItem", "configurationItemSummary"].map((item) => ({
    source: ["aws.config"],
    "detail-type": ["Config Configuration Item Change"],
    detail: { [item]: { resourceType: configTypes } },
  }));
  return [...calls, ...told, ...items];
}
