import assert from "node:assert/strict";
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Account } from "./account.ts";
import { CONTAINER, evidenceOf, findingItems, ticketOf } from "./look.ts";
import type { Teller } from "./tell.ts";

const RULE = `cordon-${CONTAINER}-rule-1`;
const GUARD = "guard-cell";
/** Where the guard keeps what it knows, and what it hears. */
const OWN: readonly string[] = ["dynamodb", "sqs"];

/** Somebody makes Cordon deaf: that is heard too, and told with the name of who did it, until it is put back. */
export async function guardStory(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const operator = account.as("operator", EventBridgeClient);
  const findings = () => findingItems(sandbox).filter(({ record }) => record.resource.arn.endsWith(`rule/${RULE}`));
  const before = sandbox.calls.length;
  await operator.send(new DisableRuleCommand({ Name: RULE }));
  await sandbox.drain();
  const [finding] = findings();
  if (finding === undefined) throw new Error(`the journal has no finding about ${RULE}`);
  const ticket = await ticketOf(account, finding.record.id);
  teller.say("operator", `calls DisableRule on ${RULE}: no replication would be heard any more`);
  teller.say("event", `AWS API Call via CloudTrail: DisableRule -> queue cordon-${GUARD} -> ${GUARD}`);
  teller.say("finding", `${finding.record.id}, ${finding.record.severity}: ${finding.record.title}`);
  teller.say("ticket", `${finding.record.id}.md`);
  teller.quote(ticket.split("\nWhat was done")[0] ?? "");
  await teller.check("one critical finding and a ticket that names who did it", () => {
    assert.equal(findings().length, 1);
    assert.equal(finding.record.severity, "critical");
    assert.match(ticket, /severity: critical/);
    assert.match(ticket, new RegExp(`arn:aws:iam::${sandbox.account}:user/operator`));
  });
  await teller.check("the guard changed nothing itself: it only watches and tells", () => {
    const writes = sandbox.calls
      .slice(before)
      .filter(({ functionName, mutating, service }) => functionName === GUARD && mutating && !OWN.includes(service));
    assert.deepEqual(writes, []);
  });

  await operator.send(new EnableRuleCommand({ Name: RULE }));
  await sandbox.drain();
  const [after] = findings();
  teller.say("operator", `calls EnableRule: the finding is ${after?.record.status}`);
  await teller.check("put back, the finding is resolved, in the same ticket and in the evidence", async () => {
    assert.equal(after?.record.status, "resolved");
    assert.match(await ticketOf(account, finding.record.id), /state: resolved /);
    const kinds = evidenceOf(sandbox, finding.record.id).map(({ kind }) => kind);
    assert.equal(kinds.at(-1), "resolved");
  });
}
