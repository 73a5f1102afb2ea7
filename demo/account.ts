import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  type ReplicationConfiguration,
  S3Client,
} from "@aws-sdk/client-s3";
import { type Credentials, type RecordedCall, readTemplate, type Sandbox, startSandbox } from "../sandbox/index.ts";
import { findDecideUrl } from "../shared/aws/decide-url.ts";
import type { Answer } from "../shared/runtime/answer.ts";
import type { Result } from "../shared/types.ts";
import { CLASS_TAG, createBuckets, HOME, MEMBER, MEMBER_REGION } from "./buckets.ts";
import { packageCell } from "./package-cell.ts";

/** Known to the cell and to the member's role, and to nobody else. */
const EXTERNAL_ID = "the-demos-cell";
/** What the cell is packaged with. */
const SETTINGS = {
  CORDON_MODE: "enforce",
  CORDON_ACCOUNTS: MEMBER,
  CORDON_MEMBER_ROLE: "cordon-member",
  CORDON_EXTERNAL_ID: EXTERNAL_ID,
};

interface Place {
  readonly account?: string;
  readonly region?: string;
}

/** What an SDK client is made with. */
interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/** The sandbox as the demo uses it. Ordinary people call with ordinary SDK clients; what is set behind the API's back says so. */
export interface Account {
  readonly sandbox: Sandbox;
  /** Where the file adapter puts tickets. */
  readonly tickets: string;
  /** ARN of the bus that forwarders send to. */
  readonly bus: string;
  /** An SDK client as a person, in the cell's account and Region unless told otherwise. `close` ends it. */
  as<Client extends { destroy(): void }>(
    person: string,
    Client: new (config: ClientConfig) => Client,
    place?: Place,
  ): Client;
  /** As the user `developer` of the bucket's account. Returns the call as S3 saw it. */
  replicate(bucket: string, configuration: ReplicationConfiguration, place?: Place): Promise<RecordedCall>;
  /** As the user `developer`: sets the class tag and one more, which changes nothing that matters. */
  touch(bucket: string, note: string): Promise<RecordedCall>;
  /** As a person: a decision by the URL of `decide`, signed and proved, as the command line makes it. */
  decide(person: string, order: Readonly<Record<string, unknown>>): Promise<Result>;
  /** `deploy/forwarder.yml` in an account and Region. */
  forwardFrom(account: string, region: string): void;
  close(): Promise<void>;
}

/** Starts an account, lets administrators create the buckets, then deploys Cordon and lets a member join. `close` ends and removes all of it. */
export async function openAccount(): Promise<Account> {
  const tickets = await mkdtemp(join(tmpdir(), "cordon-demo-"));
  const sandbox = await startSandbox({ region: HOME });
  const people = new Map<string, Credentials>();
  const clients = new Map<string, { destroy(): void }>();
  const credentialsOf = (person: string, account: string): Credentials => {
    const name = `${account}/${person}`;
    const known = people.get(name) ?? sandbox.createPrincipal({ type: "IAMUser", name: person, account }).credentials;
    people.set(name, known);
    return known;
  };
  const as: Account["as"] = <Client extends { destroy(): void }>(
    person: string,
    Client: new (config: ClientConfig) => Client,
    { account = sandbox.account, region = HOME }: Place = {},
  ): Client => {
    const credentials = credentialsOf(person, account);
    const key = `${account}/${person}/${region}/${Client.name}`;
    const client = clients.get(key) ?? new Client({ endpoint: sandbox.endpoint, region, credentials });
    clients.set(key, client);
    return client as Client;
  };
  const called = ({ $metadata: { requestId } }: { $metadata: { requestId?: string | undefined } }): RecordedCall => {
    const call = sandbox.calls.find((each) => each.requestId === requestId);
    if (call === undefined) throw new Error(`the sandbox has no call ${requestId}`);
    return call;
  };
  const close = async (): Promise<void> => {
    for (const client of clients.values()) client.destroy();
    await sandbox.close();
    await rm(tickets, { recursive: true, force: true });
  };
  try {
    const [template] = await Promise.all([
      packageCell({ ...SETTINGS, CORDON_TICKETS: `file:${tickets}` }),
      createBuckets((place) => as("admin", S3Client, place)),
    ]);
    const { outputs } = sandbox.deployTemplate(template, { stackName: "cordon-local" });
    const bus = String(outputs.EventBusArn);
    // Each starts as a process: two at a time are what a small machine has cores for.
    for (const { identifier } of sandbox.registry.list("AWS::Lambda::Function"))
      sandbox.redeploy(identifier, { maxConcurrency: 2 });
    const forwardFrom = (account: string, region: string): void => {
      sandbox.deployTemplate(generated("forwarder.yml"), { account, region, parameters: { CellBusArn: bus } });
    };
    const parameters = { CellAccountId: sandbox.account, ExternalId: EXTERNAL_ID };
    sandbox.deployTemplate(generated("member-role.yml"), { account: MEMBER, region: HOME, parameters });
    forwardFrom(MEMBER, MEMBER_REGION);
    return {
      sandbox,
      tickets,
      bus,
      as,
      forwardFrom,
      close,
      async replicate(Bucket, ReplicationConfiguration, place) {
        const developer = as("developer", S3Client, place);
        return called(await developer.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration })));
      },
      async decide(person, order) {
        const sdk = { region: HOME, credentials: credentialsOf(person, sandbox.account), endpoint: sandbox.endpoint };
        const url = await findDecideUrl("cordon-decide", sdk);
        const { results } = (await url.send(order, sandbox.clock.now())) as Answer;
        const [result] = results;
        if (result === undefined) throw new Error("decide gave no result");
        return result;
      },
      async touch(Bucket, Value) {
        const Tagging = { TagSet: [CLASS_TAG, { Key: "note", Value }] };
        return called(await as("developer", S3Client).send(new PutBucketTaggingCommand({ Bucket, Tagging })));
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function generated(name: string) {
  return readTemplate(fileURLToPath(new URL(`../deploy/${name}`, import.meta.url)));
}
