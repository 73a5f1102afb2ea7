import { describe, expect, it } from "vitest";
import { control } from "../../controls/cordon-cell-stays-deployed/control.ts";
import { GUARDED, LET_BE, TRIGGER } from "../../deploy/guarded.ts";
import { ownResources } from "../../deploy/own-resources.ts";
import { parseStack } from "../../deploy/stack.ts";
import { packagedTemplate } from "../../sandbox/index.ts";
import type { Source } from "../../shared/deployment/own-resource.ts";
import { UNASKED } from "../support/stage.ts";

const AT = { account: "111122223333", region: "eu-central-1", partition: "aws" };
const MEMBERS = { accounts: "444455556666", memberRole: "cordon-member", externalId: "an-id" };
const own = ownResources(parseStack({ name: "cordon", ...MEMBERS }), AT, {});

type State = Record<string, unknown>;
const sqs = (name: string) => `:sqs:eu-central-1:111122223333:${name}`;
const fn = (name: string) => `:function:${name}`;

function set(state: State, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() ?? "";
  let at = state;
  for (const name of names) {
    if (at[name] === undefined) at[name] = {};
    at = at[name] as State;
  }
  at[last] = value;
}

/** Parts that are told of a resource which is as deployed but for `more`, in its own source or in the one of that kind. */
async function told(arnEnd: string, more: State, kind?: Source["kind"]): Promise<readonly string[]> {
  const found = own.find(({ ref }) => ref.arn.endsWith(arnEnd));
  if (found === undefined) throw new Error(`${arnEnd} is no resource of the cell's`);
  const states = new Map<string, State>([[JSON.stringify(found.source), { Subscription: [{ Endpoint: "on-call" }] }]]);
  const stateOf = (source: Source): State => {
    const state = states.get(JSON.stringify(source)) ?? {};
    states.set(JSON.stringify(source), state);
    return state;
  };
  for (const part of found.parts) {
    const state = stateOf(part.source ?? found.source);
    for (const [path, value] of Object.entries(part.expected)) if (value !== undefined) set(state, path, value);
  }
  const changed = kind === undefined ? found.source : found.parts.find(({ source }) => source?.kind === kind)?.source;
  if (changed === undefined) throw new Error(`${arnEnd} has no source of the kind ${kind}`);
  for (const [path, value] of Object.entries(more)) set(stateOf(changed), path, value);
  const read = async (source: Source) =>
    ({ kind: "present", state: states.get(JSON.stringify(source)) ?? { Arn: "a", KeyId: "k" } }) as const;
  const detection = await control.detect(found.ref, { cell: { own, read } } as never, UNASKED);
  if (detection.kind !== "present") throw new Error(detection.reason);
  return detection.findings.filter(({ facts }) => facts.kind !== "condition" || !facts.holds).map(({ part }) => part);
}

