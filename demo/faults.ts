import assert from "node:assert/strict";
import type { RecordedCall, Sandbox } from "../sandbox/index.ts";
import type { Account } from "./account.ts";
import { sources } from "./buckets.ts";
import { CONTAINER, evidenceOf, findingOf, messageOf, QUEUE, ticketOf, writesTo } from "./look.ts";
import { allToOregon, OFFENDING } from "./rules.ts";
import type { Teller } from "./tell.ts";

/** The function dies after its write and before it could say so; what is delivered again finishes the work, and repeats none of it. */
export async function crashStory(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const bucket = sources.crash;
  sandbox.faults.inject({ function: CONTAINER, operation: "PutBucketReplication", kind: "crash-after" });
  const cause = await account.replicate(bucket, allToOregon(sandbox.account));
  const message = messageOf(sandbox, cause);
  await sandbox.settle();
  const write = writesTo(sandbox, bucket)[0];
  const left = findingOf(sandbox, bucket, OFFENDING);
  const evidenceLeft = evidenceOf(sandbox, left.id).length;
  teller.say("user", `developer calls PutBucketReplication on ${bucket}: everything to us-west-2`);
  teller.say(
    "crash",
    `${CONTAINER} is killed when S3 has taken its write, request ${write?.requestId}, before the answer`,
  );
  teller.say("left", `finding ${left.status}, ${evidenceLeft} evidence; the message stays in the queue, hidden`);

  await sandbox.drain();
  const finding = findingOf(sandbox, bucket, OFFENDING);
  const entries = evidenceOf(sandbox, finding.id);
  const finish = finishAfter(sandbox, write);
  const secondsLater = (at = 0): number => Math.round((at - (write?.at ?? 0)) / 1000);
  teller.say(
    "lease",
    `${secondsLater(finish.at(-1)?.at)} s later the dead container's is over: the event of its write, put off until then, comes again`,
  );
  teller.say("calls", `of another container: ${finish.map(({ operation }) => operation).join(", ")}`);
  teller.say("finding", `${finding.id}, ${finding.status}, occurrence ${finding.occurrence}`);
  teller.say(
    "queue",
    `${secondsLater(sandbox.clock.now())} s after the crash it gives the user's event again: nothing is left to do`,
  );

  await teller.check("one write: the next delivery found it done, verified it and wrote nothing", () => {
    assert.equal(message?.receiveCount, 2);
    assert.equal(left.status === "contained", false);
    assert.equal(evidenceLeft, 0);
    assert.deepEqual([write?.fault, writesTo(sandbox, bucket).length], ["crash-after", 1]);
    assert.equal(finish.length > 0 && finish.every(({ service, mutating }) => service !== "s3" || !mutating), true);
    assert.equal(sandbox.bucket(bucket).replication?.Rules?.[0]?.Status, "Disabled");
    assert.equal(sandbox.faults.pending, 0);
  });
  const ticket = await ticketOf(account, finding.id);
  await teller.check("one evidence, one ticket, one occurrence: as if nothing had happened", () => {
    assert.deepEqual(
      entries.map(({ kind }) => kind),
      ["contained"],
    );
    assert.match(JSON.stringify(entries[0]?.content.run), /verified/);
    assert.equal(finding.occurrence, 1);
    assert.match(ticket, /state: contained /);
  });
}

/** The calls of the delivery that finished what the dead container had begun: from its last look on. */
function finishAfter({ calls }: Sandbox, write: RecordedCall | undefined): readonly RecordedCall[] {
  const later = calls.filter(
    ({ functionName, container, sequence }) =>
      functionName === CONTAINER && container !== write?.container && sequence > (write?.sequence ?? 0),
  );
  const end = later.findIndex(({ operation }) => operation === "TransactWriteItems");
  const own = later.slice(0, end + 1).filter(({ container }) => container === later[end]?.container);
  return own.slice(own.findLastIndex(({ operation }) => operation === "GetBucketReplication"));
}

/** Something nobody understands comes in one batch with good events. */
export async function batchStory(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const [first = "", ...others] = sources.batch;
  const release = holdQueue(sandbox);
  await account.replicate(first, allToOregon(sandbox.account));
  const good = sandbox.events.at(-1);
  if (good === undefined) throw new Error("the call has left no event");
  const poison = {
    ...good,
    id: "00000000-0000-4000-8000-00000000dead",
    detail: { ...good.detail, requestParameters: null, resources: [] },
  };
  sandbox.putEvent(poison);
  for (const bucket of others) await account.replicate(bucket, allToOregon(sandbox.account));
  const messages = [...(sandbox.queues[QUEUE] ?? [])];
  teller.say(
    "queue",
    `${messages.length} messages for one batch: ${sources.batch.join(", ")}, and one whose requestParameters are null`,
  );
  release();
  await sandbox.drain();

  const refused = sandbox.queues["cordon-refused"] ?? [];
  teller.say("refused", refused.map(({ attributes }) => attributes.reason ?? "").join("; "));
  await teller.check("the others of the batch are contained", () => {
    for (const bucket of sources.batch) {
      assert.equal(findingOf(sandbox, bucket, OFFENDING).status, "contained");
      assert.equal(sandbox.bucket(bucket).replication?.Rules?.[0]?.Status, "Disabled");
    }
  });
  await teller.check("what nobody understands is kept whole, with the reason, in a queue of its own", () => {
    assert.equal(refused.length, 1);
    assert.deepEqual(JSON.parse(refused[0]?.body ?? ""), poison);
    assert.match(refused[0]?.attributes.reason ?? "", /expected/);
  });
  await teller.check("each message was received once, in the same batch, and is gone", () => {
    assert.deepEqual(
      messages.map(({ receiveCount }) => receiveCount),
      messages.map(() => 1),
    );
    assert.equal(new Set(messages.map(({ firstReceivedAt }) => firstReceivedAt)).size, 1);
    assert.equal(sandbox.queues[QUEUE]?.length, 0);
  });
}

/** Keeps Lambda from polling until released, so that messages pile up to a batch. */
function holdQueue({ registry }: Sandbox): () => void {
  const mapping = registry
    .list("AWS::Lambda::EventSourceMapping")
    .find(({ properties }) => String(properties.EventSourceArn).endsWith(`:${QUEUE}`));
  if (mapping === undefined) throw new Error(`nothing polls ${QUEUE}`);
  const set = (Enabled: boolean): void => {
    mapping.properties.Enabled = Enabled;
    registry.changed(mapping);
  };
  set(false);
  return () => set(true);
}
