import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { TrailHistory } from "../trail-history.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, readList, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";
import { lookupHandler } from "./trail-lookup.ts";

const TRAIL = "AWS::CloudTrail::Trail";
/** UpdateTrail's members and CloudFormation's names for them. */
const UPDATED = {
  S3BucketName: "S3BucketName",
  S3KeyPrefix: "S3KeyPrefix",
  IncludeGlobalServiceEvents: "IncludeGlobalServiceEvents",
  IsMultiRegionTrail: "IsMultiRegionTrail",
  IsOrganizationTrail: "IsOrganizationTrail",
  EnableLogFileValidation: "EnableLogFileValidation",
  KmsKeyId: "KMSKeyId",
} as const;

/** ARN of a trail by its name. */
export function trailArn(name: string, { account, region }: { account: string; region: string }): string {
  return name.startsWith("arn:") ? name : `arn:aws:cloudtrail:${region}:${account}:trail/${name}`;
}

/** CloudTrail's trails, and its history of events. A multi-Region trail is shown in every Region, and changed in its home Region only. */
export function createCloudTrail(registry: Registry, history: TrailHistory): Service {
  const visible = ({ account, region }: Caller): StackResource[] =>
    registry
      .list(TRAIL, { account })
      .filter((trail) => trail.region === region || trail.properties.IsMultiRegionTrail === true);
  const find = (name: string, caller: Caller): StackResource => {
    const arn = trailArn(name, caller);
    const trail = visible(caller).find((candidate) => candidate.arn === arn);
    if (trail) return trail;
    throw new ServiceError("TrailNotFoundException", `Unknown trail: ${arn} for the user: ${caller.account}`, 400);
  };
  const change = (apply: (trail: StackResource, input: Input) => void): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const trail = find(requireText(input, "Name"), caller);
      if (trail.region !== caller.region) {
        throw new ServiceError(
          "InvalidHomeRegionException",
          `Home region ${trail.region} is not the current region`,
          400,
        );
      }
      apply(trail, input);
      return {};
    },
  });
  const setLogging = (on: boolean): ControlHandler =>
    change((trail) => {
      trail.properties.IsLogging = on;
      registry.changed(trail);
    });
  const service: ControlService = {
    name: "cloudtrail",
    nameOf: (input) => readText(input, "Name") ?? readText(input, "TrailName") ?? "",
    arnOf: (input, caller) => trailArn(readText(input, "Name") ?? readText(input, "TrailName") ?? "", caller),
    handlers: {
      LookupEvents: lookupHandler(history),
      DescribeTrails: {
        arn: () => "*",
        run(input, caller) {
          const names = readList(input.trailNameList).map((name) => trailArn(String(name), caller));
          const trails = visible(caller)
            .filter(({ arn }) => names.length === 0 || names.includes(arn))
            .filter(({ region }) => input.includeShadowTrails !== false || region === caller.region);
          return { trailList: trails.map(describeTrail) };
        },
      },
      GetTrailStatus: {
        run: (input, caller) => ({ IsLogging: isLogging(find(requireText(input, "Name"), caller)) }),
      },
      GetEventSelectors: {
        run(input, caller) {
          const { arn, properties } = find(requireText(input, "TrailName"), caller);
          return { TrailARN: arn, ...readSelectors(properties) };
        },
      },
      StopLogging: setLogging(false),
      StartLogging: setLogging(true),
      UpdateTrail: change((trail, input) => {
        for (const [member, property] of Object.entries(UPDATED)) {
          if (input[member] !== undefined) trail.properties[property] = input[member];
        }
        registry.changed(trail);
      }),
      DeleteTrail: change((trail) => registry.remove(trail)),
    },
  };
  return createJsonService(service, "1.1");
}

function isLogging({ properties }: StackResource): boolean {
  return properties.IsLogging === true;
}

function describeTrail({ identifier, arn, region, properties }: StackResource): Record<string, unknown> {
  const { S3BucketName, S3KeyPrefix, KMSKeyId, EventSelectors, AdvancedEventSelectors } = properties;
  return {
    Name: identifier,
    TrailARN: arn,
    HomeRegion: region,
    S3BucketName,
    S3KeyPrefix,
    KmsKeyId: KMSKeyId,
    IncludeGlobalServiceEvents: properties.IncludeGlobalServiceEvents ?? true,
    IsMultiRegionTrail: properties.IsMultiRegionTrail ?? false,
    IsOrganizationTrail: properties.IsOrganizationTrail ?? false,
    LogFileValidationEnabled: properties.EnableLogFileValidation ?? false,
    HasCustomEventSelectors: EventSelectors !== undefined || AdvancedEventSelectors !== undefined,
    HasInsightSelectors: false,
  };
}

/** A trail without selectors logs all management events. */
function readSelectors({ EventSelectors, AdvancedEventSelectors }: Record<string, unknown>): Record<string, unknown> {
  if (AdvancedEventSelectors !== undefined) return { AdvancedEventSelectors };
  return {
    EventSelectors: EventSelectors ?? [{ ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [] }],
  };
}
