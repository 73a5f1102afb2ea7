import { fileURLToPath } from "node:url";
import { PutBucketReplicationCommand, type ReplicationConfiguration } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { meta } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { stackResources } from "../../deploy/resources.ts";
import { parseStack } from "../../deploy/stack.ts";
import {
  CELL,
  cellEnvironment,
  type EventBridgeEvent,
  packagedTemplate,
  readTemplate,
  type Sandbox,
  startSandbox,
  type Template,
} from "../../sandbox/index.ts";
import { findDecideUrl } from "../../shared/aws/decide-url.ts";
import { findingId } from "../../shared/ids.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import { s3Client } from "../sandbox/clients.ts";
import { cloudTrailRecord, eventBridge, sqs } from "../support/events.ts";
import { lookAt } from "../support/stage.ts";
import { answerOf, CONTAINS, HOME, OFFENDING_RULE, replicationOf } from "./cell.ts";

/** Where the member's data is: not where the cell is. */
const AWAY = "eu-north-1";
const MEMBER = "444455556666";
const STRANGER = "999900001111";
const EXTERNAL_ID = "the-cell-of-these-tests";
const MINUTE_MS = 60_000;
const MEMBER_SETTINGS = {
  CORDON_MEMBER_ROLE: "cordon-member",
  CORDON_EXTERNAL_ID: EXTERNAL_ID,
  CORDON_ACCOUNTS: MEMBER,
};

const generated = (name: string) => readTemplate(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)));

/** The packaged cell with the resources that serverless.yml has under these settings: who may send, and whose role its functions assume. */
function cellWithMembers(): Template {
  const { CORDON_MEMBER_ROLE: memberRole, CORDON_EXTERNAL_ID: externalId, CORDON_ACCOUNTS: accounts } = MEMBER_SETTINGS;
  const packaged = packagedTemplate();
  const resources = stackResources(parseStack({ name: CELL.table, memberRole, externalId, accounts }));
  return { ...packaged, Resources: { ...packaged.Resources, ...(resources as Template["Resources"]) } };
}

/** A cell in its account and a member that forwards to it from another Region, both as their templates make them. */
async function organisation(role: { readonly externalId: string } | "without role" = { externalId: EXTERNAL_ID }) {
  const sandbox = await startSandbox({ region: HOME });
  onTestFinished(() => sandbox.close());
  const { outputs } = sandbox.deployTemplate(cellWithMembers(), {
    environment: cellEnvironment({ ...MEMBER_SETTINGS, POWERTOOLS_LOG_LEVEL: "ERROR" }),
    only: [CONTAINS, "decide"],
  });
  // Sessions are kept by container.
  sandbox.redeploy(CONTAINS, { maxConcurrency: 1 });
  const forwardFrom = (account: string, region = AWAY) =>
    sandbox.deployTemplate(generated("forwarder.yml"), {
      account,
      region,
      parameters: { CellBusArn: String(outputs.EventBusArn) },
    });
  forwardFrom(MEMBER);
  if (role !== "without role") {
    const parameters = { CellAccountId: sandbox.account, ExternalId: role.externalId };
    sandbox.deployTemplate(generated("member-role.yml"), { account: MEMBER, region: HOME, parameters });
  }
  return { sandbox, outputs, forwardFrom };
}

/** An account's developer replicates a bucket that was there before to Ireland and to Oregon. */
async function replicate(sandbox: Sandbox, bucket: string, account = MEMBER): Promise<void> {
  const place = { account, versioning: true };
  sandbox.createBucket({ ...place, name: bucket, region: AWAY, tags: { "data-residency": "eu-only" } });
  sandbox.createBucket({ ...place, name: `${bucket}-ireland`, region: "eu-west-1" });
  sandbox.createBucket({ ...place, name: `${bucket}-oregon`, region: "us-west-2" });
  const developer = s3Client(sandbox, AWAY, sandbox.createPrincipal({ type: "IAMUser", name: "developer", account }));
  const ReplicationConfiguration = replicationIn(account, bucket);
  await developer.send(new PutBucketReplicationCommand({ Bucket: bucket, ReplicationConfiguration }));
  developer.destroy();
  await sandbox.settle();
}

function replicationIn(account: string, bucket: string): ReplicationConfiguration {
  return { ...replicationOf(bucket), Role: `arn:aws:iam::${account}:role/replication` };
}

const statusOf = (sandbox: Sandbox, bucket: string) =>
  sandbox.bucket(bucket).replication?.Rules?.find(({ ID }) => ID === OFFENDING_RULE)?.Status;
const callsTo = (sandbox: Sandbox, service: string) =>
  sandbox.calls.filter((call) => call.service === service && call.functionName !== undefined);
const refusals = (sandbox: Sandbox) =>
  (sandbox.queues[CELL.refusedQueue] ?? []).map(({ attributes }) => attributes.reason ?? "");
/** A call of the cell's own account on a stranger's bucket: AWS tells it to both. */
const strangersEvent = () => {
  const record = { ...cloudTrailRecord("their-data", { account: STRANGER }), recipientAccountId: "111122223333" };
  return eventBridge(record) as unknown as EventBridgeEvent;
};

