import { describe, expect, it } from "vitest";
import type { Result } from "../../shared/types.ts";
import { type KeysStage, keysStage } from "./keys-stage.ts";

/** What 5,000 users cost by themselves: the report is asked for until it is there. */
const REPORT = { GenerateCredentialReport: 3, GetCredentialReport: 1 };
const QUEUED = { GetQueueUrl: 1, SendMessageBatch: 1 };

const told = (results: readonly Result[]) => results.at(-1)?.reasons.join();
const statuses = (results: readonly Result[]) => results.map(({ status }) => status);

/** Delivers what waits in the function's own queue, a message at a time, to one container. */
async function deliver(set: KeysStage, container = set.container()): Promise<number> {
  const messages = set.takeMessages();
  for (const message of messages) expect(await container.batch(message)).toEqual({ batchItemFailures: [] });
  return messages.length;
}

describe("a look through an account of thousands", () => {
  it.each([3, 6])("K9: of 5,000 users calls are made for the %i whose keys are stale, five each", async (stale) => {
    const set = await keysStage();
    set.addUsers(5_000 - stale, 20);
    set.addUsers(stale, 200);

    const results = await set.container().look();

    expect(told(results)).toBe(`${stale} users looked at`);
    expect(set.stopped()).toHaveLength(stale);
    expect(set.calls()).toEqual({
      ...REPORT,
      ListAccessKeys: 2 * stale,
      ListUserTags: stale,
      GetAccessKeyLastUsed: stale,
      UpdateAccessKey: stale,
    });
  });

  it("more than 50 are put into the function's own queue, ten in a message, and each is treated once", async () => {
    const set = await keysStage();
    set.addUsers(73, 200);

    const results = await set.container().look();

    expect(told(results)).toContain("73 users are looked at one after the other");
    expect(set.calls()).toEqual({ ...REPORT, ...QUEUED });
    expect(set.stopped()).toEqual([]);
    expect(await deliver(set)).toBe(8);
    expect(set.stopped()).toHaveLength(73);
    expect(set.calls()).toMatchObject({ UpdateAccessKey: 73 });
  });

  it("a message that comes twice finds the keys as it left them", async () => {
    const set = await keysStage();
    set.addUsers(51, 200);
    await set.container().look();
    const messages = set.takeMessages();

    for (const message of [...messages, ...messages]) await set.container().batch(message);

    expect(set.calls()).toMatchObject({ UpdateAccessKey: 51 });
  });
});

describe("nobody is lost", () => {
  it("when SQS does not take all: the look is not over, and comes again", async () => {
    const set = await keysStage();
    set.addUsers(101, 200);
    set.sandbox.faults.inject({ operation: "SendMessageBatch", kind: "server-error", skip: 1, times: 9 });
    const look = { cordon: "keys", account: set.sandbox.account };
    const container = set.container();

    expect((await container.batch(look)).batchItemFailures).toHaveLength(1);
    set.sandbox.faults.clear();
    expect(await container.batch(look)).toEqual({ batchItemFailures: [] });

    await deliver(set);
    expect(set.stopped()).toHaveLength(101);
    expect(set.calls()).toMatchObject({ UpdateAccessKey: 101 });
  });

  it("when the time is nearly over: who was not looked at is put into the queue", async () => {
    const set = await keysStage({ tickMs: 100 });
    set.addUsers(20, 200);

    const results = await set.container().look(undefined, 18_000);

    const treated = set.stopped().length;
    expect(treated).toBeGreaterThan(0);
    expect(told(results)).toBe(`20 users looked at; ${20 - treated} of them come again, by the queue`);
    await deliver(set);
    expect(set.stopped()).toHaveLength(20);
  });

  it("when IAM throttles: the calls are made again, more slowly", async () => {
    const set = await keysStage();
    set.addUsers(1, 200);
    set.sandbox.faults.inject({ operation: "GetAccessKeyLastUsed", kind: "throttle" });

    const results = await set.container().look();

    expect(told(results)).toBe("1 users looked at");
    expect(set.stopped()).toHaveLength(1);
    expect(set.sandbox.faults.pending).toBe(0);
  });

  it("when AWS gives no answer about one: he comes again by himself, and keeps nobody else from anything", async () => {
    const set = await keysStage();
    set.addUsers(5, 200);
    const gone = { operation: "ListUserTags", resource: "of-200-3", times: 20 };
    set.sandbox.faults.inject({ ...gone, kind: "server-error" });

    const results = await set.container().look();

    expect(statuses(results).filter((status) => status === "contained")).toHaveLength(4);
    expect(told(results)).toBe("5 users looked at; 1 of them come again, by the queue");
    set.sandbox.faults.clear();
    expect(await deliver(set)).toBe(1);
    expect(set.stopped()).toHaveLength(5);
  });

  it("when there are more changes than policy lets through in an hour: the others wait for a person", async () => {
    const set = await keysStage({ mostChanges: 4 });
    set.addUsers(9, 200);

    const results = await set.container().look();

    expect(set.stopped()).toHaveLength(4);
    expect(statuses(results).filter((status) => status === "awaiting-approval")).toHaveLength(5);
    expect(set.takeMessages()).toEqual([]);
  });
});

