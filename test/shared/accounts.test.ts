import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Accounts, type Membership } from "../../shared/aws/accounts.ts";
import type { Clock } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

const OWN = "111122223333";
const MEMBER = "444455556666";
const OTHER = "777788889999";
const FUNCTION = "cordon-quarantine-replication";
const MEMBERSHIP: Membership = { roleName: "cordon-member", externalId: "a-cell-of-ours" };
const HOUR_MS = 3_600_000;

const sts = mockClient(STSClient);
afterAll(() => sts.restore());
let nowMs = START_MS;
const clock: Clock = { nowMs: () => nowMs, sleep: async () => {} };

const functionArn = (partition = "aws") => `arn:${partition}:lambda:eu-central-1:${OWN}:function:${FUNCTION}`;
const assumed = () => sts.commandCalls(AssumeRoleCommand).map(({ args }) => args[0].input);

/** The accounts of a cell that knows its own. */
function accountsOf(membership?: Membership, arn: string | undefined = functionArn()): Accounts {
  const accounts = new Accounts(clock, membership, FUNCTION);
  accounts.learnOwn(arn);
  return accounts;
}

/** STS as it answers a role it lets in: a new session each time, for an hour. */
function letIn(): void {
  let count = 0;
  sts.on(AssumeRoleCommand).callsFake(async () => ({
    Credentials: {
      AccessKeyId: `ASIA${++count}`,
      SecretAccessKey: "secret",
      SessionToken: "token",
      Expiration: new Date(nowMs + HOUR_MS),
    },
  }));
}

function failure(name: string, httpStatusCode?: number) {
  return Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode } });
}

beforeEach(() => {
  sts.reset();
  nowMs = START_MS;
});

describe("the cell's own account", () => {
  it("is served with the function's own credentials, and without a call", async () => {
    expect(await accountsOf(MEMBERSHIP).credentialsFor(OWN)).toBeUndefined();
    expect(sts.calls()).toEqual([]);
  });

  it("is asked of STS once where no function's ARN tells it, as in invoke local", async () => {
    sts
      .on(GetCallerIdentityCommand)
      .resolves({ Account: OWN, Arn: `arn:aws:sts::${OWN}:assumed-role/developer/me`, $metadata: {} });
    const accounts = new Accounts(clock);
    accounts.learnOwn(undefined);

    expect(await accounts.credentialsFor(OWN)).toBeUndefined();
    expect(await accounts.credentialsFor(OWN)).toBeUndefined();
    expect(sts.calls()).toHaveLength(1);
  });

  it.each([
    ["is throttled", failure("Throttling", 400)],
    ["gives no answer", failure("TimeoutError")],
    ["does not know our credentials", failure("InvalidClientTokenId", 403)],
  ])("is asked again when STS %s", async (_, error) => {
    sts
      .on(GetCallerIdentityCommand)
      .rejectsOnce(error)
      .resolves({ Account: OWN, Arn: `arn:aws:sts::${OWN}:assumed-role/developer/me`, $metadata: {} });
    const accounts = new Accounts(clock);

    await expect(accounts.credentialsFor(OWN)).rejects.toMatchObject({ kind: "unavailable", retry: true });
    expect(await accounts.credentialsFor(OWN)).toBeUndefined();
  });
});

