import { fileURLToPath } from "node:url";
import {
  CreateAccessKeyCommand,
  GenerateCredentialReportCommand,
  IAMClient,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventBridgeEvent, readTemplate } from "../../sandbox/index.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { exposedByGuardDuty, exposedByHealth } from "../support/iam-cases.ts";
import { policyFile } from "../support/policy-file.ts";
import { answerOf, type Cell, openCell, WITHOUT_GUARD } from "./cell.ts";

const FN = "revoke-stale-keys";
const AGE = "iam-access-key-is-rotated";
const EXPOSURE = "iam-access-key-is-not-exposed";
const DAY_MS = 86_400_000;
/** Where IAM tells what happens to it. */
const IAM_REGION = "us-east-1";
const USED = { service: "s3", region: "eu-central-1" };

/** As policy takes times. */
const isoOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Days, limits and users as these tests have them; enforced. */
const policyOf = (exceptionEnds: number, more: object = {}) =>
  policyFile({
    controls: { [AGE]: { mode: "enforce" }, [EXPOSURE]: { mode: "enforce" } },
    limits: { approvals: { by: ["arn:aws:iam::*:user/data-protection-officer"] } },
    accessKeys: {
      breakGlass: [{ paths: ["/break-glass/"] }],
      deniedBursts: { count: 3, windowMinutes: 10, do: "deactivate" },
      ...more,
    },
    exceptions: [
      {
        id: "migration",
        control: AGE,
        resources: ["arn:aws:iam::*:user/service/*"],
        reason: "it is being moved",
        approver: "arn:aws:iam::111122223333:user/data-protection-officer",
        ticket: "T-1",
        grantedAt: isoOf(exceptionEnds - 2 * DAY_MS),
        expiresAt: isoOf(exceptionEnds),
      },
    ],
  });

