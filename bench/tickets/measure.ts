import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { CELL } from "../../sandbox/index.ts";
import { contentHash } from "../../shared/ids.ts";
import { DEFAULT_POLICY_FILE } from "../../shared/policy/built-in.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { inboxName } from "../../shared/ticketing/message.ts";
import { type Account, HOME, openAccount } from "../account.ts";
import { type Bundles, openBundles } from "../bundles.ts";
import { openContestants } from "../contestants.ts";
import { compare } from "../figures.ts";
import { type Folder, openFolder, root } from "../folder.ts";
import { incidentsIn } from "../incidents.ts";
import { measureWarm, type WarmRun } from "../measure.ts";
import { compileDocument } from "../policy/documents.ts";
import { type Contestant, type MeasuredProcess, startProcess } from "../process.ts";
import type { Progress } from "../progress.ts";
import { type Burst, CPU_RATIO, type TicketsReport } from "./figures.ts";
import { writeFindings } from "./findings.ts";
import { openReceiver } from "./receiver.ts";

const DELIVERS = "deliver-tickets";
const OPENS = "open-tickets";
const CONTAINS = "quarantine-replication";
const SECRET = "cordon/tickets/webhook";
const QUEUE = inboxName(CELL.table, "webhook");
const STREAM_BATCH = 100;
const QUEUE_BATCH = 10;

export interface TicketsOptions {
  readonly findings: number;
  readonly warm: { readonly rounds: number; readonly runs: number };
}

/**
 * Measures a burst of findings through the built functions to a tracker on this machine, and containment while every tracker is down.
 *
 * @throws Error when something could not be measured
 */
export async function measureTickets(
  { findings, warm }: TicketsOptions,
  progressFor: (what: string) => Progress,
): Promise<TicketsReport> {
  const folder = await openFolder();
  try {
    return {
      bursts: await measureBursts(findings, progressFor),
      ...(await containment(warm, folder, progressFor)),
    };
  } finally {
    await folder.remove();
  }
}

/** A burst of findings that have nothing in common, and one of findings from one cause. Throws Error when a message is not there, or is not taken. */
export async function measureBursts(
  findings: number,
  progressFor: (what: string) => Progress,
): Promise<readonly Burst[]> {
  const bundles = await openBundles(DELIVERS);
  const common = { findings, storm: { count: 10, windowMinutes: 10 } };
  try {
    const apart = {
      what: "each from a cause of its own",
      causes: findings,
      mostTickets: findings,
      mostRequests: findings,
    };
    // The storm's own ticket is opened, and brought up to date once its quiet period is over.
    const together = { what: "all from one cause", causes: 1, mostTickets: 11, mostRequests: 12 };
    return [
      await burst({ ...common, ...apart }, bundles, progressFor),
      await burst({ ...common, ...together }, bundles, progressFor),
    ];
  } finally {
    await bundles.remove();
  }
}

interface Given extends Pick<Burst, "what" | "findings" | "mostTickets" | "mostRequests"> {
  readonly causes: number;
  readonly storm: object;
}

async function burst(given: Given, bundles: Bundles, progressFor: (what: string) => Progress): Promise<Burst> {
  const { causes, storm, ...burst } = given;
  const account = await openAccount();
  const receiver = await openReceiver();
  try {
    const { sandbox } = account;
    sandbox.createQueue(QUEUE);
    sandbox.seedSecret(SECRET, JSON.stringify({ secret: "a-secret-of-the-benchmark-0123456789" }));
    const file = await policyTo(bundles.folder, receiver.url, storm);
    const process = (name: string, bundle: string) => startProcess(contestantOf(account, name, bundle, bundles, file));
    const records = await writeFindings(account, burst.findings, causes);
    const opens = process(OPENS, join(root, "dist", OPENS, "index.js"));
    const delivers = process(DELIVERS, bundles.cordon);
    try {
      for (let at = 0; at < records.length; at += STREAM_BATCH)
        await opens.handle({ Records: records.slice(at, at + STREAM_BATCH) });
      const progress = progressFor(`tickets, ${burst.what}`);
      const measured = await deliverAll(delivers, account, burst.findings, progress);
      return { ...burst, ...receiver.counts, ...measured };
    } finally {
      await Promise.all([opens.end(), delivers.end()]);
    }
  } finally {
    await receiver.close();
    await account.close();
  }
}

