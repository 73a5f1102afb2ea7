import type { SQSBatchResponse } from "aws-lambda";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Guard, watches } from "../../functions/guard-cell/guard.ts";
import { guardHandler } from "../../functions/guard-cell/handler.ts";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { OwnResource } from "../../shared/deployment/own-resource.ts";
import { CordonError } from "../../shared/errors.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { Coverage } from "../../shared/resources/account-coverage.ts";
import type { Properties } from "../../shared/resources/cell-resources.ts";
import type { Reading } from "../../shared/resources/port.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import {
  codeChangesInTable,
  heartbeatsInTable,
  roundsInTable,
  troublesInTable,
} from "../../shared/resources/table-items-aws.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { messagesVia } from "../../shared/runtime/messages.ts";
import type { Clock } from "../../shared/types.ts";
import { eventBridge, lambdaContext, START_MS, sqs } from "../support/events.ts";
import { lookAt, policyWith } from "../support/stage.ts";

const ACCOUNT = "111122223333";
const MEMBER = "444455556666";
const REGION = "eu-central-1";
const HOME = { account: ACCOUNT, region: REGION };

const rule = (name: string): OwnResource => {
  const arn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;
  return {
    ref: { type: "AWS::Events::Rule", arn, name, account: ACCOUNT, region: REGION },
    source: { kind: "cloud-control", type: "AWS::Events::Rule", identifier: arn },
    parts: [{ part: "State", expected: { State: "ENABLED" } }],
  };
};
const covered = (readAtMs: number, heartbeatAt?: string): Coverage => ({
  readAtMs,
  role: { kind: "not-needed" },
  trails: { kind: "present", state: [{ name: "t", isLogging: true, logsWrites: true }] },
  forwarder: { kind: "needed", rules: { kind: "present", state: [] }, ...(heartbeatAt && { heartbeatAt }) },
  recorders: { kind: "present", state: [{ name: "r", isRecording: true }] },
});

/** The guard over rules of the cell's own whose state a test sets; its memory is a table in the sandbox. */
async function open(rules: readonly string[], state: (name: string) => Reading<Properties> | Error) {
  const sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
  onTestFinished(() => sandbox.close());
  sandbox.createQueue("cordon-refused");
  Object.assign(process.env, sandbox.environment());
  const clock: Clock = { nowMs: () => START_MS, sleep: async () => {} };
  const clients = new AwsClients();
  const heartbeats = heartbeatsInTable(clients.dynamoDb(), "cordon");
  const troubles = troublesInTable(clients.dynamoDb(), "cordon");
  const codeChanges = codeChangesInTable(clients.dynamoDb(), "cordon");
  const own = rules.map(rule);
  const members = [MEMBER];
  const looks: string[] = [];
  let left: ReadonlyMap<string, string> = new Map();
  const ports: Guard["ports"] = {
    s3: s3BucketsOnAws(clients, clock),
    cell: {
      own,
      async read(source) {
        if (source.kind !== "cloud-control") throw new Error("not asked");
        const name = source.identifier.split("/").at(-1) ?? "";
        looks.push(name);
        const found = state(name);
        if (found instanceof Error) throw found;
        return found;
      },
    },
    coverage: {
      async read(place) {
        looks.push(`${place.account}/${place.region}`);
        return covered(START_MS, await heartbeats.last(place));
      },
      forget() {},
      leave(places) {
        left = places;
      },
      whyLeft: ({ account, region }) => left.get(`${account}#${region}`),
      regions: async () => ({ kind: "present", state: [REGION] }),
    },
  };
  const names = { partition: "aws", home: HOME, rules: [], accounts: members };
  const connection = {
    policy: policyWith(),
    clock,
    ports,
    journal: new DynamoDbJournal(clients.dynamoDb(), "cordon", async () => {}),
    ceiling: { mode: "enforce", reason: "test" },
  } as const;
  const guard: Guard = {
    stackName: "cordon",
    names,
    members,
    ports,
    heartbeats,
    rounds: roundsInTable(clients.dynamoDb(), "cordon"),
    troubles,
    codeChanges,
    clock,
    messages: messagesVia("cordon-refused", clock),
    ...watches(connection, own, names),
  };
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.stubEnv("POWERTOOLS_METRICS_DISABLED", "false");
  onTestFinished(() => {
    written.mockRestore();
    vi.unstubAllEnvs();
  });
  /** The metrics written so far, as CloudWatch finds them in the log. */
  const told = (): Record<string, unknown> => {
    const lines = written.mock.calls.map(([line]) => String(line)).filter((line) => line.includes("CloudWatchMetrics"));
    return Object.assign({}, ...lines.map(metricsIn));
  };
  const handler = guardHandler(async () => guard);
  const send = async (event: unknown, remainingMs = 60_000) =>
    (await handler(event, lambdaContext(remainingMs))) as Answer & SQSBatchResponse;
  return { sandbox, send, own, members, troubles, looks, heartbeats, codeChanges, journal: lookAt(sandbox), told };
}