describe("access keys of IAM users", () => {
  let cell: Cell;
  let admin: IAMClient;
  beforeAll(async () => {
    cell = await openCell({ maxConcurrency: 1 }, [FN, "decide", "open-tickets", "sweep"]);
    const { sandbox } = cell;
    sandbox.paceReports({ polls: 0, takesMs: 0 });
    admin = new IAMClient(clientConfig(sandbox));
    // Looks come when they are asked for; what goes by the clock is not the matter.
    for (const { properties } of sandbox.registry.list("AWS::Events::Rule"))
      if (properties.ScheduleExpression !== undefined) properties.State = "DISABLED";
    const [bus] = sandbox.registry.list("AWS::Events::EventBus");
    const forwarder = readTemplate(fileURLToPath(new URL("../../deploy/forwarder.yml", import.meta.url)));
    sandbox.deployTemplate(forwarder, { region: IAM_REGION, parameters: { CellBusArn: String(bus?.arn) } });
    const CORDON_POLICY = policyOf(sandbox.clock.now() + DAY_MS);
    for (const fn of [FN, "decide", "sweep"])
      cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY } });
  });
  afterAll(async () => {
    admin.destroy();
    await cell.close();
  });

  const daysAgo = (days: number) => cell.sandbox.clock.now() - days * DAY_MS;
  const key = (days: number, usedDays?: number) => ({
    createdAt: daysAgo(days),
    ...(usedDays !== undefined && { lastUsed: { at: daysAgo(usedDays), ...USED } }),
  });
  const statusesOf = (user: string) => cell.sandbox.user(user).keys.map(({ status }) => status);
  const idOf = (user: string, index = 0) => String(cell.sandbox.user(user).keys[index]?.id);
  const findingsOf = (user: string, control = AGE) =>
    cell.journal.findings().filter(({ controlId, resource }) => controlId === control && resource.name === user);
  const findingOf = (user: string, control = AGE): FindingRecord => {
    const [found, ...others] = findingsOf(user, control).filter(({ status }) => status !== "resolved");
    if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} findings of ${user}`);
    return found;
  };
  const lookAround = async () => {
    // What AWS takes for a credential report the function waits for: it is made beforehand.
    await admin.send(new GenerateCredentialReportCommand({}));
    return answerOf(await cell.sandbox.invoke(FN, { cordon: "keys", account: cell.sandbox.account }));
  };
  const hear = async (...events: readonly unknown[]) => {
    for (const event of events) cell.sandbox.putEvent(event as EventBridgeEvent);
    await cell.sandbox.drain();
  };
  const decide = (action: "approve" | "roll-back", { id, pending }: FindingRecord) =>
    cell.decide({ action, findingId: id, reason: "a test", ...(action === "approve" && { plan: pending?.id }) });
  const callsAbout = (user: string) =>
    cell.sandbox.calls
      .filter(({ functionName, service, input }) => functionName === FN && service === "iam" && input.UserName === user)
      .map(({ operation }) => operation);

  it("K1 K2 K3 K4 K5: by a look through the account, whose few calls are the stale ones' own", async () => {
    const { sandbox } = cell;
    sandbox.createUser({ name: "fresh", keys: [key(10, 1)], createdAt: daysAgo(10) });
    sandbox.createUser({ name: "aging", keys: [key(80, 1)], createdAt: daysAgo(80) });
    sandbox.createUser({ name: "never", keys: [key(45)], createdAt: daysAgo(45) });
    sandbox.createUser({ name: "two-keys", keys: [key(200, 100), key(5, 0)], createdAt: daysAgo(200) });
    sandbox.createUser({
      name: "in-use",
      keys: [key(200, 0)],
      createdAt: daysAgo(200),
      tags: { owner: "team-reports" },
    });
    sandbox.createUser({ name: "emergency", path: "/break-glass/", keys: [key(900, 500)], createdAt: daysAgo(900) });
    sandbox.createUser({ name: "mover", path: "/service/", keys: [key(200, 100)], createdAt: daysAgo(200) });
    sandbox.clearCalls();

    await lookAround();

    expect(callsAbout("fresh")).toEqual([]);
    expect(statusesOf("fresh")).toEqual(["Active"]);
    expect(statusesOf("never")).toEqual(["Inactive"]);
    expect(statusesOf("two-keys")).toEqual(["Inactive", "Active"]);
    expect(statusesOf("emergency")).toEqual(["Active"]);
    expect(findingOf("aging")).toMatchObject({ status: "observed", decision: { rule: "built-in:key-warning" } });
    expect(findingOf("in-use")).toMatchObject({
      status: "awaiting-approval",
      decision: { rule: "access-keys:warn-first" },
      facts: { owner: "team-reports" },
    });
    expect(findingOf("mover")).toMatchObject({ status: "exempt" });
    const changed = sandbox.calls.filter(
      ({ functionName, service, mutating }) => functionName === FN && service === "iam" && mutating,
    );
    expect(changed.map(({ operation }) => operation).filter((each) => each !== "GenerateCredentialReport")).toEqual([
      "UpdateAccessKey",
      "UpdateAccessKey",
    ]);
  });

  it("K5: after the exception's end its user is treated, and one for emergencies still is not", async () => {
    cell.sandbox.clock.advance(DAY_MS + 60_000);
    await lookAround();
    expect(statusesOf("mover")).toEqual(["Inactive"]);
    expect(statusesOf("emergency")).toEqual(["Active"]);
  });

  it("K10: a revoked key comes back on a person's word, once, with evidence", async () => {
    expect(await decide("roll-back", findingOf("mover"))).toMatchObject({ status: "exempt" });
    expect(statusesOf("mover")).toEqual(["Active"]);
    expect(cell.journal.evidence().map(({ kind }) => kind)).toContain("exception-granted");
    await cell.sandbox.drain();
    expect(await decide("roll-back", findingOf("mover"))).toMatchObject({ status: "exempt" });
    // By the report its key is new, since it was switched on: the journal knows when the exception ends.
    cell.sandbox.clock.advance(DAY_MS + 60_000);
    answerOf(await cell.sandbox.invoke("sweep", {}));
    await cell.sandbox.drain();
    expect(statusesOf("mover")).toEqual(["Inactive"]);
  });

  it("K1 K2: the warned one is deactivated at 90 days, one in use a week after its warning", async () => {
    const { clock } = cell.sandbox;
    clock.advance(4 * DAY_MS);
    await lookAround();
    expect([statusesOf("in-use"), statusesOf("aging")]).toEqual([["Active"], ["Active"]]);
    clock.advance(DAY_MS);
    await lookAround();
    expect([statusesOf("in-use"), statusesOf("aging")]).toEqual([["Inactive"], ["Active"]]);
    clock.advance(4 * DAY_MS);
    await lookAround();
    expect(statusesOf("aging")).toEqual(["Inactive"]);
  });

  it("K1: 30 days later its deletion is asked for, which says that there is no way back, and carried out on a person's word", async () => {
    cell.sandbox.clock.advance(30 * DAY_MS);
    await lookAround();
    const asked = findingOf("aging");
    expect(asked).toMatchObject({
      status: "awaiting-approval",
      decision: { rule: "access-keys:delete" },
      pending: { reversible: "a deleted key can't come back" },
    });
    expect(statusesOf("aging")).toEqual(["Inactive"]);
    expect(cell.ticket(asked.id)).toContain("a deleted key can't come back");
    expect(await decide("approve", asked)).toMatchObject({ status: "contained" });
    expect(statusesOf("aging")).toEqual([]);
    // The key's end is heard, too, and looked at.
    await cell.sandbox.drain();
    expect(await decide("roll-back", asked)).toMatchObject({ status: "refused" });
  });

  it("K7: Health's event comes to two Regions and is one matter; the newest key is deactivated, and its full id told nowhere", async () => {
    const { sandbox } = cell;
    sandbox.createUser({ name: "leaked", keys: [key(40, 0), key(1, 0)], createdAt: daysAgo(40) });
    const exposed = idOf("leaked", 1);
    const atMs = sandbox.clock.now();
    await hear(
      exposedByHealth(exposed, { atMs, region: "us-west-2" }),
      exposedByHealth(exposed, { atMs, region: "eu-central-1" }),
      exposedByHealth(exposed, { atMs, region: IAM_REGION }),
    );
    expect(statusesOf("leaked")).toEqual(["Active", "Inactive"]);
    const finding = findingOf("leaked", EXPOSURE);
    expect(finding).toMatchObject({ status: "contained", severity: "critical", occurrence: 1 });
    expect(
      cell.journal.evidence().filter(({ findingId, kind }) => findingId === finding.id && kind === "contained"),
    ).toHaveLength(1);
    expect(JSON.stringify(cell.journal.items())).not.toContain(exposed);
    const ticket = cell.ticket(finding.id);
    expect(ticket).toContain("eu-central-1");
    expect(ticket).not.toContain(exposed);
  });

  it("K7: switched on again by somebody it is deactivated again, at the event of us-east-1", async () => {
    await admin.send(
      new UpdateAccessKeyCommand({ UserName: "leaked", AccessKeyId: idOf("leaked", 1), Status: "Active" }),
    );
    await cell.sandbox.drain();
    expect(statusesOf("leaked")).toEqual(["Active", "Inactive"]);
    expect(findingOf("leaked", EXPOSURE)).toMatchObject({ status: "contained", occurrence: 2 });
  });

  it("K7: by GuardDuty; of a user for emergencies it waits for a person, and decide carries it out", async () => {
    const { sandbox } = cell;
    sandbox.createUser({ name: "seen-by-tor", path: "/service/", keys: [key(3, 0)], createdAt: daysAgo(3) });
    await hear(
      exposedByGuardDuty(idOf("seen-by-tor"), sandbox.clock.now()),
      exposedByGuardDuty(idOf("emergency"), sandbox.clock.now()),
    );
    expect(statusesOf("seen-by-tor")).toEqual(["Inactive"]);
    expect(statusesOf("emergency")).toEqual(["Active"]);
    const asked = findingOf("emergency", EXPOSURE);
    expect(asked).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
      decision: { rule: "built-in:break-glass" },
    });
    expect(await decide("approve", asked)).toMatchObject({ status: "contained" });
    expect(statusesOf("emergency")).toEqual(["Inactive"]);
  });

  it("K1: a key that is old and switched on again is deactivated at its event", async () => {
    await admin.send(new UpdateAccessKeyCommand({ UserName: "never", AccessKeyId: idOf("never"), Status: "Active" }));
    await cell.sandbox.drain();
    expect(statusesOf("never")).toEqual(["Inactive"]);
    expect(findingOf("never").principal?.arn).toContain("sandbox-admin");
  });

  it("a key that is made is young, and nothing follows", async () => {
    cell.sandbox.createUser({ name: "newcomer" });
    await admin.send(new CreateAccessKeyCommand({ UserName: "newcomer" }));
    await cell.sandbox.drain();
    expect(statusesOf("newcomer")).toEqual(["Active"]);
    expect(findingsOf("newcomer")).toEqual([]);
  });

  it("K8: a burst of denied calls by one key waits for a person by policy, reads among them", async () => {
    const { sandbox } = cell;
    sandbox.createUser({ name: "probing", keys: [key(3, 0)], createdAt: daysAgo(3) });
    const denied = (region: string) => {
      const record = { readOnly: true, errorCode: "AccessDenied" };
      const seed = {
        eventSource: "s3.amazonaws.com",
        eventName: "ListBuckets",
        accessKeyId: idOf("probing"),
        record,
        region,
      };
      return sandbox.recordEvent(seed);
    };
    await hear(denied("eu-central-1"), denied(IAM_REGION));
    expect(findingsOf("probing", EXPOSURE)).toEqual([]);
    await hear(denied(IAM_REGION));
    const asked = findingOf("probing", EXPOSURE);
    expect(asked).toMatchObject({ status: "awaiting-approval", decision: { rule: "access-keys:denied-burst" } });
    expect(statusesOf("probing")).toEqual(["Active"]);
    const done = await decide("approve", asked);
    expect(done, done.reasons.join()).toMatchObject({ status: "contained" });
    expect(statusesOf("probing")).toEqual(["Inactive"]);
  });

  it("nothing was lost, refused or given up in all this", () => {
    const { sandbox } = cell;
    expect([sandbox.undelivered, sandbox.deadLetters, sandbox.queues["cordon-refused"] ?? []]).toEqual([[], [], []]);
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
    expect(answer.results.map(({ controlId, status }) => [controlId, status])).toEqual([
      ["iam-access-key-is-not-exposed", "contained"],
      ["iam-user-has-no-session-of-exposed-key", "contained"],
      ["iam-role-has-no-session-of-exposed-key", "awaiting-approval"],
    ]);
    expect(sandbox.user("ci").keys[0]?.status).toBe("Inactive");
    expect(JSON.stringify(cell.journal.items())).not.toContain(key);
  });

  it("K7: that fits no user of the account, of which AWS says so by a refusal, is a ticket", async () => {
    const { sandbox } = cell;
    const answer = answerOf(await sandbox.invoke(FN, { cordon: "keys", key: "AKIANOBODYNOBODYWXYZ", exposed: true }));
    await sandbox.drain();
    expect(answer.results, JSON.stringify(answer)).toMatchObject([{ status: "awaiting-approval" }, {}]);
    const id = answer.results[0]?.findingId ?? "";
    const ticket = cell.ticket(id);
    expect(ticket).toContain(
      "Key AKIA...WXYZ, reported exposed by whoever invoked Cordon, can't be told whose it is in account",
    );
    expect(ticket).toContain("cordon close");
    expect(ticket).not.toContain("AKIANOBODYNOBODYWXYZ");
  });
});
