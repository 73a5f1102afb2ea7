import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

export const SECRET = "AWS::SecretsManager::Secret";
export const PARAMETER = "AWS::SSM::Parameter";

/** Every secret's ARN ends with six letters that Secrets Manager chooses. */
export const secretArn = (name: string, { account, region }: Pick<Caller, "account" | "region">): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-a1b2c3`;

export const parameterArn = (name: string, { account, region }: Pick<Caller, "account" | "region">): string =>
  `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, "")}`;

/** Secrets as they are read, of those that templates or seeds made: AWS::SecretsManager::Secret with its `SecretString`. */
export function createSecrets(registry: Registry): Service {
  const seek = (id: string, { account, region }: Caller): StackResource | undefined =>
    registry.list(SECRET, { account, region }).find(({ arn, properties }) => id === arn || id === properties.Name);
  return createJsonService(
    {
      name: "secretsmanager",
      nameOf: (input) => readText(input, "SecretId") ?? "",
      arnOf(input: Input, caller: Caller) {
        const id = readText(input, "SecretId") ?? "";
        // Of a secret that isn't there, policies are asked for its name as it is.
        const unknown = `arn:aws:secretsmanager:${caller.region}:${caller.account}:secret:${id}`;
        return seek(id, caller)?.arn ?? (id.startsWith("arn:") ? id : unknown);
      },
      handlers: {
        GetSecretValue: {
          run(input, caller) {
            const secret = seek(requireText(input, "SecretId"), caller);
            if (secret === undefined)
              throw new ServiceError(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
                400,
              );
            const { Name, SecretString } = secret.properties;
            return { ARN: secret.arn, Name, SecretString, VersionStages: ["AWSCURRENT"] };
          },
        },
      },
    },
    "1.1",
  );
}

/** Parameters as they are read, of those that seeds made. */
export function createParameters(registry: Registry): Service {
  return createJsonService(
    {
      name: "ssm",
      nameOf: (input) => readText(input, "Name") ?? "",
      arnOf: (input, caller) => parameterArn(readText(input, "Name") ?? "", caller),
      handlers: {
        GetParameter: {
          run(input, { account, region }) {
            const found = registry.find(PARAMETER, requireText(input, "Name"), account, region);
            if (found === undefined) throw new ServiceError("ParameterNotFound", "", 400);
            const { identifier: Name, arn: ARN, properties } = found;
            return { Parameter: { Name, ARN, Type: "SecureString", Value: properties.Value } };
          },
        },
      },
    },
    "1.1",
  );
}