describe("a credential report", () => {
  it("that is still being made: the look comes again in a minute", async () => {
    const set = await keysStage();
    set.addUsers(2, 200);
    set.sandbox.paceReports({ polls: 100, takesMs: 600_000 });

    const [result] = await set.container().look();

    expect(result?.status).toBe("failed");
    expect(result?.reasons.join()).toContain("still making the credential report");
    set.sandbox.paceReports({ polls: 0, takesMs: 0 });
    expect(told(await set.container().look())).toBe("2 users looked at");
  });

  it("with rows that can't be read: the users are listed, and those it leaves out are looked at", async () => {
    const set = await keysStage({ damage: (csv) => csv.replaceAll(/^of-200-\d.*$/gm, '"') });
    set.addUsers(1_500, 20);
    set.addUsers(4, 200);

    expect(told(await set.container().look())).toBe("4 users looked at");
    expect(set.stopped()).toHaveLength(4);
    expect(set.calls()).toMatchObject({ ListUsers: 2, ListAccessKeys: 8 });
  });

  it("of which nothing can be read: everybody is looked at, by the queue", async () => {
    const set = await keysStage({ damage: () => "nothing of the kind\n" });
    set.addUsers(60, 20);
    set.addUsers(1, 200);

    await set.container().look();

    expect(await deliver(set)).toBe(7);
    expect(set.stopped()).toEqual(["of-200-0"]);
  });

  it.each(["GenerateCredentialReport", "GetCredentialReport"])("that %s refuses: refused, saying so", async (call) => {
    const set = await keysStage();
    set.addUsers(1, 200);
    set.sandbox.faults.inject({ operation: call, kind: "error", errorCode: "AccessDenied", status: 403, times: 9 });

    const [result] = await set.container().look();

    expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining(`refuses ${call}`)] });
    expect(set.stopped()).toEqual([]);
  });

  it("with rows that can't be read, where ListUsers is refused: nobody is taken to be in order", async () => {
    const set = await keysStage({ damage: (csv) => csv.replace(/^of-200-0.*$/m, '"') });
    set.addUsers(2, 200);
    set.sandbox.faults.inject({ operation: "ListUsers", kind: "error", errorCode: "AccessDenied", status: 403 });

    expect((await set.container().look())[0]).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("refuses ListUsers")],
    });
  });
});

describe("looks that fall together", () => {
  const compliance = (set: KeysStage, id: number) => ({
    version: "0",
    id: `config-${id}`,
    source: "aws.config",
    "detail-type": "Config Rules Compliance Change",
    account: set.sandbox.account,
    region: "us-east-1",
    time: new Date().toISOString(),
    detail: {
      awsAccountId: set.sandbox.account,
      awsRegion: "us-east-1",
      configRuleName: "access-keys-rotated",
      resourceType: "AWS::IAM::User",
      resourceId: `AIDA${id}`,
      newEvaluationResult: { complianceType: "NON_COMPLIANT" },
      notificationCreationTime: new Date().toISOString(),
    },
  });
  const daily = (set: KeysStage) => ({
    version: "0",
    id: "daily",
    source: "aws.events",
    "detail-type": "Scheduled Event",
    account: set.sandbox.account,
    region: "eu-central-1",
    time: new Date().toISOString(),
    resources: [`arn:aws:events:eu-central-1:${set.sandbox.account}:rule/cordon-revoke-stale-keys-schedule`],
    detail: {},
  });

  it("the daily one and those that Config asks for, one for each user with an old key, are one", async () => {
    const set = await keysStage();
    set.addUsers(10, 200);
    const container = set.container();

    await container.batch(daily(set), ...Array.from({ length: 9 }, (_, id) => compliance(set, id)));

    expect(set.stopped()).toHaveLength(10);
    expect(set.calls()).toMatchObject({ ...REPORT, ListAccessKeys: 20 });
  });

  it("a while later, or asked for by a person, it is another", async () => {
    const set = await keysStage();
    const container = set.container();
    await container.batch(daily(set));
    set.addUsers(1, 200);

    expect(told(await container.look())).toContain("looked at");
    expect(told(await container.look(compliance(set, 1)))).toContain("was looked through at");
    await set.clock.sleep(11 * 60_000);
    expect(told(await container.look(compliance(set, 2)))).toBe("0 users looked at");
  });

  it("one that failed covers nothing", async () => {
    const set = await keysStage();
    set.addUsers(1, 200);
    const container = set.container();
    set.sandbox.faults.inject({ operation: "GetCredentialReport", kind: "error", errorCode: "AccessDenied" });
    await container.look(daily(set));

    expect(told(await container.look(compliance(set, 1)))).toBe("1 users looked at");
  });
});