/** What must be so of an event that was refused because of its account. */
function expectRefused(sandbox: Sandbox, said: readonly string[]): void {
  const [reason = "", ...others] = refusals(sandbox);
  expect(others).toEqual([]);
  for (const each of [...said, "expected"]) expect(reason).toContain(each);
  expect(reason).not.toContain(EXTERNAL_ID);
  // Not one look at the bucket, not one line in the journal, and nothing left to deliver again.
  expect(callsTo(sandbox, "s3")).toEqual([]);
  expect(callsTo(sandbox, "dynamodb")).toEqual([]);
  expect(lookAt(sandbox).items()).toEqual([]);
  expect(sandbox.queues[`cordon-${CONTAINS}`] ?? []).toEqual([]);
}

describe("a member account", () => {
  it("has its offending rule contained by the cell, through its forwarder and in its role", async () => {
    const { sandbox } = await organisation();

    await replicate(sandbox, "their-orders");

    const before = replicationIn(MEMBER, "their-orders");
    expect(sandbox.bucket("their-orders").replication).toEqual({
      ...before,
      Rules: before.Rules?.map((rule) => (rule.ID === OFFENDING_RULE ? { ...rule, Status: "Disabled" } : rule)),
    });
    expect(callsTo(sandbox, "sts").map(({ operation, input }) => ({ operation, ...input }))).toEqual([
      {
        operation: "AssumeRole",
        RoleArn: `arn:aws:iam::${MEMBER}:role/cordon-member`,
        RoleSessionName: `cordon-${CONTAINS}`,
        ExternalId: EXTERNAL_ID,
        DurationSeconds: "3600",
      },
    ]);
    const session = `arn:aws:sts::${MEMBER}:assumed-role/cordon-member/cordon-${CONTAINS}`;
    const s3 = callsTo(sandbox, "s3");
    expect(new Set(s3.map(({ principal }) => principal))).toEqual(new Set([session]));
    expect(s3.filter(({ mutating }) => mutating)).toMatchObject([{ operation: "PutBucketReplication", region: AWAY }]);
    expect(lookAt(sandbox).findings()).toMatchObject([
      { status: "contained", resource: { account: MEMBER, region: AWAY, name: "their-orders" } },
    ]);
    expect([refusals(sandbox), sandbox.undelivered, sandbox.deadLetters]).toEqual([[], [], []]);
  });

  it("is entered once for several events, and again only when the session is about to end", async () => {
    const { sandbox } = await organisation();
    const entered = () => callsTo(sandbox, "sts").length;

    for (const bucket of ["first", "second", "third"]) await replicate(sandbox, bucket);
    const atFirst = entered();
    sandbox.clock.advance(54 * MINUTE_MS);
    await replicate(sandbox, "within-the-hour");
    const withinTheHour = entered();
    sandbox.clock.advance(10 * MINUTE_MS);
    await replicate(sandbox, "after-the-hour");

    expect([atFirst, withinTheHour, entered()]).toEqual([1, 1, 2]);
    for (const bucket of ["first", "second", "third", "within-the-hour", "after-the-hour"])
      expect(statusOf(sandbox, bucket), bucket).toBe("Disabled");
  });

  it("has a containment taken back in its role, too", async () => {
    const { sandbox } = await organisation();
    await replicate(sandbox, "their-orders");
    const ref = s3BucketRef("their-orders", MEMBER, AWAY);
    if (ref === undefined) throw new Error("no bucket's name");

    const { credentials } = sandbox.createPrincipal({ type: "IAMUser", name: "data-protection-officer" });
    const url = await findDecideUrl("cordon-decide", { region: HOME, credentials, endpoint: sandbox.endpoint });
    const order = {
      action: "roll-back",
      findingId: findingId(meta.id, ref, OFFENDING_RULE),
      reason: "a contract is in place",
    };

    expect(await url.send(order, sandbox.clock.now())).toMatchObject({ results: [{ status: "exempt" }] });
    expect(sandbox.bucket("their-orders").replication).toEqual(replicationIn(MEMBER, "their-orders"));
    const decided = sandbox.calls.filter(({ functionName }) => functionName === "decide");
    expect(decided.filter(({ service }) => service === "sts").map(({ operation }) => operation)).toEqual([
      "AssumeRole",
    ]);
  });

  it("waits for STS when that is throttled, and is contained after all", async () => {
    const { sandbox } = await organisation();
    // Three attempts of the first delivery.
    sandbox.faults.inject({ operation: "AssumeRole", kind: "throttle", times: 3 });

    await replicate(sandbox, "their-orders");
    const atOnce = statusOf(sandbox, "their-orders");
    await sandbox.drain();

    expect([atOnce, statusOf(sandbox, "their-orders")]).toEqual(["Enabled", "Disabled"]);
    expect(refusals(sandbox)).toEqual([]);
  });
});

