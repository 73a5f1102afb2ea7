import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";
import { readDefinition } from "../../sandbox/states/definition.ts";
import { clientConfig } from "./clients.ts";

const BUNDLE = fileURLToPath(new URL("./functions/mapper.ts", import.meta.url));
const MACHINE = "arn:aws:states:eu-central-1:111122223333:stateMachine:mapper";

const map = (ItemReader: object, more: object = {}) => ({
  Type: "Map",
  Label: "Each",
  ItemReader,
  ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { "who.$": "$.who", fixed: 1 } },
  ToleratedFailurePercentage: 50,
  ItemProcessor: {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
    StartAt: "Look",
    States: {
      Look: {
        Type: "Task",
        Resource: "arn:aws:states:::lambda:invoke",
        Parameters: {
          FunctionName: "arn:aws:lambda:eu-central-1:111122223333:function:mapper",
          "Payload.$": "$",
        },
        OutputPath: "$.Payload",
        Retry: [{ ErrorEquals: ["Later"], IntervalSeconds: 1, MaxAttempts: 2 }],
        End: true,
      },
    },
  },
  ResultWriter: {
    Resource: "arn:aws:states:::s3:putObject",
    Parameters: { Bucket: "results", "Prefix.$": "$.folder" },
    WriterConfig: { Transformation: "COMPACT", OutputType: "JSON" },
  },
  End: true,
  ...more,
});
const LISTING = {
  Resource: "arn:aws:states:::s3:listObjectsV2",
  Parameters: { "Bucket.$": "$.bucket", "Prefix.$": "$.prefix" },
};
const INVENTORY = {
  Resource: "arn:aws:states:::s3:getObject",
  ReaderConfig: { InputType: "MANIFEST" },
  Parameters: { "Bucket.$": "$.bucket", Key: "manifest.json" },
};
const DEFINITION = {
  StartAt: "Which",
  States: {
    Which: {
      Type: "Choice",
      Choices: [{ Variable: "$.kind", StringEquals: "inventory", Next: "Rows" }],
      Default: "Objects",
    },
    Objects: map(LISTING),
    Rows: map(INVENTORY),
  },
};

let sandbox: Sandbox;
let client: SFNClient;
let count = 0;
beforeAll(async () => {
  sandbox = await startSandbox({ functions: [{ name: "mapper", bundle: BUNDLE, environment: {}, timeoutMs: 3_000 }] });
  client = new SFNClient(clientConfig(sandbox));
  sandbox.deployTemplate({
    Resources: {
      Machine: {
        Type: "AWS::StepFunctions::StateMachine",
        Properties: {
          StateMachineName: "mapper",
          StateMachineType: "STANDARD",
          RoleArn: "arn:aws:iam::111122223333:role/mapper",
          DefinitionString: JSON.stringify(DEFINITION),
        },
      },
    },
  } as Template);
  sandbox.createBucket({ name: "results" });
});
afterAll(async () => {
  client.destroy();
  await sandbox.close();
});

/** A bucket with these keys, and an execution that goes through it to its end. */
async function go(keys: readonly string[], more: object = {}) {
  const bucket = `data-${++count}`;
  sandbox.createBucket({ name: bucket });
  for (const key of keys) sandbox.createObject({ bucket, key, body: "x" });
  const asked = { kind: "bucket", bucket, prefix: "", who: "me", folder: bucket, ...more };
  const executionArn = await start(bucket, asked);
  await sandbox.settle();
  const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
  const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
  const run = await client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }));
  const files = sandbox.objects("results").filter(({ key }) => key.startsWith(`${bucket}/`));
  const results = (name: string) => {
    const file = files.find(({ key }) => key.endsWith(`/${name}`));
    return file === undefined ? undefined : JSON.parse(file.body);
  };
  return { execution, run, results, view: sandbox.executions.at(-1) };
}

async function start(name: string, input: object): Promise<string> {
  const asked = { stateMachineArn: MACHINE, name, input: JSON.stringify(input) };
  return (await client.send(new StartExecutionCommand(asked))).executionArn ?? "";
}

