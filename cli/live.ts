import { readFile } from "node:fs/promises";
import { Accounts } from "../shared/aws/accounts.ts";
import { AwsClients } from "../shared/aws/clients.ts";
import type { Ports } from "../shared/control.ts";
import { describeError } from "../shared/errors.ts";
import { DynamoDbJournal } from "../shared/journal/dynamodb-journal.ts";
import { formatPolicyErrors } from "../shared/policy/language/parse-policy.ts";
import { s3BucketsOnAws } from "../shared/resources/s3-buckets-aws.ts";
import { readSettings } from "../shared/runtime/settings.ts";
import type { Clock } from "../shared/types.ts";
import { type JournalledSource, journalledOf, NOT_JOURNALLED } from "./judge-event.ts";
import { journalledIn, portsOf, readWorld, type World } from "./world.ts";

/** Where the command line looks: at AWS, or at a world in a file. Neither can be written to. */
export interface Live {
  /** For people: what was looked at, and what was not. */
  readonly source: string;
  readonly ports: Ports;
  readonly journalled: JournalledSource;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What `openLive` needs of the environment, for a command's notes. */
export const LIVE_NOTES = `Live state comes from AWS: AWS_REGION, credentials and AWS_ENDPOINT_URL as the AWS SDK takes them, and for members CORDON_MEMBER_ROLE,
CORDON_EXTERNAL_ID and CORDON_ACCOUNTS as deployed. With CORDON_TABLE, classes and exceptions that Cordon has journalled are read from it and count.
Rights: what the controls read (cordon catalogue), and dynamodb:BatchGetItem on the table. Nothing else is asked for, and nothing is written.
With --world nobody is asked: a file (YAML or JSON) says what there is, {buckets: [{name, region, account, tags, replication, unreadable, classification, exception}]}.`;

/**
 * Opens what is to be looked at. At AWS: one GetCallerIdentity, so that wrong credentials are told once and not for each event.
 *
 * @param worldFile a world in place of AWS
 * @throws CordonError `misconfigured`, `unavailable`; Error with every mistake in the world
 */
export async function openLive(worldFile: string | undefined, env: Environment, clock: Clock): Promise<Live> {
  if (worldFile !== undefined) {
    const world = await readWorldFile(worldFile);
    return {
      source: `the world in ${worldFile}`,
      ports: portsOf(world),
      journalled: (resource, control, asked) => journalledIn(world, resource, control, asked),
    };
  }
  const table = env.CORDON_TABLE?.trim() || undefined;
  // By hand nothing is written, whatever the cell may do; without a table there is no journal to ask.
  const { membership } = readSettings({ ...env, CORDON_MODE: "observe", CORDON_TABLE: table ?? "none" });
  const accounts = new Accounts(clock, membership, "cli");
  const { account } = await accounts.own();
  const clients = new AwsClients(accounts);
  const ports = readOnly({ s3: s3BucketsOnAws(clients, clock) });
  if (table === undefined) {
    const source = `AWS, as account ${account}; CORDON_TABLE is not set, so no journalled class or exception is known`;
    return { source, ports, journalled: async () => NOT_JOURNALLED };
  }
  const journal = new DynamoDbJournal(clients.dynamoDb(), table, (ms) => clock.sleep(ms));
  return {
    source: `AWS, as account ${account}, and the journal in ${table}`,
    ports,
    journalled: async (resource, control) => journalledOf((await journal.open(resource, control.meta.id)).record),
  };
}

/** Ports that read as those given, and whose every write throws before any call. A port that is not named here is not there. */
export function readOnly({ s3 }: Pick<Ports, "s3">): Ports {
  const { replication } = s3;
  return {
    s3: {
      replication: {
        operation: (next) => replication.operation(next),
        read: (resource) => replication.read(resource),
        async write({ arn }) {
          throw new Error(`this command only reads, and something was about to write to ${arn}`);
        },
      },
      readTags: (bucket) => s3.readTags(bucket),
      regionOf: (name, seenFrom) => s3.regionOf(name, seenFrom),
      countObjects: (bucket, prefix, window) => s3.countObjects(bucket, prefix, window),
    },
  };
}

/**
 * Reads a world from a file.
 *
 * @throws Error with every mistake as file:line:column
 */
export async function readWorldFile(file: string): Promise<World> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error(`the world ${file} can't be read: ${describeError(error)}`);
  });
  const parsed = readWorld(text, file);
  if (parsed.ok) return parsed.world;
  throw new Error(`the world ${file} is refused\n${formatPolicyErrors(parsed.errors)}`);
}
