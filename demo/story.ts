import type { Account } from "./account.ts";
import { approvalStory } from "./approval.ts";
import { brakeStory } from "./brake.ts";
import { HOME, MEMBER, sources } from "./buckets.ts";
import { type ChainEnd, type Times, tellClosing } from "./closing.ts";
import { compliantStory, containmentStory, routeStory } from "./containments.ts";
import { evidenceStory } from "./evidence.ts";
import { batchStory, crashStory } from "./faults.ts";
import { guardStory } from "./guard.ts";
import { findingOf } from "./look.ts";
import { memberStory, strangerStory } from "./members.ts";
import { outboxStory } from "./outbox.ts";
import { expiryStory, rollbackStory } from "./rollback.ts";
import type { Hop } from "./route.ts";
import { configurations, OFFENDING } from "./rules.ts";
import type { Teller } from "./tell.ts";

/** What was measured on the way. */
export interface Told {
  readonly timesToContain: Times;
  /** The first event's way through the account. */
  readonly route: readonly Hop[];
  /** Where the chains end, one a control. */
  readonly evidence: readonly ChainEnd[];
}

/** The demo's chapters, in order. Each builds on what the ones before have left in the account. */
export async function tellStory(account: Account, teller: Teller): Promise<Told> {
  const { sandbox } = account;
  const { R1, R2, R3, R5v1, R5v2 } = configurations(sandbox.account);
  teller.say("account", `${sandbox.account} on ${sandbox.endpoint}, and the member ${MEMBER}`);
  teller.say(
    "deployed",
    "the packaged stack: rules, queues, functions with their roles, table, locked bucket; it enforces",
  );
  teller.say("policy", 'eu-gdpr: data classified "eu-only" stays in Regions of the European Union');
  teller.say("buckets", `${Object.values(sources).flat().join(", ")} in ${HOME}, tagged data-residency=eu-only`);

  teller.chapter("R1", "All of an EU-only bucket is sent to the United States");
  const first = await routeStory(account, teller, sources.R1, R1, OFFENDING);

  teller.chapter("R2", "Only objects tagged Sovereignty=Global are sent there; policy declares that tag trusted");
  await compliantStory(account, teller, sources.R2, R2);

  teller.chapter("R3", "Only personal data is sent there: prefix pii/ and tag sensitive=true");
  const third = await containmentStory(account, teller, sources.R3, R3, "pii-to-virginia");

  teller.chapter("R5", "One rule offends among compliant ones; nothing else may change");
  teller.say("schema", "V2: rules with Filter, Priority and DeleteMarkerReplication");
  const newer = await containmentStory(account, teller, sources.R5v2, R5v2, "all-to-virginia");
  teller.say("schema", "V1: rules with Prefix");
  const older = await containmentStory(account, teller, sources.R5v1, R5v1, "invoices");

  teller.chapter("Undo", "The data owner takes the first containment back, for one hour");
  const { id } = findingOf(sandbox, sources.R1, OFFENDING);
  await rollbackStory(account, teller, sources.R1, id, R1);

  teller.chapter("Expiry", "The hour is over, and somebody touches the bucket");
  const again = await expiryStory(account, teller, sources.R1, id, OFFENDING);

  teller.chapter("Approval", "Of which class the data is can't be told");
  await approvalStory(account, teller, sources.approval, R1, OFFENDING);

  teller.chapter("Brake", "Somebody on call stops everything, and lets it go on");
  await brakeStory(account, teller, sources.brake, R1, OFFENDING);

  teller.chapter("Evidence", "What proves the first containment, and whether it can be altered");
  await evidenceStory(account, teller, id);

  teller.chapter("Crash", "The function dies after its write and before it could say so");
  await crashStory(account, teller);

  teller.chapter("Poison", "Something nobody understands comes in one batch with good events");
  await batchStory(account, teller);

  teller.chapter("Outbox", "The archive is switched off for longer than the stream remembers");
  await outboxStory(account, teller);

  teller.chapter("Member", "The data of another account leaves, in another Region");
  const away = await memberStory(account, teller);
  await strangerStory(account, teller);

  teller.chapter("Guard", "Somebody switches off what Cordon hears by");
  await guardStory(account, teller);

  const times = { R1: first.times, R3: third, "R5 V2": newer, "R5 V1": older, Expiry: again, Member: away };
  const evidence = await tellClosing(account, teller, times);
  return { timesToContain: times, route: first.hops, evidence };
}
