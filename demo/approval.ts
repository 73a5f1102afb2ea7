import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { Account } from "./account.ts";
import { evidenceOf, findingOf, ticketOf } from "./look.ts";
import { tellChanges } from "./narrate.ts";
import type { Teller } from "./tell.ts";

/** What can't be told waits for a person, with a plan; somebody who did not cause it approves that plan and no other. */
export async function approvalStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
  rule: string,
): Promise<void> {
  const { sandbox } = account;
  const allow = sandbox.deny({ action: "s3:GetBucketTagging", resource: bucket });
  teller.say("set up", `nobody may read the tags of ${bucket}: of which class its data is can't be told`);
  await account.replicate(bucket, configuration);
  await sandbox.drain();
  const waiting = findingOf(sandbox, bucket, rule);
  const plan = waiting.pending;
  teller.say("finding", `${waiting.id}, ${waiting.status}: ${waiting.decision.reasons[0]}`);
  teller.say("plan", `${plan?.id}, until ${plan?.expiresAt}`);
  tellChanges(teller, { changes: plan?.steps.flatMap(({ changes }) => changes) ?? [] });
  const statusOf = () => sandbox.bucket(bucket).replication?.Rules?.find(({ ID }) => ID === rule)?.Status;
  await teller.check(
    "undecidable is never compliant and never changed: it waits, with the exact change prepared",
    () => {
      assert.equal(waiting.status, "awaiting-approval");
      assert.equal(statusOf(), "Enabled");
      assert.equal(plan?.steps[0]?.changes[0]?.path, `Rules[${rule}].Status`);
    },
  );

  const order = {
    action: "approve",
    findingId: waiting.id,
    plan: plan?.id,
    reason: "stop it until the class is known",
  };
  const own = await account.decide("developer", order);
  teller.say("developer", `cordon approve ${waiting.id}`, `${own.status}: ${own.reasons[0]}`);
  const done = await account.decide("data-owner", order);
  await sandbox.drain();
  teller.say(
    "owner",
    `cordon approve ${waiting.id} --reason "${order.reason}"`,
    `${done.status}: ${done.reasons.at(-1)}`,
  );
  const kinds = evidenceOf(sandbox, waiting.id).map(({ kind }) => kind);
  teller.say("evidence", kinds.join(", "));
  const ticket = await ticketOf(account, waiting.id);
  await teller.check(
    "approved by somebody else, that plan is carried out, with name and reason in the evidence",
    () => {
      assert.equal(own.status, "refused");
      assert.equal(done.status, "contained");
      assert.equal(statusOf(), "Disabled");
      assert.deepEqual(kinds, ["awaiting-approval", "approve-refused", "approve-done", "contained"]);
      assert.match(ticket, /state: contained /);
    },
  );
  allow();
}
