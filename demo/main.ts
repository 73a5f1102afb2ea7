/**
 * `npm run demo`: somebody switches on replication of EU-only buckets to the United States, on an AWS account of the sandbox; the built
 * functions answer. Every step is checked against the account itself. Exit codes: 0 all holds, 1 something does not, 2 wrong usage.
 */
import { parseArgs } from "node:util";
import { missingBundles } from "../sandbox/index.ts";
import { type Account, HOME, lost, openAccount, sources } from "./account.ts";
import { compliantStory, containmentStory, isolationStory, type Measured } from "./containments.ts";
import { countTickets, findingOf } from "./look.ts";
import { expiryStory, rollbackStory } from "./rollback.ts";
import { configurations } from "./rules.ts";
import { makeTeller, type Teller } from "./tell.ts";

const USAGE = `Show Cordon containing cross-border S3 replication, on an AWS account simulated on this machine.

  npm run demo [-- options]

  --json   print the checks as JSON instead of the story (npm run --silent demo -- --json)
  --help   this text

Needs no AWS account and no network. Exit codes: 0 every check holds, 1 one does not, 2 wrong usage.
`;

/** Times of each containment, by chapter. */
type Times = Readonly<Record<string, Measured>>;

async function tellStory(account: Account, teller: Teller): Promise<Times> {
  const { R1, R2, R3, R5v1, R5v2 } = configurations(account.sandbox.account);
  teller.say("account", `${account.sandbox.account} on ${account.sandbox.endpoint}; the functions run from dist/`);
  teller.say("policy", 'eu-gdpr: data classified "eu-only" stays in Regions of the European Union');
  teller.say("buckets", `${Object.values(sources).join(", ")} in ${HOME}, tagged data-residency=eu-only`);

  teller.chapter("R1", "All of an EU-only bucket is sent to the United States");
  const first = await containmentStory(account, teller, sources.R1, R1, "to-oregon", { isToldInFull: true });

  teller.chapter("R2", "Only objects tagged Sovereignty=Global are sent there; policy declares that tag trusted");
  await compliantStory(account, teller, sources.R2, R2);

  teller.chapter("R3", "Only personal data is sent there: prefix pii/ and tag sensitive=true");
  const third = await containmentStory(account, teller, sources.R3, R3, "pii-to-virginia");

  teller.chapter("R5", "One rule offends among compliant ones; nothing else may change");
  const newer = await isolationStory(account, teller, "V2", sources.R5v2, R5v2, "all-to-virginia");
  const older = await isolationStory(account, teller, "V1", sources.R5v1, R5v1, "invoices");

  teller.chapter("Undo", "The data owner takes the first containment back, for one hour");
  const { id } = findingOf(account.sandbox, sources.R1, "to-oregon");
  await rollbackStory(account, teller, sources.R1, id, R1);

  teller.chapter("Expiry", "The hour is over, and somebody touches the bucket");
  const again = await expiryStory(account, teller, sources.R1, id, "to-oregon");

  teller.chapter("Account", "What is left behind");
  await checkAccount(account, teller);
  return { R1: first, R3: third, "R5 V2": newer, "R5 V1": older, Expiry: again };
}

async function checkAccount(account: Account, teller: Teller): Promise<void> {
  const { sandbox } = account;
  const customers: readonly string[] = Object.values(sources);
  const writes = sandbox.calls.filter(
    ({ functionName, mutating, resource }) => functionName && mutating && customers.includes(resource),
  );
  await teller.check(`Cordon wrote to the buckets ${writes.length} times, each time with PutBucketReplication`, () => {
    const others = writes.filter(({ operation, applied }) => operation !== "PutBucketReplication" || !applied);
    if (others.length > 0 || writes.length !== 6) {
      throw new Error(`expected 5 containments and 1 rollback, found ${writes.map(({ operation }) => operation)}`);
    }
  });
  await teller.check("One ticket a finding: 4 tickets", async () => {
    const count = await countTickets(account);
    if (count !== 4) throw new Error(`found ${count} tickets`);
  });
  await teller.check("No event was lost: none refused, none given up", () => {
    if (lost(sandbox) > 0) throw new Error(`${lost(sandbox)} messages were refused or given up`);
  });
}

function sum(teller: Teller, times: Times): void {
  teller.chapter(
    "Time to contain",
    "from S3 taking the causing call until S3 took Cordon's, by the sandbox's call log",
  );
  const all = Object.entries(times).map(([name, { containedAfterMs }]) => `${name} ${containedAfterMs} ms`);
  const { startedAfterMs } = times.R1 ?? { startedAfterMs: 0 };
  teller.say("measured", all.join(", "));
  teller.say("", `R1 met a cold container: ${startedAfterMs} ms until its first call are in its time.`);
  teller.say("", "On loopback: on AWS the delivery of the event, some seconds, and the network come on top.");
  teller.say(
    "shown",
    "What would leave the jurisdiction is stopped, and nothing else is touched. The plan is stored",
    "before the write, the write is verified, the evidence sealed. It is taken back exactly, and only",
    "for the time granted.",
  );
}

async function main(list: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...list], options: { json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const missing = missingBundles();
  if (missing.length > 0) {
    process.stderr.write(
      `${missing.join(", ")} is missing. Run "npm run build" first, or "npm run demo", which does.\n`,
    );
    return 1;
  }
  const startedAt = performance.now();
  const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const teller = makeTeller(values.json ? undefined : process.stdout, isColoured);
  let times: Times = {};
  let account: Account | undefined;
  process.once("SIGINT", () => void Promise.resolve(account?.close()).finally(() => process.exit(130)));
  // A reader that goes away (`| head`) ends the telling, not the checking.
  process.stdout.on("error", () => {});
  try {
    account = await openAccount();
    times = await tellStory(account, teller);
    sum(teller, times);
  } catch (error) {
    await teller.check("the story can be told to its end", () => {
      throw error;
    });
    const lastLines = account?.sandbox.logs.slice(-5) ?? [];
    process.stderr.write(lastLines.map((line) => `${line.slice(0, 400)}\n`).join(""));
  } finally {
    await account?.close();
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const broken = teller.checks.filter(({ holds }) => !holds);
  if (values.json) {
    const report = { holds: broken.length === 0, seconds, timesToContain: times, checks: teller.checks };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else if (broken.length === 0) {
    process.stdout.write(`\nAll ${teller.checks.length} checks hold. It took ${seconds} s.\n`);
  } else {
    const list = broken.map(({ chapter, claim }) => `  ${chapter}: ${claim}\n`);
    process.stdout.write(`\n${broken.length} of ${teller.checks.length} checks do not hold:\n${list.join("")}`);
  }
  return broken.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Only the command line can still be wrong here.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
