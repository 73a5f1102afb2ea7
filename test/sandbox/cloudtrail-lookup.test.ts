import { CloudTrailClient, type LookupAttributeKey, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { IAMClient, PutUserPolicyCommand, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const NOW = Date.parse("2030-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const KEY = "AKIAANNANNANNANNANN1";
const ROLE = "arn:aws:iam::111122223333:role/deployer";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  sandbox.createUser({ name: "ann", keys: [{ id: KEY }], attached: ["arn:aws:iam::aws:policy/AdministratorAccess"] });
});
afterEach(() => sandbox.close());

const client = (region = "eu-central-1") => new CloudTrailClient(clientConfig(sandbox, region));
const lookUp = async (AttributeKey: LookupAttributeKey, AttributeValue: string, region?: string) => {
  const input = { LookupAttributes: [{ AttributeKey, AttributeValue }] };
  return (await client(region).send(new LookupEventsCommand(input))).Events ?? [];
};
const namesOf = (events: readonly { EventName?: string | undefined }[]) => events.map(({ EventName }) => EventName);
const assume = (accessKeyId = KEY) =>
  new STSClient(clientConfig(sandbox, undefined, sandbox.principalOf(accessKeyId))).send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "build" }),
  );

it("finds what a key did in the Region it did it in, the roles it assumed included", async () => {
  const { Credentials } = await assume();
  await new IAMClient(clientConfig(sandbox, undefined, sandbox.principalOf(KEY))).send(
    new UpdateAccessKeyCommand({ AccessKeyId: KEY, Status: "Active" }),
  );

  const [found, ...others] = await lookUp("AccessKeyId", KEY);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    EventName: "AssumeRole",
    EventSource: "sts.amazonaws.com",
    ReadOnly: "true",
    Username: "ann",
    AccessKeyId: KEY,
    Resources: [{ ResourceType: "AWS::IAM::Role", ResourceName: ROLE }],
  });
  expect(found?.EventTime?.getTime()).toBeGreaterThanOrEqual(NOW);
  expect(JSON.parse(found?.CloudTrailEvent ?? "")).toMatchObject({
    userIdentity: { type: "IAMUser", userName: "ann", accessKeyId: KEY },
    requestParameters: { roleArn: ROLE, roleSessionName: "build" },
    responseElements: { credentials: { accessKeyId: Credentials?.AccessKeyId } },
    managementEvent: true,
  });
  expect(found?.CloudTrailEvent).not.toContain(Credentials?.SecretAccessKey);
  expect(namesOf(await lookUp("AccessKeyId", KEY, "us-east-1"))).toEqual(["UpdateAccessKey"]);
  // What changes nothing is not among the events.
  expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual(["UpdateAccessKey"]);
});

it("finds an assumed role in the caller's and in the role's account", async () => {
  const other = "444455556666";
  const RoleArn = `arn:aws:iam::${other}:role/deployer`;
  const sts = new STSClient(clientConfig(sandbox, undefined, sandbox.principalOf(KEY)));
  await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "build" }));
  const there = sandbox.createPrincipal({ type: "IAMUser", name: "auditor", account: other });
  const theirs = new CloudTrailClient(clientConfig(sandbox, undefined, there));
  expect(namesOf((await theirs.send(new LookupEventsCommand({}))).Events ?? [])).toEqual(["AssumeRole"]);
  expect(namesOf(await lookUp("EventName", "AssumeRole"))).toEqual(["AssumeRole"]);
});