/** Every message twice, as queues deliver them at times; what groups send to themselves once. */
async function deliverAll(
  delivers: MeasuredProcess,
  { sandbox }: Account,
  findings: number,
  progress: Progress,
): Promise<Pick<Burst, "earlyMb" | "lateMb" | "cpuMsPerFinding">> {
  const taken = (sandbox.queues[QUEUE] ?? []).map(({ body }) => body);
  if (taken.length !== findings) throw new Error(`expected ${findings} messages, found ${taken.length}`);
  let earlyMb = 0;
  let last = { peakMb: 0, cpuMs: 0 };
  for (let at = 0; at < taken.length; at += QUEUE_BATCH) {
    const bodies = taken.slice(at, at + QUEUE_BATCH);
    await delivers.handle(batchOf(bodies, at, sandbox.account));
    last = await delivers.handle(batchOf(bodies, at, sandbox.account));
    if (at <= findings / 10) earlyMb = last.peakMb;
    progress(Math.min(at + QUEUE_BATCH, taken.length), taken.length);
  }
  const ofGroups = (sandbox.queues[QUEUE] ?? []).slice(findings).map(({ body }) => body);
  for (let at = 0; at < ofGroups.length; at += QUEUE_BATCH)
    last = await delivers.handle(batchOf(ofGroups.slice(at, at + QUEUE_BATCH), findings + at, sandbox.account));
  return { earlyMb, lateMb: last.peakMb, cpuMsPerFinding: last.cpuMs / findings };
}

function batchOf(bodies: readonly string[], first: number, account: string): object {
  const Records = bodies.map((body, index) => ({
    messageId: `message-${first + index}`,
    receiptHandle: `message-${first + index}`,
    body,
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1" },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${HOME}:${account}:${QUEUE}`,
    awsRegion: HOME,
  }));
  return { Records };
}

/** The shipped policy with one route, to a server on this machine: no policy could name it as written. Returns the compiled file. */
async function policyTo(folder: Folder, url: string, storm: object): Promise<string> {
  const shipped = parse(await readFile(join(root, DEFAULT_POLICY_FILE), "utf8"));
  const route = { id: "bench", adapter: "webhook", liesIn: ["eu"], url: "https://tracker.example.com", secret: SECRET };
  const { digest: _, ...policy } = compileDocument({ ...shipped, tickets: { storm, routes: [route] } });
  const tickets = policy.tickets && {
    ...policy.tickets,
    routes: policy.tickets.routes.map((each) => ({ ...each, url })),
  };
  const changed = { ...policy, ...(tickets && { tickets }) };
  const file = join(folder.path, `policy-${contentHash(changed).slice(0, 8)}.json`);
  await writeFile(file, writeCompiled({ ...changed, digest: contentHash(changed) }));
  return file;
}

function contestantOf(
  account: Account,
  name: string,
  bundle: string,
  { runner }: Bundles,
  policyFile: string,
): Contestant {
  const environment = { ...account.environmentOf(name), CORDON_STACK: CELL.table, CORDON_POLICY: policyFile };
  return { name, bundle, runner, functionArn: account.functionArnOf(name), environment };
}

/** The same function, with a policy whose tracker is down and with one that has none. */
async function containment(
  warm: TicketsOptions["warm"],
  folder: Folder,
  progressFor: (what: string) => Progress,
): Promise<Pick<TicketsReport, "containment" | "calls">> {
  const account = await openAccount();
  const bundles = await openBundles(CONTAINS);
  try {
    const incidents = incidentsIn(account);
    const { cordon, operations } = await openContestants(account, bundles, incidents);
    // Nobody listens there.
    const file = await policyTo(folder, "http://127.0.0.1:1/", {});
    const down = { ...cordon, name: "trackers down", environment: { ...cordon.environment, CORDON_POLICY: file } };
    const none = await policyTo(folder, "http://127.0.0.1:2/", {});
    const without = {
      ...cordon,
      name: "no trackers",
      environment: { ...cordon.environment, CORDON_POLICY: await withoutRoutes(none) },
    };
    const runs = { cordon: [] as WarmRun[], floor: [] as WarmRun[] };
    for (let round = 1; round <= warm.rounds; round++) {
      const progress = progressFor(`containments with trackers down, series ${round} of ${warm.rounds}`);
      const given = { account, job: incidents, contestants: { cordon: down, floor: without } };
      // Other calls than without trackers are an error here.
      const series = await measureWarm(given, { runs: warm.runs, warmUp: 20, operations, progress });
      runs.cordon.push(...series.cordon);
      runs.floor.push(...series.floor);
    }
    const figure = compare("warm: CPU per containment", "ms", runs, ({ cpuMs }) => cpuMs, { limit: CPU_RATIO });
    return { containment: figure, calls: operations.length };
  } finally {
    await bundles.remove();
    await account.close();
  }
}

async function withoutRoutes(file: string): Promise<string> {
  const { format: _, policy } = JSON.parse(await readFile(file, "utf8"));
  const { digest: _digest, tickets: _tickets, ...rest } = policy;
  const without = file.replace(/\.json$/, "-without.json");
  await writeFile(without, writeCompiled({ ...rest, digest: contentHash(rest) }));
  return without;
}
