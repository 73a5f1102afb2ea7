import {
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };
const ARN = "arn:aws:lambda:eu-central-1:111122223333:function:cordon-sweep";
const UUID = "7d3a5c1e-0000-4000-8000-000000000001";
const QUEUE = "arn:aws:sqs:eu-central-1:111122223333:cordon-sweep";
const FunctionName = "cordon-sweep";

let sandbox: Sandbox;
let lambda: LambdaClient;
beforeEach(async () => {
  sandbox = await startSandbox();
  lambda = new LambdaClient(clientConfig(sandbox));
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::Lambda::Function",
    identifier: FunctionName,
    arn: ARN,
    properties: {
      FunctionName,
      Role: "arn:aws:iam::111122223333:role/cordon-sweep",
      MemorySize: 256,
      Environment: { Variables: { CORDON_MODE: "enforce" } },
      Code: { S3Bucket: "deployments", S3Key: "one" },
    },
  });
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::Lambda::EventSourceMapping",
    identifier: UUID,
    arn: `arn:aws:lambda:eu-central-1:111122223333:event-source-mapping:${UUID}`,
    properties: { EventSourceArn: QUEUE, FunctionName: ARN, BatchSize: 10 },
  });
});
afterEach(() => sandbox.close());

const configured = (type: string, identifier: string) =>
  sandbox.registry.find(type, identifier, PLACE.account, PLACE.region)?.properties;
const trail = () =>
  sandbox.events.map(({ source, detail }) => [source, detail.eventName, detail.requestParameters, detail.errorCode]);

describe("a function", () => {
  it("is told as the registry has it, by name and ARN", async () => {
    for (const name of [FunctionName, ARN]) {
      expect(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))).toMatchObject({
        FunctionArn: ARN,
        MemorySize: 256,
        Timeout: 3,
        Environment: { Variables: { CORDON_MODE: "enforce" } },
      });
    }
    expect(sandbox.events).toEqual([]);
  });

  it("is throttled to nothing, and let go again", async () => {
    const reserved = async () =>
      (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions;
    expect(await reserved()).toBeUndefined();

    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    expect(await reserved()).toBe(0);
    expect(configured("AWS::Lambda::Function", FunctionName)).toMatchObject({ ReservedConcurrentExecutions: 0 });
    expect((await lambda.send(new GetFunctionCommand({ FunctionName }))).Concurrency).toEqual({
      ReservedConcurrentExecutions: 0,
    });
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));

    expect(await reserved()).toBeUndefined();
    expect(trail()).toEqual([
      [
        "aws.lambda",
        "PutFunctionConcurrency20171031",
        { functionName: FunctionName, reservedConcurrentExecutions: 0 },
        undefined,
      ],
      ["aws.lambda", "DeleteFunctionConcurrency20171031", { functionName: FunctionName }, undefined],
    ]);
  });

  it("gets other settings and other code, which CloudTrail tells without environment and code", async () => {
    const before = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));

    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName,
        Environment: { Variables: { CORDON_MODE: "observe" } },
        Timeout: 1,
      }),
    );
    const after = await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: Buffer.from("zip") }));

    expect(after).toMatchObject({ Timeout: 1, Environment: { Variables: { CORDON_MODE: "observe" } } });
    expect(after.CodeSha256).not.toBe(before.CodeSha256);
    expect(trail()).toEqual([
      ["aws.lambda", "UpdateFunctionConfiguration20150331v2", { functionName: FunctionName, timeout: 1 }, undefined],
      ["aws.lambda", "UpdateFunctionCode20150331v2", { functionName: FunctionName }, undefined],
    ]);
  });

  it("is deleted once", async () => {
    await lambda.send(new DeleteFunctionCommand({ FunctionName: ARN }));

    expect(await failureOf(lambda.send(new DeleteFunctionCommand({ FunctionName: ARN })))).toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
    expect(configured("AWS::Lambda::Function", FunctionName)).toBeUndefined();
    expect(trail()).toEqual([
      ["aws.lambda", "DeleteFunction20150331", { functionName: ARN }, undefined],
      ["aws.lambda", "DeleteFunction20150331", { functionName: ARN }, "ResourceNotFoundException"],
    ]);
  });

  it("denied stays as it is", async () => {
    sandbox.deny({ action: "lambda:PutFunctionConcurrency", resource: FunctionName });

    const put = lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));

    expect(await failureOf(put)).toMatchObject({ name: "AccessDeniedException", $metadata: { httpStatusCode: 403 } });
    expect(configured("AWS::Lambda::Function", FunctionName)).not.toHaveProperty("ReservedConcurrentExecutions");
    expect(trail()[0]?.[3]).toBe("AccessDenied");
  });
});

describe("an event source mapping", () => {
  const list = async () =>
    (await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings ?? [];

  it("is found by its function, disabled and deleted", async () => {
    expect(await list()).toMatchObject([
      { UUID, FunctionArn: ARN, EventSourceArn: QUEUE, BatchSize: 10, State: "Enabled" },
    ]);

    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
    expect(await list()).toMatchObject([{ UUID, State: "Disabled" }]);
    expect(configured("AWS::Lambda::EventSourceMapping", UUID)).toMatchObject({ Enabled: false, BatchSize: 10 });
    await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));

    expect(await list()).toEqual([]);
    expect(trail()).toEqual([
      ["aws.lambda", "UpdateEventSourceMapping20150331", { uUID: UUID, enabled: false }, undefined],
      ["aws.lambda", "DeleteEventSourceMapping20150331", { uUID: UUID }, undefined],
    ]);
  });
});
