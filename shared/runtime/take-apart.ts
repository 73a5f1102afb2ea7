import type { SQSRecord } from "aws-lambda";
import { shortHash } from "../ids.ts";

/** So many deliveries that came to nothing, and a message may be what kills the function. */
const SUSPECT_AFTER = 2;

/** A batch by what may be treated together. */
export interface Apart {
  /** Side by side. */
  readonly together: readonly SQSRecord[];
  /** After these, one after the other, each acknowledged before the next. */
  readonly oneByOne: readonly SQSRecord[];
}

/**
 * Takes a batch apart that has come to nothing again and again. A message that kills the process takes its neighbours with it, and the queue
 * delivers them together again: none of them would ever be treated. SQS has no bisecting as streams have.
 *
 * The order is another one at each delivery, so that nobody is always behind the one that kills. None is put off: a delivery counts towards the
 * dead letters, and after an outage of the service behind, every message looks like a suspect. Pure.
 */
export function takeApart(records: readonly SQSRecord[]): Apart {
  const receives = ({ attributes }: SQSRecord) => Number(attributes?.ApproximateReceiveCount ?? 1);
  const isSuspect = (record: SQSRecord) => receives(record) > SUSPECT_AFTER;
  const order = (record: SQSRecord) => shortHash(`${record.messageId} ${receives(record)}`);
  return {
    together: records.filter((record) => !isSuspect(record)),
    oneByOne: records.filter(isSuspect).sort((a, b) => (order(a) < order(b) ? -1 : 1)),
  };
}