describe("a member account", () => {
  it.each([
    ["aws", "arn:aws:iam::444455556666:role/cordon-member"],
    ["aws-cn", "arn:aws-cn:iam::444455556666:role/cordon-member"],
    ["aws-us-gov", "arn:aws-us-gov:iam::444455556666:role/cordon-member"],
  ])("is entered by its role in the partition %s, with the external id, for an hour", async (partition, RoleArn) => {
    letIn();

    const credentials = await accountsOf(MEMBERSHIP, functionArn(partition)).credentialsFor(MEMBER);

    expect(credentials).toMatchObject({ accessKeyId: "ASIA1", sessionToken: "token" });
    expect(assumed()).toEqual([
      { RoleArn, RoleSessionName: FUNCTION, ExternalId: "a-cell-of-ours", DurationSeconds: 3_600 },
    ]);
  });

  it.each([
    ["", "cordon-"],
    ["eu-guard", "cordon-eu-guard"],
    ["cordon-".repeat(12), "cordon-".repeat(12).slice(0, 64)],
  ])("sees the function's name %j in the session's", async (name, expected) => {
    letIn();
    const accounts = new Accounts(clock, MEMBERSHIP, name);
    accounts.learnOwn(functionArn());

    await accounts.credentialsFor(MEMBER);

    expect(assumed()[0]?.RoleSessionName).toBe(expected);
  });

  it("is entered once for all who ask at the same time, and for all who ask later", async () => {
    letIn();
    const accounts = accountsOf(MEMBERSHIP);

    const asked = await Promise.all(Array.from({ length: 10 }, () => accounts.credentialsFor(MEMBER)));
    nowMs += HOUR_MS - 5 * 60_000 - 1;
    asked.push(await accounts.credentialsFor(MEMBER));

    expect(new Set(asked.map((each) => each?.accessKeyId))).toEqual(new Set(["ASIA1"]));
  });

  it("is entered anew, once, before the session runs out", async () => {
    letIn();
    const accounts = accountsOf(MEMBERSHIP);
    await accounts.credentialsFor(MEMBER);

    nowMs += HOUR_MS - 5 * 60_000;
    const renewed = await Promise.all([accounts.credentialsFor(MEMBER), accounts.credentialsFor(MEMBER)]);

    expect(renewed.map((each) => each?.accessKeyId)).toEqual(["ASIA2", "ASIA2"]);
  });

  it("has a session of its own, apart from other members'", async () => {
    letIn();
    const accounts = accountsOf(MEMBERSHIP);

    const [one, two] = [await accounts.credentialsFor(MEMBER), await accounts.credentialsFor(OTHER)];

    expect(one?.accessKeyId).not.toBe(two?.accessKeyId);
    expect(assumed().map(({ RoleArn }) => RoleArn?.split(":")[4])).toEqual([MEMBER, OTHER]);
  });

  it.each([
    ["refuses for now", "foreign-account", failure("AccessDenied", 403)],
    ["is throttled", "unavailable", failure("Throttling", 400)],
  ])("is asked again after STS %s", async (_, kind, error) => {
    sts.on(AssumeRoleCommand).rejectsOnce(error);
    const accounts = accountsOf(MEMBERSHIP);
    await expect(accounts.credentialsFor(MEMBER)).rejects.toMatchObject({ kind });

    letIn();

    expect(await accounts.credentialsFor(MEMBER)).toMatchObject({ accessKeyId: "ASIA1" });
  });
});

describe("an account that is not served", () => {
  it.each<[string, Membership | undefined, readonly string[]]>([
    ["no member's role is known", undefined, [MEMBER, `expected ${OWN}`, "CORDON_MEMBER_ROLE is not set"]],
    ["it is not among the members", { ...MEMBERSHIP, accounts: [OTHER] }, [MEMBER, OWN, "CORDON_ACCOUNTS"]],
  ])("is refused without a call when %s", async (_, membership, said) => {
    const refused = accountsOf(membership).credentialsFor(MEMBER);

    await expect(refused).rejects.toMatchObject({ kind: "foreign-account", retry: false });
    for (const each of said) await expect(refused).rejects.toThrow(each);
    expect(sts.calls()).toEqual([]);
  });

  it("is refused when its role is missing or lets nobody in, which STS tells in the same words", async () => {
    sts.on(AssumeRoleCommand).rejects(failure("AccessDenied", 403));

    const refused = accountsOf(MEMBERSHIP).credentialsFor(MEMBER);

    await expect(refused).rejects.toMatchObject({ kind: "foreign-account", retry: false });
    for (const each of [MEMBER, "role/cordon-member", "AccessDenied", "expected"])
      await expect(refused).rejects.toThrow(each);
    await expect(refused).rejects.not.toThrow(MEMBERSHIP.externalId);
  });
});

describe("STS in trouble", () => {
  it.each([
    ["throttling", failure("Throttling", 400), "unavailable", true],
    ["an error of its own", failure("InternalFailure", 500), "unavailable", true],
    ["no answer", failure("TimeoutError"), "unavailable", true],
    ["our own credentials run out", failure("ExpiredToken", 403), "unavailable", true],
    // The role may be there: it is an administrator's to say in which Regions STS answers.
    ["a Region that is switched off", failure("RegionDisabledException", 403), "denied", false],
    ["a call that it doesn't take", failure("ValidationError", 400), "denied", false],
  ])("%s says nothing of the account", async (_, error, kind, retry) => {
    sts.on(AssumeRoleCommand).rejects(error);

    await expect(accountsOf(MEMBERSHIP).credentialsFor(MEMBER)).rejects.toMatchObject({ kind, retry });
  });

  it("that answers without credentials is no answer", async () => {
    sts.on(AssumeRoleCommand).resolves({});

    await expect(accountsOf(MEMBERSHIP).credentialsFor(MEMBER)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
