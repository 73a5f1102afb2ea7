import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { RecordedCall } from "../sandbox/index.ts";
import type { Result } from "../shared/types.ts";
import { type Account, HOME } from "./account.ts";
import { checkBudget, checkEcho, checkIsolation, checkRecorded, checkWriteAhead } from "./checks.ts";
import { bySide, CONTAINER, containmentAfter, findingOf, journalledClass, ticketOf } from "./look.ts";
import {
  cost,
  tellCalls,
  tellChanges,
  tellEachCall,
  tellEvent,
  tellEvidence,
  tellFinding,
  tellTime,
} from "./narrate.ts";
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

/** Switches replication on, and tells and checks how it is contained. */
export async function containmentStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
  offending: string,
  { isToldInFull = false } = {},
): Promise<Measured> {
  const { sandbox } = account;
  const cause = await switchOn(account, teller, bucket, configuration);
  if (isToldInFull) tellEvent(account, teller, cause);
  const containment = containmentAfter(sandbox, cause);
  const finding = findingOf(sandbox, bucket, offending);
  tellFinding(teller, finding);
  tellChanges(teller, finding);
  if (isToldInFull) tellEachCall(teller, cause, containment);
  else tellCalls(teller, containment);
  tellTime(teller, containment);
  tellEvidence(account, teller, finding);
  const ticket = await ticketOf(account, finding.id);
  if (isToldInFull) {
    teller.say("ticket", `${finding.id}.md`);
    teller.quote(ticket.trimEnd());
  } else teller.say("ticket", ticket.split("\n")[0] ?? "");

  await checkIsolation(account, teller, bucket, offending);
  if (isToldInFull) await checkEcho(account, teller, containment);
  await checkWriteAhead(teller, containment);
  await checkRecorded(account, teller, finding, ticket);
  await checkBudget(teller, containment, configuration);
  return measured(containment);
}

/** The same for one rule among compliant ones: shorter, with the proof that nothing else changed. */
export async function isolationStory(
  account: Account,
  teller: Teller,
  schema: "V1" | "V2",
  bucket: string,
  configuration: ReplicationConfiguration,
  offending: string,
): Promise<Measured> {
  teller.say(
    "schema",
    schema === "V2" ? "V2: rules with Filter, Priority and DeleteMarkerReplication" : "V1: rules with Prefix",
  );
  const cause = await switchOn(account, teller, bucket, configuration);
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
  const cause = await switchOn(account, teller, bucket, configuration);
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

/** The user's call; everything that follows from it is over when this returns. */
async function switchOn(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
): Promise<RecordedCall> {
  const { sandbox } = account;
  const cause = await account.replicate(bucket, configuration);
  await sandbox.drain();
  teller.say("user", `developer calls PutBucketReplication on ${bucket} (${HOME}):`);
  const width = Math.max(...(configuration.Rules ?? []).map(({ ID }) => ID?.length ?? 0));
  for (const rule of configuration.Rules ?? []) teller.say("", `  ${rule.ID?.padEnd(width)}  ${describeRule(rule)}`);
  return cause;
}
