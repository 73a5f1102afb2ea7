import type { StreamRecord, Table } from "../dynamodb/table.ts";
import { readBatchResponse } from "./batch.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";

const MAX_BATCH = 100;
const MAX_AGE_MS = 24 * 3_600_000;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 15 * 60_000;

/**
 * Read a table's stream for a function, from its beginning, in order, one batch at a time. A failed batch is tried again
 * from its first failed record, with growing delay, until it succeeds, is out of retries, or is 24 hours old.
 */
export function createStreamTrigger(table: Table, context: TriggerContext): Trigger {
  const { spec, clock } = context;
  const records = (): StreamRecord[] => table.stream?.records ?? [];
  let cursor = 0;
  let attempts = 0;
  let retryAt = 0;
  let active = 0;
  let isStopped = false;

  const giveUp = (count: number, reason: string): void => {
    for (const record of records().slice(cursor, cursor + count)) {
      context.bury({ at: clock.now(), body: JSON.stringify(record), receiveCount: attempts, reason });
    }
    cursor += count;
    attempts = 0;
    retryAt = 0;
  };
  const deliver = async (batch: StreamRecord[]): Promise<void> => {
    const identifiers = batch.map(({ dynamodb }) => dynamodb.SequenceNumber);
    const outcome = readBatchResponse(await context.invoke({ Records: structuredClone(batch) }), identifiers);
    if (outcome.kind === "done") {
      cursor += batch.length;
      attempts = 0;
      retryAt = 0;
      return;
    }
    const { identifiers: failed } = outcome;
    const done = failed === "all" ? 0 : identifiers.findIndex((identifier) => failed.has(identifier));
    cursor += done;
    // Progress starts the counting anew: it is another record that fails now.
    attempts = done > 0 ? 1 : attempts + 1;
    retryAt = clock.now() + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
    const limit = spec.stream?.maxRetryAttempts;
    if (limit !== undefined && attempts > limit) giveUp(batch.length - done, outcome.reason);
  };
  const pump = (): void => {
    if (isStopped || active > 0 || retryAt > clock.now()) return;
    const isExpired = ({ dynamodb }: StreamRecord) =>
      clock.now() - dynamodb.ApproximateCreationDateTime * 1000 > MAX_AGE_MS;
    const waiting = records().slice(cursor, cursor + MAX_BATCH);
    const expired = waiting.findIndex((record) => !isExpired(record));
    if (expired !== 0 && waiting.length > 0) {
      giveUp(expired < 0 ? waiting.length : expired, "older than 24 hours");
      pump();
      return;
    }
    if (waiting.length === 0) return;
    active = 1;
    void deliver(waiting).finally(() => {
      active = 0;
      pump();
      context.delivered();
    });
  };
  return {
    pump,
    get active() {
      return active;
    },
    stop() {
      isStopped = true;
    },
    nextAt: () => (cursor < records().length ? Math.max(retryAt, 0) : undefined),
  };
}
