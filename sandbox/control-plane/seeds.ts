import type { Registry } from "../stack/registry.ts";
import type { AccountRegions } from "./regions.ts";
import { PARAMETER, parameterArn, SECRET, secretArn } from "./secrets.ts";
import { trailArn } from "./trails.ts";

/** A trail that is there without a call. */
export interface TrailSeed {
  /** `management-events` by default. */
  name?: string;
  /** The sandbox's own by default. */
  account?: string;
  /** The home Region; the sandbox's own by default. */
  region?: string;
  /** Every Region's events; true by default. */
  multiRegion?: boolean;
  /** True by default. */
  logging?: boolean;
  /** Further CloudFormation properties of AWS::CloudTrail::Trail, for example EventSelectors. */
  properties?: Record<string, unknown>;
}

/** A configuration recorder that is there without a call. */
export interface RecorderSeed {
  /** `default` by default. */
  name?: string;
  /** The sandbox's own by default. */
  account?: string;
  /** The sandbox's own by default. */
  region?: string;
  /** True by default. */
  recording?: boolean;
  /** Further CloudFormation properties of AWS::Config::ConfigurationRecorder; it records all types by default. */
  properties?: Record<string, unknown>;
}

/** State of accounts that is set without a call, and leaves no record and no event. */
export interface AccountSeeds {
  seedTrail(seed?: TrailSeed): void;
  seedRecorder(seed?: RecorderSeed): void;
  /** A secret of Secrets Manager, or with `ssm:` before its name a parameter; in the place of the one that was there. `kmsKeyArn`: the customer's own key that it is encrypted under. */
  seedSecret(name: string, value: string, kmsKeyArn?: string): void;
  /** Turn Security Hub on in an account and Region, the sandbox's own by default. */
  seedHub(place?: { account?: string; region?: string }): void;
  /** Opt an account in to a Region. Throws for one that everybody has, or that doesn't exist. */
  enableRegion(account: string, region: string): void;
}

/** Seeds into `registry` and `regions`; `home` is where what names no account or Region belongs. */
export function createAccountSeeds(
  registry: Registry,
  regions: AccountRegions,
  home: { account: string; region: string; now(): number },
): AccountSeeds {
  return {
    seedSecret(name, value, KmsKeyId) {
      const { account, region } = home;
      const isParameter = name.startsWith("ssm:");
      const identifier = isParameter ? name.slice("ssm:".length) : name;
      const arn = (isParameter ? parameterArn : secretArn)(identifier, home);
      const type = isParameter ? PARAMETER : SECRET;
      registry.put({
        type,
        identifier,
        arn,
        account,
        region,
        properties: { Name: identifier, SecretString: value, Value: value, KmsKeyId },
      });
    },
    seedHub(place = {}) {
      const { account, region } = { ...home, ...place };
      const arn = `arn:aws:securityhub:${region}:${account}:hub/default`;
      registry.put({ type: "AWS::SecurityHub::Hub", identifier: arn, arn, account, region, properties: {} });
    },
    seedTrail({ name = "management-events", multiRegion = true, logging = true, properties, ...place } = {}) {
      const { account, region } = { ...home, ...place };
      registry.put({
        type: "AWS::CloudTrail::Trail",
        identifier: name,
        arn: trailArn(name, { account, region }),
        account,
        region,
        properties: {
          TrailName: name,
          S3BucketName: `trail-${account}`,
          IsMultiRegionTrail: multiRegion,
          IsLogging: logging,
          IncludeGlobalServiceEvents: true,
          EnableLogFileValidation: true,
          ...properties,
        },
      });
    },
    seedRecorder({ name = "default", recording = true, properties, ...place } = {}) {
      const { account, region } = { ...home, ...place };
      registry.put({
        type: "AWS::Config::ConfigurationRecorder",
        identifier: name,
        arn: `arn:aws:config:${region}:${account}:configuration-recorder/${name}/sandbox`,
        account,
        region,
        properties: {
          Name: name,
          RoleARN: `arn:aws:iam::${account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`,
          RecordingGroup: { AllSupported: true, IncludeGlobalResourceTypes: true },
          Recording: recording,
          ...(recording && { StartedAt: home.now() }),
          ...properties,
        },
      });
    },
    enableRegion: (account, region) => regions.enable(account, region),
  };
}