it("finds seeded events by name, user and time, the latest first, for 90 days", async () => {
  for (const daysAgo of [91, 60, 30, 1]) {
    sandbox.recordEvent({
      eventSource: "s3.amazonaws.com",
      eventName: daysAgo === 30 ? "PutBucketPolicy" : "DeleteBucket",
      at: NOW - daysAgo * DAY_MS,
      accessKeyId: KEY,
    });
  }
  sandbox.recordEvent({ eventSource: "iam.amazonaws.com", eventName: "CreateUser", accessKeyId: KEY });

  expect(namesOf(await lookUp("Username", "ann"))).toEqual(["DeleteBucket", "PutBucketPolicy", "DeleteBucket"]);
  expect(namesOf(await lookUp("EventName", "PutBucketPolicy"))).toEqual(["PutBucketPolicy"]);
  expect(namesOf(await lookUp("Username", "ann", "us-east-1"))).toEqual(["CreateUser"]);
  const within = { StartTime: new Date(NOW - 60 * DAY_MS), EndTime: new Date(NOW - 30 * DAY_MS) };
  const { Events } = await client().send(new LookupEventsCommand(within));
  expect(namesOf(Events ?? [])).toEqual(["PutBucketPolicy", "DeleteBucket"]);
});

it("gives a seeded event for a bus, too", () => {
  const event = sandbox.recordEvent({
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    accessKeyId: KEY,
    record: { errorCode: "AccessDenied", readOnly: true },
  });
  expect(event).toMatchObject({
    source: "aws.s3",
    "detail-type": "AWS API Call via CloudTrail",
    detail: { errorCode: "AccessDenied", userIdentity: { userName: "ann", accessKeyId: KEY } },
  });
});

it("gives fifty at a time, with a token for the same question only", async () => {
  for (let i = 0; i < 120; i += 1) sandbox.recordEvent({ eventSource: "s3.amazonaws.com", eventName: `E${i}` });
  const names: (string | undefined)[] = [];
  let NextToken: string | undefined;
  const sizes: number[] = [];
  do {
    const page = await client().send(new LookupEventsCommand(NextToken === undefined ? {} : { NextToken }));
    sizes.push(page.Events?.length ?? 0);
    names.push(...namesOf(page.Events ?? []));
    NextToken = page.NextToken ?? NextToken;
    if (page.NextToken === undefined) break;
  } while (NextToken);
  expect(sizes).toEqual([50, 50, 20]);
  expect(new Set(names).size).toBe(120);
  expect(
    await failureOf(client().send(new LookupEventsCommand({ NextToken: NextToken ?? "", MaxResults: 10 }))),
  ).toMatchObject({ name: "InvalidNextTokenException" });
});

it.each([
  ["InvalidMaxResultsException", { MaxResults: 51 }],
  ["InvalidTimeRangeException", { StartTime: new Date(NOW), EndTime: new Date(NOW - 1000) }],
  [
    "InvalidLookupAttributesException",
    {
      LookupAttributes: [
        { AttributeKey: "EventName" as const, AttributeValue: "a" },
        { AttributeKey: "EventName" as const, AttributeValue: "b" },
      ],
    },
  ],
])("refuses with %s", async (name, input) => {
  expect(await failureOf(client().send(new LookupEventsCommand(input)))).toMatchObject({ name });
});

it("throttles more than two a second in an account and Region, when told to", async () => {
  sandbox.limitLookups({ perSecond: 2 });
  const look = (region?: string) => client(region).send(new LookupEventsCommand({}));
  await look();
  await look();
  expect(await failureOf(look())).toMatchObject({ name: "ThrottlingException" });
  await look("us-east-1");
  sandbox.clock.advance(1_000);
  await look();
});

it("finds events late, when told to", async () => {
  sandbox.limitLookups({ delayMs: 5 * 60_000 });
  await new IAMClient(clientConfig(sandbox)).send(
    new PutUserPolicyCommand({
      UserName: "ann",
      PolicyName: "p",
      PolicyDocument: '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}',
    }),
  );
  expect(await lookUp("EventName", "PutUserPolicy", "us-east-1")).toEqual([]);
  sandbox.clock.advance(6 * 60_000);
  expect(namesOf(await lookUp("EventName", "PutUserPolicy", "us-east-1"))).toEqual(["PutUserPolicy"]);
});
