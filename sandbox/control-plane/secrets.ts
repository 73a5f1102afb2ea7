import { ServiceError } from "../errors.ts";
import type { Permission, Service } from "../operation.ts";
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

/** What the service asks of a customer's own key in the caller's name; nothing where the key is AWS's. `context`: how it tells what it decrypts. */
function decrypting(
  service: "secretsmanager" | "ssm",
  context: "SecretARN" | "PARAMETER_ARN",
  found: StackResource | undefined,
): Permission[] {
  if (found === undefined || typeof found.properties.KmsKeyId !== "string") return [];
  const keys = {
    "kms:ViaService": `${service}.${found.region}.amazonaws.com`,
    [`kms:EncryptionContext:${context}`]: found.arn,
  };
  return [{ action: "kms:Decrypt", resource: found.properties.KmsKeyId, account: found.account, keys }];
}

/** Secrets as they are read, of those that templates or seeds made: AWS::SecretsManager::Secret with its `SecretString`. */
export function createSecrets(registry: Registry): Service {
  const seek = (id: string, { account, region }: Caller): StackResource | undefined =>
    registry.list(SECRET, { account, region }).find(({ arn, properties }) => id === arn || id === properties.Name);
  // Of a secret that isn't there, policies are asked for its name as it is.
  const arnOf = (input: Input, caller: Caller): string => {
    const id = readText(input, "SecretId") ?? "";
    const unknown = `arn:aws:secretsmanager:${caller.region}:${caller.account}:secret:${id}`;
    return seek(id, caller)?.arn ?? (id.startsWith("arn:") ? id : unknown);
  };
  return createJsonService(
    {
      name: "secretsmanager",
      nameOf: (input) => readText(input, "SecretId") ?? "",
      arnOf,
      handlers: {
        GetSecretValue: {
          permissions: (input, caller) => [
            {
              action: "secretsmanager:GetSecretValue",
              resource: arnOf(input, caller),
              account: caller.account,
            },
            ...decrypting("secretsmanager", "SecretARN", seek(readText(input, "SecretId") ?? "", caller)),
          ],
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
          permissions(input, caller) {
            const name = readText(input, "Name") ?? "";
            const found = registry.find(PARAMETER, name, caller.account, caller.region);
            return [
              { action: "ssm:GetParameter", resource: parameterArn(name, caller), account: caller.account },
              ...(input.WithDecryption === true ? decrypting("ssm", "PARAMETER_ARN", found) : []),
            ];
          },
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
