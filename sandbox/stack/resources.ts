import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Table } from "../dynamodb/table.ts";
import { busNameOf } from "../events/bridge.ts";
import { parseEventPattern } from "../events/pattern.ts";
import { parseSchedule } from "../events/schedule.ts";
import type { FunctionRuntime } from "../lambda/functions.ts";
import { readDefinition } from "../states/definition.ts";
import type { BucketSeed } from "../types.ts";
import { checkMapping } from "./mapping-checks.ts";
import type { Registry, StackResource } from "./registry.ts";
import type { DeployOptions } from "./template.ts";

/** What resources are made with. */
export interface StackServices {
  registry: Registry;
  account: string;
  region: string;
  /** Epoch ms. */
  now(): number;
  queueUrl(name: string, account: string): string;
  functionUrl(functionName: string, place: Pick<Place, "account" | "region">): string;
  createId(): string;
  /** A few capital letters and digits, for generated names. */
  createSuffix(): string;
  createTable(name: string, place: Place, properties: Record<string, unknown>): Table;
  createBucket(seed: BucketSeed): void;
  defineFunction(arn: string, runtime: FunctionRuntime): void;
}

/** Where a resource of a stack is made. */
export interface Place {
  logicalId: string;
  type: string;
  account: string;
  region: string;
  stackName: string;
}

/** A resource as other resources of its template refer to it. */
export interface Made {
  /** What Ref gives. */
  ref: string;
  /** What Fn::GetAtt gives. */
  attributes: Record<string, unknown>;
  /** Undefined for what leaves nothing behind. */
  resource?: StackResource;
}

type Properties = Record<string, unknown>;
type Services = StackServices & { options: DeployOptions };
type Maker = (properties: Properties, place: Place, services: Services) => Made;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAX_PATTERN_LENGTH = 2048;

