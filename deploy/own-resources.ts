/**
 * What of the deployed stack has to be as it was deployed: the guard's expectation, from the same functions that serverless.yml is made of. Pure.
 *
 * AWS's own words are kept: resources by CloudFormation type, properties by their path in the template.
 */
import type { LiveValue, OwnPart, OwnResource, Source } from "../shared/deployment/own-resource.ts";
import { GUARDED, type Guarded, TRIGGER, URL_OF_FUNCTION } from "./guarded.ts";
import type { Json } from "./json.ts";
import { lambdaId, serverlessFunctions, serverlessResources } from "./serverless.ts";
import { environmentOf, type Stack } from "./stack.ts";

/** Where the stack is deployed. */
export interface DeployedAt {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

interface Templated {
  readonly Type: string;
  readonly Properties?: Json;
}
interface Resolver {
  /** A value of the template with its intrinsics resolved. */
  value(template: unknown): unknown;
  name(id: string): string;
  arn(id: string): string;
  source(id: string): Source;
}

/**
 * @param env the functions' environment as the stack sets it: that of the function which asks
 * @throws Error for a part of the template that can't be resolved: a mistake of whoever changed it, found by the tests
 */
export function ownResources(
  stack: Stack,
  at: DeployedAt,
  env: Readonly<Record<string, string | undefined>>,
): readonly OwnResource[] {
  const { Resources, extensions = {} } = serverlessResources(stack, env) as {
    Resources: Readonly<Record<string, Templated>>;
    extensions?: Readonly<Record<string, { readonly Properties: Json }>>;
  };
  const resolver = resolverOf(Resources, at);
  const byTemplate = Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const guarded = GUARDED[Type];
    if (guarded === undefined) return [];
    const policies = attachedPolicies(id, Resources, resolver);
    const parts = partsOf(guarded, resolver.value({ ...Properties, ...policies.properties }));
    return [own(resolver.source(id), Type, resolver.name(id), resolver.arn(id), at, [...parts, ...policies.parts])];
  });
  const variables = environmentOf(stack, env);
  const byFunction = Object.entries(serverlessFunctions(stack)).flatMap(([fn, definition]) => {
    const changed = extensions[`${lambdaId(fn)}LambdaFunction`]?.Properties ?? {};
    const Environment = { Variables: variables };
    return functionResources(definition as Json, { Environment, ...changed }, resolver, at);
  });
  return [...byTemplate, ...byFunction];
}

function own(
  source: Source,
  type: string,
  name: string,
  arn: string,
  { account, region }: DeployedAt,
  parts: readonly OwnPart[],
): OwnResource {
  return { ref: { type, arn, name, account, region }, source, parts };
}

/** The parts of one resource: what the template sets, and what it leaves out on purpose. */
function partsOf(
  { parts, open = [], needed = [], secret = [], ignored = {}, defaults = {}, usual = {} }: Guarded,
  properties: unknown,
): readonly OwnPart[] {
  return Object.entries(parts).map(([part, paths]) => ({
    part,
    expected: Object.fromEntries(paths.map((path) => [path, at(properties, path) ?? defaults[path]])),
    ...usualOf(paths, properties, usual),
    ...(needed.includes(part) && { isNeeded: true as const }),
    ...(open.includes(part) && { isOpen: true as const }),
    ...(ignored[part] !== undefined && { ignores: ignored[part] }),
    ...(secret.includes(part) && { isSecret: true as const }),
  }));
}

/** Of paths that the template says nothing of, what AWS may show there. */
function usualOf(paths: readonly string[], properties: unknown, usual: NonNullable<Guarded["usual"]>) {
  const here = paths.flatMap((path) => {
    const values = usual[path];
    return values === undefined || at(properties, path) !== undefined ? [] : [[path, values] as const];
  });
  return here.length > 0 ? { usual: Object.fromEntries(here) } : {};
}

/** Policies are resources of their own in a template, and parts of what they are attached to in AWS. */
function attachedPolicies(id: string, resources: Readonly<Record<string, Templated>>, resolver: Resolver) {
  const pointsHere = (value: unknown) => isRecord(value) && value.Ref === id;
  const properties: Json = {};
  const parts: OwnPart[] = [];
  for (const { Type, Properties = {} } of Object.values(resources)) {
    if (Type === "AWS::SQS::QueuePolicy" && (Properties.Queues as unknown[]).some(pointsHere)) {
      properties.Policy = Properties.PolicyDocument;
    }
    if (Type === "AWS::Events::EventBusPolicy" && pointsHere(Properties.EventBusName)) {
      properties.Policy = { Version: "2012-10-17", Statement: [Properties.Statement] };
    }
    if (Type === "AWS::S3::BucketPolicy" && pointsHere(Properties.Bucket)) {
      parts.push({
        part: "Policy",
        source: { kind: "cloud-control", type: Type, identifier: resolver.name(id) },
        expected: { PolicyDocument: resolver.value(Properties.PolicyDocument) },
      });
    }
  }
  return { properties, parts };
}

