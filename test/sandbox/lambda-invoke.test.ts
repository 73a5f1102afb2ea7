import { fileURLToPath } from "node:url";
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const ARN = "arn:aws:lambda:eu-central-1:111122223333:function:actor";
const BUNDLE = fileURLToPath(new URL("./functions/actor.ts", import.meta.url));

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({
    tables: [{ name: "cordon", stream: true }],
    functions: [{ name: "actor", bundle: BUNDLE, environment: {}, timeoutMs: 3000 }],
  });
  sandbox.createBucket({ name: "home" });
});
afterEach(() => sandbox.close());

const client = (principal?: Principal) => new LambdaClient(clientConfig(sandbox, undefined, principal));
const invoke = (event: unknown, more: Partial<InvokeCommandInput> = {}, principal?: Principal) =>
  client(principal).send(new InvokeCommand({ FunctionName: "actor", Payload: JSON.stringify(event), ...more }));
const payloadOf = ({ Payload }: { Payload?: Uint8Array }) => JSON.parse(Buffer.from(Payload ?? []).toString("utf8"));

describe("Invoke", () => {
  it.each(["actor", ARN, "111122223333:function:actor", `${ARN}:$LATEST`])("gives the answer of %s", async (name) => {
    const answer = await invoke({ act: "echo" }, { FunctionName: name });

    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(answer.FunctionError).toBeUndefined();
    expect(payloadOf(answer)).toMatchObject({ name: "actor", invocations: 1 });
  });

  it("does so while events are routed to nobody", async () => {
    sandbox.routing = false;
    expect(payloadOf(await invoke({ act: "echo" }))).toMatchObject({ name: "actor" });
  });

  it("lets the function call AWS meanwhile, and is over when its call is", async () => {
    expect(payloadOf(await invoke({ act: "call" }))).toBe("called");
    expect(sandbox.calls.map(({ operation, status }) => [operation, status])).toEqual([
      ["Invoke", 200],
      ["HeadBucket", 200],
    ]);
  });

  it("marks what the function throws, and its end by time", async () => {
    sandbox.redeploy("actor", { timeoutMs: 300 });

    const thrown = await invoke({ act: "throw" });
    expect(thrown).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(payloadOf(thrown)).toEqual({ errorType: "RangeError", errorMessage: "as told" });
    const late = await invoke({ act: "hang" });
    expect(late.FunctionError).toBe("Unhandled");
    expect(payloadOf(late).errorMessage).toContain("timed out after 0.30 seconds");
  });

  it("runs nothing as a DryRun", async () => {
    expect(await invoke({ act: "write" }, { InvocationType: "DryRun" })).toMatchObject({ StatusCode: 204 });
    expect(sandbox.calls.map(({ operation }) => operation)).toEqual(["Invoke"]);
  });

  it("doesn't wait as an Event", async () => {
    expect(await invoke({ act: "write" }, { InvocationType: "Event" })).toMatchObject({ StatusCode: 202 });
    await sandbox.settle();
    expect(sandbox.bucket("home").versioning).toBe("Enabled");
  });

  it("leaves no CloudTrail event, and one record of the call", async () => {
    await invoke({ act: "echo" });
    expect(sandbox.events).toEqual([]);
    expect(sandbox.calls).toMatchObject([
      {
        service: "lambda",
        operation: "Invoke",
        resource: "actor",
        mutating: false,
        permissions: [{ action: "lambda:InvokeFunction", resource: ARN }],
      },
    ]);
  });

  it.each([
    ["no such function", "missing"],
    ["a version", `${ARN}:7`],
    ["another Region's", ARN.replace("eu-central-1", "us-east-1")],
  ])("finds %s nowhere", async (_, FunctionName) => {
    expect(await failureOf(invoke({}, { FunctionName }))).toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
  });

  it("refuses a payload that is no JSON, and one without concurrency", async () => {
    expect(await failureOf(invoke({}, { Payload: "{" }))).toMatchObject({ name: "InvalidRequestContentException" });
    const fn = sandbox.registry.find("AWS::Lambda::Function", "actor", "111122223333", "eu-central-1");
    Object.assign(fn?.properties ?? {}, { ReservedConcurrentExecutions: 0 });
    expect(await failureOf(invoke({ act: "echo" }))).toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      $metadata: { httpStatusCode: 429 },
    });
  });

  it("is for those who may invoke that function, a DryRun no less", async () => {
    const may = (Resource: string) =>
      sandbox.createPrincipal({
        type: "IAMUser",
        name: "operator",
        policies: () => [{ Statement: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource }] }],
      });
    expect(payloadOf(await invoke({ act: "echo" }, {}, may(ARN)))).toMatchObject({ name: "actor" });
    for (const InvocationType of ["RequestResponse", "DryRun"] as const) {
      expect(await failureOf(invoke({}, { InvocationType }, may(`${ARN}-other`)))).toMatchObject({
        name: "AccessDeniedException",
        message: expect.stringContaining(`not authorized to perform: lambda:InvokeFunction on resource: ${ARN}`),
        $metadata: { httpStatusCode: 403 },
      });
    }
    const foreign = ARN.replace("111122223333", "999999999999");
    expect(await failureOf(invoke({}, { FunctionName: foreign }))).toMatchObject({ name: "AccessDeniedException" });
  });

  it("can lose its answer after the function has run", async () => {
    sandbox.faults.inject({ operation: "Invoke", kind: "reset-after" });
    await expect(invoke({ act: "write" })).rejects.toThrow();
    expect(sandbox.bucket("home").versioning).toBe("Enabled");
  });
});
