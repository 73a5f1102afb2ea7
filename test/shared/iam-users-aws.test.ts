import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { iamUsersOnAws } from "../../shared/resources/iam-users-aws.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { shownKeyId } from "../../shared/shown.ts";
import type { ResourceRef } from "../../shared/types.ts";

const OLD = "AKIAIOSFODNN7EXAMPLE";
const NEW = "AKIAI44QH8DHBEXAMPL2";

async function open(...ids: readonly string[]) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  for (const [name, value] of Object.entries(sandbox.environment())) vi.stubEnv(name, value);
  const keys = ids.map((id, index) => ({ id, createdAt: Date.parse("2026-01-01T00:00:00Z") + index * 1_000 }));
  const all = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "iam:*", Resource: "*" }] };
  const { arn } = sandbox.createUser({ name: "ci", keys, inline: { all } });
  const user: ResourceRef = { type: "AWS::IAM::User", arn, name: "ci", account: sandbox.account, region: "us-east-1" };
  const port = iamUsersOnAws(new AwsClients(), systemClock).keys;
  const read = async () => {
    const reading = await port.read(user);
    if (reading.kind !== "present") throw new Error(reading.reason);
    return reading.state;
  };
  return { sandbox, user, port, read, keys: () => sandbox.user("ci").keys.map(({ id, status }) => [id, status]) };
}

describe("a write of a user's keys", () => {
  it("leaves a key alone that was made since the read it rests on, though the same process has seen it", async () => {
    const set = await open(OLD, NEW);
    const both = await set.read();
    // As it was read before the newer one was made.
    const from = { keys: both.keys.slice(0, 1) };
    const next = { keys: from.keys.map((each) => ({ ...each, status: "Inactive" as const })) };
    await set.port.write(set.user, next, from);
    expect(set.keys()).toEqual([
      [OLD, "Inactive"],
      [NEW, "Active"],
    ]);
  });

  it("deletes what it was decided to, and nothing else", async () => {
    const set = await open(OLD, NEW);
    const from = await set.read();
    await set.port.write(set.user, { keys: from.keys.filter(({ key }) => key !== shownKeyId(OLD)) }, from);
    expect(set.keys()).toEqual([[NEW, "Active"]]);
  });

  it("changes nothing when the key is no longer there", async () => {
    const set = await open(NEW);
    const from = { keys: [{ key: shownKeyId(OLD), createdAt: "2025-01-01T00:00:00.000Z", status: "Active" as const }] };
    await expect(set.port.write(set.user, { keys: [] }, from)).rejects.toMatchObject({ kind: "conflict" });
    expect(set.keys()).toEqual([[NEW, "Active"]]);
  });

  it("never stops the key that Cordon itself calls with", async () => {
    const set = await open(OLD);
    const from = await set.read();
    const own = set.sandbox.environment(set.sandbox.principalOf(OLD));
    for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
    const its = iamUsersOnAws(new AwsClients(), systemClock);
    expect(await its.ownKey(set.user)).toBe(shownKeyId(OLD));
    const next = { keys: from.keys.map((each) => ({ ...each, status: "Inactive" as const })) };
    expect(await its.keys.write(set.user, next, from)).toMatchObject([
      { outcome: "refused", error: "ItIsCordonsOwnKey" },
    ]);
    expect(set.keys()).toEqual([[OLD, "Active"]]);
  });

  it("tells which it is beforehand, and none where Cordon calls with another", async () => {
    const set = await open(OLD, NEW);
    expect(await iamUsersOnAws(new AwsClients(), systemClock).ownKey(set.user)).toBeUndefined();
    const own = set.sandbox.environment(set.sandbox.principalOf(NEW));
    for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
    expect(await iamUsersOnAws(new AwsClients(), systemClock).ownKey(set.user)).toBe(shownKeyId(NEW));
  });
});