describe("an account that does not let the cell in", () => {
  it.each([
    ["asks for another external id", { externalId: "another-cell" }],
    ["has no role for it", "without role" as const],
  ])("because it %s, has its event refused with the reason", async (_, role) => {
    const { sandbox } = await organisation(role);

    await replicate(sandbox, "their-orders");

    expectRefused(sandbox, [MEMBER, `arn:aws:iam::${MEMBER}:role/cordon-member`, "AccessDenied"]);
    expect(statusOf(sandbox, "their-orders")).toBe("Enabled");
  });

  it("is served as soon as it does", async () => {
    const { sandbox } = await organisation("without role");
    await replicate(sandbox, "before");
    const parameters = { CellAccountId: sandbox.account, ExternalId: EXTERNAL_ID };
    sandbox.deployTemplate(generated("member-role.yml"), { account: MEMBER, region: HOME, parameters });

    await replicate(sandbox, "after");

    expect([statusOf(sandbox, "before"), statusOf(sandbox, "after")]).toEqual(["Enabled", "Disabled"]);
  });
});

describe("an account that is no member", () => {
  it("has no event on the cell's bus, though it forwards there: they wait where they are", async () => {
    const { sandbox, forwardFrom } = await organisation();
    forwardFrom(STRANGER);

    await replicate(sandbox, "their-orders", STRANGER);

    expect(sandbox.undelivered.map(({ reason }) => reason)).toEqual([expect.stringContaining(STRANGER)]);
    const waiting = sandbox.queues[`arn:aws:sqs:${AWAY}:${STRANGER}:cordon-undelivered`] ?? [];
    expect(waiting.map(({ body }) => JSON.parse(body).detail.eventName)).toEqual(["PutBucketReplication"]);
    expect([sandbox.calls.filter(({ functionName }) => functionName !== undefined), refusals(sandbox)]).toEqual([
      [],
      [],
    ]);
  });

  it("has an event that came in all the same refused, without so much as a call to its role", async () => {
    const { sandbox } = await organisation();

    // An event of the cell's own account that is about a stranger's bucket.
    sandbox.putEvent(strangersEvent());
    await sandbox.settle();

    expectRefused(sandbox, [STRANGER, sandbox.account, "CORDON_ACCOUNTS"]);
    expect(callsTo(sandbox, "sts")).toEqual([]);
  });

  it("keeps nothing back that came in the same message", async () => {
    const { sandbox } = await organisation();
    sandbox.routing = false;
    await replicate(sandbox, "their-orders");
    sandbox.routing = true;
    const records = [STRANGER, MEMBER].map((account) =>
      cloudTrailRecord("their-orders", { account, region: AWAY, id: account, atMs: sandbox.clock.now() }),
    );

    const answer = answerOf(await sandbox.invoke(`cordon-${CONTAINS}`, sqs({ Records: records })));

    expect(answer.batchItemFailures).toEqual([]);
    expect(statusOf(sandbox, "their-orders")).toBe("Disabled");
    expect(refusals(sandbox)).toEqual([expect.stringContaining(STRANGER)]);
  });

  it("is told as refused in the answer when its event is sent by hand", async () => {
    const { sandbox } = await organisation();

    const { results } = answerOf(await sandbox.invoke(`cordon-${CONTAINS}`, strangersEvent()));

    expect(results).toMatchObject([
      {
        status: "refused",
        decision: null,
        resource: { account: STRANGER },
        reasons: [expect.stringContaining(STRANGER)],
      },
    ]);
    expect(sandbox.calls).toEqual([]);
  });
});

describe("a forwarder", () => {
  it("lets the cell hear its heart beat every quarter of an hour", async () => {
    const { sandbox, outputs } = await organisation();
    const ear = sandbox.deployTemplate(earOn(String(outputs.EventBusArn)));
    const heard = () => (sandbox.queues.ear ?? []).map(({ body }) => JSON.parse(body));

    for (let beat = 0; beat < 2; beat++) {
      sandbox.clock.advance(15 * MINUTE_MS);
      await sandbox.settle();
    }

    expect(ear.resources.size).toBeGreaterThan(0);
    expect(heard()).toMatchObject(
      [1, 2].map(() => ({
        source: "aws.events",
        "detail-type": "Scheduled Event",
        account: MEMBER,
        region: AWAY,
        resources: [`arn:aws:events:${AWAY}:${MEMBER}:rule/cordon-heartbeat`],
      })),
    );
  });
});

/** A queue that hears the heartbeats on a bus. */
function earOn(bus: string): Template {
  const Ear = { "Fn::GetAtt": ["Ear", "Arn"] };
  return {
    Resources: {
      Ear: { Type: "AWS::SQS::Queue", Properties: { QueueName: "ear" } },
      EarPolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Ear" }],
          PolicyDocument: {
            Statement: [
              {
                Effect: "Allow",
                Principal: { Service: "events.amazonaws.com" },
                Action: "sqs:SendMessage",
                Resource: Ear,
              },
            ],
          },
        },
      },
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: {
          EventBusName: bus,
          EventPattern: { source: ["aws.events"], "detail-type": ["Scheduled Event"] },
          Targets: [{ Id: "ear", Arn: Ear }],
        },
      },
    },
  };
}
