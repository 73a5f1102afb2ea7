import { evaluateCondition, resolveIntrinsics, type Scope } from "./intrinsics.ts";
import type { StackResource } from "./registry.ts";
import { type Made, makers, type StackServices } from "./resources.ts";

/** A CloudFormation template. */
export interface Template {
  Parameters?: Record<string, { Type?: string; Default?: unknown; AllowedPattern?: string; AllowedValues?: unknown[] }>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, { Type: string; Condition?: string; Properties?: Record<string, unknown> }>;
  Outputs?: Record<string, { Condition?: string; Value: unknown }>;
}

export interface DeployOptions {
  /** The sandbox's own by default. */
  account?: string;
  /** The sandbox's own by default. */
  region?: string;
  /** `sandbox-stack` by default; what generated names begin with. */
  stackName?: string;
  parameters?: Record<string, string>;
  /** Added to every function's environment; comes before the template's. */
  environment?: Record<string, string>;
  /** Path of a function's bundle; its Handler's file by default, seen from the repository. */
  bundleOf?(functionName: string): string;
  /** Of the functions only these, by name or folder of their bundle; what triggers the others is left out too. */
  only?: readonly string[];
}

/** What a deployment made. */
export interface Deployment {
  outputs: Record<string, unknown>;
  /** By logical id. */
  resources: ReadonlyMap<string, StackResource>;
}

/**
 * Make everything a template describes, in the order its references ask for. Throws Error that names the resource, for types and
 * functions the sandbox doesn't know, references to nothing, circles, and what AWS refuses. Half a stack then stays: there is no
 * rollback.
 */
export function deployTemplate(template: Template, options: DeployOptions, services: StackServices): Deployment {
  const { account = services.account, region = services.region, stackName = "sandbox-stack" } = options;
  const made = new Map<string, Made>();
  const inWork = new Set<string>();
  const pseudo: Record<string, unknown> = {
    "AWS::AccountId": account,
    "AWS::Region": region,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
    "AWS::StackId": `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/sandbox`,
    "AWS::NotificationARNs": [],
  };
  const parameters = readParameters(template, options.parameters ?? {});
  const isWanted = (condition: string | undefined): boolean => condition === undefined || scope.condition(condition);

  const make = (logicalId: string): Made => {
    const existing = made.get(logicalId);
    if (existing) return existing;
    const resource = template.Resources[logicalId];
    if (!resource || !isWanted(resource.Condition)) throw new Error(`there is no resource ${logicalId}`);
    if (inWork.has(logicalId)) throw new Error(`${[...inWork, logicalId].join(" -> ")} is a circle`);
    const maker = Object.hasOwn(makers, resource.Type) ? makers[resource.Type] : undefined;
    if (!maker) throw new Error(`The sandbox does not know resources of type ${resource.Type} (${logicalId})`);
    inWork.add(logicalId);
    const properties = resolveIntrinsics(resource.Properties ?? {}, scope) as Record<string, unknown>;
    const place = { logicalId, account, region, stackName, type: resource.Type };
    const result = maker(properties, place, { ...services, options });
    made.set(logicalId, result);
    inWork.delete(logicalId);
    return result;
  };
  const scope: Scope = {
    ref(name) {
      if (Object.hasOwn(pseudo, name)) return pseudo[name];
      if (parameters.has(name)) return parameters.get(name);
      return make(name).ref;
    },
    attribute(logicalId, attribute) {
      const { attributes } = make(logicalId);
      if (!Object.hasOwn(attributes, attribute)) throw new Error(`${logicalId} has no attribute ${attribute}`);
      return attributes[attribute];
    },
    condition(name) {
      if (!Object.hasOwn(template.Conditions ?? {}, name)) throw new Error(`there is no condition ${name}`);
      return evaluateCondition(template.Conditions?.[name], scope);
    },
  };

  for (const [logicalId, { Condition }] of Object.entries(template.Resources)) {
    try {
      if (isWanted(Condition)) make(logicalId);
    } catch (error) {
      throw new Error(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  const outputs = Object.entries(template.Outputs ?? {}).filter(([, { Condition }]) => isWanted(Condition));
  return {
    outputs: Object.fromEntries(outputs.map(([name, { Value }]) => [name, resolveIntrinsics(Value, scope)])),
    resources: new Map([...made].flatMap(([logicalId, { resource }]) => (resource ? [[logicalId, resource]] : []))),
  };
}

function readParameters({ Parameters = {} }: Template, given: Record<string, string>): ReadonlyMap<string, unknown> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(Parameters, name));
  if (unknown.length > 0) throw new Error(`Parameters: [${unknown.join(", ")}] do not exist in the template`);
  return new Map(
    Object.entries(Parameters).map(([name, { Type, Default, AllowedPattern, AllowedValues }]) => {
      const value = given[name] ?? Default;
      if (value === undefined) throw new Error(`Parameters: [${name}] must have values`);
      const text = String(value);
      if (AllowedPattern !== undefined && !new RegExp(`^(?:${AllowedPattern})$`).test(text))
        throw new Error(`Parameter ${name} failed to satisfy constraint: ${AllowedPattern}, found ${text}`);
      if (AllowedValues !== undefined && !AllowedValues.map(String).includes(text))
        throw new Error(`Parameter ${name} must be one of ${AllowedValues.join(", ")}, found ${text}`);
      // An empty list has one empty element, as in CloudFormation.
      return [name, /^CommaDelimitedList$|^List</.test(Type ?? "") ? text.split(",").map((part) => part.trim()) : text];
    }),
  );
}
