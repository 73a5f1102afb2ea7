import { crc32 } from "node:zlib";
import type { StreamRecord, Table } from "../dynamodb/table.ts";
import { type EventMatcher, parseEventPattern } from "../events/pattern.ts";
import { type BatchOutcome, readBatchResponse } from "./batch.ts";
import { isEnabled, reportsFailures, type Trigger, type TriggerContext } from "./trigger.ts";

/** Streams keep records for so long; those a consumer hasn't read by then are gone. */
const RETENTION_MS = 24 * 3_600_000;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 15 * 60_000;
/** A partition key's records are all in one of so many shards, in order. */
export const SHARDS = 2;

/** Records that are delivered together, and how that has gone so far. */
interface Batch {
  records: StreamRecord[];
  /** Failed attempts that count. */
  attempts: number;
  /** Attempts of any kind since the last progress: what the delay grows by. */
  delays: number;
  retryAt: number;
}

interface StreamTriggerContext extends TriggerContext {
  /** The stream's table; undefined when it is gone. */
  table(): Table | undefined;
  shard: number;
  /** Send to the on-failure destination. */
  discard(destinationArn: string, message: string): void;
}

/**
 * Read one shard of a table's stream for a function: in order, one batch at a time, without the records its filters don't
 * match. A failed batch is tried again with growing delay: from its first failed record where the function reports it, halved
 * where the mapping bisects, until it succeeds, is out of retries, or too old; then its place goes to the on-failure
 * destination. ParallelizationFactor and batching windows are not imitated.
 */
export function createStreamTrigger(context: StreamTriggerContext): Trigger {
  const { clock, settings } = context;
  const setting = (name: string, fallback: number): number => Number(settings()?.[name] ?? fallback);
  const records = (): readonly StreamRecord[] => context.table()?.stream?.records ?? [];
  const ageOf = ({ dynamodb }: StreamRecord): number => clock.now() - dynamodb.ApproximateCreationDateTime * 1000;
  const isHere = (record: StreamRecord): boolean => shardOf(context.table(), record) === context.shard;
  const pending: Batch[] = [];
  let active = 0;
  // LATEST begins behind what is there; TRIM_HORIZON at the oldest record that the stream still has.
  const first = records().findIndex((record) => ageOf(record) <= RETENTION_MS);
  let position = settings()?.StartingPosition === "LATEST" || first < 0 ? records().length : first;

  const lose = (gone: readonly StreamRecord[]): void => {
    for (const record of gone)
      context.lose({ at: clock.now(), source: record.eventSourceARN, body: JSON.stringify(record) });
  };
  const giveUp = (batch: Batch, condition: string, reason: string): void => {
    const destination = (settings()?.DestinationConfig as { OnFailure?: { Destination?: string } })?.OnFailure
      ?.Destination;
    if (destination)
      context.discard(destination, JSON.stringify(describeDiscard(context, batch, condition, clock.now())));
    for (const record of batch.records) {
      context.bury({ at: clock.now(), body: JSON.stringify(record), receiveCount: batch.attempts, reason });
    }
  };
  const read = (): void => {
    const all = records();
    const matches = readFilters(settings()?.FilterCriteria);
    const size = setting("BatchSize", 100);
    const batch: StreamRecord[] = [];
    for (; position < all.length && batch.length < size; position++) {
      const record = all[position];
      if (record && isHere(record)) batch.push(record);
    }
    const wanted = batch.filter(matches);
    if (wanted.length > 0) pending.push({ records: wanted, attempts: 0, delays: 0, retryAt: 0 });
  };
  /** Take what is too old out of the batch. */
  const expire = (batch: Batch): void => {
    lose(batch.records.filter((record) => ageOf(record) > RETENTION_MS));
    batch.records = batch.records.filter((record) => ageOf(record) <= RETENTION_MS);
    const maxAgeMs = setting("MaximumRecordAgeInSeconds", -1) * 1000;
    if (maxAgeMs < 0) return;
    const old = batch.records.filter((record) => ageOf(record) > maxAgeMs);
    if (old.length === 0) return;
    giveUp({ ...batch, records: old }, "RecordAgeExceeded", "older than MaximumRecordAgeInSeconds");
    batch.records = batch.records.filter((record) => !old.includes(record));
  };
  const fail = (batch: Batch, outcome: Exclude<BatchOutcome, { kind: "done" }>): void => {
    if (outcome.kind === "failed" && outcome.identifiers !== "all") {
      const { identifiers } = outcome;
      const done = batch.records.findIndex(({ dynamodb }) => identifiers.has(dynamodb.SequenceNumber));
      // Progress starts the counting anew: it is another record that fails now.
      if (done > 0) Object.assign(batch, { records: batch.records.slice(done), attempts: 0, delays: 0 });
    } else if (outcome.kind === "failed" && settings()?.BisectBatchOnFunctionError && batch.records.length > 1) {
      // Halving doesn't count as an attempt. That the halves are tried at once is a guess.
      const half = Math.ceil(batch.records.length / 2);
      const halves = [batch.records.slice(0, half), batch.records.slice(half)];
      pending.splice(0, 1, ...halves.map((records) => ({ ...batch, records })));
      return;
    }
    // An invocation that was throttled never was one.
    if (outcome.kind === "failed") batch.attempts += 1;
    batch.delays += 1;
    batch.retryAt = clock.now() + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (batch.delays - 1));
    const limit = setting("MaximumRetryAttempts", -1);
    if (limit < 0 || batch.attempts <= limit) return;
    pending.shift();
    giveUp(batch, "RetryAttemptsExhausted", outcome.reason);
  };
  const deliver = async (): Promise<void> => {
    if (pending.length === 0) read();
    const [batch] = pending;
    if (!batch) return;
    expire(batch);
    if (batch.records.length === 0) {
      pending.shift();
      return;
    }
    const result = await context.invoke({ Records: structuredClone(batch.records) });
    const identifiers = batch.records.map(({ dynamodb }) => dynamodb.SequenceNumber);
    const outcome = readBatchResponse(result, identifiers, reportsFailures(settings()));
    if (outcome.kind === "done") pending.shift();
    else fail(batch, outcome);
  };

  return {
    get active() {
      return active;
    },
    isReady() {
      if (active > 0 || !isEnabled(settings())) return false;
      const [batch] = pending;
      if (batch) return batch.retryAt <= clock.now();
      const all = records();
      // What other shards have is passed by once.
      while (position < all.length && !isHere(all[position] as StreamRecord)) position += 1;
      return position < all.length;
    },
    async deliver() {
      active = 1;
      try {
        await deliver();
      } finally {
        active = 0;
      }
    },
    nextAt() {
      if (!isEnabled(settings())) return undefined;
      return pending[0]?.retryAt ?? (position < records().length ? 0 : undefined);
    },
  };
}