/** What serverless.yml says of all functions; a test compares it with the packaged template. */
const OF_THE_PROVIDER = { Runtime: "nodejs24.x", Architectures: ["arm64"], TracingConfig: { Mode: "Active" } };

/** A function with what feeds it and its log group, which the framework adds to the template. */
function functionResources(
  definition: Json,
  more: Json,
  resolver: Resolver,
  place: DeployedAt,
): readonly OwnResource[] {
  const { name, handler, timeout, memorySize, role, reservedConcurrency, events, url } = definition;
  const { account, region, partition } = place;
  const functionName = String(name);
  const properties = {
    Handler: handler,
    Timeout: timeout,
    MemorySize: memorySize,
    Role: resolver.arn(String(role)),
    ReservedConcurrentExecutions: reservedConcurrency,
    ...OF_THE_PROVIDER,
    ...(resolver.value(more) as Json),
  };
  const logGroup = `/aws/lambda/${functionName}`;
  const ofType = GUARDED["AWS::Lambda::Function"] as Guarded;
  const guarded = { ...ofType, usual: { ...ofType.usual, "LoggingConfig.LogGroup": [logGroup] } };
  const code: OwnPart = { part: "Code", source: { kind: "code", functionName }, expected: { ChangedBy: undefined } };
  const arn = `arn:${partition}:lambda:${region}:${account}:function:${functionName}`;
  const parts = [
    ...partsOf(guarded, properties),
    ...triggerParts(functionName, events as Json[], resolver),
    ...(url === undefined ? [] : urlParts(arn, url === true ? "NONE" : "AWS_IAM")),
    code,
  ];
  const type = "AWS::Lambda::Function";
  const source: Source = { kind: "cloud-control", type, identifier: functionName };
  return [
    own(source, type, functionName, arn, place, parts),
    own(
      { kind: "cloud-control", type: "AWS::Logs::LogGroup", identifier: logGroup },
      "AWS::Logs::LogGroup",
      logGroup,
      `arn:${partition}:logs:${region}:${account}:log-group:${logGroup}`,
      place,
      [],
    ),
  ];
}

/** What the framework makes of a function's `url`. */
function urlParts(identifier: string, AuthType: "AWS_IAM" | "NONE"): readonly OwnPart[] {
  const source: Source = { kind: "cloud-control", type: "AWS::Lambda::Url", identifier };
  return partsOf(URL_OF_FUNCTION, { AuthType }).map((part) => ({ ...part, source }));
}

/** What the framework makes of a function's `events`: an event source mapping. */
function triggerParts(functionName: string, events: readonly Json[], resolver: Resolver): readonly OwnPart[] {
  return events.flatMap(({ sqs, stream }): OwnPart[] => {
    const event = (sqs ?? stream) as Json;
    const arn = (event.arn as { "Fn::GetAtt": readonly [string, string] })["Fn::GetAtt"];
    const source: Source = { kind: "trigger", functionName, from: resolver.arn(arn[0]) };
    const { filterPatterns, destinations } = event;
    const onFailure = destinations as { readonly onFailure: { readonly arn: unknown } } | undefined;
    const properties = {
      Enabled: true,
      BatchSize: event.batchSize,
      MaximumBatchingWindowInSeconds: event.maximumBatchingWindow,
      FunctionResponseTypes: [event.functionResponseType],
      ScalingConfig: { MaximumConcurrency: event.maximumConcurrency },
      FilterCriteria: { Filters: (filterPatterns as unknown[] | undefined)?.map((Pattern) => ({ Pattern })) },
      BisectBatchOnFunctionError: event.bisectBatchOnFunctionError,
      MaximumRetryAttempts: event.maximumRetryAttempts,
      DestinationConfig: { OnFailure: { Destination: resolver.value(onFailure?.onFailure.arn) } },
    };
    return partsOf(TRIGGER, properties).map((part) => ({ ...part, source }));
  });
}

/** The properties by which resources of a type are named. */
const NAMES: Readonly<Record<string, string>> = {
  "AWS::DynamoDB::Table": "TableName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::Events::EventBus": "Name",
  "AWS::Events::Rule": "Name",
  "AWS::IAM::Role": "RoleName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::KMS::Alias": "AliasName",
};

