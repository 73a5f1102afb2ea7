import { fileURLToPath } from "node:url";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { type EventBridgeEvent, type FunctionSpec, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { dynamodbClient } from "./clients.ts";

const ACTOR: FunctionSpec = {
  name: "actor",
  bundle: fileURLToPath(new URL("./functions/actor.ts", import.meta.url)),
  environment: { OWN: "1" },
  timeoutMs: 3000,
  patterns: [{ source: ["test"] }],
};
const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

async function start(spec: Partial<FunctionSpec> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    startAt: Date.parse("2030-01-01T00:00:00Z"),
    tables: [{ name: "cordon", stream: true }],
    functions: [{ ...ACTOR, ...spec }],
  });
  running.push(sandbox);
  sandbox.createBucket({ name: "home" });
  return sandbox;
}

const event = (detail: Record<string, unknown>): EventBridgeEvent => ({
  version: "0",
  id: "1",
  "detail-type": "Test",
  source: "test",
  account: "111122223333",
  time: "2030-01-01T00:00:00Z",
  region: "eu-central-1",
  resources: [],
  detail,
});
/** What the function printed about its work, in order. */
const told = (sandbox: Sandbox) =>
  sandbox.logs.flatMap((line) => /^actor \| ((?:message|record) .*)$/.exec(line)?.[1] ?? []);

describe("a container", () => {
  it("has Lambda's context and environment and is used again", async () => {
    const sandbox = await start();

    const one = await sandbox.invoke("actor", { act: "echo" });
    const two = await sandbox.invoke("actor", { act: "echo" });
    const environment = await sandbox.invoke("actor", { act: "environment" });

    expect(one).toMatchObject({
      ok: true,
      result: {
        invocations: 1,
        name: "actor",
        memory: "256",
        arn: "arn:aws:lambda:eu-central-1:111122223333:function:actor",
        remaining: expect.closeTo(3000, -3),
      },
    });
    expect(two).toMatchObject({ result: { invocations: 2, pid: (one as { result: { pid: number } }).result.pid } });
    expect(environment).toMatchObject({
      result: {
        OWN: "1",
        AWS_LAMBDA_FUNCTION_NAME: "actor",
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        AWS_ENDPOINT_URL: sandbox.endpoint,
        TZ: ":UTC",
      },
    });
    expect(environment).not.toHaveProperty("result.HOME");
  });

  it("takes one invocation at a time", async () => {
    const sandbox = await start({ maxConcurrency: 2 });

    const results = await Promise.all([1, 2, 3, 4].map(() => sandbox.invoke("actor", { act: "echo" })));

    const pids = new Set(results.map((result) => (result as { result: { pid: number } }).result.pid));
    expect(pids.size).toBe(2);
  });

  it("lives in the sandbox's time", async () => {
    const sandbox = await start();
    const before = await sandbox.invoke("actor", { act: "now" });
    sandbox.clock.advance(3_600_000);
    const after = await sandbox.invoke("actor", { act: "now" });

    const { now, fresh, given, is } = (before as { result: Record<string, number> }).result;
    expect([now, fresh]).toEqual([
      expect.closeTo(Date.parse("2030-01-01T00:00:00Z"), -4),
      expect.closeTo(now ?? 0, -2),
    ]);
    expect([given, is]).toEqual([5, true]);
    expect((after as { result: { now: number } }).result.now - (now ?? 0)).toBeGreaterThanOrEqual(3_600_000);
  });

  it("fails as Lambda does: error, exit, time limit, rejection nobody handles, no bundle", async () => {
    const sandbox = await start({ timeoutMs: 2_000 });
    sandbox.deploy({ ...ACTOR, name: "missing", bundle: "/nowhere/index.js", patterns: [] });

    expect(await sandbox.invoke("actor", { act: "throw" })).toEqual({
      ok: false,
      error: { type: "RangeError", message: "as told" },
    });
    expect(await sandbox.invoke("actor", { act: "exit" })).toMatchObject({
      ok: false,
      crashed: true,
      error: { type: "Runtime.ExitError", message: expect.stringContaining("exit status 3") },
    });
    expect(await sandbox.invoke("actor", { act: "reject" })).toMatchObject({ ok: false, crashed: true });
    expect(await sandbox.invoke("actor", { act: "hang" })).toMatchObject({
      ok: false,
      timedOut: true,
      error: { message: expect.stringContaining("timed out after 2.00 seconds") },
    });
    expect(await sandbox.invoke("actor", { act: "echo" })).toMatchObject({ ok: true, result: { invocations: 1 } });
    expect(await sandbox.invoke("missing", {})).toMatchObject({ ok: false });
  });
});

