/** Regions that every account has from the beginning. */
export const DEFAULT_REGIONS: readonly string[] = [
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ca-central-1",
  "eu-central-1",
  "eu-north-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "sa-east-1",
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
];

/** Regions an account opts in to. */
export const OPT_IN_REGIONS: readonly string[] = [
  "af-south-1",
  "ap-east-1",
  "ap-east-2",
  "ap-south-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-6",
  "ap-southeast-7",
  "ca-west-1",
  "eu-central-2",
  "eu-south-1",
  "eu-south-2",
  "il-central-1",
  "me-central-1",
  "me-south-1",
  "mx-central-1",
];

/** Which Regions each account has opted in to. */
export interface AccountRegions {
  /** Throws Error for a Region that nobody has to opt in to. */
  enable(account: string, region: string): void;
  isEnabled(account: string, region: string): boolean;
}

/** Accounts with nothing but the Regions everybody has. */
export function createAccountRegions(): AccountRegions {
  const chosen = new Set<string>();
  return {
    enable(account, region) {
      if (!OPT_IN_REGIONS.includes(region)) {
        throw new Error(`${region} is not a Region to opt in to: expected one of ${OPT_IN_REGIONS.join(", ")}`);
      }
      chosen.add(`${account}/${region}`);
    },
    isEnabled: (account, region) => DEFAULT_REGIONS.includes(region) || chosen.has(`${account}/${region}`),
  };
}
