import { Accounts } from "../aws/accounts.ts";
import { AwsClients } from "../aws/clients.ts";
import type { Control, KnownControl, Ports } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import type { Overlooks } from "../deployment/evidence-bucket.ts";
import { DynamoDbJournal } from "../journal/dynamodb-journal.ts";
import type { Journal } from "../journal/journal.ts";
import { loadPolicy } from "../policy/load-policy.ts";
import type { S3Buckets } from "../resources/s3-buckets.ts";
import { s3BucketsOnAws } from "../resources/s3-buckets-aws.ts";
import type { Clock } from "../types.ts";
import { systemClock } from "./clock.ts";
import { type Messages, messagesVia } from "./messages.ts";
import { readSettings } from "./settings.ts";

/** Everything but the control itself: what a deployment is connected to. */
export type Connection = Omit<Cordon, "control"> & { readonly messages: Messages; readonly accounts: Accounts };

/** A control's function with its ports, made once per container. */
export interface Wired<State> {
  readonly cordon: Cordon<State>;
  readonly messages: Messages;
  /** Whose resources it works on; without it, everybody's with the function's own credentials, as in a test with one account. */
  readonly accounts?: Accounts;
  /** What it is not to look at, though it hears of it. */
  readonly overlooks?: Overlooks;
}

/** Ports that only some functions have, so that no other carries their code. */
export type MorePorts = (clients: AwsClients, clock: Clock, s3: S3Buckets, journal: Journal) => Partial<Ports>;

/**
 * Settings, policy, clients and journal. This is where ports get their AWS implementations.
 *
 * @throws CordonError `misconfigured`
 */
export async function connect(
  env: Readonly<Record<string, string | undefined>>,
  controls: readonly KnownControl[],
  clock: Clock = systemClock,
  more: MorePorts = () => ({}),
): Promise<Connection> {
  const { table, mode, policyFile, refusedQueue, membership } = readSettings(env);
  const policy = await loadPolicy(policyFile, controls);
  const accounts = new Accounts(clock, membership, env.AWS_LAMBDA_FUNCTION_NAME);
  const clients = new AwsClients(accounts);
  const s3 = s3BucketsOnAws(clients, clock);
  const journal = new DynamoDbJournal(clients.dynamoDb(), table, (ms) => clock.sleep(ms));
  return {
    policy,
    clock,
    ports: { s3, ...more(clients, clock, s3, journal) },
    journal,
    ceiling: { mode, reason: `CORDON_MODE=${mode}` },
    messages: messagesVia(refusedQueue, clock),
    accounts,
  };
}

/** `connect` for one control. */
export async function wire<State>(
  env: Readonly<Record<string, string | undefined>>,
  control: Control<State>,
  controls: readonly KnownControl[],
): Promise<Wired<State>> {
  const { messages, accounts, ...connection } = await connect(env, controls);
  return { cordon: { ...connection, control }, messages, accounts };
}
