import { expect, it } from "vitest";
import { userRecord } from "../support/iam-cases.ts";
import { type KeysStage, keysStage } from "./keys-stage.ts";

const HOUR_MS = 3_600_000;
const ROLE_SESSIONS = "iam-role-has-no-session-of-exposed-key";
const KEYS = ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPL2"] as const;

/** AWS puts the user under quarantine, which says of no key that it is the one. */
function quarantineOf(name: string) {
  const at = Date.now() - HOUR_MS;
  const record = userRecord({ name, keys: [] }, { name: "AttachUserPolicy", atMs: at });
  return {
    source: "aws.iam",
    "detail-type": "AWS API Call via CloudTrail",
    region: "us-east-1",
    account: "111122223333",
    detail: record,
  };
}

async function quarantined(keys: readonly string[] = KEYS) {
  const set = await keysStage();
  const { sandbox } = set;
  sandbox.createUser({ name: "ci", keys: keys.map((id) => ({ id, createdAt: set.daysAgo(5) })) });
  return set;
}

function assumed({ sandbox, daysAgo }: KeysStage, role: string, accessKeyId: string) {
  const arn = `arn:aws:iam::${sandbox.account}:role/${role}`;
  const place = { type: "AWS::IAM::Role", identifier: role, arn, account: sandbox.account, region: "us-east-1" };
  sandbox.registry.put({ ...place, properties: { RoleName: role } });
  const call = { eventSource: "sts.amazonaws.com", eventName: "AssumeRole", at: daysAgo(1), region: "us-east-1" };
  sandbox.recordEvent({ ...call, accessKeyId, record: { requestParameters: { roleArn: arn } } });
}

it("where AWS's quarantine names no key, the roles that either of the user's keys has assumed wait for a person", async () => {
  const set = await quarantined();
  assumed(set, "deployer", KEYS[0]);
  assumed(set, "reader", KEYS[1]);
  const results = (await set.container().look(quarantineOf("ci"))).filter((each) => each.controlId === ROLE_SESSIONS);
  expect(results.map(({ resource, status }) => [resource?.arn.split("/")[1], status])).toEqual([
    ["deployer", "awaiting-approval"],
    ["reader", "awaiting-approval"],
  ]);
  const [one] = results;
  expect(await set.finding(one?.findingId)).toMatchObject({
    facts: { key: "AKIA...MPLE", reported: { by: "aws-quarantine" } },
  });
  expect(JSON.stringify(set.sandbox.table("cordon").items())).not.toMatch(new RegExp(KEYS.join("|")));
});

it("also those of the one key, which was deactivated a moment ago", async () => {
  const set = await quarantined([KEYS[0]]);
  assumed(set, "deployer", KEYS[0]);
  const results = await set.container().look(quarantineOf("ci"));
  expect(set.sandbox.user("ci").keys[0]?.status).toBe("Inactive");
  expect(results).toEqual(
    expect.arrayContaining([expect.objectContaining({ controlId: ROLE_SESSIONS, status: "awaiting-approval" })]),
  );
});

it("where they can't be looked for a finding says so, why, and what to do by hand", async () => {
  const set = await quarantined();
  set.sandbox.deny({ action: "cloudtrail:LookupEvents" });
  const { look } = set.container();
  const [told] = (await look(quarantineOf("ci"))).filter((each) => each.controlId === ROLE_SESSIONS);
  expect(await set.finding(told?.findingId)).toMatchObject({
    status: "awaiting-approval",
    severity: "critical",
    title: expect.stringContaining("the keys of ci"),
    facts: {
      found: expect.stringContaining("can't be read"),
      remedy: expect.stringContaining("aws cloudtrail lookup-events"),
    },
  });
  // The same once more is no news.
  const before = await set.finding(told?.findingId);
  await look(quarantineOf("ci"));
  expect(await set.finding(told?.findingId)).toEqual(before);
});

it("so it is of a report that names the key; a later look that finds all ends it", async () => {
  const set = await quarantined();
  const { look } = set.container();
  const report = { cordon: "keys", key: KEYS[0], exposed: true };
  const allow = set.sandbox.deny({ action: "cloudtrail:LookupEvents" });
  const [told] = (await look(report)).filter((each) => each.controlId === ROLE_SESSIONS);
  expect(await set.finding(told?.findingId)).toMatchObject({ status: "awaiting-approval" });
  allow();
  await look(report);
  expect(await set.finding(told?.findingId)).toMatchObject({ status: "resolved" });
});

it("of a user who has no key any more it is said as well", async () => {
  const set = await quarantined([]);
  const [told] = (await set.container().look(quarantineOf("ci"))).filter((each) => each.controlId === ROLE_SESSIONS);
  expect(await set.finding(told?.findingId)).toMatchObject({
    facts: { found: "the report names no key, and the user has none now" },
  });
});
