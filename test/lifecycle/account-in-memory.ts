import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import { MemoryJournal } from "../../cli/memory-journal.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { Control } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import type { Journal } from "../../shared/journal/journal.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import type { Decider } from "../../shared/policy/may-decide.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { S3Buckets } from "../../shared/resources/s3-buckets.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Mode, ResourceRef, Signal } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

type State = ReplicationConfiguration | null;

export const PART = "to-us";
const REGIONS: Readonly<Record<string, string>> = { "us-copy": "us-west-2", "ireland-copy": "eu-west-1" };

/** What Cordon wrote to a bucket: what it was, what it became, and when. */
export interface Write {
  readonly bucket: string;
  readonly before: State;
  readonly after: State;
  readonly atMs: number;
}

/** One offending rule beside a harmless one. */
export function configurationOf(status: "Enabled" | "Disabled", destination = "us-copy"): ReplicationConfiguration {
  const rule = (ID: string, Priority: number, Status: "Enabled" | "Disabled", bucket: string): ReplicationRule => ({
    ID,
    Priority,
    Status,
    Filter: { Prefix: "" },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: `arn:aws:s3:::${bucket}` },
  });
  const Rules = [rule(PART, 1, status, destination), rule("to-ireland", 2, "Enabled", "ireland-copy")];
  return { Role: "arn:aws:iam::111122223333:role/replication", Rules };
}

export function refOf(bucket: string): ResourceRef {
  const ref = s3BucketRef(bucket, "111122223333", "eu-central-1");
  if (ref === undefined) throw new Error(`${bucket} is no bucket's name`);
  return ref;
}

export const idOf = (bucket: string) => findingId(control.meta.id, refOf(bucket), PART);

/** EU-only buckets and Cordon's pipeline in this process: nothing but time passes that is not asked for, so that thousands of stories can be told. */
export function accountInMemory(
  wrap: (journal: Journal, s3: S3Buckets) => { readonly journal: Journal; readonly s3: S3Buckets } = (journal, s3) => ({
    journal,
    s3,
  }),
) {
  let nowMs = START_MS;
  let requests = 0;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const states = new Map<string, State>();
  const writes: Write[] = [];
  const s3: S3Buckets = {
    replication: {
      operation: () => "PutBucketReplication",
      read: async ({ name }) => ({ kind: "present", state: structuredClone(states.get(name) ?? null) }),
      async write({ name }, next) {
        writes.push({ bucket: name, before: states.get(name) ?? null, after: next, atMs: nowMs });
        states.set(name, structuredClone(next));
        const requestId = `OWN${++requests}`;
        return { operation: "PutBucketReplication", requestId, at: new Date(nowMs).toISOString(), outcome: "accepted" };
      },
    },
    readTags: async () => [{ key: "data-residency", value: "eu-only" }],
    regionOf: async (name) => {
      const region = REGIONS[name];
      return region === undefined ? { unknown: "there is no such bucket" } : { region };
    },
    countObjects: async () => ({ objects: 0, bytes: 0, looked: 0, isAll: true }),
  };
  const memory = new MemoryJournal();
  const ports = wrap(memory, s3);

  const cordonOf = <Its extends Control<State> = Control<State>>(
    policy: PolicyInForce,
    mode: Mode = "enforce",
    its: Control<State> = control,
  ): Cordon<State, Its> => ({
    control: its as Its,
    policy,
    clock,
    ports: { s3: ports.s3 },
    journal: ports.journal,
    ceiling: { mode, reason: `CORDON_MODE=${mode}` },
  });
  let events = 0;
  return {
    clock,
    writes,
    journal: memory,
    cordonOf,
    advance: (ms: number) => {
      nowMs += ms;
    },
    statusOf: (bucket: string) => states.get(bucket)?.Rules?.find(({ ID }) => ID === PART)?.Status,
    stateOf: (bucket: string) => states.get(bucket) ?? null,
    findingOf: (bucket: string) => memory.readFinding(idOf(bucket)),
    /** Somebody writes the whole configuration; the event of it. */
    put(bucket: string, by: string, configuration: ReplicationConfiguration = configurationOf("Enabled")): Signal {
      states.set(bucket, structuredClone(configuration));
      events++;
      const { Role, Rules } = configuration;
      return {
        id: `event-${events}`,
        source: "cloudtrail",
        name: "PutBucketReplication",
        at: new Date(Math.floor(nowMs / 1000) * 1000).toISOString(),
        resource: refOf(bucket),
        principal: { type: "IAMUser", arn: arnOf(by) },
        requestId: `USER${events}`,
        request: { bucketName: bucket, ReplicationConfiguration: { Role, Rule: Rules } },
      };
    },
    /** It is time to look. */
    look: (bucket: string): Signal => ({
      id: `look-${bucket}-${nowMs}`,
      source: "schedule",
      name: "Look",
      at: new Date(nowMs).toISOString(),
      resource: refOf(bucket),
    }),
    handle: (signal: Signal, cordon: Cordon<State>) => handleSignal(signal, cordon, nowMs + 25_000),
    deadlineMs: () => nowMs + 25_000,
  };
}

export function arnOf(user: string): string {
  return user.startsWith("arn:") ? user : `arn:aws:iam::111122223333:user/${user}`;
}

/** Somebody who has proved who he is. */
export function proved(user: string): Decider {
  return { kind: "proved", caller: { arn: arnOf(user) }, how: "a test" };
}

/** What the queue does with events: one that is put off, or that failed, comes again. */
export function queueOf(set: ReturnType<typeof accountInMemory>, cordon: Cordon<State>) {
  const waiting: { readonly signal: Signal; readonly atMs: number }[] = [];
  const deliver = async (signal: Signal) => {
    try {
      const { results, retryAtMs } = await set.handle(signal, cordon);
      if (retryAtMs !== undefined) waiting.push({ signal, atMs: retryAtMs });
      return results;
    } catch (error) {
      if (!(error instanceof CordonError) || !error.retry) throw error;
      waiting.push({ signal, atMs: error.retryAtMs ?? set.clock.nowMs() + VISIBILITY_MS });
      return [];
    }
  };
  /** Delivers in order what is to come until then. */
  const runUntil = async (untilMs: number) => {
    for (;;) {
      const next = waiting.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      waiting.splice(waiting.indexOf(next), 1);
      set.advance(Math.max(0, next.atMs - set.clock.nowMs()));
      await deliver(next.signal);
    }
    set.advance(Math.max(0, untilMs - set.clock.nowMs()));
  };
  return { waiting, deliver, runUntil };
}

const VISIBILITY_MS = 180_000;
