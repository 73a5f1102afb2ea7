import assert from "node:assert/strict";
import type { Head } from "../shared/evidence/chain.ts";
import { verifyChain } from "../shared/evidence/verify-chain.ts";
import type { Account } from "./account.ts";
import { elsewhere, sources } from "./buckets.ts";
import type { Measured } from "./containments.ts";
import { allEvidence, archiveOf, chainsOf, findingItems, ticketNames, writesTo } from "./look.ts";
import type { Teller } from "./tell.ts";

/** Times of each containment, by chapter. */
export type Times = Readonly<Record<string, Measured>>;

/** Where a chain of evidence ends. */
export interface ChainEnd extends Head {
  readonly chain: string;
}

/** Containments, each in a bucket of its own but the one that came again; and one rollback. */
const WRITES = 14;
/** Of them two, one that nobody understood and one of a stranger's, are where they were put. */
const REFUSED = 2;

/** What is left behind in the account, and how long it took. */
export async function tellClosing(account: Account, teller: Teller, times: Times): Promise<readonly ChainEnd[]> {
  teller.chapter("Account", "What is left behind");
  await checkAccount(account, teller);
  const chains = await checkArchive(account, teller);
  teller.chapter(
    "Time to contain",
    "from S3 taking the causing call until S3 took Cordon's, by the sandbox's call log",
  );
  tellTimes(teller, times);
  return chains;
}

async function checkAccount(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const buckets = [...Object.values(sources).flat(), ...Object.values(elsewhere)];
  const writes = buckets.flatMap((bucket) => writesTo(sandbox, bucket)).filter(({ mutating }) => mutating);
  await teller.check(`Cordon wrote to the buckets ${writes.length} times, each time with PutBucketReplication`, () => {
    assert.deepEqual([...new Set(writes.map(({ operation }) => operation))], ["PutBucketReplication"]);
    assert.equal(writes.length, WRITES, "13 containments and 1 rollback");
  });
  const findings = findingItems(sandbox);
  await teller.check(`One ticket a finding: ${findings.length} tickets`, async () => {
    assert.deepEqual(await ticketNames(account), findings.map(({ record }) => `${record.id}.md`).sort());
  });
  await teller.check("No event was lost: nothing given up, and what was refused kept with its reason", () => {
    assert.deepEqual(sandbox.deadLetters, []);
    assert.equal(sandbox.queues["cordon-refused"]?.length, REFUSED);
  });
}

async function checkArchive({ sandbox }: Account, teller: Teller): Promise<readonly ChainEnd[]> {
  const chains = chainsOf(sandbox);
  const total = chains.reduce((sum, { sequence }) => sum + sequence, 0);
  await teller.check(
    `All ${total} entries of evidence are locked away, in ${chains.length} gapless chains that verify`,
    () => {
      for (const { chain, sequence, hash, objects } of chains) {
        assert.deepEqual(verifyChain(objects), { ok: true, chain, head: { sequence, hash } });
      }
      const archived = allEvidence(sandbox).map(({ archiveKey }) => archiveKey);
      assert.deepEqual(
        archived.sort(),
        archiveOf(sandbox)
          .map(({ key }) => key)
          .sort(),
      );
    },
  );
  return chains.map(({ chain, sequence, hash }) => ({ chain, sequence, hash }));
}

function tellTimes(teller: Teller, times: Times): void {
  const all = Object.entries(times).map(([name, { containedAfterMs }]) => `${name} ${containedAfterMs} ms`);
  const { startedAfterMs } = times.R1 ?? { startedAfterMs: 0 };
  teller.say("measured", all.join(", "));
  teller.say("", `R1 met a cold container: ${startedAfterMs} ms until its first call are in its time.`);
  teller.say("", "On loopback: on AWS the delivery of the event, some seconds, and the network come on top.");
  teller.say(
    "shown",
    "What would leave the jurisdiction is stopped, in every account the cell serves; nothing else is",
    "touched. The plan is stored before the write, the write is verified, the evidence locked away in a",
    "chain that verifies by itself. No crash, no poison and no consumer that is down loses any of it.",
    "Who decides is proved, and never whoever caused it; it is taken back exactly, and once the time granted",
    "is over it is contained again. Who switches Cordon off is heard.",
  );
}