/** Of a line in CloudWatch's embedded metric format: each metric with its value. */
function metricsIn(line: string): Record<string, unknown> {
  const record = JSON.parse(line);
  const names: string[] = record._aws.CloudWatchMetrics.flatMap(({ Metrics }: { Metrics: { Name: string }[] }) =>
    Metrics.map(({ Name }) => Name),
  );
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}

const fine: Reading<Properties> = { kind: "present", state: { State: "ENABLED" } };
const off: Reading<Properties> = { kind: "present", state: { State: "DISABLED" } };
const tick = (minute = 0) =>
  scheduled("cordon-guard-cell-schedule", HOME, `2026-03-01T09:${String(minute).padStart(2, "0")}:00Z`);
const heartbeat = (at = "2026-03-01T09:00:00Z", region = "eu-west-1") =>
  scheduled("cordon-heartbeat", { account: MEMBER, region }, at);
function scheduled(name: string, { account, region }: { account: string; region: string }, time: string) {
  const resources = [`arn:aws:events:${region}:${account}:rule/${name}`];
  return {
    ...eventBridge({}, "Scheduled Event", "aws.events"),
    id: `${name}-${time}`,
    account,
    region,
    time,
    resources,
  };
}

describe("a look around", () => {
  it("finds what no event told of, in the cell and in every account and Region", async () => {
    const { send, looks, journal } = await open(["a", "b"], (name) => (name === "b" ? off : fine));
    const { results } = await send(tick());
    expect(new Set(looks)).toEqual(new Set(["a", "b", `${ACCOUNT}/${REGION}`, `${MEMBER}/${REGION}`]));
    expect(results.filter(({ status }) => status === "awaiting-approval")).toHaveLength(3);
    expect(journal.findings().map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        "Cordon's rule b is switched off (State)",
        `${REGION} of account ${MEMBER} is not covered: its events are not forwarded`,
      ]),
    );
  });

  it("goes on past what AWS gives no answer to", async () => {
    const failing = new CordonError("unavailable", "throttled");
    const { send, journal } = await open(["a", "b", "c"], (name) => (name === "a" ? failing : off));
    await send(tick());
    expect(journal.findings().filter(({ part }) => part === "State")).toHaveLength(2);
  });

  it("is not begun without time", async () => {
    const { send, looks } = await open(["a"], () => fine);
    await send(tick(), 5_000);
    expect(looks).toEqual([]);
  });

  it("resolves what is open of what is no longer there to be looked at: a resource renamed, an account let go", async () => {
    const { send, own, members, journal, troubles } = await open(["a", "b"], () => off);
    await send(tick());
    const standing = () =>
      journal
        .findings()
        .filter(({ status }) => status !== "resolved")
        .map(({ resource }) => resource.name);
    expect(standing()).toEqual(expect.arrayContaining(["a", "b", `${MEMBER}/${REGION}`]));

    own.splice(0, 1);
    members.splice(0);
    await send(tick(15));
    // The cell's own account stays, and so does what was found there.
    const left = [`${ACCOUNT}/${REGION}`, "b"];
    expect(standing().sort()).toEqual(left);
    expect((await troubles.all()).map(({ name }) => name).sort()).toEqual(left);
  });

  it("passes over Regions whose forwarder has just been heard, which were looked at then", async () => {
    const { send, looks } = await open([], () => fine);
    await send(heartbeat("2026-03-01T08:59:00Z", REGION));
    expect(looks).toEqual([`${MEMBER}/${REGION}`]);
    looks.splice(0);
    await send(tick());
    expect(looks).toEqual([`${ACCOUNT}/${REGION}`]);
  });
});

