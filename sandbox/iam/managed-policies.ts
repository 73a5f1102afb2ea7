import type { Registry } from "../stack/registry.ts";
import type { PolicyDocument } from "./policy.ts";

export const MANAGED_POLICY = "AWS::IAM::ManagedPolicy";

/** The two of AWS's own policies that are plain to see; others that are attached give nothing here. */
const AWS_MANAGED: Readonly<Record<string, PolicyDocument>> = {
  "arn:aws:iam::aws:policy/AWSDenyAll": { Statement: { Effect: "Deny", Action: "*", Resource: "*" } },
  "arn:aws:iam::aws:policy/AdministratorAccess": { Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
};

/** Whether a policy is AWS's own; all of them can be attached, though most say nothing here. */
export function isAwsManaged(arn: string): boolean {
  return /^arn:aws[a-z-]*:iam::aws:policy\//.test(arn);
}

/** What a managed policy says: AWS's own as far as known, an account's from the registry. */
export function managedPolicy(registry: Registry, arn: string): PolicyDocument | undefined {
  const known = AWS_MANAGED[arn];
  if (known || isAwsManaged(arn)) return known;
  const own = registry.list(MANAGED_POLICY).find((policy) => policy.arn === arn);
  return own?.properties.PolicyDocument as PolicyDocument | undefined;
}
