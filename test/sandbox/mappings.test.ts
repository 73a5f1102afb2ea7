import { fileURLToPath } from "node:url";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";
import { clientConfig, dynamodbClient } from "./clients.ts";

const RECORDER = fileURLToPath(new URL("./functions/recorder.ts", import.meta.url));
const DAY_MS = 86_400_000;
const arn = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });

const POLLING = ["sqs:*", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"];
const policiesOf = (Action: readonly string[]) => [
  { PolicyName: "p", PolicyDocument: { Statement: [{ Effect: "Allow", Action, Resource: "*" }] } },
];

interface Parts {
  mapping?: Record<string, unknown>;
  fn?: Record<string, unknown>;
  queue?: Record<string, unknown>;
  /** What its role may, besides polling. */
  actions?: readonly string[];
  variables?: Record<string, string>;
  more?: Template["Resources"];
}

/** A function with a role of its own that reads a queue (`source: "Queue"`) or a table's stream (`source: "Table"`). */
function template(
  source: "Queue" | "Table",
  { mapping, fn, queue, actions = [], variables = {}, more = {} }: Parts,
): Template {
  const EventSourceArn = source === "Queue" ? arn("Queue") : { "Fn::GetAtt": ["Table", "StreamArn"] };
  return {
    Resources: {
      Role: {
        Type: "AWS::IAM::Role",
        Properties: { RoleName: "reader", Policies: policiesOf([...POLLING, ...actions]) },
      },
      Reader: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "reader",
          Handler: "index.handler",
          Role: arn("Role"),
          Timeout: 5,
          Environment: { Variables: variables },
          ...fn,
        },
      },
      Dead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "dead" } },
      Queue: {
        Type: "AWS::SQS::Queue",
        Properties: {
          QueueName: "queue",
          VisibilityTimeout: 30,
          RedrivePolicy: { deadLetterTargetArn: arn("Dead"), maxReceiveCount: 3 },
          ...queue,
        },
      },
      Table: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          TableName: "table",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
          StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
        },
      },
      Mapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: { FunctionName: arn("Reader"), EventSourceArn, StartingPosition: "TRIM_HORIZON", ...mapping },
      },
      ...more,
    },
  };
}

async function start(from: Template): Promise<Sandbox> {
  const sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z") });
  onTestFinished(() => sandbox.close());
  sandbox.deployTemplate(from, { bundleOf: () => RECORDER });
  return sandbox;
}

/** Change a resource as an API call would. */
function change(sandbox: Sandbox, type: string, properties: Record<string, unknown>): void {
  const [resource] = sandbox.registry.list(type);
  if (!resource) throw new Error(`no ${type}`);
  Object.assign(resource.properties, properties);
  sandbox.registry.changed(resource);
}

const MAPPING = "AWS::Lambda::EventSourceMapping";
const FUNCTION = "AWS::Lambda::Function";
const got = (sandbox: Sandbox) => sandbox.logs.flatMap((line) => /^reader \| got (.*)$/.exec(line)?.[1] ?? []);
const bodies = (sandbox: Sandbox, name: string) => (sandbox.queues[name] ?? []).map(({ body }) => body);

