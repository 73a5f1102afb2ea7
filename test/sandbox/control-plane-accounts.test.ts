import { AccountClient, ListRegionsCommand, paginateListRegions } from "@aws-sdk/client-account";
import {
  CloudTrailClient,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from "@aws-sdk/client-cloudtrail";
import {
  ConfigServiceClient,
  DeleteConfigurationRecorderCommand,
  DescribeConfigurationRecorderStatusCommand,
  DescribeConfigurationRecordersCommand,
  StartConfigurationRecorderCommand,
  StopConfigurationRecorderCommand,
} from "@aws-sdk/client-config-service";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const trailEvents = () =>
  sandbox.events.map(({ source, detail }) => [source, detail.eventName, detail.requestParameters, detail.errorCode]);

describe("a trail", () => {
  const ARN = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/management-events";
  const cloudtrail = (region?: string) => new CloudTrailClient(clientConfig(sandbox, region));

  it("of all Regions is seen in every one, and of one Region there only", async () => {
    sandbox.seedTrail();
    sandbox.seedTrail({ name: "local", multiRegion: false });
    const names = async (region: string, includeShadowTrails?: boolean) =>
      (await cloudtrail(region).send(new DescribeTrailsCommand({ includeShadowTrails }))).trailList?.map(
        ({ Name, HomeRegion }) => [Name, HomeRegion],
      );

    expect(await names("eu-central-1")).toEqual([
      ["management-events", "eu-central-1"],
      ["local", "eu-central-1"],
    ]);
    expect(await names("eu-west-1")).toEqual([["management-events", "eu-central-1"]]);
    expect(await names("eu-west-1", false)).toEqual([]);
    const { IsLogging } = await cloudtrail("eu-west-1").send(new GetTrailStatusCommand({ Name: ARN }));
    expect(IsLogging).toBe(true);
    const { EventSelectors } = await cloudtrail().send(new GetEventSelectorsCommand({ TrailName: ARN }));
    expect(EventSelectors).toEqual([{ ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [] }]);
  });

  it("stops, starts, changes and goes, and leaves events that say so", async () => {
    sandbox.seedTrail();
    const Name = "management-events";
    const status = async () => (await cloudtrail().send(new GetTrailStatusCommand({ Name }))).IsLogging;

    await cloudtrail().send(new StopLoggingCommand({ Name }));
    expect(await status()).toBe(false);
    await cloudtrail().send(new StartLoggingCommand({ Name }));
    expect(await status()).toBe(true);
    await cloudtrail().send(
      new UpdateTrailCommand({ Name, IsMultiRegionTrail: false, EnableLogFileValidation: false }),
    );
    const { trailList } = await cloudtrail().send(new DescribeTrailsCommand({}));
    expect(trailList).toMatchObject([{ TrailARN: ARN, IsMultiRegionTrail: false, LogFileValidationEnabled: false }]);
    await cloudtrail().send(new DeleteTrailCommand({ Name: ARN }));

    expect(await failureOf(status())).toMatchObject({
      name: "TrailNotFoundException",
      message: `Unknown trail: ${ARN} for the user: 111122223333`,
    });
    expect(trailEvents()).toEqual([
      ["aws.cloudtrail", "StopLogging", { name: Name }, undefined],
      ["aws.cloudtrail", "StartLogging", { name: Name }, undefined],
      [
        "aws.cloudtrail",
        "UpdateTrail",
        { name: Name, isMultiRegionTrail: false, enableLogFileValidation: false },
        undefined,
      ],
      ["aws.cloudtrail", "DeleteTrail", { name: ARN }, undefined],
    ]);
  });

  it("is changed in its home Region only", async () => {
    sandbox.seedTrail();

    const failure = await failureOf(cloudtrail("eu-west-1").send(new StopLoggingCommand({ Name: ARN })));

    expect(failure).toMatchObject({ name: "InvalidHomeRegionException" });
    expect(sandbox.events).toMatchObject([
      { region: "eu-west-1", detail: { errorCode: "InvalidHomeRegionException", awsRegion: "eu-west-1" } },
    ]);
  });
});

describe("a configuration recorder", () => {
  it("stops, starts and goes, in its own Region and account", async () => {
    sandbox.seedRecorder();
    sandbox.seedRecorder({ region: "eu-west-1", recording: false });
    sandbox.seedRecorder({ account: "444455556666" });
    const config = new ConfigServiceClient(clientConfig(sandbox));
    const status = async () =>
      (await config.send(new DescribeConfigurationRecorderStatusCommand({}))).ConfigurationRecordersStatus;
    const ConfigurationRecorderName = "default";

    const { ConfigurationRecorders } = await config.send(new DescribeConfigurationRecordersCommand({}));
    expect(ConfigurationRecorders).toMatchObject([
      { name: "default", recordingGroup: { allSupported: true, includeGlobalResourceTypes: true } },
    ]);
    expect(await status()).toMatchObject([{ name: "default", recording: true, lastStartTime: expect.any(Date) }]);
    await config.send(new StopConfigurationRecorderCommand({ ConfigurationRecorderName }));
    expect(await status()).toMatchObject([{ recording: false }]);
    await config.send(new StartConfigurationRecorderCommand({ ConfigurationRecorderName }));
    await config.send(new DeleteConfigurationRecorderCommand({ ConfigurationRecorderName }));

    expect(await status()).toEqual([]);
    const named = config.send(
      new DescribeConfigurationRecordersCommand({ ConfigurationRecorderNames: [ConfigurationRecorderName] }),
    );
    expect(await failureOf(named)).toMatchObject({ name: "NoSuchConfigurationRecorderException" });
    expect(trailEvents()).toEqual(
      ["StopConfigurationRecorder", "StartConfigurationRecorder", "DeleteConfigurationRecorder"].map((name) => [
        "aws.config",
        name,
        { configurationRecorderName: "default" },
        undefined,
      ]),
    );
  });
});

describe("an account's Regions", () => {
  it("are those everybody has, and those it opted in to", async () => {
    sandbox.enableRegion("111122223333", "eu-south-1");
    sandbox.enableRegion("444455556666", "me-south-1");
    const client = new AccountClient(clientConfig(sandbox));
    const RegionOptStatusContains = ["ENABLED" as const, "ENABLED_BY_DEFAULT" as const];

    const names: (string | undefined)[] = [];
    for await (const { Regions = [] } of paginateListRegions({ client, pageSize: 10 }, { RegionOptStatusContains })) {
      names.push(...Regions.map(({ RegionName }) => RegionName));
    }

    expect(names).toHaveLength(18);
    expect(names).toContain("eu-south-1");
    const { Regions } = await client.send(new ListRegionsCommand({ MaxResults: 50 }));
    expect(Regions?.find(({ RegionName }) => RegionName === "me-south-1")?.RegionOptStatus).toBe("DISABLED");
  });

  it("of another account are not told", async () => {
    const client = new AccountClient(clientConfig(sandbox));

    const failure = await failureOf(client.send(new ListRegionsCommand({ AccountId: "444455556666" })));

    expect(failure).toMatchObject({ name: "AccessDeniedException" });
  });

  it("can't be made up", () => {
    expect(() => sandbox.enableRegion("111122223333", "eu-nowhere-1")).toThrow("eu-nowhere-1");
  });
});
