import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyFile } from "../support/policy-file.ts";
import { answerOf, type Cell, openCell, WITHOUT_GUARD } from "./cell.ts";

const FN = "revoke-stale-keys";
const DAY_MS = 86_400_000;

describe("access keys of IAM users", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, WITHOUT_GUARD);
    const mode = { mode: "enforce" };
    const file = policyFile({
      controls: { "iam-access-key-is-rotated": mode, "iam-access-key-is-not-exposed": mode },
    });
    for (const fn of [FN, "decide"])
      cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY: file } });
  });
  afterAll(() => cell.close());
  const daysAgo = (days: number) => cell.sandbox.clock.now() - days * DAY_MS;
  const keysOf = (user: string) => cell.sandbox.user(user).keys.map(({ status }) => status);
  const findingsOf = (user: string) => cell.journal.findings().filter(({ resource }) => resource.name === user);

  it("K1 K3 K4: by the daily look, whose few calls are the stale ones' own", async () => {
    cell.sandbox.createUser({ name: "fresh", keys: [{ createdAt: daysAgo(10) }] });
    cell.sandbox.createUser({
      name: "old",
      keys: [
        { createdAt: daysAgo(200), lastUsed: { at: daysAgo(100), service: "s3", region: "eu-central-1" } },
        { createdAt: daysAgo(5) },
      ],
    });
    cell.sandbox.createUser({ name: "never", keys: [{ createdAt: daysAgo(45) }] });
    cell.sandbox.clearCalls();
    const answer = answerOf(await cell.sandbox.invoke(FN, { cordon: "keys", account: cell.sandbox.account }));
    console.log(JSON.stringify(answer.results, null, 1), cell.callsOf(FN));
    expect(keysOf("fresh")).toEqual(["Active"]);
    expect(keysOf("old").toSorted()).toEqual(["Active", "Inactive"]);
    expect(findingsOf("old").map(({ status }) => status)).toContain("contained");
  });
});

describe("a key that is known to others", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, WITHOUT_GUARD);
    const mode = { mode: "enforce" };
    const file = policyFile({
      controls: { "iam-access-key-is-not-exposed": mode, "iam-user-has-no-session-of-exposed-key": mode },
    });
    for (const fn of [FN, "decide"])
      cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY: file } });
  });
  afterAll(() => cell.close());

  it("K7: is deactivated at once, its user's sessions are denied, and the roles it assumed wait for a person", async () => {
    const { sandbox } = cell;
    const { keys } = sandbox.createUser({ name: "ci", keys: [{ createdAt: sandbox.clock.now() - 5 * DAY_MS }] });
    const key = keys[0]?.id ?? "";
    sandbox.registry.put({
      type: "AWS::IAM::Role",
      identifier: "deployer",
      arn: `arn:aws:iam::${sandbox.account}:role/deployer`,
      account: sandbox.account,
      region: "us-east-1",
      properties: { RoleName: "deployer" },
    });
    sandbox.recordEvent({
      eventSource: "sts.amazonaws.com",
      eventName: "AssumeRole",
      accessKeyId: key,
      at: sandbox.clock.now() - DAY_MS,
      region: "us-east-1",
      record: { requestParameters: { roleArn: `arn:aws:iam::${sandbox.account}:role/deployer` } },
    });
    sandbox.clearCalls();
    const answer = answerOf(await sandbox.invoke(FN, { cordon: "keys", key, exposed: true }));
    console.log(
      JSON.stringify(
        answer.results.map(({ controlId, resource, status, reasons }) => [controlId, resource?.arn, status, reasons]),
        null,
        1,
      ),
      cell.callsOf(FN),
    );
    expect(sandbox.user("ci").keys[0]?.status).toBe("Inactive");
    expect(JSON.stringify(cell.journal.items())).not.toContain(key);
  });
});
