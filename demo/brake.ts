import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import { BRAKES } from "../shared/lifecycle/brake.ts";
import type { Account } from "./account.ts";
import { findingItems, findingOf, ticketOf, writesTo } from "./look.ts";
import type { Teller } from "./tell.ts";

/** At three in the morning: everything stops with the next event, it is told loudly, and goes on when the brake is off. */
export async function brakeStory(
  account: Account,
  teller: Teller,
  bucket: string,
  configuration: ReplicationConfiguration,
  rule: string,
): Promise<void> {
  const { sandbox } = account;
  const brakeFinding = () => findingItems(sandbox).find(({ record }) => record.controlId === BRAKES.id)?.record;
  const on = await account.decide("on-call", { action: "brake-on", reason: "checking a bad deployment" });
  teller.say("on-call", 'cordon brake on --reason "checking a bad deployment"', `${on.status}: ${on.reasons[0]}`);
  await account.replicate(bucket, configuration);
  await sandbox.drain();
  const held = findingOf(sandbox, bucket, rule);
  const told = brakeFinding();
  teller.say("finding", `${held.id}, ${held.status}: ${held.decision.reasons.at(-1)}`);
  const ticket = await ticketOf(account, told?.id ?? "");
  teller.say("ticket", ticket.split("\n")[0] ?? "");
  await teller.check("with the next event nothing is written; it is observed, and a critical ticket says why", () => {
    assert.equal(held.status, "observed");
    assert.deepEqual(writesTo(sandbox, bucket), []);
    assert.deepEqual(
      held.holds?.map(({ limit }) => limit),
      ["brake"],
    );
    assert.equal(told?.severity, "critical");
    assert.match(ticket, /checking a bad deployment/);
  });

  const off = await account.decide("on-call", { action: "brake-off", reason: "it was harmless" });
  teller.say("on-call", 'cordon brake off --reason "it was harmless"', `${off.status}: ${off.reasons[0]}`);
  await account.touch(bucket, "looked at");
  await sandbox.drain();
  await teller.check("off again, what left meanwhile is contained with its next event, and the ticket resolved", () => {
    assert.equal(findingOf(sandbox, bucket, rule).status, "contained");
    assert.equal(brakeFinding()?.status, "resolved");
  });
}
