import assert from "node:assert/strict";
import { CELL, type Sandbox } from "../sandbox/index.ts";
import type { Account } from "./account.ts";
import { elsewhere, MEMBER, MEMBER_REGION, STRANGER } from "./buckets.ts";
import { type Measured, measured } from "./containments.ts";
import { CONTAINER, containmentAfter, findingOf, messageOf, ticketOf } from "./look.ts";
import { allToOregon, OFFENDING, replicas } from "./rules.ts";
import type { Teller } from "./tell.ts";

const CELL_RULE = `cordon-${CONTAINER}-cellrule-1`;

/** A member's data leaves: heard through its forwarder, contained in its role. */
export async function memberStory(account: Account, teller: Teller): Promise<Measured> {
  const { sandbox } = account;
  const bucket = elsewhere.member;
  const place = { account: MEMBER, region: MEMBER_REGION };
  const written = allToOregon(MEMBER, replicas.membersOregon);
  const cause = await account.replicate(bucket, written, place);
  const message = messageOf(sandbox, cause);
  await sandbox.drain();
  const finding = findingOf(sandbox, bucket, OFFENDING);
  const later = sandbox.calls.filter(
    ({ sequence, functionName }) => sequence > cause.sequence && functionName === CONTAINER,
  );
  const assumed = later.find(({ operation }) => operation === "AssumeRole");
  const onBucket = later.filter(({ resource }) => resource === bucket);
  const containment = containmentAfter(sandbox, cause);
  const { write, containedAfterMs } = containment;
  teller.say(
    "user",
    `developer of ${MEMBER} calls PutBucketReplication on ${bucket} (${MEMBER_REGION}): all of it to us-west-2`,
  );
  teller.say("route", `${MEMBER}/${MEMBER_REGION} default bus -> rule cordon-forward-s3 -> bus ${account.bus}`);
  teller.say("", `-> rule ${CELL_RULE} -> queue -> ${CONTAINER}`);
  teller.say("role", `${assumed?.operation} ${assumed?.input.RoleArn}, with the external id`);
  teller.say("contained", `after ${containedAfterMs} ms, as ${write.principal}`);

  await teller.check(
    "its event came over the cell's bus, through the member's own forwarder and the cell's rule",
    () => {
      const { account: from, region } = JSON.parse(message?.body ?? "{}");
      assert.deepEqual({ account: from, region }, place);
      const forwards = ruleIn(sandbox, "cordon-forward-s3", place);
      const hears = ruleIn(sandbox, CELL_RULE, sandbox);
      assert.match(JSON.stringify(forwards?.Targets), new RegExp(account.bus));
      assert.equal(hears?.EventBusName, CELL.bus);
    },
  );
  await teller.check("contained in the member's account and Region, and the ticket names both", async () => {
    const Rules = written.Rules?.map((rule) => ({ ...rule, Status: "Disabled" }));
    assert.deepEqual(sandbox.bucket(bucket).replication, { ...written, Rules });
    assert.equal(finding.status, "contained");
    assert.match(await ticketOf(account, finding.id), new RegExp(`account ${MEMBER}, ${MEMBER_REGION}`));
  });
  await teller.check("the cell's own role never touched the bucket: every call was the member role's", () => {
    const session = `arn:aws:sts::${MEMBER}:assumed-role/cordon-member/`;
    assert.equal(onBucket.length > 0, true);
    for (const { principal } of onBucket) assert.equal(principal.startsWith(session), true, principal);
    assert.equal(write.region, MEMBER_REGION);
  });
  return measured(containment);
}

/** An account that is no member is heard on no bus, and if it were, nothing would be done there. */
export async function strangerStory(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const bucket = elsewhere.stranger;
  account.forwardFrom(STRANGER, MEMBER_REGION);
  const before = sandbox.calls.length;
  const refusedBefore = refusalsIn(sandbox).length;
  await account.replicate(bucket, allToOregon(STRANGER, replicas.strangersOregon), {
    account: STRANGER,
    region: MEMBER_REGION,
  });
  const event = sandbox.events.at(-1);
  await sandbox.drain();
  const ownQueue = sandbox.queues[`arn:aws:sqs:${MEMBER_REGION}:${STRANGER}:cordon-undelivered`] ?? [];
  teller.say("stranger", `${STRANGER} is no member, and forwards its events to the cell's bus all the same`);
  teller.say("bus", sandbox.undelivered.at(-1)?.reason ?? "");
  await teller.check("the cell's bus did not take it; it waits in the stranger's own queue", () => {
    assert.match(sandbox.undelivered.at(-1)?.reason ?? "", new RegExp(`policy of .* does not let account ${STRANGER}`));
    assert.equal(ownQueue.length, 1);
  });

  if (event === undefined) throw new Error("the call has left no event");
  sandbox.putEvent(event, { bus: account.bus });
  await sandbox.drain();
  const refusals = refusalsIn(sandbox).slice(refusedBefore);
  teller.say("let in", "the same event, put on the cell's bus as if its policy had let it in:");
  teller.say("refused", ...refusals);
  await teller.check("refused with the reason, and not one call was made for it", () => {
    assert.equal(refusals.length, 1);
    assert.match(refusals[0] ?? "", new RegExp(STRANGER));
    const calls = sandbox.calls
      .slice(before)
      .filter(({ functionName, service }) => functionName === CONTAINER && service !== "sqs");
    assert.deepEqual(
      calls.map(({ operation }) => operation),
      [],
    );
    assert.equal(sandbox.bucket(bucket).replication?.Rules?.[0]?.Status, "Enabled");
  });
}

/** A rule's settings, as they are now. */
function ruleIn({ registry }: Sandbox, name: string, place: { readonly account: string; readonly region: string }) {
  const rules = registry.list("AWS::Events::Rule", { account: place.account, region: place.region });
  return rules.find(({ properties }) => properties.Name === name)?.properties;
}

function refusalsIn({ queues }: Sandbox): readonly string[] {
  return (queues[CELL.refusedQueue] ?? []).map(({ attributes }) => attributes.reason ?? "");
}
