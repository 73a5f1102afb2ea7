import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";

export const SECRET = "AWS::SecretsManager::Secret";
export const PARAMETER = "AWS::SSM::Parameter";

/** Every secret's ARN ends with six letters that Secrets Manager chooses. */
export const secretArn = (name: string, { account, region }: Pick<Caller, "account" | "region">): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-a1b2c3`;

export const parameterArn = (name: string, { account, region }: Pick<Caller, "account" | "region">): string =>
  `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, "")}`;

/** Secrets and parameters as they are read; `createAccountSeeds` puts them there. */
export function createSecrets(registry: Registry): Service[] {
  const nameOf = (id: string): string =>
    (id.startsWith("arn:") ? id.split(":").slice(6).join(":") : id).replace(/-a1b2c3$/, "");
  const read = (
    type: string,
    idOf: (input: Record<string, unknown>) => string,
    missing: ServiceError,
    answer: (name: string, value: unknown, arn: string) => Record<string, unknown>,
  ): ControlHandler => ({
    run(input, { account, region }) {
      const found = registry.find(type, nameOf(idOf(input)), account, region);
      if (found === undefined) throw missing;
      return answer(found.identifier, found.properties.Value, found.arn);
    },
  });
  const secrets: ControlService = {
    name: "secretsmanager",
    nameOf: (input) => readText(input, "SecretId") ?? "",
    arnOf: (input, caller) => secretArn(nameOf(String(input.SecretId ?? "")), caller),
    handlers: {
      GetSecretValue: read(
        SECRET,
        (input) => requireText(input, "SecretId"),
        new ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400),
        (Name, SecretString, ARN) => ({ Name, ARN, SecretString }),
      ),
    },
  };
  const parameters: ControlService = {
    name: "ssm",
    nameOf: (input) => readText(input, "Name") ?? "",
    arnOf: (input, caller) => parameterArn(String(input.Name ?? ""), caller),
    handlers: {
      GetParameter: read(
        PARAMETER,
        (input) => requireText(input, "Name"),
        new ServiceError("ParameterNotFound", "", 400),
        (Name, Value, ARN) => ({ Parameter: { Name, Value, ARN, Type: "SecureString" } }),
      ),
    },
  };
  return [createJsonService(secrets, "1.1"), createJsonService(parameters, "1.1")];
}
