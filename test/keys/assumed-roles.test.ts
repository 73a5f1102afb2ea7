import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect, it, onTestFinished, vi } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { CordonError } from "../../shared/errors.ts";
import { findAssumedRoles } from "../../shared/keys/assumed-roles.ts";
import type { TrailLookup } from "../../shared/resources/trail-lookup.ts";
import { trailLookupOnAws } from "../../shared/resources/trail-lookup-aws.ts";
import { clientConfig } from "../sandbox/clients.ts";

const NOW = Date.parse("2030-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const KEY = "AKIAANNANNANNANNANN1";
const account = "111122223333";
const roleArn = (name: string, owner = account) => `arn:aws:iam::${owner}:role/${name}`;
const REGIONS = ["us-east-1", "eu-central-1"];

async function trailStage() {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  const sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  sandbox.clock.onMove(() => vi.setSystemTime(sandbox.clock.now()));
  onTestFinished(async () => {
    await sandbox.close();
    vi.useRealTimers();
  });
  sandbox.createUser({ name: "ann", keys: [{ id: KEY }], attached: ["arn:aws:iam::aws:policy/AdministratorAccess"] });
  Object.assign(process.env, sandbox.environment());
  const clock = { nowMs: () => sandbox.clock.now(), sleep: async (ms: number) => sandbox.clock.advance(ms) };
  const trail = trailLookupOnAws(new AwsClients());
  const assumed = (name: string, at: number, more: Record<string, unknown> = {}, region = "us-east-1", key = KEY) =>
    sandbox.recordEvent({
      eventSource: "sts.amazonaws.com",
      eventName: "AssumeRole",
      at,
      region,
      accessKeyId: key,
      record: { requestParameters: { roleArn: roleArn(name), roleSessionName: "a" }, readOnly: true, ...more },
    });
  return {
    sandbox,
    assumed,
    find: (more: object = {}, its: TrailLookup = trail) =>
      findAssumedRoles(
        { keyId: KEY, account, regions: REGIONS, deadlineMs: clock.nowMs() + 120_000, ...more },
        its,
        clock,
      ),
    lookups: () => sandbox.calls.filter(({ operation }) => operation === "LookupEvents").length,
  };
}
const namesOf = ({ roles }: Awaited<ReturnType<typeof findAssumedRoles>>) =>
  roles.map(({ role, times }) => [role.name, times]);

it("tells the roles that a key assumed, in whichever Region, how often and when, the last first", async () => {
  const set = await trailStage();
  set.assumed("deployer", NOW - 3 * DAY_MS);
  set.assumed("deployer", NOW - DAY_MS, {}, "eu-central-1");
  set.assumed("reader", NOW - 2 * DAY_MS);
  set.assumed("refused", NOW - DAY_MS, { errorCode: "AccessDenied" });
  set.assumed("somebody-elses", NOW - DAY_MS, {}, "us-east-1", "AKIABOBBOBBOBBOBBOB1");
  const found = await set.find();
  expect(found).toMatchObject({ missing: [], toAt: new Date(NOW).toISOString() });
  expect(found.roles).toMatchObject([
    {
      role: { type: "AWS::IAM::Role", arn: roleArn("deployer"), account, region: "us-east-1" },
      times: 2,
      firstAt: "2030-05-29T00:00:00Z",
      lastAt: "2030-05-31T00:00:00Z",
    },
    { role: { name: "reader" }, times: 1 },
  ]);
});

it("follows the sessions that were begun with it to the roles that those assumed", async () => {
  const set = await trailStage();
  const credentials = { accessKeyId: "ASIASESSIONSESSION01" };
  set.assumed("first", NOW - DAY_MS, { responseElements: { credentials } });
  set.assumed("second", NOW - DAY_MS, {}, "eu-central-1", credentials.accessKeyId);
  expect(namesOf(await set.find())).toEqual(
    expect.arrayContaining([
      ["first", 1],
      ["second", 1],
    ]),
  );
});

it("finds what a real call has left there", async () => {
  const set = await trailStage();
  const sts = new STSClient(clientConfig(set.sandbox, "eu-central-1", set.sandbox.principalOf(KEY)));
  await sts.send(new AssumeRoleCommand({ RoleArn: roleArn("deployer"), RoleSessionName: "build" }));
  set.sandbox.clock.advance(60_000);
  expect(namesOf(await set.find())).toEqual([["deployer", 1]]);
});

it("looks back to a week before the key was reported, and no further than CloudTrail remembers", async () => {
  const set = await trailStage();
  set.assumed("long-ago", NOW - 20 * DAY_MS);
  set.assumed("lately", NOW - 9 * DAY_MS);
  expect(namesOf(await set.find({ sinceMs: NOW - 3 * DAY_MS }))).toEqual([["lately", 1]]);
  const { fromAt, toAt } = await set.find();
  expect(Date.parse(toAt) - Date.parse(fromAt)).toBe(90 * DAY_MS);
});

it("reads every page, and no more than two a second", async () => {
  const set = await trailStage();
  set.sandbox.limitLookups({ perSecond: 2 });
  for (let index = 0; index < 130; index++) set.assumed("deployer", NOW - DAY_MS + index * 1_000);
  expect(namesOf(await set.find())).toEqual([["deployer", 130]]);
  expect(set.lookups()).toBe(4);
});

it("waits where it is asked too often, and gives up on a Region that goes on saying so", async () => {
  const set = await trailStage();
  set.assumed("deployer", NOW - DAY_MS);
  set.sandbox.faults.inject({ operation: "LookupEvents", kind: "throttle", times: 2 });
  expect(await set.find()).toMatchObject({ missing: [], roles: [{ role: { name: "deployer" } }] });
  set.sandbox.faults.inject({ operation: "LookupEvents", kind: "throttle", times: 5 });
  const found = await set.find({ regions: ["eu-central-1", "us-east-1"] });
  expect(namesOf(found)).toEqual([["deployer", 1]]);
  expect(found.missing.join()).toContain("eu-central-1 is asked too often");
});

it.each([
  ["there are more pages than it may read", { maxPages: 2 }, "more to read"],
  ["its time is up", { deadlineMs: NOW + 1_300 }, "no time to read on"],
])("says that it is not all when %s", async (_, more, missing) => {
  const set = await trailStage();
  for (let index = 0; index < 130; index++) set.assumed("deployer", NOW - DAY_MS + index * 1_000);
  const found = await set.find(more);
  expect(found.missing.join()).toContain(missing);
  expect(found.roles).toHaveLength(1);
});

it("says which Region it may not read, or got no answer of, and tells what the others have", async () => {
  const set = await trailStage();
  set.assumed("deployer", NOW - DAY_MS);
  const its = trailLookupOnAws(new AwsClients());
  const partly: TrailLookup = {
    async page(place, question) {
      if (place.region === "eu-central-1") throw new CordonError("unavailable", "no answer");
      return its.page(place, question);
    },
  };
  expect(await set.find({}, partly)).toMatchObject({
    roles: [{ role: { name: "deployer" } }],
    missing: [expect.stringContaining("eu-central-1 can't be read: unavailable")],
  });
  set.sandbox.deny({ action: "cloudtrail:LookupEvents" });
  expect((await set.find()).missing).toHaveLength(2);
});
