import assert from "node:assert/strict";
import { type EventPattern, matchesPattern, type QueueMessage, type RecordedCall } from "../sandbox/index.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { Account } from "./account.ts";
import { archiveOf, type Containment, evidenceOf, findingItems, QUEUE } from "./look.ts";
import { meaningOf } from "./narrate.ts";
import type { Teller } from "./tell.ts";

/** One step of an event's way through the account. */
export interface Hop {
  /** From when S3 took the user's call. */
  readonly afterMs: number;
  readonly where: string;
  readonly what: string;
}

/** Everything an event met, from the call that caused it to the ticket and the locked object. */
export interface Route {
  readonly hops: readonly Hop[];
  /** Names of the rules that matched and send to the function's queue. */
  readonly rules: readonly string[];
  readonly message: QueueMessage | undefined;
  readonly archived: RecordedCall | undefined;
  readonly ticketed: RecordedCall | undefined;
}

/** Reads the way of `cause`'s event from what each service has recorded; `message` was in the queue right after the call. */
export function routeOf(
  { sandbox }: Account,
  cause: RecordedCall,
  message: QueueMessage | undefined,
  { calls, write }: Containment,
  finding: FindingRecord,
): Route {
  const { account, region } = sandbox;
  const event = sandbox.events.find(({ detail }) => detail.requestID === cause.requestId);
  const rules = sandbox.registry.list("AWS::Events::Rule", { account, region }).filter(({ properties }) => {
    const { EventBusName, EventPattern, State, Targets } = properties;
    const isSentOn = JSON.stringify(Targets ?? []).includes(`:${QUEUE}"`);
    return (
      EventBusName === undefined &&
      State === "ENABLED" &&
      isSentOn &&
      event !== undefined &&
      matchesPattern(EventPattern as EventPattern, event)
    );
  });
  const names = rules.map(({ properties }) => String(properties.Name));
  const [entry] = evidenceOf(sandbox, finding.id);
  const [archivist, ticketer] = ["archive-evidence", "open-tickets"].map((name) =>
    sandbox.calls.filter(({ functionName }) => functionName === name),
  );
  const put = archivist?.find(({ operation, input }) => operation === "PutObject" && input.Key === entry?.archiveKey);
  const archived = archivist?.find(
    ({ operation, sequence }) => operation === "TransactWriteItems" && sequence > (put?.sequence ?? 0),
  );
  const ticketed = ticketer?.findLast(({ applied, input }) => applied && JSON.stringify(input).includes(finding.id));

  const hops: Hop[] = [];
  const hop = (at: number | undefined, where: string, what: string): void => {
    if (at !== undefined) hops.push({ afterMs: at - cause.at, where, what });
  };
  hop(cause.at, "S3", `takes the user's call, request ${cause.requestId}`);
  hop(cause.at, "CloudTrail", `event ${event?.id} on the default bus`);
  hop(message?.sentAt, "EventBridge", `rule ${names.join(", ")} matches`);
  hop(message?.firstReceivedAt, "SQS", `queue ${QUEUE} gives it to the function`);
  for (const call of calls)
    hop(call.at, call.operation, meaningOf(call, call === write, call.sequence < write.sequence));
  hop(calls.at(-1)?.at, "table stream", "brings archive-evidence the entry, open-tickets the finding");
  hop(put?.at, "PutObject", `archive-evidence: number ${entry?.sequence} of the chain, into the locked bucket`);
  hop(archived?.at, "TransactWriteItems", "archive-evidence: acknowledged, the evidence leaves the outbox");
  hop(ticketed?.at, "UpdateItem", "open-tickets: ticket written, the finding leaves the outbox");
  return { hops, rules: names, message, archived, ticketed };
}

export function tellRoute(teller: Teller, { hops }: Route): void {
  const lines = hops.map(({ afterMs, where, what }) => `${`+${afterMs}`.padStart(6)} ms  ${where.padEnd(21)} ${what}`);
  teller.say("route", "hop by hop, timed from when S3 took the user's call", ...lines);
}

export async function checkRoute(
  { sandbox }: Account,
  teller: Teller,
  route: Route,
  finding: FindingRecord,
): Promise<void> {
  await teller.check("one rule of the packaged stack matched, and one message was delivered, once", () => {
    assert.equal(route.rules.length, 1);
    assert.equal(route.message?.receiveCount, 1);
    assert.equal(sandbox.queues[QUEUE]?.length, 0);
  });
  await teller.check("both consumers of the outbox have acknowledged in the table: locked away, and told", () => {
    const entries = evidenceOf(sandbox, finding.id);
    const keys = archiveOf(sandbox).map(({ key }) => key);
    for (const { outbox, archiveKey = "", archivedAt } of entries) {
      assert.equal(outbox, undefined);
      assert.equal(keys.includes(archiveKey), true, `there is no object ${archiveKey}`);
      assert.notEqual(archivedAt, undefined);
    }
    const item = findingItems(sandbox).find(({ record }) => record.id === finding.id);
    assert.equal(item?.outbox, undefined);
    assert.notEqual(item?.ticketedAt, undefined);
    assert.equal(route.archived?.applied && route.ticketed?.applied, true);
  });
}