describe("what the guard tells its alarms", () => {
  const unreadable: Reading<Properties> = { kind: "unreadable", reason: "AccessDenied" };
  const unavailable = new CordonError("unavailable", "throttled");

  it.each<readonly [string, (name: string) => Reading<Properties> | Error, object]>([
    ["all is well", () => fine, { "cell-findings-open": 0, heartbeat: 1, "looks-failed": 0 }],
    ["one is switched off", (name) => (name === "b" ? off : fine), { "cell-findings-open": 1, heartbeat: 1 }],
    ["one can't be read", (name) => (name === "b" ? unreadable : fine), { "cell-findings-open": 1, heartbeat: 1 }],
    ["one gives no answer", (name) => (name === "b" ? unavailable : fine), { "looks-failed": 1 }],
    [
      "one gives no answer and another is off",
      (name) => (name === "b" ? unavailable : off),
      { "cell-findings-open": 1, "looks-failed": 1 },
    ],
  ])("after a round: %s", async (_, state, metrics) => {
    const { send, told } = await open(["a", "b"], state);
    await send(tick());
    expect(told()).toMatchObject(metrics);
    expect(Object.keys(told()).sort()).toEqual(
      [...new Set([...Object.keys(metrics), "looks-failed", "looks-left"])].sort(),
    );
  });

  it.each([
    ["what is open", off, 1],
    ["nothing when all is well with one, for that says nothing of the others", fine, undefined],
  ])("at an event: %s", async (_, state, expected) => {
    const { send, told } = await open(["a"], () => state);
    const call = eventBridge(
      {
        eventSource: "events.amazonaws.com",
        eventName: "DisableRule",
        awsRegion: REGION,
        recipientAccountId: ACCOUNT,
        requestParameters: { name: "a" },
        eventTime: "2026-03-01T08:50:00Z",
        eventID: "1",
        userIdentity: { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:user/mallory` },
      },
      undefined,
      "aws.events",
    );
    await send(sqs(call));
    expect(told()["cell-findings-open"]).toBe(expected);
  });
});

describe("a batch", () => {
  it("treats what was heard first, and however many ticks with one look around", async () => {
    const { send, looks, journal } = await open(["a"], () => off);
    const call = eventBridge(
      {
        eventSource: "events.amazonaws.com",
        eventName: "DisableRule",
        awsRegion: REGION,
        recipientAccountId: ACCOUNT,
        requestParameters: { name: "a" },
        eventTime: "2026-03-01T08:50:00Z",
        eventID: "1",
        userIdentity: { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:user/mallory` },
      },
      undefined,
      "aws.events",
    );
    const answer = await send(sqs(tick(), call, heartbeat(), tick(15)));
    expect(answer.batchItemFailures).toEqual([]);
    expect(journal.findings().find(({ part }) => part === "State")?.principal?.arn).toContain("mallory");
    expect(looks.filter((look) => look === `${ACCOUNT}/${REGION}`)).toHaveLength(1);
  });

  it("refuses once what neither control understands", async () => {
    const { send, sandbox } = await open(["a"], () => fine);
    const answer = await send(sqs("not JSON", { some: "thing" }));
    expect(answer.batchItemFailures).toEqual([]);
    expect(sandbox.queues["cordon-refused"]).toHaveLength(2);
  });

  it("that failed for lack of settings is not lost: every message comes again", async () => {
    const handler = guardHandler(async () => {
      throw new CordonError("misconfigured", "no stack");
    });
    await expect(handler(sqs(tick()), lambdaContext())).rejects.toThrow("no stack");
  });
});

describe("heartbeats", () => {
  it("are remembered by the latest, in whatever order they come", async () => {
    const { send, heartbeats } = await open([], () => fine);
    await send(heartbeat("2026-03-01T09:00:00Z"));
    await send(heartbeat("2026-03-01T08:45:00Z"));
    await send(heartbeat("2026-03-01T08:45:00Z", "eu-west-2"));
    expect(await heartbeats.all()).toEqual([
      { account: MEMBER, region: "eu-west-1", at: "2026-03-01T09:00:00Z" },
      { account: MEMBER, region: "eu-west-2", at: "2026-03-01T08:45:00Z" },
    ]);
  });

  it("of accounts that are not served count for nothing", async () => {
    const { send, heartbeats } = await open([], () => fine);
    const [result] = (
      await send(scheduled("cordon-heartbeat", { account: "999900001111", region: REGION }, "2026-03-01T09:00:00Z"))
    ).results;
    expect(result?.status).toBe("ignored");
    expect(await heartbeats.all()).toEqual([]);
  });
});

describe("changes of code", () => {
  it("stand until a later deployment, in whatever order they are heard", async () => {
    const { codeChanges } = await open([], () => fine);
    const change = { functionName: "f", by: "mallory", at: "2026-03-01T09:00:00Z" };
    await codeChanges.record(change);
    await codeChanges.settle("f", "2026-03-01T08:00:00Z");
    expect(await codeChanges.last("f")).toMatchObject(change);
    await codeChanges.settle("f", "2026-03-01T10:00:00Z");
    await codeChanges.record(change);
    expect(await codeChanges.last("f")).toBeUndefined();
    expect(await codeChanges.last("other")).toBeUndefined();
  });
});
