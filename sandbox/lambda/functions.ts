import type { SandboxClock } from "../clock.ts";
import { rolePolicies } from "../iam/role-policies.ts";
import type { Principal, PrincipalRegistry } from "../principals.ts";
import type { IdSequence } from "../sequence.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { InvocationResult, Sandbox } from "../types.ts";
import { createPool, type Pool } from "./containers.ts";

/** How a function of the registry runs on this machine: what CloudFormation has no property for. */
export interface FunctionRuntime {
  /** Path of the built module that exports `handler`. */
  bundle: string;
  /** What tests, faults and the call log call it. */
  label: string;
  /** Containers at a time; 4 by default: this machine has no thousand. */
  maxContainers?: number;
}

export interface FunctionsContext {
  registry: Registry;
  clock: SandboxClock;
  ids: IdSequence;
  principals: PrincipalRegistry;
  environment(principal: Principal, region: string): Record<string, string>;
  print(line: string): void;
}

interface Deployed extends FunctionRuntime {
  pool: Pool;
  /** What the pool was made from. */
  made: string;
}

/** The account's functions. Settings are read from the registry at each invocation; changed ones begin with new containers. */
export interface Functions extends Pick<Sandbox, "redeploy"> {
  /** How the function of that ARN runs; again for new containers. */
  define(arn: string, runtime: FunctionRuntime): void;
  /** By label, name or ARN. Throws when there is none. */
  arnOf(name: string): string;
  labelOf(arn: string): string;
  invoke(arn: string, event: unknown): Promise<InvocationResult>;
  /** Containers it may have at a time. */
  limit(arn: string): number;
  kill(container: string): void;
  close(): Promise<void>;
}

export const FUNCTION = "AWS::Lambda::Function";
const MAX_CONTAINERS = 4;

/** None yet. */
export function createFunctions(context: FunctionsContext): Functions {
  const { registry, clock, ids, principals } = context;
  const deployed = new Map<string, Deployed>();
  const find = (arn: string): StackResource | undefined => {
    const [, , , region = "", account = "", , name = ""] = arn.split(":");
    return registry.find(FUNCTION, name, account, region);
  };
  const limit = (arn: string): number =>
    Math.min(
      Number(find(arn)?.properties.ReservedConcurrentExecutions ?? Number.POSITIVE_INFINITY),
      deployed.get(arn)?.maxContainers ?? MAX_CONTAINERS,
    );
  const makePool = (resource: StackResource, { bundle, label }: FunctionRuntime): Pool => {
    const { arn, account, region, identifier: name, properties } = resource;
    const [roleName = name] = String(properties.Role ?? "")
      .split("/")
      .slice(-1);
    const Variables = (properties.Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables ?? {};
    return createPool(
      {
        name,
        label,
        arn,
        bundle,
        environment: Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, String(value)])),
        timeoutMs: Number(properties.Timeout ?? 3) * 1000,
        memoryMb: Number(properties.MemorySize ?? 128),
        maxContainers: () => Math.max(1, limit(arn)),
      },
      {
        region,
        clockOffsetMs: () => clock.offsetMs,
        createId: ids.uuid,
        createPrincipal: (container) =>
          principals.create(
            {
              type: "AssumedRole",
              name: roleName,
              account,
              sessionName: name,
              policies: () => rolePolicies(registry, account, roleName),
            },
            { container, functionName: label, functionArn: arn },
          ),
        environment: (principal) => context.environment(principal, region),
        print: context.print,
      },
    );
  };
  /** What new containers are needed for when it changes. */
  const recipe = ({ properties }: StackResource): string => {
    const { Environment, Timeout, MemorySize, Role, Handler, Code } = properties;
    return JSON.stringify({ Environment, Timeout, MemorySize, Role, Handler, Code });
  };

  const define = (arn: string, runtime: FunctionRuntime): void => {
    const resource = find(arn);
    if (!resource) throw new Error(`The sandbox has no function ${arn}`);
    void deployed.get(arn)?.pool.close();
    deployed.set(arn, { ...runtime, pool: makePool(resource, runtime), made: recipe(resource) });
  };
  const arnOf = (name: string): string => {
    const found = [...deployed].find(
      ([arn, { label }]) => name === label || name === arn || arn.endsWith(`:function:${name}`),
    );
    if (found) return found[0];
    const labels = [...deployed.values()].map(({ label }) => label);
    throw new Error(`The sandbox has no function ${name}; functions: ${labels.join(", ")}`);
  };

  return {
    define,
    arnOf,
    redeploy(name, { bundle, environment: Variables, timeoutMs, memoryMb, maxConcurrency: maxContainers }) {
      const arn = arnOf(name);
      Object.assign(find(arn)?.properties ?? {}, {
        ...(Variables && { Environment: { Variables } }),
        ...(timeoutMs !== undefined && { Timeout: timeoutMs / 1000 }),
        ...(memoryMb !== undefined && { MemorySize: memoryMb }),
      });
      const runtime = deployed.get(arn) as FunctionRuntime;
      define(arn, { ...runtime, ...(bundle && { bundle }), ...(maxContainers !== undefined && { maxContainers }) });
    },
    labelOf: (arn) => deployed.get(arn)?.label ?? arn.split(":").at(-1) ?? arn,
    async invoke(arn, event) {
      const resource = find(arn);
      const own = deployed.get(arn);
      if (!resource || !own) {
        const error = { type: "ResourceNotFoundException", message: `Function not found: ${arn}` };
        return { ok: false, error, throttled: true };
      }
      if (limit(arn) === 0) {
        return { ok: false, error: { type: "TooManyRequestsException", message: "Rate Exceeded." }, throttled: true };
      }
      if (own.made !== recipe(resource)) {
        void own.pool.close();
        Object.assign(own, { pool: makePool(resource, own), made: recipe(resource) });
      }
      return own.pool.invoke(event);
    },
    limit,
    kill(container) {
      for (const { pool } of deployed.values()) pool.kill(container);
    },
    close: async () => void (await Promise.all([...deployed.values()].map(({ pool }) => pool.close()))),
  };
}
