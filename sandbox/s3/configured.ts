import type { PolicyDocument } from "../iam/policy.ts";
import type { StackResource } from "../stack/registry.ts";
import type { Bucket, S3State } from "./state.ts";

const POLICY = "AWS::S3::BucketPolicy";

/**
 * A bucket's settings as CloudFormation names them. They are the registry's where a template made the bucket, so that
 * what a call changes is what Cloud Control shows.
 */
export function readSettings(state: S3State, bucket: Bucket): Readonly<Record<string, unknown>> {
  return resourceOf(state, bucket)?.properties ?? bucket.settings;
}

/** Change one of them, or take it away with undefined. */
export function writeSetting(state: S3State, bucket: Bucket, property: string, value: unknown): void {
  const resource = resourceOf(state, bucket);
  const settings = resource?.properties ?? bucket.settings;
  if (value === undefined) delete settings[property];
  else settings[property] = structuredClone(value);
  if (resource) state.registry.changed(resource);
}

/** The bucket's policy; undefined when it has none. */
export function readPolicy(state: S3State, bucket: Bucket): PolicyDocument | undefined {
  return policyOf(state, bucket)?.properties.PolicyDocument as PolicyDocument | undefined;
}

/** Give the bucket a policy, or take it away with undefined. */
export function writePolicy(state: S3State, bucket: Bucket, document: PolicyDocument | undefined): void {
  const { registry } = state;
  const { name, account, region } = bucket;
  const existing = policyOf(state, bucket);
  if (existing && document) {
    existing.properties.PolicyDocument = document;
    registry.changed(existing);
  } else if (existing) registry.remove(existing);
  else if (document) {
    const properties = { Bucket: name, PolicyDocument: document };
    registry.put({ type: POLICY, identifier: name, arn: name, account, region, properties });
  }
}

/** A deleted bucket takes its policy with it. */
export function forgetBucket(state: S3State, bucket: Bucket): void {
  writePolicy(state, bucket, undefined);
  const resource = resourceOf(state, bucket);
  if (resource) state.registry.remove(resource);
}

function resourceOf({ registry }: S3State, { name, account, region }: Bucket): StackResource | undefined {
  return registry.find("AWS::S3::Bucket", name, account, region);
}

function policyOf({ registry }: S3State, { name, account, region }: Bucket): StackResource | undefined {
  return registry.list(POLICY, { account, region }).find(({ properties }) => properties.Bucket === name);
}