describe("an execution of a Distributed Map", () => {
  it("gives the function the bucket's objects in batches, and writes what it answered", async () => {
    const { execution, run, results, view } = await go(["a", "b", "c"]);
    expect(execution).toMatchObject({ status: "SUCCEEDED", name: "data-1", stateMachineArn: MACHINE });
    expect(run).toMatchObject({
      status: "SUCCEEDED",
      itemCounts: { total: 3, succeeded: 3, failed: 0, pending: 0, resultsWritten: 3 },
      executionCounts: { total: 2, succeeded: 2 },
    });
    expect(results("SUCCEEDED_0.json")).toEqual([
      { keys: ["a", "b"], input: { who: "me", fixed: 1 }, attempt: 1 },
      { keys: ["c"], input: { who: "me", fixed: 1 }, attempt: 1 },
    ]);
    expect(results("manifest.json")).toMatchObject({
      DestinationBucket: "results",
      MapRunArn: run.mapRunArn,
      ResultFiles: { FAILED: [], PENDING: [], SUCCEEDED: [{ Key: expect.stringMatching(/SUCCEEDED_0\.json$/) }] },
    });
    const { ResultWriterDetails } = JSON.parse(execution.output ?? "");
    expect(ResultWriterDetails).toMatchObject({ Bucket: "results", Key: expect.stringMatching(/manifest\.json$/) });
    expect(view?.permissions.map(({ action }) => action)).toEqual([
      ...[
        "states:StartExecution",
        "states:DescribeExecution",
        "s3:ListBucket",
        "lambda:InvokeFunction",
        "s3:PutObject",
      ],
    ]);
  });

  it("lists below a prefix", async () => {
    const { run } = await go(["in/a", "out/b"], { prefix: "in/" });
    expect(run.itemCounts?.total).toBe(1);
  });

  it("tries again what its retriers name, as often as they say", async () => {
    const { run, view } = await go(["later-1", "x", "y", "z"]);
    expect(run.itemCounts).toMatchObject({ succeeded: 4, failed: 0 });
    expect(view?.invocations).toBe(4);
  });

  it("counts all items of a batch that failed, and tells what it was given and why", async () => {
    const { execution, run, results, view } = await go(["a", "b", "c", "d", "never-1", "x"]);
    expect(execution.status).toBe("SUCCEEDED");
    expect(run.itemCounts).toMatchObject({ total: 6, succeeded: 4, failed: 2 });
    expect(view?.invocations).toBe(3);
    const [failed] = results("FAILED_0.json");
    expect(failed).toMatchObject({ Status: "FAILED", Error: "Never", Cause: expect.stringContaining("as told") });
    expect(JSON.parse(failed.Input)).toMatchObject({
      BatchInput: { who: "me" },
      Items: [{ Key: "never-1" }, { Key: "x" }],
    });
  });

  it("ends as failed once more has failed than is tolerated", async () => {
    const { execution, run, results } = await go([
      "1-stubborn",
      "2",
      "3-stubborn",
      "4",
      "5-stubborn",
      "6",
      "7-stubborn",
      "8",
    ]);
    expect(execution).toMatchObject({ status: "FAILED", error: "States.ExceedToleratedFailureThreshold" });
    expect(run).toMatchObject({ status: "FAILED", itemCounts: { total: 8, failed: 6, aborted: 2 } });
    expect(results("PENDING_0.json")).toHaveLength(1);
  });

  it("reads the rows of an inventory by its columns", async () => {
    const home = "inventories";
    sandbox.createBucket({ name: home });
    sandbox.createObject({
      bucket: home,
      key: "data/1.csv.gz",
      body: gzipSync('"data","a b","v1"\n"data","c,d",""\n'),
    });
    const files = [{ key: "data/1.csv.gz", size: 1 }];
    const manifest = {
      destinationBucket: `arn:aws:s3:::${home}`,
      fileFormat: "CSV",
      fileSchema: "Bucket, Key, VersionId",
      files,
    };
    sandbox.createObject({ bucket: home, key: "manifest.json", body: JSON.stringify(manifest) });
    const { run, results } = await go([], { kind: "inventory", bucket: home });
    expect(run.itemCounts?.total).toBe(2);
    expect(results("SUCCEEDED_0.json")).toMatchObject([{ keys: ["a b", "c,d"] }]);
  });

  it.each<[string, object, string]>([
    ["a bucket that isn't there", { bucket: "nowhere" }, "States.ItemReaderFailed"],
    ["an inventory that isn't there", { kind: "inventory" }, "States.ItemReaderFailed"],
    ["an input without what a path asks for", { who: undefined }, "States.ParameterPathFailure"],
  ])("fails for %s", async (_, more, error) => {
    const { execution } = await go(["a"], more);
    expect(execution).toMatchObject({ status: "FAILED", error });
  });

  it.each([
    ["s3:ListBucket", "States.ItemReaderFailed"],
    ["s3:PutObject", "States.ResultWriterFailed"],
    ["lambda:InvokeFunction", "States.ExceedToleratedFailureThreshold"],
  ])("fails when its role may not %s", async (action, error) => {
    const allow = sandbox.deny({ principal: "mapper", action });
    const { execution } = await go(["a"]);
    allow();
    expect(execution).toMatchObject({ status: "FAILED", error });
  });

  it("is the same for the same name and input while it runs, and a name is not used twice", async () => {
    sandbox.createBucket({ name: "twice" });
    const input = { kind: "bucket", bucket: "twice", prefix: "", who: "me", folder: "twice" };
    const first = await start("twice", input);
    const other = start("twice", { ...input, who: "you" });
    await expect(other).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    await sandbox.settle();
    await expect(start("twice", input)).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    const { executions = [] } = await client.send(
      new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 1 }),
    );
    expect(executions.map(({ executionArn }) => executionArn)).toEqual([first]);
  });

  it("begins no more batches once it is stopped", async () => {
    sandbox.createBucket({ name: "stopped" });
    for (const key of ["a-slow", "b", "c"]) sandbox.createObject({ bucket: "stopped", key, body: "x" });
    const executionArn = await start("stopped", {
      kind: "bucket",
      bucket: "stopped",
      prefix: "",
      who: "me",
      folder: "stopped",
    });
    await client.send(new StopExecutionCommand({ executionArn, cause: "enough" }));
    await sandbox.settle();
    const { status, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect([status, cause]).toEqual(["ABORTED", "enough"]);
    expect(sandbox.executions.at(-1)?.items.succeeded).toBeLessThan(3);
  });

  it.each([
    ["ExecutionDoesNotExist", new DescribeExecutionCommand({ executionArn: `${MACHINE}:nobody` })],
    ["StateMachineDoesNotExist", new ListExecutionsCommand({ stateMachineArn: `${MACHINE}s` })],
  ])("that nobody started is told by %s", async (name, command) => {
    await expect(client.send(command as never)).rejects.toMatchObject({ name });
  });
});

describe("a definition", () => {
  const withMap = (more: object) => ({ StartAt: "Each", States: { Each: map(LISTING, more) } });
  it.each<[string, object, string]>([
    ["another kind of state", { StartAt: "P", States: { P: { Type: "Pass" } } }, "a state of type Pass"],
    ["a field that it doesn't know", withMap({ ItemsPath: "$.x" }), "ItemsPath of Each"],
    ["a map that goes on", withMap({ End: undefined, Next: "X" }), "Next of Each"],
    [
      "another reader",
      withMap({ ItemReader: { ...INVENTORY, ReaderConfig: { InputType: "CSV" } } }),
      "as ReaderConfig",
    ],
    ["an inline map", withMap({ ItemProcessor: { ProcessorConfig: { Mode: "INLINE" } } }), "as ProcessorConfig"],
    ["a state that isn't there", { StartAt: "Gone", States: {} }, "has no state Gone"],
  ])("with %s is refused", (_, definition, said) => {
    expect(() => readDefinition(JSON.stringify(definition))).toThrow(said);
  });
});
