import { onTestFinished, vi } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { meta } from "../../controls/iam-access-key-is-rotated/meta.ts";
import { listenForKeys } from "../../functions/revoke-stale-keys/listen.ts";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Ports } from "../../shared/control.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { signalHandler } from "../../shared/runtime/handler.ts";
import { connect } from "../../shared/runtime/wire.ts";
import { withUsers } from "../../shared/runtime/wire-users.ts";
import type { Clock } from "../../shared/types.ts";
import { lambdaContext, sqs } from "../support/events.ts";
import { policyFile } from "../support/policy-file.ts";

export const QUEUE = "cordon-revoke-stale-keys";
const DAY_MS = 86_400_000;
const ENFORCE = { mode: "enforce" };

/** The batch's answer, of messages to come again. */
interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface KeysStageOptions {
  /** What becomes of a credential report before it is read. */
  readonly damage?: (csv: string) => string;
  /** More automatic changes than this in an hour are a storm. */
  readonly mostChanges?: number;
  /** Whose user's first key the function calls with, in place of its role; he is made here. */
  readonly calledBy?: string;
  /** How much later it is each time somebody asks. */
  readonly tickMs?: number;
}

/** An account whose users have keys, the function's own queue, and containers of revoke-stale-keys in this process, with both controls enforcing. */
export async function keysStage({
  damage = (csv) => csv,
  mostChanges = 1_000,
  calledBy,
  tickMs = 0,
}: KeysStageOptions = {}) {
  const sandbox = await startSandbox({ region: "eu-central-1", tables: [{ name: "cordon", stream: true }] });
  onTestFinished(() => sandbox.close());
  sandbox.routing = false;
  for (const queue of ["cordon-refused", QUEUE]) sandbox.createQueue(queue);
  const file = policyFile({
    controls: { "iam-access-key-is-rotated": ENFORCE, "iam-access-key-is-not-exposed": ENFORCE },
    limits: { automaticChanges: { count: mostChanges, windowMinutes: 60 } },
  });
  const caller = calledBy === undefined ? undefined : callerIn(sandbox, calledBy);
  const env: Record<string, string> = {
    ...sandbox.environment(caller),
    CORDON_TABLE: "cordon",
    CORDON_MODE: "enforce",
    CORDON_STACK: "cordon",
    CORDON_REFUSED_QUEUE: "cordon-refused",
    CORDON_POLICY: file,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.stubEnv("POWERTOOLS_LOG_LEVEL", "SILENT");
  let skippedMs = 0;
  // Waiting takes no time; the SDK's own waits do, for it knows no other clock.
  const clock: Clock = {
    nowMs() {
      skippedMs += tickMs;
      return Date.now() + skippedMs;
    },
    sleep: async (ms) => {
      skippedMs += ms;
    },
  };
  const names: string[] = [];
  const daysAgo = (days: number) => Date.now() - days * DAY_MS;

  return {
    sandbox,
    daysAgo,
    clock,
    /** What a function is connected to. */
    connection: () => connect(env, catalogue, clock, withUsers),
    /** A finding as the journal has it. */
    finding: (id: string | null | undefined) =>
      new DynamoDbJournal(new AwsClients().dynamoDb(), "cordon", (ms) => clock.sleep(ms)).readFinding(id ?? ""),
    /** A new container. */
    container: () => {
      const listening = async () => {
        const connection = await connect(env, catalogue, clock, withUsers);
        return listenForKeys({ ...connection, ports: damaged(connection.ports, damage) }, env);
      };
      const handler = signalHandler("revoke-stale-keys", meta.id, listening);
      return {
        look: async (event: object = { cordon: "keys", account: sandbox.account }, remainingMs = 120_000) =>
          ((await handler(event, lambdaContext(remainingMs))) as Answer).results,
        batch: async (...bodies: readonly unknown[]) =>
          (await handler(sqs(...bodies), lambdaContext(120_000))) as unknown as BatchAnswer,
      };
    },
    /** So many users with a key of that age, unused for long; each as old as its key. */
    addUsers(count: number, ageDays: number, name = `of-${ageDays}`) {
      for (let index = 0; index < count; index++) {
        const createdAt = daysAgo(ageDays);
        const lastUsed = { at: daysAgo(Math.max(ageDays - 1, ageDays / 2)), service: "s3", region: "eu-central-1" };
        names.push(`${name}-${index}`);
        sandbox.createUser({ name: `${name}-${index}`, createdAt, keys: [{ createdAt, lastUsed }] });
      }
    },
    /** Names of the users that have no working key. */
    stopped: () => names.filter((name) => sandbox.user(name).keys.every(({ status }) => status === "Inactive")),
    /** What waits in the function's own queue, oldest first; it is empty afterwards. */
    takeMessages: () =>
      (sandbox.queues[QUEUE] as unknown as { body: string }[]).splice(0).map(({ body }) => JSON.parse(body)),
    /** Operations called, and how often; the table's left out. */
    calls: () => countedIn(sandbox),
  };
}

export type KeysStage = Awaited<ReturnType<typeof keysStage>>;

/** Whoever has this user's key may do anything; it is 400 days old. */
function callerIn(sandbox: Sandbox, name: string) {
  const all = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const createdAt = Date.now() - 400 * DAY_MS;
  const { keys } = sandbox.createUser({ name, createdAt, keys: [{ createdAt }], inline: { all } });
  return sandbox.principalOf(keys[0]?.id ?? "");
}

/** The same, whose credential reports are not as IAM makes them. */
function damaged(ports: Ports, damage: (csv: string) => string): Ports {
  const { reports } = ports;
  if (reports === undefined) throw new Error("no credential reports");
  return {
    ...ports,
    reports: {
      async read(place, deadlineMs) {
        const report = await reports.read(place, deadlineMs);
        return report.kind === "ready"
          ? { ...report, csv: Buffer.from(damage(Buffer.from(report.csv).toString())) }
          : report;
      },
    },
  };
}

function countedIn({ calls }: Sandbox): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { service, operation } of calls)
    if (service !== "dynamodb") counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}