function resolverOf(
  resources: Readonly<Record<string, Templated>>,
  { account, region, partition }: DeployedAt,
): Resolver {
  const pseudo: Json = { "AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition };
  const find = (id: string): Templated => {
    const found = resources[id];
    if (found === undefined) throw new Error(`the template has no resource ${id}`);
    return found;
  };
  const aliasOf = (key: string): string => {
    const alias = Object.values(resources).find(
      ({ Type, Properties }) =>
        Type === "AWS::KMS::Alias" && isRecord(Properties?.TargetKeyId) && Properties.TargetKeyId.Ref === key,
    );
    if (alias === undefined)
      throw new Error(`the key ${key} has no alias in the template: expected one, to find it by`);
    return String(alias.Properties?.AliasName);
  };
  const nameOf = (id: string): string => {
    const { Type, Properties } = find(id);
    if (Type === "AWS::KMS::Key") return aliasOf(id);
    const property = NAMES[Type];
    if (property === undefined || Properties?.[property] === undefined)
      throw new Error(`${id} (${Type}) has no name of its own: expected one, to find it by`);
    return String(value(Properties[property]));
  };
  const arnOf = (id: string): string => {
    const { Type, Properties = {} } = find(id);
    const name = nameOf(id);
    const regional = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
    switch (Type) {
      case "AWS::DynamoDB::Table":
        return regional("dynamodb", `table/${name}`);
      case "AWS::SQS::Queue":
        return regional("sqs", name);
      case "AWS::Events::EventBus":
        return regional("events", `event-bus/${name}`);
      case "AWS::Events::Rule": {
        const bus = Properties.EventBusName === undefined ? "" : `${value(Properties.EventBusName)}/`;
        return regional("events", `rule/${bus}${name}`);
      }
      case "AWS::SNS::Topic":
        return regional("sns", name);
      case "AWS::CloudWatch::Alarm":
        return regional("cloudwatch", `alarm:${name}`);
      case "AWS::KMS::Key":
        return regional("kms", name);
      case "AWS::IAM::Role":
        return `arn:${partition}:iam::${account}:role/${name}`;
      case "AWS::S3::Bucket":
        return `arn:${partition}:s3:::${name}`;
      default:
        throw new Error(`the ARN of a resource of type ${Type} is not known`);
    }
  };
  const sourceOf = (id: string): Source => {
    const { Type } = find(id);
    if (Type === "AWS::SQS::Queue") return { kind: "queue", name: nameOf(id) };
    if (Type === "AWS::KMS::Key") return { kind: "key", alias: aliasOf(id) };
    const byArn = Type === "AWS::Events::Rule" || Type === "AWS::SNS::Topic";
    return { kind: "cloud-control", type: Type, identifier: byArn ? arnOf(id) : nameOf(id) };
  };
  const live = (id: string, path: string): LiveValue => ({ "cordon:live": { source: sourceOf(id), path } });
  const reference = (id: string): unknown => {
    if (Object.hasOwn(pseudo, id)) return pseudo[id];
    const { Type } = find(id);
    if (Type === "AWS::KMS::Key") return live(id, "KeyId");
    return Type === "AWS::SNS::Topic" ? arnOf(id) : nameOf(id);
  };
  const attribute = (id: string, name: string): unknown => {
    if (name === "StreamArn" || (name === "Arn" && find(id).Type === "AWS::KMS::Key")) return live(id, name);
    if (name === "Arn") return arnOf(id);
    if (name === "QueueName") return nameOf(id);
    throw new Error(`the attribute ${name} of ${id} can't be resolved`);
  };
  const value = (template: unknown): unknown => {
    if (Array.isArray(template)) return template.map(value);
    if (!isRecord(template)) return template;
    const [[intrinsic, input] = ["", undefined], ...others] = Object.entries(template);
    if (others.length === 0 && intrinsic === "Ref") return reference(String(input));
    if (others.length === 0 && intrinsic === "Fn::GetAtt") {
      const [id, name] = input as readonly [string, string];
      return attribute(id, name);
    }
    if (others.length === 0 && intrinsic === "Fn::Sub") {
      return String(input).replace(/\$\{([^}]+)\}/g, (_, name: string) => {
        const [id = "", attributeName] = name.split(".");
        const found = attributeName === undefined ? reference(id) : attribute(id, attributeName);
        if (typeof found !== "string") throw new Error(`\${${name}} is known to AWS only, and can't stand in a text`);
        return found;
      });
    }
    if (others.length === 0 && intrinsic.startsWith("Fn::")) throw new Error(`${intrinsic} can't be resolved`);
    return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, value(member)]));
  };
  return { value, name: nameOf, arn: arnOf, source: sourceOf };
}

/** The member at `path`, its names separated by dots. */
function at(properties: unknown, path: string): unknown {
  return path.split(".").reduce((value, name) => (isRecord(value) ? value[name] : undefined), properties);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
