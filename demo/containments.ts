import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { QueueMessage, RecordedCall } from "../sandbox/index.ts";
import type { Result } from "../shared/types.ts";
import type { Account } from "./account.ts";
import { HOME } from "./buckets.ts";
import { checkBudget, checkEcho, checkIsolation, checkRecorded, checkWriteAhead } from "./checks.ts";
import { bySide, CONTAINER, containmentAfter, findingOf, journalledClass, messageOf, ticketOf } from "./look.ts";
import { cost, tellCalls, tellChanges, tellEvidence, tellFinding, tellTime } from "./narrate.ts";
import { checkRoute, type Hop, routeOf, tellRoute } from "./route.ts";
import { describeRule } from "./rules.ts";
import type { Teller } from "./tell.ts";

/** One containment's times. */
export interface Measured {
  readonly containedAfterMs: number;
  readonly startedAfterMs: number;
}

export function measured({ containedAfterMs, startedAfterMs }: Measured): Measured {
  return { containedAfterMs, startedAfterMs };
}

/** The first containment, told in full: the event's whole way, the decision, the ticket. */
export async function routeStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
  offending: string,
): Promise<{ readonly times: Measured; readonly hops: readonly Hop[] }> {
  const { sandbox } = account;
  const { cause, message } = await switchOn(account, teller, bucket, configuration);
  const containment = containmentAfter(sandbox, cause);
  const finding = findingOf(sandbox, bucket, offending);
  const route = routeOf(account, cause, message, containment, finding);
  tellRoute(teller, route);
  tellTime(teller, containment);
  tellFinding(teller, finding);
  tellChanges(teller, finding);
  tellEvidence(account, teller, finding);
  const ticket = await ticketOf(account, finding.id);
  teller.say("ticket", `${finding.id}.md`);
  teller.quote(ticket.trimEnd());

  await checkRoute(account, teller, route, finding);
  await checkIsolation(account, teller, bucket, offending);
  await checkEcho(account, teller, containment);
  await checkWriteAhead(teller, containment);
  await checkRecorded(account, teller, finding, ticket);
  await checkBudget(teller, containment, configuration);
  return { times: measured(containment), hops: route.hops };
}

/** One more, shorter, with the proof that nothing else changed. */
export async function containmentStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
  offending: string,
): Promise<Measured> {
  const { cause } = await switchOn(account, teller, bucket, configuration);
  const containment = containmentAfter(account.sandbox, cause);
  const finding = findingOf(account.sandbox, bucket, offending);
  tellChanges(teller, finding);
  tellCalls(teller, containment);
  tellTime(teller, containment);
  await checkIsolation(account, teller, bucket, offending);
  await checkRecorded(account, teller, finding, await ticketOf(account, finding.id));
  await checkBudget(teller, containment, configuration);
  return measured(containment);
}

/** Switches replication on that policy allows, and shows that it is left alone, and why. */
export async function compliantStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
): Promise<void> {
  const { sandbox } = account;
  const { cause } = await switchOn(account, teller, bucket, configuration);
  const calls = sandbox.calls.filter(
    ({ sequence, functionName }) => sequence > cause.sequence && functionName === CONTAINER,
  );
  tellCalls(teller, { calls });

  const event = sandbox.events.find(({ detail }) => detail.requestID === cause.requestId);
  const replayed = await sandbox.invoke(CONTAINER, event);
  const [result] = replayed.ok ? (replayed.result as { results: Result[] }).results : [];
  teller.say("why", `asked by replaying the event with invoke: ${result?.status}, because`);
  teller.say("", ...(result?.reasons ?? []).map((reason) => `- ${reason}`));

  await teller.check("left alone: nobody but the user has written to the bucket", () => {
    const { replication, replicationHistory } = sandbox.bucket(bucket);
    assert.equal(replicationHistory.length, 1);
    assert.deepEqual(replication, configuration);
  });
  await teller.check("compliant by policy's own word on the tag, not by default", () => {
    assert.equal(replayed.ok, true);
    assert.equal(result?.decision, "compliant");
    assert.match(result?.reasons.join() ?? "", /Sovereignty=Global.*declares that tag trusted/);
    assert.equal(journalledClass(sandbox, bucket), "eu-only");
  });
  await teller.check("it cost at most three reads and one update, which records the class", () => {
    assert.equal(bySide(calls).table, 1);
    assert.equal(bySide(calls).s3 <= 3, true, cost(calls));
    assert.equal(
      calls.some(({ service, mutating }) => service === "s3" && mutating),
      false,
    );
  });
}

/** The user's call, with the message its event became; everything that follows from it is over when this returns. */
async function switchOn(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
): Promise<{ readonly cause: RecordedCall; readonly message: QueueMessage | undefined }> {
  const { sandbox } = account;
  const cause = await account.replicate(bucket, configuration);
  const message = messageOf(sandbox, cause);
  await sandbox.drain();
  teller.say("user", `developer calls PutBucketReplication on ${bucket} (${HOME}):`);
  const width = Math.max(...(configuration.Rules ?? []).map(({ ID }) => ID?.length ?? 0));
  for (const rule of configuration.Rules ?? []) teller.say("", `  ${rule.ID?.padEnd(width)}  ${describeRule(rule)}`);
  return { cause, message };
}
