import { AwsClients } from "../aws/clients.ts";
import type { Control } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import { DynamoDbJournal } from "../journal/dynamodb-journal.ts";
import { loadPolicy } from "../policy/load-policy.ts";
import { s3BucketsOnAws } from "../resources/s3-buckets-aws.ts";
import type { Clock } from "../types.ts";
import { systemClock } from "./clock.ts";
import { type Messages, messagesVia } from "./messages.ts";
import { readSettings, type Settings } from "./settings.ts";

/** A function's ports, made once per container. */
export interface Wired<State> {
  readonly cordon: Cordon<State>;
  readonly messages: Messages;
  readonly settings: Settings;
}

/**
 * Settings, policy, clients and journal, for one control.
 *
 * @throws CordonError `misconfigured`
 */
export async function wire<State>(
  env: Readonly<Record<string, string | undefined>>,
  control: Control<State>,
  controlIds: readonly string[],
  clock: Clock = systemClock,
): Promise<Wired<State>> {
  const settings = readSettings(env);
  const policy = await loadPolicy(settings.policyFile, controlIds);
  const clients = new AwsClients();
  const cordon: Cordon<State> = {
    control,
    policy,
    clock,
    ports: { s3: s3BucketsOnAws(clients, clock) },
    journal: new DynamoDbJournal(clients.dynamoDb(), settings.table, (ms) => clock.sleep(ms)),
    ceiling: { mode: settings.mode, reason: `CORDON_MODE=${settings.mode}` },
  };
  return { cordon, settings, messages: messagesVia(settings.refusedQueue, clock) };
}