describe("a queue's mapping", () => {
  async function send(sandbox: Sandbox, ...texts: string[]): Promise<void> {
    const sqs = new SQSClient(clientConfig(sandbox));
    for (const MessageBody of texts)
      await sqs.send(new SendMessageCommand({ QueueUrl: sandbox.createQueue("queue"), MessageBody }));
  }
  /** Sent while nobody reads, so that they are there together. */
  async function sendTogether(sandbox: Sandbox, ...texts: string[]): Promise<void> {
    change(sandbox, MAPPING, { Enabled: false });
    await send(sandbox, ...texts);
    change(sandbox, MAPPING, { Enabled: true });
  }

  it("gives batches of the size it says", async () => {
    const sandbox = await start(
      template("Queue", { mapping: { BatchSize: 2, ScalingConfig: { MaximumConcurrency: 1 } } }),
    );

    await sendTogether(sandbox, "a", "b", "c");
    await sandbox.drain();

    expect(got(sandbox)).toEqual(["a b", "c"]);
  });

  it.each([
    ["the whole batch again, whatever the function reports", {}, ["a bad", "a bad", "a bad"], []],
    [
      "only what the function reports",
      { FunctionResponseTypes: ["ReportBatchItemFailures"] },
      ["a bad", "bad", "bad"],
      ["bad"],
    ],
  ])("gives %s", async (_name, mapping, expected, dead) => {
    const isReporting = dead.length > 0;
    const sandbox = await start(template("Queue", { mapping, variables: isReporting ? { REPORTS: "1" } : {} }));

    await sendTogether(sandbox, "a", "bad");
    await sandbox.drain();

    expect(got(sandbox)).toEqual(expected);
    expect(bodies(sandbox, "dead").sort()).toEqual(isReporting ? dead : ["a", "bad"]);
    expect(bodies(sandbox, "queue")).toEqual([]);
    expect(sandbox.deadLetters.at(-1)).toMatchObject({
      function: "reader",
      receiveCount: 3,
      reason: expect.stringMatching(isReporting ? /batchItemFailures/ : /as named/),
    });
  });

  it("without ReportBatchItemFailures takes what a function reports for success", async () => {
    const sandbox = await start(template("Queue", { variables: { REPORTS: "1" } }));

    await send(sandbox, "bad");
    await sandbox.drain();

    expect([got(sandbox), bodies(sandbox, "queue"), sandbox.deadLetters]).toEqual([["bad"], [], []]);
  });

  it("leaves messages where they are while it is disabled", async () => {
    const sandbox = await start(template("Queue", { mapping: { Enabled: false } }));
    await send(sandbox, "a");
    await sandbox.drain();
    expect([got(sandbox), bodies(sandbox, "queue")]).toEqual([[], ["a"]]);

    change(sandbox, MAPPING, { Enabled: true });
    await sandbox.drain();

    expect([got(sandbox), bodies(sandbox, "queue")]).toEqual([["a"], []]);
  });

  it("gives messages again to a function that had no concurrency, until they are worn out", async () => {
    const sandbox = await start(template("Queue", { fn: { ReservedConcurrentExecutions: 0 } }));
    expect(await sandbox.invoke("reader", {})).toMatchObject({ ok: false, throttled: true });

    await send(sandbox, "early");
    await sandbox.settle();
    change(sandbox, FUNCTION, { ReservedConcurrentExecutions: 1 });
    await sandbox.drain();
    change(sandbox, FUNCTION, { ReservedConcurrentExecutions: 0 });
    await send(sandbox, "late");
    await sandbox.drain();

    expect([got(sandbox), bodies(sandbox, "dead")]).toEqual([["early"], ["late"]]);
    expect(sandbox.deadLetters).toMatchObject([
      { reason: expect.stringContaining("TooManyRequests"), receiveCount: 3 },
    ]);
  });

  it("gives nothing that is older than its queue keeps messages", async () => {
    const sandbox = await start(
      template("Queue", { mapping: { Enabled: false }, queue: { MessageRetentionPeriod: 60 } }),
    );
    await send(sandbox, "old");
    sandbox.clock.advance(61_000);
    await send(sandbox, "new");

    change(sandbox, MAPPING, { Enabled: true });
    await sandbox.drain();

    expect(got(sandbox)).toEqual(["new"]);
    expect(sandbox.lost).toMatchObject([{ body: "old", source: "arn:aws:sqs:eu-central-1:111122223333:queue" }]);
  });

  it("has nothing to give once its queue is gone", async () => {
    const sandbox = await start(template("Queue", {}));
    const [queue] = sandbox.registry.list("AWS::SQS::Queue").filter(({ logicalId }) => logicalId === "Queue");
    if (queue) sandbox.registry.remove(queue);

    await sandbox.drain();

    expect(Object.keys(sandbox.queues)).toEqual(["dead"]);
  });
});