describe("sabotage by a property that the template says nothing of", () => {
  const LOGGING = { LogGroup: "/nowhere", LogFormat: "JSON", ApplicationLogLevel: "FATAL" };
  const cases: readonly (readonly [string, string, State, string, Source["kind"]?])[] = [
    [
      "a queue takes short messages only",
      sqs("cordon-quarantine-replication"),
      { MaximumMessageSize: "1024" },
      "Settings",
    ],
    ["a queue delays all", sqs("cordon-quarantine-replication"), { DelaySeconds: "900" }, "Settings"],
    [
      "a dead-letter queue takes short messages only",
      sqs("cordon-sweep-dead"),
      { MaximumMessageSize: "1024" },
      "Settings",
    ],
    [
      "a dead-letter queue takes nobody's",
      sqs("cordon-sweep-dead"),
      { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' },
      "Settings",
    ],
    ["a queue has a key that nobody may use", sqs("cordon-refused"), { KmsMasterKeyId: "arn:aws:kms:x" }, "Settings"],
    ["a function logs nowhere", fn("cordon-open-tickets"), { LoggingConfig: LOGGING }, "Logging"],
    ["a function's settings have another key", fn("cordon-open-tickets"), { KmsKeyArn: "arn:aws:kms:1" }, "Settings"],
    ["a function has another runtime", fn("cordon-open-tickets"), { Runtime: "nodejs18.x" }, "Settings"],
    ["a function has files of others", fn("cordon-open-tickets"), { FileSystemConfigs: [{ Arn: "x" }] }, "Settings"],
    ["a function is shut in a network", fn("cordon-open-tickets"), { VpcConfig: { SubnetIds: ["s-1"] } }, "Settings"],
    ["a function has a layer", fn("cordon-open-tickets"), { Layers: ["arn:aws:lambda:x"] }, "Settings"],
    [
      "a stream's records are too old after a minute",
      fn("cordon-open-tickets"),
      { MaximumRecordAgeInSeconds: 60 },
      "Trigger settings",
      "trigger",
    ],
    [
      "a stream's records are never tried again",
      fn("cordon-open-tickets"),
      { MaximumRetryAttempts: 0 },
      "Trigger settings",
      "trigger",
    ],
    [
      "a stream's records wait for their window",
      fn("cordon-open-tickets"),
      { MaximumBatchingWindowInSeconds: 300 },
      "Trigger settings",
      "trigger",
    ],
    [
      "a queue's filter lets nothing through",
      fn("cordon-sweep"),
      { FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":["b"]}}' }] } },
      "Trigger settings",
      "trigger",
    ],
    ["an alarm counts in another unit", ":alarm:cordon-GuardCellErrors", { Unit: "Terabits" }, "Condition"],
    ["an alarm wants several data points", ":alarm:cordon-GuardCellErrors", { DatapointsToAlarm: 1 }, "Condition"],
    ["an alarm has a percentile", ":alarm:cordon-GuardCellErrors", { ExtendedStatistic: "p1" }, "Condition"],
    ["an alarm computes", ":alarm:cordon-GuardCellErrors", { Metrics: [{ Id: "m", Expression: "0" }] }, "Condition"],
    [
      "the table takes one write a second",
      ":table/cordon",
      { OnDemandThroughput: { MaxReadRequestUnits: 1, MaxWriteRequestUnits: 1 } },
      "Settings",
    ],
    [
      "the table's changes are copied away",
      ":table/cordon",
      { KinesisStreamSpecification: { StreamArn: "arn:aws:kinesis:us-east-1:1" } },
      "Settings",
    ],
    ["the table has no index", ":table/cordon", { GlobalSecondaryIndexes: [] }, "Index"],
    ["the topic has a key that alarms may not use", ":cordon-alarms", { KmsMasterKeyId: "arn:aws:kms:x" }, "Settings"],
    ["the topic lets nothing through", ":cordon-alarms", { DataProtectionPolicy: { Name: "deny" } }, "Settings"],
    ["the topic has no subscriber", ":cordon-alarms", { Subscription: [] }, "Subscription"],
    ["the bus has a key that nobody may use", ":event-bus/cordon", { KmsKeyIdentifier: "arn:aws:kms:x" }, "Settings"],
  ];
  for (const [what, arnEnd, more, part, kind] of cases) {
    it(`${what}: told`, async () => {
      expect(await told(arnEnd, {})).toEqual([]);
      expect(await told(arnEnd, more, kind)).toEqual([part]);
    });
  }
});

describe("what AWS shows where nothing was set", () => {
  const cases: readonly (readonly [string, string, State, Source["kind"]?])[] = [
    [
      "a queue",
      sqs("cordon-refused"),
      {
        MaximumMessageSize: "262144",
        DelaySeconds: "0",
        ReceiveMessageWaitTimeSeconds: "0",
        KmsDataKeyReusePeriodSeconds: "300",
        ApproximateNumberOfMessages: "7",
        CreatedTimestamp: "1",
      },
    ],
    ["a queue made since 2025", sqs("cordon-refused"), { MaximumMessageSize: "1048576" }],
    [
      "a function",
      fn("cordon-open-tickets"),
      {
        PackageType: "Zip",
        EphemeralStorage: { Size: 512 },
        VpcConfig: { SubnetIds: [], SecurityGroupIds: [], Ipv6AllowedForDualStack: false },
        FileSystemConfigs: [],
        Layers: [],
        RecursiveLoop: "Terminate",
        RuntimeManagementConfig: { UpdateRuntimeOn: "Auto" },
        LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/cordon-open-tickets" },
        SnapStartResponse: { ApplyOn: "None", OptimizationStatus: "Off" },
        Arn: "arn:aws:lambda:x",
        AnythingNew: { One: "day" },
      },
    ],
    [
      "a stream's mapping",
      fn("cordon-open-tickets"),
      {
        MaximumBatchingWindowInSeconds: 0,
        MaximumRecordAgeInSeconds: -1,
        ParallelizationFactor: 1,
        TumblingWindowInSeconds: 0,
      },
      "trigger",
    ],
    [
      "a queue's mapping",
      fn("cordon-sweep"),
      { MaximumBatchingWindowInSeconds: 0, BisectBatchOnFunctionError: false, MaximumRetryAttempts: -1 },
      "trigger",
    ],
    [
      "the table",
      ":table/cordon",
      {
        TableClass: "STANDARD",
        ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
        OnDemandThroughput: { MaxReadRequestUnits: -1, MaxWriteRequestUnits: -1 },
        WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000 },
        ContributorInsightsSpecification: { Enabled: false },
      },
    ],
    ["an alarm", ":alarm:cordon-GuardCellErrors", { ActionsEnabled: true, InsufficientDataActions: [] }],
  ];
  for (const [what, arnEnd, more, kind] of cases) {
    it(`${what}: nothing is told`, async () => {
      expect(await told(arnEnd, more, kind)).toEqual([]);
    });
  }
});

it("every property that the packaged template sets is compared, or let be for a reason", () => {
  const { Resources } = packagedTemplate();
  const named = /^(\w*Name|Arn|Bucket|EventSourceArn|StartingPosition)$/;
  const open = Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const guarded = Type === "AWS::Lambda::EventSourceMapping" ? TRIGGER : GUARDED[Type];
    if (guarded === undefined || /^ServerlessDeploymentBucket/.test(id)) return [];
    const roots = Object.values(guarded.parts).flatMap((paths) => paths.map((path) => path.split(".")[0] ?? ""));
    return Object.keys(Properties)
      .filter((name) => !roots.includes(name) && LET_BE[name] === undefined && !named.test(name))
      .map((name) => `${Type} ${name}`);
  });
  expect([...new Set(open)]).toEqual([]);
});

it("what serverless.yml says of all functions is expected of each", () => {
  const { Resources } = packagedTemplate();
  for (const { Type, Properties = {} } of Object.values(Resources)) {
    if (Type !== "AWS::Lambda::Function") continue;
    const expected = own.find(({ ref }) => ref.type === Type && ref.name === Properties.FunctionName)?.parts;
    const settings = expected?.find(({ part }) => part === "Settings")?.expected ?? {};
    const { Runtime, Architectures, TracingConfig } = Properties as Record<string, { Mode?: string }>;
    expect(settings).toMatchObject({ Runtime, Architectures, "TracingConfig.Mode": TracingConfig?.Mode });
  }
});
