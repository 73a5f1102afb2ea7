import type { SQSRecord } from "aws-lambda";

/** So many deliveries that came to nothing, without a word on why, and a message may be what kills the function. */
const SUSPECT_AFTER = 2;

/** A batch by what may be treated together. */
export interface Apart {
  /** Side by side. */
  readonly together: readonly SQSRecord[];
  /** After these, by itself. */
  readonly alone: readonly SQSRecord[];
  /** Not in this invocation: each at a time of its own, so that they come one by one. */
  readonly later: readonly SQSRecord[];
}

/**
 * Takes a batch apart that has come to nothing again and again. A message that kills the process takes its neighbours with it, and the queue
 * delivers them together again: none of them would ever be treated. SQS has no bisecting as streams have. Pure.
 */
export function takeApart(records: readonly SQSRecord[]): Apart {
  const isSuspect = ({ attributes }: SQSRecord) => Number(attributes?.ApproximateReceiveCount ?? 1) > SUSPECT_AFTER;
  const [first, ...rest] = records.filter(isSuspect);
  return {
    together: records.filter((record) => !isSuspect(record)),
    alone: first === undefined ? [] : [first],
    later: rest,
  };
}