describe("a stream's mapping", () => {
  async function write(sandbox: Sandbox, ...keys: string[]): Promise<void> {
    for (const pk of keys)
      await dynamodbClient(sandbox).send(new PutItemCommand({ TableName: "table", Item: { pk: { S: pk } } }));
  }
  async function writeTogether(sandbox: Sandbox, ...keys: string[]): Promise<void> {
    change(sandbox, MAPPING, { Enabled: false });
    await write(sandbox, ...keys);
    change(sandbox, MAPPING, { Enabled: true });
  }
  const names = (sandbox: Sandbox) => got(sandbox).flatMap((line) => line.split(" "));
  const discarded = (sandbox: Sandbox) => bodies(sandbox, "dead").map((body) => JSON.parse(body));
  const onFailure = { DestinationConfig: { OnFailure: { Destination: arn("Dead") } } };

  it("gives every record, of each shard apart", async () => {
    const sandbox = await start(template("Table", {}));
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);

    await writeTogether(sandbox, ...keys);
    for (const pk of ["k3", "k7"])
      await dynamodbClient(sandbox).send(new DeleteItemCommand({ TableName: "table", Key: { pk: { S: pk } } }));
    await sandbox.drain();

    expect(names(sandbox).sort()).toEqual([...keys, "k3", "k7"].sort());
    expect(got(sandbox).length).toBeGreaterThan(1);
  });

  it("holds what is behind a failing record of the same key back, in order", async () => {
    const sandbox = await start(template("Table", { mapping: { BatchSize: 1 } }));
    const put = (name: string) =>
      dynamodbClient(sandbox).send(
        new PutItemCommand({ TableName: "table", Item: { pk: { S: "key" }, name: { S: name } } }),
      );

    for (const name of ["first", "bad", "behind", "last"]) await put(name);
    await sandbox.settle();
    sandbox.clock.advance(60_000);
    await sandbox.settle();
    const held = got(sandbox);
    sandbox.redeploy("reader", { environment: { FORGIVING: "1" } });
    await sandbox.drain();

    expect(held).toEqual(["first", "bad", "bad"]);
    expect(got(sandbox).slice(held.length)).toEqual(["bad", "behind", "last"]);
    expect(sandbox.deadLetters).toEqual([]);
  });

  it("passes over what no filter matches", async () => {
    const Pattern = JSON.stringify({ dynamodb: { NewImage: { pk: { S: [{ prefix: "want" }] } } } });
    const sandbox = await start(template("Table", { mapping: { FilterCriteria: { Filters: [{ Pattern }] } } }));

    await writeTogether(sandbox, "want-1", "other-1", "want-2", "other-2");
    await sandbox.drain();

    expect(names(sandbox).sort()).toEqual(["want-1", "want-2"]);
  });

  it("halves a batch that fails until the bad record is alone, puts its place aside and goes on", async () => {
    const mapping = { BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, ...onFailure };
    const sandbox = await start(template("Table", { mapping }));
    const good = Array.from({ length: 12 }, (_, i) => `good-${i}`);

    await writeTogether(sandbox, ...good.slice(0, 6), "bad", ...good.slice(6));
    await sandbox.drain();

    const succeeded = got(sandbox).filter((line) => !line.includes("bad"));
    expect(succeeded.flatMap((line) => line.split(" ")).sort()).toEqual([...good].sort());
    expect(got(sandbox).filter((line) => line === "bad")).toHaveLength(2);
    expect(discarded(sandbox)).toEqual([
      {
        requestContext: {
          requestId: expect.any(String),
          functionArn: "arn:aws:lambda:eu-central-1:111122223333:function:reader",
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: 2,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: expect.stringMatching(/^2030-/),
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: expect.stringMatching(/^\d+$/),
          endSequenceNumber: expect.stringMatching(/^\d+$/),
          approximateArrivalOfFirstRecord: expect.stringMatching(/^2030-01-01T/),
          approximateArrivalOfLastRecord: expect.stringMatching(/^2030-01-01T/),
          batchSize: 1,
          streamArn: sandbox.table("table").streamRecords()[0]?.eventSourceARN,
        },
      },
    ]);
    expect(sandbox.deadLetters).toMatchObject([
      { function: "reader", body: expect.stringContaining('"bad"'), receiveCount: 2 },
    ]);
  });

  it("goes on from the first record that is reported, and holds back what is behind it", async () => {
    const mapping = { FunctionResponseTypes: ["ReportBatchItemFailures"], MaximumRetryAttempts: 0, ...onFailure };
    const sandbox = await start(template("Table", { mapping, variables: { REPORTS: "1" } }));

    await writeTogether(sandbox, "a", "bad");
    await sandbox.drain();

    expect(names(sandbox).filter((name) => name === "a")).toHaveLength(1);
    expect(discarded(sandbox)).toMatchObject([{ DDBStreamBatchInfo: { batchSize: 1 } }]);
  });

  it("doesn't count invocations that were throttled", async () => {
    const mapping = { MaximumRetryAttempts: 1, ...onFailure };
    const sandbox = await start(template("Table", { mapping, fn: { ReservedConcurrentExecutions: 0 } }));
    await write(sandbox, "a");
    for (let minute = 0; minute < 60; minute++) {
      await sandbox.settle();
      sandbox.clock.advance(60_000);
    }
    expect([got(sandbox), bodies(sandbox, "dead")]).toEqual([[], []]);

    change(sandbox, FUNCTION, { ReservedConcurrentExecutions: 1 });
    await sandbox.drain();

    expect(got(sandbox)).toEqual(["a"]);
  });

  it("loses what nobody read within 24 hours", async () => {
    const sandbox = await start(template("Table", { mapping: { Enabled: false, ...onFailure } }));
    await write(sandbox, "old");
    sandbox.clock.advance(DAY_MS + 1000);
    await write(sandbox, "new");

    change(sandbox, MAPPING, { Enabled: true });
    await sandbox.drain();

    expect(got(sandbox)).toEqual(["new"]);
    expect(sandbox.lost).toMatchObject([{ function: "reader", body: expect.stringContaining('"old"') }]);
    expect([discarded(sandbox), sandbox.deadLetters]).toEqual([[], []]);
  });

  it("puts aside what is older than the mapping takes it", async () => {
    const sandbox = await start(
      template("Table", { mapping: { Enabled: false, MaximumRecordAgeInSeconds: 60, ...onFailure } }),
    );
    await write(sandbox, "old");
    sandbox.clock.advance(62_000);

    change(sandbox, MAPPING, { Enabled: true });
    await sandbox.drain();

    expect([got(sandbox), sandbox.lost]).toEqual([[], []]);
    expect(discarded(sandbox)).toMatchObject([{ requestContext: { condition: "RecordAgeExceeded" } }]);
  });

  it("may begin behind what is there", async () => {
    const sandbox = await start(template("Table", { mapping: { Enabled: false } }));
    await write(sandbox, "before");
    const [mapping] = sandbox.registry.list(MAPPING);
    if (!mapping) throw new Error("no mapping");
    sandbox.registry.remove(mapping);
    sandbox.registry.put({
      ...mapping,
      properties: { ...mapping.properties, StartingPosition: "LATEST", Enabled: true },
    });

    await write(sandbox, "after");
    await sandbox.drain();

    expect(got(sandbox)).toEqual(["after"]);
  });
});

