import type { RecordedCall } from "../../sandbox/index.ts";
import { type Account, openAccount } from "../account.ts";
import { openBundles } from "../bundles.ts";
import type { Both } from "../measure.ts";
import { type Contestant, type MeasuredProcess, startProcess } from "../process.ts";
import type { Progress } from "../progress.ts";
import { inTurn } from "../statistics.ts";
import { type KeysCase, keysCase, type LookedThrough } from "./figures.ts";
import { assertDeactivated, createUsers, enforcingPolicy, FUNCTION, type Users } from "./users.ts";

export interface KeysOptions {
  /** Accounts of each kind for each of the two; every one is looked through by a new process. */
  readonly rounds: number;
  readonly cases?: readonly Users[];
}

/** What looking through accounts came to. */
export interface KeysReport {
  readonly rounds: number;
  readonly cases: readonly KeysCase[];
}

export const CASES: readonly Users[] = [
  { users: 1_000, stale: 50, rotating: 0 },
  { users: 5_000, stale: 50, rotating: 0 },
  { users: 5_000, stale: 50, rotating: 4_950 },
];
const QUEUE = `cordon-${FUNCTION}`;

/**
 * Has the built revoke-stale-keys and a plain scan look through accounts of the same users, in turn.
 *
 * @throws Error when a key that is too old is left, another one is switched off, or something could not be measured
 */
export async function measureKeys(
  { rounds, cases = CASES }: KeysOptions,
  progressFor: (what: string) => Progress,
): Promise<KeysReport> {
  const bundles = await openBundles(FUNCTION);
  try {
    const policyFile = await enforcingPolicy(bundles.folder);
    const scan = await bundles.folder.bundle("bench/keys/scan.ts", "scan");
    const measured: KeysCase[] = [];
    for (const users of cases) {
      const found = { cordon: [] as LookedThrough[], floor: [] as LookedThrough[] };
      const progress = progressFor(
        `${users.users} users, ${users.rotating === 0 ? "none" : "most"} with keys made anew`,
      );
      for (let round = 0; round < rounds; round++) {
        for (const who of inTurn(round)) {
          const bundle = who === "cordon" ? bundles.cordon : scan;
          found[who].push(await lookThrough(users, who, { bundle, runner: bundles.runner, policyFile }));
        }
        progress(round + 1, rounds);
      }
      measured.push(keysCase(users, found));
    }
    return { rounds, cases: measured };
  } finally {
    await bundles.remove();
  }
}

interface Given {
  readonly bundle: string;
  readonly runner: string;
  readonly policyFile: string;
}

/** A new account, and a new process that looks through it. */
async function lookThrough(
  users: Users,
  who: keyof Both<unknown>,
  { bundle, runner, policyFile }: Given,
): Promise<LookedThrough> {
  const account = await openAccount();
  const { sandbox } = account;
  try {
    sandbox.createQueue(QUEUE);
    createUsers(sandbox, users);
    const environment = { ...account.environmentOf(FUNCTION), CORDON_STACK: "cordon", CORDON_POLICY: policyFile };
    const functionArn = account.functionArnOf(FUNCTION);
    const contestant: Contestant = {
      name: who === "cordon" ? "Cordon" : "scan",
      bundle,
      runner,
      environment,
      functionArn,
    };
    sandbox.clearCalls();
    const container = startProcess(contestant);
    try {
      const { cpuMs, peakMb } = await treat(container, account);
      assertDeactivated(sandbox, users);
      return { ...countCalls(sandbox.calls), cpuMs, peakMb };
    } finally {
      await container.end();
    }
  } finally {
    await account.close();
  }
}

/** The look, and then what it left to the function's own queue, a message at a time as Lambda's poller hands them over. */
async function treat(container: MeasuredProcess, { sandbox }: Account) {
  let last = await container.handle({ cordon: "keys", account: sandbox.account });
  for (const [index, { body }] of (sandbox.queues[QUEUE] ?? []).entries()) {
    const messageId = `message-${index}`;
    const attributes = { ApproximateReceiveCount: "1", SentTimestamp: String(Date.now()) };
    const eventSourceARN = `arn:aws:sqs:eu-central-1:${sandbox.account}:${QUEUE}`;
    const record = { messageId, receiptHandle: messageId, body, attributes, messageAttributes: {}, eventSourceARN };
    last = await container.handle({ Records: [{ ...record, eventSource: "aws:sqs", awsRegion: "eu-central-1" }] });
    const { batchItemFailures = [] } = (last.result ?? {}) as { readonly batchItemFailures?: readonly unknown[] };
    if (batchItemFailures.length > 0) throw new Error(`not treated: ${body}`);
  }
  return last;
}

function countCalls(calls: readonly RecordedCall[]): Pick<LookedThrough, "calls" | "tableCalls"> {
  const tableCalls = calls.filter(({ service }) => service === "dynamodb").length;
  return { calls: calls.length - tableCalls, tableCalls };
}