/** How each type of resource is made. */
export const makers: Readonly<Record<string, Maker>> = {
  "AWS::DynamoDB::Table"(properties, place, services) {
    const name = nameOf(properties.TableName, 255, place, services);
    const table = services.createTable(name, place, properties);
    const stream = table.stream && { StreamArn: table.stream.arn };
    const made: Made = { ref: name, attributes: { Arn: table.arn, ...stream } };
    // Read-only, but shown by Cloud Control.
    return put(services, place, { ...properties, ...stream }, { ...made, identifier: name, arn: table.arn });
  },
  "AWS::SQS::Queue"(properties, place, services) {
    const name = nameOf(properties.QueueName, 80, place, services);
    const url = services.queueUrl(name, place.account);
    const arn = `arn:aws:sqs:${place.region}:${place.account}:${name}`;
    const attributes = { Arn: arn, QueueName: name, QueueUrl: url };
    return put(services, place, { QueueName: name, ...properties }, { identifier: url, arn, ref: url, attributes });
  },
  "AWS::SQS::QueuePolicy": byId,
  "AWS::Events::EventBus"(properties, place, services) {
    const name = nameOf(properties.Name, 256, place, services);
    const arn = `arn:aws:events:${place.region}:${place.account}:event-bus/${name}`;
    return put(services, place, properties, { identifier: name, arn, ref: name, attributes: { Arn: arn, Name: name } });
  },
  "AWS::Events::EventBusPolicy"(properties, place, services) {
    const bus = busNameOf(properties.EventBusName);
    const arn = `arn:aws:events:${place.region}:${place.account}:event-bus/${bus}`;
    const identifier = `${bus}|${properties.StatementId}`;
    return put(
      services,
      place,
      { ...properties, EventBusName: bus },
      { identifier, arn, ref: identifier, attributes: {} },
    );
  },
  "AWS::Events::Rule"(properties, place, services) {
    const name = nameOf(properties.Name, 64, place, services);
    const { EventPattern, ScheduleExpression } = properties;
    const bus = busNameOf(properties.EventBusName);
    if (EventPattern === undefined && ScheduleExpression === undefined)
      throw new Error("Parameter(s) EventPattern or ScheduleExpression must be specified.");
    if (EventPattern !== undefined) parseEventPattern(EventPattern);
    if (JSON.stringify(EventPattern ?? "").length > MAX_PATTERN_LENGTH)
      throw new Error(`An event pattern has at most ${MAX_PATTERN_LENGTH} characters`);
    if (ScheduleExpression !== undefined) parseSchedule(String(ScheduleExpression));
    if (ScheduleExpression !== undefined && bus !== "default")
      throw new Error("ScheduleExpression is supported only on the default event bus.");
    const path = bus === "default" ? name : `${bus}/${name}`;
    const arn = `arn:aws:events:${place.region}:${place.account}:rule/${path}`;
    const ref = bus === "default" ? name : `${bus}|${name}`;
    return put(services, place, { Name: name, ...properties }, { identifier: arn, arn, ref, attributes: { Arn: arn } });
  },
  "AWS::IAM::Role"(properties, place, services) {
    const name = nameOf(properties.RoleName, 64, place, services);
    const arn = `arn:aws:iam::${place.account}:role${properties.Path ?? "/"}${name}`;
    return put(services, place, properties, { identifier: name, arn, ref: name, attributes: { Arn: arn } });
  },
  "AWS::IAM::Policy": byId,
  "AWS::IAM::RolePolicy": byId,
  "AWS::IAM::ManagedPolicy"(properties, place, services) {
    const name = nameOf(properties.ManagedPolicyName, 128, place, services);
    const arn = `arn:aws:iam::${place.account}:policy${properties.Path ?? "/"}${name}`;
    return put(services, place, properties, { identifier: arn, arn, ref: arn, attributes: { PolicyArn: arn } });
  },
  "AWS::Lambda::Function": makeFunction,
  "AWS::Lambda::EventSourceMapping"(properties, place, services) {
    const functionName = String(properties.FunctionName).split(":").at(-1) ?? "";
    const id = services.createId();
    const arn = `arn:aws:lambda:${place.region}:${place.account}:event-source-mapping:${id}`;
    const made: Made = { ref: id, attributes: { Id: id } };
    const fn = services.registry.find("AWS::Lambda::Function", functionName, place.account, place.region);
    // Of a function that was left out.
    if (!fn) return made;
    checkMapping(services.registry, fn, properties);
    return put(services, place, properties, { ...made, identifier: id, arn });
  },
  "AWS::Lambda::Permission": byId,
  "AWS::Lambda::Url": makeFunctionUrl,
  "AWS::Lambda::Version": ({ FunctionName }, { account, region }) => {
    const name = String(FunctionName).split(":").at(-1);
    return { ref: `arn:aws:lambda:${region}:${account}:function:${name}:1`, attributes: { Version: "1" } };
  },
  "AWS::Logs::LogGroup"(properties, place, services) {
    const name = nameOf(properties.LogGroupName, 512, place, services);
    const arn = `arn:aws:logs:${place.region}:${place.account}:log-group:${name}`;
    return put(services, place, properties, { identifier: name, arn, ref: name, attributes: { Arn: `${arn}:*` } });
  },
  "AWS::S3::Bucket": makeBucket,
  "AWS::S3::BucketPolicy"(properties, place, services) {
    const bucket = String(properties.Bucket);
    const arn = `arn:aws:s3:::${bucket}`;
    return put(services, place, properties, { identifier: bucket, arn, ref: bucket, attributes: {} });
  },
  "AWS::KMS::Key"(properties, place, services) {
    const id = services.createId();
    const arn = `arn:aws:kms:${place.region}:${place.account}:key/${id}`;
    return put(services, place, properties, { identifier: id, arn, ref: id, attributes: { Arn: arn, KeyId: id } });
  },
  "AWS::KMS::Alias"(properties, place, services) {
    const name = String(properties.AliasName);
    const arn = `arn:aws:kms:${place.region}:${place.account}:${name}`;
    return put(services, place, properties, { identifier: name, arn, ref: name, attributes: {} });
  },
  "AWS::SecretsManager::Secret"(properties, place, services) {
    const name = nameOf(properties.Name, 512, place, services);
    const arn = `arn:aws:secretsmanager:${place.region}:${place.account}:secret:${name}-${services.createSuffix().slice(0, 6)}`;
    return put(
      services,
      place,
      { Name: name, ...properties },
      { identifier: arn, arn, ref: arn, attributes: { Id: arn } },
    );
  },
  "AWS::SNS::Topic"(properties, place, services) {
    const name = nameOf(properties.TopicName, 256, place, services);
    const arn = `arn:aws:sns:${place.region}:${place.account}:${name}`;
    for (const own of (properties.Subscription ?? []) as Properties[])
      subscribe({ ...own, TopicArn: arn }, place, services);
    return put(services, place, properties, {
      identifier: arn,
      arn,
      ref: arn,
      attributes: { TopicArn: arn, TopicName: name },
    });
  },
  "AWS::SNS::Subscription": subscribe,
  "AWS::SNS::TopicPolicy": byId,
  "AWS::StepFunctions::StateMachine"(properties, place, services) {
    const name = nameOf(properties.StateMachineName, 80, place, services);
    const arn = `arn:aws:states:${place.region}:${place.account}:stateMachine:${name}`;
    if (properties.StateMachineType !== "STANDARD")
      throw new Error("The sandbox runs state machines of StateMachineType STANDARD only");
    readDefinition(String(properties.DefinitionString));
    return put(services, place, properties, { identifier: arn, arn, ref: arn, attributes: { Arn: arn, Name: name } });
  },
  "AWS::CloudWatch::Alarm"(properties, place, services) {
    const name = nameOf(properties.AlarmName, 255, place, services);
    const arn = `arn:aws:cloudwatch:${place.region}:${place.account}:alarm:${name}`;
    return put(services, place, properties, { identifier: name, arn, ref: name, attributes: { Arn: arn } });
  },
};