describe("a function of a template", () => {
  it("has its role's name and policies, as they are at the moment", async () => {
    const sandbox = await start(template("Queue", { actions: ["s3:ListBucket"], variables: { CALLS: "1" } }));
    sandbox.createBucket({ name: "b-x" });

    await sandbox.invoke("reader", { name: "x" });
    change(sandbox, "AWS::IAM::Role", { Policies: [] });
    await sandbox.invoke("reader", { name: "x" });

    expect(sandbox.calls.map(({ principal, status }) => ({ principal, status }))).toEqual([
      { principal: "arn:aws:sts::111122223333:assumed-role/reader/reader", status: 200 },
      { principal: "arn:aws:sts::111122223333:assumed-role/reader/reader", status: 403 },
    ]);
  });

  it("runs in new containers once its settings change", async () => {
    const sandbox = await start(template("Queue", { variables: { REPORTS: "1" } }));
    expect(await sandbox.invoke("reader", { name: "bad" })).toMatchObject({ ok: true });

    change(sandbox, FUNCTION, { Environment: { Variables: {} } });
    expect(await sandbox.invoke("reader", { name: "bad" })).toMatchObject({ ok: false });

    sandbox.redeploy("reader", { environment: { REPORTS: "1" } });
    expect(await sandbox.invoke("reader", { name: "bad" })).toMatchObject({ ok: true });
  });

  it.each<[string, Template, RegExp]>([
    ["may not poll its queue", withRole(template("Queue", {}), []), /role reader .* sqs:ReceiveMessage on .*:queue/],
    ["may not read its stream", withRole(template("Table", {}), ["sqs:*"]), /role reader .* dynamodb:GetRecords on /],
    [
      "may not write to its on-failure destination",
      withRole(template("Table", { mapping: { DestinationConfig: { OnFailure: { Destination: arn("Dead") } } } }), [
        "dynamodb:*",
      ]),
      /role reader .* sqs:SendMessage on .*:dead/,
    ],
    [
      "takes longer than its queue hides messages",
      template("Queue", { fn: { Timeout: 31 } }),
      /30 seconds is less than .* 31/,
    ],
  ])("that %s gets no mapping", async (_name, from, reason) => {
    await expect(start(from)).rejects.toThrow(reason);
  });

  it("is left out with its mapping where others are asked for", async () => {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());

    sandbox.deployTemplate(template("Queue", {}), { bundleOf: () => RECORDER, only: ["other"] });

    expect([FUNCTION, MAPPING].map((type) => sandbox.registry.list(type))).toEqual([[], []]);
    await expect(sandbox.invoke("reader", {})).rejects.toThrow(/no function reader/);
  });
});

