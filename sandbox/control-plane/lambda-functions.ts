import { createHash } from "node:crypto";
import { ServiceError } from "../errors.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import { type Input, isRecord, requireText } from "./input.ts";

const FUNCTION = "AWS::Lambda::Function";
/** Settings of UpdateFunctionConfiguration that CloudFormation has under the same name. */
const SETTINGS = [
  "DeadLetterConfig",
  "Description",
  "Environment",
  "EphemeralStorage",
  "FileSystemConfigs",
  "Handler",
  "Layers",
  "LoggingConfig",
  "MemorySize",
  "Role",
  "Runtime",
  "SnapStart",
  "Timeout",
  "TracingConfig",
  "VpcConfig",
] as const;
/** What UpdateFunctionCode names as its source. */
const SOURCES = ["ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion", "ZipFile"] as const;

/** A function's bare name, of `name`, `account:function:name` or an ARN, with or without a version. */
export function functionNameOf(value: unknown): string {
  const parts = String(value ?? "").split(":");
  const at = parts.indexOf("function");
  return parts[at + 1] ?? "";
}

/** ARN of a function by any of its names. */
export function functionArn(value: unknown, { account, region }: Caller): string {
  return `arn:aws:lambda:${region}:${account}:function:${functionNameOf(value)}`;
}

/** Functions and their reserved concurrency. New code is noted and not run. */
export function functionHandlers(registry: Registry): Record<string, ControlHandler> {
  const find = (input: Input, caller: Caller): StackResource => {
    const name = functionNameOf(requireText(input, "FunctionName"));
    const found = registry.find(FUNCTION, name, caller.account, caller.region);
    if (found) return found;
    const message = `Function not found: ${functionArn(name, caller)}`;
    throw new ServiceError("ResourceNotFoundException", message, 404, { members: { Type: "User" } });
  };
  const change = (
    apply: (properties: Record<string, unknown>, input: Input) => void,
    answer: (fn: StackResource) => Record<string, unknown>,
  ) => {
    return (input: Input, caller: Caller) => {
      const fn = find(input, caller);
      apply(fn.properties, input);
      registry.changed(fn);
      return answer(fn);
    };
  };
  return {
    GetFunction: {
      run(input, caller) {
        const fn = find(input, caller);
        return { Configuration: describeFunction(fn), Code: { RepositoryType: "S3" }, ...describeConcurrency(fn) };
      },
    },
    GetFunctionConfiguration: {
      run: (input, caller) => describeFunction(find(input, caller)),
    },
    GetFunctionConcurrency: {
      run: (input, caller) => describeConcurrency(find(input, caller)).Concurrency ?? {},
    },
    PutFunctionConcurrency: {
      mutating: true,
      eventName: "PutFunctionConcurrency20171031",
      run: change(
        (properties, { ReservedConcurrentExecutions: reserved }) => {
          if (!Number.isInteger(reserved) || Number(reserved) < 0) {
            throw new ServiceError("InvalidParameterValueException", "ReservedConcurrentExecutions: 0 or more", 400);
          }
          properties.ReservedConcurrentExecutions = reserved;
        },
        (fn) => describeConcurrency(fn).Concurrency ?? {},
      ),
    },
    DeleteFunctionConcurrency: {
      mutating: true,
      eventName: "DeleteFunctionConcurrency20171031",
      status: 204,
      run: change(
        (properties) => {
          delete properties.ReservedConcurrentExecutions;
        },
        () => ({}),
      ),
    },
    UpdateFunctionConfiguration: {
      mutating: true,
      eventName: "UpdateFunctionConfiguration20150331v2",
      omitted: ["Environment"],
      run: change((properties, input) => {
        for (const setting of SETTINGS) if (input[setting] !== undefined) properties[setting] = input[setting];
        if (input.KMSKeyArn !== undefined) properties.KmsKeyArn = input.KMSKeyArn;
      }, describeFunction),
    },
    UpdateFunctionCode: {
      mutating: true,
      eventName: "UpdateFunctionCode20150331v2",
      omitted: ["ZipFile"],
      run: change((properties, input) => {
        properties.Code = Object.fromEntries(SOURCES.flatMap((key) => (input[key] ? [[key, input[key]]] : [])));
        if (input.Architectures !== undefined) properties.Architectures = input.Architectures;
      }, describeFunction),
    },
    DeleteFunction: {
      mutating: true,
      eventName: "DeleteFunction20150331",
      status: 204,
      run(input, caller) {
        const fn = find(input, caller);
        registry.remove(fn);
        // Its URL goes with it.
        const url = registry.find("AWS::Lambda::Url", fn.arn, fn.account, fn.region);
        if (url) registry.remove(url);
        return {};
      },
    },
  };
}

function describeConcurrency({ properties }: StackResource): { Concurrency?: Record<string, unknown> } {
  const { ReservedConcurrentExecutions } = properties;
  return ReservedConcurrentExecutions === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions } };
}

function describeFunction({ identifier, arn, properties }: StackResource): Record<string, unknown> {
  const { Code, Environment, KmsKeyArn, TracingConfig } = properties;
  const settings = Object.fromEntries(
    SETTINGS.flatMap((setting) => (properties[setting] === undefined ? [] : [[setting, properties[setting]]])),
  );
  const code = JSON.stringify(Code ?? {});
  return {
    ...settings,
    FunctionName: identifier,
    FunctionArn: arn,
    MemorySize: Number(properties.MemorySize ?? 128),
    Timeout: Number(properties.Timeout ?? 3),
    Architectures: properties.Architectures ?? ["x86_64"],
    TracingConfig: TracingConfig ?? { Mode: "PassThrough" },
    ...(isRecord(Environment) && { Environment }),
    ...(KmsKeyArn !== undefined && { KMSKeyArn: KmsKeyArn }),
    // Not that of the code itself, which isn't here, but as different for different sources.
    CodeSha256: createHash("sha256").update(code).digest("base64"),
    PackageType: "Zip",
    State: "Active",
    LastUpdateStatus: "Successful",
    Version: "$LATEST",
  };
}