function makeFunction(properties: Properties, place: Place, services: Services): Made {
  const { bundleOf, environment = {}, only } = services.options;
  const name = nameOf(properties.FunctionName, 64, place, services);
  const arn = `arn:aws:lambda:${place.region}:${place.account}:function:${name}`;
  const made: Made = { ref: name, attributes: { Arn: arn } };
  const file = resolve(ROOT, String(properties.Handler).replace(/\.[^.]+$/, ".js"));
  // The function is known here by the folder it was built from; what lies in no folder, by its name.
  const folder = basename(dirname(file));
  const label = dirname(file) === resolve(ROOT) ? name : folder;
  if (only && !only.includes(label) && !only.includes(name)) return made;
  const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
  const Environment = { Variables: { ...Variables, ...environment } };
  const result = put(services, place, { ...properties, Environment }, { ...made, identifier: name, arn });
  services.defineFunction(arn, { bundle: bundleOf?.(name) ?? file, label });
  return result;
}

function makeFunctionUrl(properties: Properties, place: Place, services: Services): Made {
  const { TargetFunctionArn, AuthType, InvokeMode = "BUFFERED", ...unknown } = properties;
  if (AuthType !== "AWS_IAM" && AuthType !== "NONE")
    throw new Error(`The sandbox knows function URLs of AuthType AWS_IAM and NONE only, not ${AuthType}`);
  if (InvokeMode !== "BUFFERED") throw new Error(`The sandbox does not know a function URL's InvokeMode ${InvokeMode}`);
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw new Error(`The sandbox does not know a function URL's ${strange}`);
  const functionName = String(TargetFunctionArn).split(":").at(-1) ?? "";
  const arn = `arn:aws:lambda:${place.region}:${place.account}:function:${functionName}`;
  const FunctionUrl = services.functionUrl(functionName, place);
  const made: Made = { ref: arn, attributes: { FunctionArn: arn, FunctionUrl } };
  // Of a function that was left out.
  if (!services.registry.find("AWS::Lambda::Function", functionName, place.account, place.region)) return made;
  const createdAt = services.now();
  return put(services, place, { ...properties, FunctionUrl }, { ...made, identifier: arn, arn, createdAt });
}