function withRole(from: Template, actions: readonly string[]): Template {
  Object.assign(from.Resources.Role?.Properties ?? {}, { Policies: policiesOf(actions) });
  return from;
}

describe("a function that is invoked by a rule or a topic", () => {
  const rule = { EventPattern: { source: ["test"] }, Targets: [{ Id: "fn", Arn: arn("Reader") }] };
  const permission = { FunctionName: arn("Reader"), Action: "lambda:InvokeFunction" };
  const more: Template["Resources"] = {
    Rule: { Type: "AWS::Events::Rule", Properties: { Name: "rule", ...rule } },
    MayRule: {
      Type: "AWS::Lambda::Permission",
      Properties: { ...permission, Principal: "events.amazonaws.com", SourceArn: arn("Rule") },
    },
    Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: "topic" } },
    Subscription: {
      Type: "AWS::SNS::Subscription",
      Properties: { TopicArn: { Ref: "Topic" }, Protocol: "lambda", Endpoint: arn("Reader") },
    },
  };
  const event = (name: string) => ({
    version: "0" as const,
    id: "1",
    "detail-type": "Test",
    source: "test",
    account: "111122223333",
    time: "2030-01-01T00:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail: {},
    name,
  });

  it("gets the event itself, and twice more when it fails", async () => {
    const sandbox = await start(template("Queue", { more }));

    for (const name of ["good", "bad"]) sandbox.putEvent(event(name));
    await sandbox.drain();

    expect(got(sandbox).sort()).toEqual(["bad", "bad", "bad", "good"]);
    expect(sandbox.deadLetters).toMatchObject([{ function: "reader", receiveCount: 3, reason: "Error: as named" }]);
  });

  it("gets nothing from a rule without permission", async () => {
    const { MayRule: _, ...without } = more;
    const sandbox = await start(template("Queue", { more: without }));

    sandbox.putEvent(event("x"));
    await sandbox.drain();

    expect([got(sandbox), sandbox.undelivered.length]).toEqual([[], 1]);
  });
});
