import type { Caller } from "./control-service.ts";

/** ARNs of types whose identifier is a name, in the form IAM knows them by. */
const ARNS: Readonly<Record<string, (name: string, caller: Caller) => string>> = {
  "AWS::Events::EventBus": (name, caller) => regional("events", `event-bus/${name}`, caller),
  "AWS::Lambda::Function": (name, caller) => regional("lambda", `function:${name}`, caller),
  "AWS::Lambda::EventSourceMapping": (id, caller) => regional("lambda", `event-source-mapping:${id}`, caller),
  "AWS::DynamoDB::Table": (name, caller) => regional("dynamodb", `table/${name}`, caller),
  "AWS::KMS::Key": (id, caller) => regional("kms", `key/${id}`, caller),
  "AWS::Logs::LogGroup": (name, caller) => regional("logs", `log-group:${name}`, caller),
  "AWS::CloudWatch::Alarm": (name, caller) => regional("cloudwatch", `alarm:${name}`, caller),
  "AWS::IAM::Role": (name, { account }) => `arn:aws:iam::${account}:role/${name}`,
  "AWS::S3::Bucket": (name) => `arn:aws:s3:::${name}`,
  "AWS::S3::BucketPolicy": (name) => `arn:aws:s3:::${name}`,
};

/** What IAM is asked about for a resource that is not there: AWS looks whether the caller may before it looks whether there is one. */
export function arnOfIdentifier(type: string, identifier: string, caller: Caller): string {
  if (identifier.startsWith("arn:")) return identifier;
  return ARNS[type]?.(identifier, caller) ?? "*";
}

function regional(service: string, rest: string, { account, region }: Caller): string {
  return `arn:aws:${service}:${region}:${account}:${rest}`;
}
