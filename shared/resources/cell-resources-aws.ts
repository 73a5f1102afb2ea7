import { CloudControlClient, GetResourceCommand, paginateListResources } from "@aws-sdk/client-cloudcontrol";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { OwnResource, Source } from "../deployment/own-resource.ts";
import type { AccountRegion } from "./account-coverage.ts";
import type { CellResources, CodeChanges, Properties } from "./cell-resources.ts";
import type { Reading } from "./port.ts";

/** What AWS says of a resource that is not there, by service. */
const ABSENT = new Set(["ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"]);

/** Cordon's own resources by Cloud Control, one read for all types; queues by SQS, changes of code from the cell's own table. */
export function cellResourcesOnAws(
  clients: AwsClients,
  home: AccountRegion,
  own: readonly OwnResource[],
  changes: CodeChanges,
): CellResources {
  const get = (type: string, identifier: string) => readResource(clients, home, type, identifier);
  return {
    own,
    async read(source) {
      switch (source.kind) {
        case "cloud-control":
          return get(source.type, source.identifier);
        case "queue":
          return readQueue(clients, home, source.name);
        case "key":
          return readKey(get, source.alias);
        case "trigger":
          return readTrigger(clients, home, source);
        case "code": {
          const change = await changes.last(source.functionName);
          return { kind: "present", state: change === undefined ? {} : { ChangedBy: `${change.by} at ${change.at}` } };
        }
      }
    },
  };
}

/** A resource as Cloud Control shows it in any account and Region. Throws CordonError `unavailable` when AWS gives no answer. */
export async function readResource(
  clients: AwsClients,
  place: AccountRegion,
  type: string,
  identifier: string,
): Promise<Reading<Properties>> {
  const client = await clients.in(place, CloudControlClient, {});
  return answered("GetResource", `${type} ${identifier}`, async () => {
    const answer = await client.send(new GetResourceCommand({ TypeName: type, Identifier: identifier }));
    return JSON.parse(answer.ResourceDescription?.Properties ?? "{}") as Properties;
  });
}

/** GetQueueUrl, GetQueueAttributes. */
async function readQueue(clients: AwsClients, home: AccountRegion, name: string): Promise<Reading<Properties>> {
  const client = await clients.in(home, SQSClient, {});
  return answered("GetQueueAttributes", `the queue ${name}`, async () => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    return (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes ?? {};
  });
}

/** A key by its alias. A key that waits for its deletion is shown as none by Cloud Control. */
async function readKey(
  get: (type: string, identifier: string) => Promise<Reading<Properties>>,
  alias: string,
): Promise<Reading<Properties>> {
  const found = await get("AWS::KMS::Alias", alias);
  if (found.kind !== "present") return found;
  const key = await get("AWS::KMS::Key", String(found.state.TargetKeyId));
  return key.kind === "absent" ? { ...key, reason: `the key behind ${alias} is gone or waits for its deletion` } : key;
}

/** The mapping from a queue or a table's stream to a function. Its id is AWS's: all mappings are listed, and this one is picked out. */
async function readTrigger(
  clients: AwsClients,
  home: AccountRegion,
  { functionName, from }: Extract<Source, { kind: "trigger" }>,
): Promise<Reading<Properties>> {
  const type = "AWS::Lambda::EventSourceMapping";
  const client = await clients.in(home, CloudControlClient, {});
  const what = `what feeds ${functionName}`;
  const listed = await answered("ListResources", what, async () => {
    const ids: string[] = [];
    for await (const page of paginateListResources({ client }, { TypeName: type })) {
      for (const { Identifier } of page.ResourceDescriptions ?? []) if (Identifier !== undefined) ids.push(Identifier);
    }
    return ids;
  });
  if (listed.kind !== "present") return listed;
  // What a list shows of a resource is for the service to say; only a read shows all.
  for (const id of listed.state) {
    const reading = await readResource(clients, home, type, id);
    if (reading.kind === "unreadable") return reading;
    if (reading.kind === "present" && feeds(reading.state, functionName, from)) return reading;
  }
  return { kind: "absent", reason: `nothing feeds ${functionName} from ${from}` };
}

function feeds({ FunctionName, EventSourceArn }: Properties, functionName: string, from: string): boolean {
  const source = String(EventSourceArn);
  const isItsSource = source === from || source.startsWith(`${from}/stream/`);
  // What feeds a version or an alias of the function does not feed what was deployed.
  return isItsSource && (FunctionName === functionName || String(FunctionName).endsWith(`:${functionName}`));
}

/** What a call answers as a reading: what AWS says in so many words is an outcome, anything else is thrown. */
async function answered<Answer>(
  operation: string,
  what: string,
  call: () => Promise<Answer>,
): Promise<Reading<Answer>> {
  try {
    return { kind: "present", state: await call() };
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable(operation, error);
    if (ABSENT.has(failure.code)) return { kind: "absent", reason: `${what} does not exist` };
    return { kind: "unreadable", reason: `${what} can't be read: ${failure.message}` };
  }
}