function makeBucket(properties: Properties, place: Place, services: Services): Made {
  const name = nameOf(properties.BucketName, 63, place, services).toLowerCase();
  const arn = `arn:aws:s3:::${name}`;
  const lock = (properties.ObjectLockConfiguration as { Rule?: { DefaultRetention?: Record<string, unknown> } })?.Rule
    ?.DefaultRetention;
  const encryption = properties.BucketEncryption as { ServerSideEncryptionConfiguration?: Record<string, unknown>[] };
  const byDefault = encryption?.ServerSideEncryptionConfiguration?.[0]?.ServerSideEncryptionByDefault as
    | { KMSMasterKeyID?: string }
    | undefined;
  const versioning = (properties.VersioningConfiguration as { Status?: string } | undefined)?.Status === "Enabled";
  const bridge = (properties.NotificationConfiguration as Properties | undefined)?.EventBridgeConfiguration as
    | { EventBridgeEnabled?: boolean }
    | undefined;
  services.createBucket({
    name,
    region: place.region,
    account: place.account,
    versioning,
    ...(lock && {
      objectLock: {
        mode: lock.Mode === "GOVERNANCE" ? "GOVERNANCE" : "COMPLIANCE",
        days: Number(lock.Days ?? Number(lock.Years) * 365),
      },
    }),
    ...(byDefault?.KMSMasterKeyID !== undefined && { kmsKey: byDefault.KMSMasterKeyID }),
    ...(bridge && { eventBridge: bridge.EventBridgeEnabled !== false }),
  });
  const attributes = { Arn: arn, DomainName: `${name}.s3.amazonaws.com` };
  return put(services, place, properties, { identifier: name, arn, ref: name, attributes });
}

function subscribe(properties: Properties, place: Place, services: Services): Made {
  const unknown = Object.keys(properties).find((name) => name.startsWith("Filter"));
  if (unknown) throw new Error(`The sandbox does not know a subscription's ${unknown}`);
  const arn = `${properties.TopicArn}:${services.createId()}`;
  const type = "AWS::SNS::Subscription";
  return put(services, { ...place, type }, properties, { identifier: arn, arn, ref: arn, attributes: { Arn: arn } });
}

/** What has no name of its own, and nobody asks for. */
function byId(properties: Properties, place: Place, services: Services): Made {
  const identifier = `${place.stackName}-${place.logicalId}-${services.createSuffix()}`;
  return put(services, place, properties, { identifier, arn: identifier, ref: identifier, attributes: {} });
}

function put(
  { registry }: Services,
  { type, account, region, logicalId }: Place,
  properties: Properties,
  {
    ref,
    attributes,
    ...named
  }: Pick<Made, "ref" | "attributes"> & Pick<StackResource, "identifier" | "arn" | "createdAt">,
): Made {
  const resource: StackResource = { type, ...named, account, region, logicalId, properties };
  registry.put(resource);
  return { ref, attributes, resource };
}

/** The name given, or one that CloudFormation would make up. Throws Error for one that is too long. */
function nameOf(
  given: unknown,
  maxLength: number,
  { stackName, logicalId }: Place,
  { createSuffix }: Services,
): string {
  if (given === undefined) return `${stackName}-${logicalId}`.slice(0, maxLength - 13).concat("-", createSuffix());
  if (String(given).length > maxLength) throw new Error(`${given} has more than ${maxLength} characters`);
  return String(given);
}