describe("faults on a container's calls", () => {
  it("kill it before or after the effect", async () => {
    const sandbox = await start();

    sandbox.faults.inject({ operation: "PutBucketVersioning", function: "actor", kind: "crash-before" });
    expect(await sandbox.invoke("actor", { act: "write" })).toMatchObject({ ok: false, crashed: true });
    expect(sandbox.bucket("home").versioning).toBeUndefined();

    sandbox.faults.inject({ operation: "PutBucketVersioning", function: "actor", kind: "crash-after" });
    expect(await sandbox.invoke("actor", { act: "write" })).toMatchObject({ ok: false, crashed: true });
    expect(sandbox.bucket("home").versioning).toBe("Enabled");

    expect(await sandbox.invoke("actor", { act: "write" })).toEqual({ ok: true, result: "written" });
    const calls = sandbox.calls.map(({ status, applied, fault, functionName, container }) => {
      return { status, applied, fault, functionName, hasContainer: container !== undefined };
    });
    const common = { functionName: "actor", hasContainer: true };
    expect(calls).toEqual([
      { ...common, status: 0, applied: false, fault: "crash-before" },
      { ...common, status: 0, applied: true, fault: "crash-after" },
      { ...common, status: 200, applied: true, fault: undefined },
    ]);
    expect(sandbox.calls[0]?.principal).toBe("arn:aws:sts::111122223333:assumed-role/cordon-actor/actor");
  });
});

describe("the queue", () => {
  it("delivers matching events and forgets them when done", async () => {
    const sandbox = await start();

    sandbox.putEvent(event({ name: "a" }));
    sandbox.putEvent({ ...event({ name: "b" }), source: "other" });
    await sandbox.settle();

    expect(told(sandbox)).toEqual(["message a 1"]);
    expect(sandbox.queues["cordon-actor"]).toEqual([]);
  });

  it("delivers again after the visibility timeout on the sandbox's clock", async () => {
    const sandbox = await start();
    sandbox.putEvent(event({ name: "a", succeedAt: 2 }));
    await sandbox.settle();
    sandbox.clock.advance(17_000);
    await sandbox.settle();
    expect(told(sandbox)).toEqual(["message a 1"]);

    sandbox.clock.advance(2000);
    await sandbox.settle();

    expect(told(sandbox)).toEqual(["message a 1", "message a 2"]);
    expect(sandbox.deadLetters).toEqual([]);
  });

  it("gives up after the maximum of receives", async () => {
    const sandbox = await start({ maxReceiveCount: 2 });
    sandbox.putEvent(event({ name: "a", succeedAt: 99 }));

    await sandbox.drain();

    expect(told(sandbox)).toEqual(["message a 1", "message a 2"]);
    expect(sandbox.deadLetters).toMatchObject([
      { function: "actor", receiveCount: 2, reason: "reported in batchItemFailures" },
    ]);
  });

  it("repeats only what failed of a batch, and all of it for an unknown id", async () => {
    const sandbox = await start({ batchSize: 10 });
    sandbox.routing = false;
    for (const detail of [{ name: "good" }, { name: "late", succeedAt: 2 }]) sandbox.putEvent(event(detail));
    await sandbox.drain();
    expect(told(sandbox).toSorted()).toEqual(["message good 1", "message late 1", "message late 2"]);

    sandbox.putEvent(event({ name: "odd", succeedAt: 2, wrongId: "nobody" }));
    await sandbox.drain();
    expect(told(sandbox).slice(3)).toEqual(["message odd 1", "message odd 2"]);
  });

  it("counts a crash as a failed delivery", async () => {
    const sandbox = await start();
    sandbox.faults.inject({ operation: "HeadBucket", kind: "crash-before" });
    sandbox.putEvent(event({ name: "a", act: "call" }));

    await sandbox.drain();

    expect(told(sandbox)).toEqual(["message a 1", "message a 2"]);
    expect(sandbox.calls.map(({ status }) => status)).toEqual([0, 200]);
  });
});

describe("the stream", () => {
  const write = (sandbox: Sandbox, pk: string) =>
    dynamodbClient(sandbox).send(new PutItemCommand({ TableName: "cordon", Item: { pk: { S: pk }, sk: { S: "x" } } }));

  it("gives up a record that is out of retries", async () => {
    const sandbox = await start({ stream: { table: "cordon", maxRetryAttempts: 1 } });
    await write(sandbox, "bad");

    await sandbox.drain();

    expect(told(sandbox)).toEqual(["record INSERT bad", "record INSERT bad"]);
    expect(sandbox.deadLetters).toMatchObject([{ function: "actor", body: expect.stringContaining('"bad"') }]);
  });
});
