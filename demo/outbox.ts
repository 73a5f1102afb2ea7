import assert from "node:assert/strict";
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { meta } from "../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { verifyChain } from "../shared/evidence/verify-chain.ts";
import type { Account } from "./account.ts";
import { sources } from "./buckets.ts";
import { leapTo } from "./clock.ts";
import { allEvidence, chainsOf, evidenceOf, findingItems, findingOf } from "./look.ts";
import { allToOregon, OFFENDING } from "./rules.ts";
import type { Teller } from "./tell.ts";

const ARCHIVIST = "cordon-archive-evidence";
const HOURS = 25;
const HOUR_MS = 3_600_000;

/** The archive is switched off for longer than the table's stream remembers: what nobody acknowledged is told again. */
export async function outboxStory(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const lambda = account.as("admin", LambdaClient);
  const setArchive = async (Enabled: boolean): Promise<void> => {
    const list = new ListEventSourceMappingsCommand({ FunctionName: ARCHIVIST });
    const { EventSourceMappings = [] } = await lambda.send(list);
    for (const { UUID } of EventSourceMappings)
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  };
  const chain = () => chainsOf(sandbox).find((each) => each.chain.endsWith(`/${meta.id}`));
  const archivedBefore = chain()?.objects.length ?? 0;
  const lostBefore = sandbox.lost.length;
  const alarm = () => findingItems(sandbox).find(({ record }) => record.resource.name === ARCHIVIST)?.record;

  await setArchive(false);
  await sandbox.drain();
  teller.say("admin", "switches off what archive-evidence reads the table's stream by (UpdateEventSourceMapping)");
  teller.say("guard", `${alarm()?.severity}: ${alarm()?.title}`);
  await account.replicate(sources.outbox, allToOregon(sandbox.account));
  await sandbox.drain();
  const finding = findingOf(sandbox, sources.outbox, OFFENDING);
  const waiting = evidenceOf(sandbox, finding.id);
  teller.say("contained", `${sources.outbox}, with a ticket; its evidence waits in the outbox: ${waiting[0]?.outbox}`);
  await teller.check("contained and told as ever; of its evidence nothing is archived, and the table knows", () => {
    assert.equal(finding.status, "contained");
    assert.deepEqual(
      waiting.map(({ outbox, sequence }) => [outbox?.split("#")[0], sequence]),
      [["archive", undefined]],
    );
    assert.equal(chain()?.objects.length, archivedBefore);
  });

  const alarmed = alarm();
  leapTo(sandbox, sandbox.clock.now() + HOURS * HOUR_MS);
  await sandbox.drain();
  const { emissions } = evidenceOf(sandbox, finding.id)[0] ?? {};
  teller.say("clock", `${HOURS} hours on, in one leap: the stream keeps 24 and has forgotten`);
  teller.say("sweep", `asked by its schedule, has found the entry waiting and told it again (emissions: ${emissions})`);
  await setArchive(true);
  await sandbox.drain();
  const [entry] = evidenceOf(sandbox, finding.id);
  const gone = sandbox.lost.slice(lostBefore).filter(({ body }) => body.includes(finding.id));
  teller.say(
    "admin",
    `switches it on again: ${gone.length} of its records are lost, and it is archived all the same, as number ${entry?.sequence}`,
  );
  await teller.check("the stream had forgotten, the outbox had not: archived once, and nobody waits any more", () => {
    assert.equal(gone.length > 0 && (emissions ?? 0) > 0, true);
    assert.equal((entry?.sequence ?? 0) > archivedBefore, true);
    assert.deepEqual(
      allEvidence(sandbox).filter(({ outbox }) => outbox !== undefined),
      [],
    );
  });
  await teller.check("the chain is gapless and verifies", () => {
    const { chain: id, sequence, hash, objects } = chain() ?? { objects: [] };
    assert.deepEqual(verifyChain(objects), { ok: true, chain: id, head: { sequence, hash } });
    // Meanwhile the sweep has had what was contained before looked at once more, each with evidence of its own.
    const numbers = allEvidence(sandbox)
      .filter(({ controlId }) => controlId === finding.controlId)
      .map((each) => each.sequence);
    assert.deepEqual(new Set(numbers).size, sequence);
  });
  await teller.check("the guard told of the mapping while it was off, and that it is on again", () => {
    assert.equal(alarmed?.severity, "critical");
    assert.equal(alarmed?.principal?.arn, `arn:aws:iam::${sandbox.account}:user/admin`);
    assert.equal(alarm()?.status, "resolved");
  });
}
