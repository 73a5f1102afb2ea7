import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { Result } from "../shared/types.ts";
import type { Account } from "./account.ts";
import { leapTo } from "./clock.ts";
import { type Measured, measured } from "./containments.ts";
import { containmentAfter, evidenceOf, findingOf, ticketOf } from "./look.ts";
import { tellCalls, tellChanges, tellTime } from "./narrate.ts";
import type { Teller } from "./tell.ts";

const HOURS = 1;

/** A person's decision takes a containment back, exactly, and Cordon lets it be. */
export async function rollbackStory(
  account: Account,
  teller: Teller,
  bucket: string,
  findingId: string,
  original: ReplicationConfiguration,
): Promise<void> {
  const { sandbox } = account;
  const order = { action: "roll-back", findingId, reason: "restore test agreed", expiresInHours: HOURS };
  await refusalsStory(account, teller, bucket, order);
  const before = sandbox.calls.length;
  teller.say("owner", `cordon rollback ${findingId} --reason "${order.reason}" --hours ${HOURS}`);
  const result = await account.decide("data-owner", order);
  await sandbox.drain();
  const calls = sandbox.calls.slice(before).filter(({ functionName }) => functionName === "decide");
  teller.say("answer", `${result.status}: ${result.reasons[0]}`);
  tellChanges(teller, result);
  tellCalls(teller, { calls });
  for (const { kind, key } of evidenceOf(sandbox, findingId).slice(-2)) teller.say("evidence", `${kind}, ${key}`);

  await teller.check("the configuration is exactly what the user wrote: replication is on again", () => {
    assert.equal(result.status, "exempt");
    const { replication, replicationHistory } = sandbox.bucket(bucket);
    assert.deepEqual(replication, original);
    assert.equal(JSON.stringify(replication), JSON.stringify(replicationHistory[0]?.configuration));
  });
  await teller.check("the exception was in the journal before the write, with reason, approver and expiry", () => {
    const write = calls.findIndex(({ operation }) => operation === "PutBucketReplication");
    const claim = calls.slice(0, write).findLast(({ operation }) => operation === "TransactWriteItems");
    assert.match(JSON.stringify(claim?.input), /exception-granted/);
    const exception = findingOf(sandbox, bucket, "to-oregon").exception;
    assert.equal(exception?.approver, dataOwner(account));
    assert.equal(exception?.reason, order.reason);
    const lastsMs = Date.parse(exception?.expiresAt ?? "") - Date.parse(exception?.grantedAt ?? "");
    assert.equal(Math.abs(lastsMs - HOURS * 3_600_000) < 5_000, true, `it lasts ${lastsMs} ms`);
  });
  const writes = sandbox.bucket(bucket).replicationHistory.length;
  await account.touch(bucket, "looked at");
  await sandbox.drain();
  await teller.check("a user touches the bucket within the hour: left alone, still on", () => {
    const { replication, replicationHistory } = sandbox.bucket(bucket);
    assert.equal(replicationHistory.length, writes);
    assert.deepEqual(replication, original);
    assert.equal(findingOf(sandbox, bucket, "to-oregon").status, "exempt");
  });
  const ticket = await ticketOf(account, findingId);
  teller.say("ticket", ticket.split("\n")[0] ?? "");
  await teller.check("the same ticket says that it is exempt, until when, and by whom", () => {
    assert.match(ticket, /state: exempt /);
    assert.match(ticket, /let be until .*restore test agreed \(.*user\/data-owner\)/);
  });
}

/** Nobody can decide in another's name, and nobody about what he caused. */
async function refusalsStory(
  account: Account,
  teller: Teller,
  bucket: string,
  order: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { sandbox } = account;
  const writes = sandbox.bucket(bucket).replicationHistory.length;
  const bare = await sandbox.invoke("decide", { ...order, approver: "data-owner" });
  const [proposed] = bare.ok ? (bare.result as { results: Result[] }).results : [];
  teller.say("invoke", "somebody invokes decide and says to be the data owner", `${proposed?.reasons[0]}`);
  const own = await account.decide("developer", order);
  teller.say("developer", "who switched it on, asks by the signed URL", `${own.status}: ${own.reasons[0]}`);
  await teller.check("a bare invoke proposes and never decides; who caused it never decides", () => {
    assert.equal(proposed?.status, "awaiting-approval");
    assert.match(proposed?.reasons.join() ?? "", /proposed, and nothing was done/);
    assert.equal(own.status, "refused");
    assert.match(own.reasons.join(), /user\/developer caused it/);
    assert.equal(sandbox.bucket(bucket).replicationHistory.length, writes);
  });
}

function dataOwner({ sandbox }: Account): string {
  return `arn:aws:iam::${sandbox.account}:user/data-owner`;
}

/** After the exception's end any event about the bucket brings the containment back. */
export async function expiryStory(
  account: Account,
  teller: Teller,
  bucket: string,
  findingId: string,
  rule: string,
): Promise<Measured> {
  const { sandbox } = account;
  const expiresAt = findingOf(sandbox, bucket, rule).exception?.expiresAt ?? "";
  leapTo(sandbox, Date.parse(expiresAt) + 1_000);
  teller.say("clock", `moved to ${new Date(sandbox.clock.now()).toISOString()}, past ${expiresAt}`);
  const cause = await account.touch(bucket, "looked at again");
  await sandbox.drain();
  teller.say("user", `developer calls PutBucketTagging on ${bucket}`);
  const containment = containmentAfter(sandbox, cause);
  const finding = findingOf(sandbox, bucket, rule);
  teller.say("finding", `${finding.id}, occurrence ${finding.occurrence}: ${finding.decision.reasons.at(-1)}`);
  tellChanges(teller, finding);
  tellCalls(teller, containment);
  tellTime(teller, containment);
  const ticket = await ticketOf(account, findingId);

  await teller.check("contained again, verified, as occurrence 2 of the same finding", () => {
    const live = sandbox.bucket(bucket).replication?.Rules?.find(({ ID }) => ID === rule);
    assert.equal(live?.Status, "Disabled");
    assert.equal(finding.id, findingId);
    assert.equal(finding.status, "contained");
    assert.equal(finding.occurrence, 2);
    assert.match(finding.decision.reasons.join(), /exception by .*user\/data-owner expired/);
  });
  await teller.check("the same ticket, with the count", () => {
    assert.match(ticket, /state: contained .* occurrences: 2 /);
  });
  return measured(containment);
}
