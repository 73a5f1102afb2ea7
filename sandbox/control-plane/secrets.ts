import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

/** Secrets as they are read, of those that templates made: AWS::SecretsManager::Secret with its `SecretString`. */
export function createSecrets(registry: Registry): Service {
  const seek = (id: string, { account, region }: Caller): StackResource | undefined =>
    registry
      .list("AWS::SecretsManager::Secret", { account, region })
      .find(({ arn, properties }) => id === arn || id === properties.Name);
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
