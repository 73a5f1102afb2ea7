/**
 * `npm run demo`: somebody switches on replication of EU-only buckets to the United States, on AWS accounts of the sandbox; Cordon's stack answers, as it
 * is packaged. Every step is checked against the accounts themselves. Exit codes: 0 all holds, 1 something does not, 2 wrong usage.
 */
import { parseArgs } from "node:util";
import { type Account, openAccount } from "./account.ts";
import { missingBundles } from "./package-cell.ts";
import { type Told, tellStory } from "./story.ts";
import { makeTeller } from "./tell.ts";

const USAGE = `Show Cordon containing cross-border S3 replication, on AWS accounts simulated on this machine.

  npm run demo [-- options]

  --json   print the checks as JSON instead of the story (npm run --silent demo -- --json)
  --help   this text

Needs no AWS account and no network. Exit codes: 0 every check holds, 1 one does not, 2 wrong usage.
`;

async function main(list: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...list], options: { json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const missing = missingBundles();
  if (missing.length > 0) {
    process.stderr.write(`${missing.join(", ")} not built yet: run "npm run build" first, or "npm run demo".\n`);
    return 1;
  }
  const startedAt = performance.now();
  const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const teller = makeTeller(values.json ? undefined : process.stdout, isColoured);
  let told: Told | undefined;
  let account: Account | undefined;
  process.once("SIGINT", () => void Promise.resolve(account?.close()).finally(() => process.exit(130)));
  // A reader that goes away (`| head`) ends the telling, not the checking.
  process.stdout.on("error", () => {});
  try {
    account = await openAccount();
    told = await tellStory(account, teller);
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
    const report = { holds: broken.length === 0, seconds, ...told, checks: teller.checks };
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