function shardOf(table: Table | undefined, { dynamodb }: StreamRecord): number {
  const key = table?.schema.KeySchema.find(({ KeyType }) => KeyType === "HASH")?.AttributeName ?? "";
  return crc32(JSON.stringify(dynamodb.Keys[key] ?? null)) % SHARDS;
}

const filters = new Map<string, EventMatcher>();

/** Whether a record passes a mapping's filters: any of them has to match. */
function readFilters(criteria: unknown): (record: StreamRecord) => boolean {
  const patterns = (criteria as { Filters?: { Pattern: string }[] } | undefined)?.Filters ?? [];
  if (patterns.length === 0) return () => true;
  const matchers = patterns.map(({ Pattern }) => {
    const matcher = filters.get(Pattern) ?? parseEventPattern(Pattern);
    filters.set(Pattern, matcher);
    return matcher;
  });
  return (record) => matchers.some((matches) => matches(record));
}

/** What Lambda sends to an on-failure destination: where the records are, not the records. */
function describeDiscard(
  { functionArn, shard, createId }: StreamTriggerContext,
  { records, attempts }: Batch,
  condition: string,
  at: number,
): Record<string, unknown> {
  const arrival = (record: StreamRecord | undefined) =>
    new Date((record?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000).toISOString();
  return {
    requestContext: { requestId: createId(), functionArn, condition, approximateInvokeCount: attempts },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: new Date(at).toISOString(),
    DDBStreamBatchInfo: {
      shardId: `shardId-${String(shard).padStart(20, "0")}-sandbox`,
      startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: arrival(records[0]),
      approximateArrivalOfLastRecord: arrival(records.at(-1)),
      batchSize: records.length,
      streamArn: records[0]?.eventSourceARN,
    },
  };
}
