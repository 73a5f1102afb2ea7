import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

it("tells a secret by its name and its ARN, to whoever may read it, and no other", async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const { resources } = sandbox.deployTemplate({
    Resources: {
      Secret: { Type: "AWS::SecretsManager::Secret", Properties: { Name: "cordon/slack", SecretString: "it is one" } },
    },
  });
  const arn = resources.get("Secret")?.arn ?? "";
  expect(arn).toMatch(/:secretsmanager:eu-central-1:111122223333:secret:cordon\/slack-\w{6}$/);
  const manager = new SecretsManagerClient(clientConfig(sandbox));
  const read = (SecretId: string) => manager.send(new GetSecretValueCommand({ SecretId }));
  for (const id of ["cordon/slack", arn]) expect(await read(id)).toMatchObject({ ARN: arn, SecretString: "it is one" });
  expect(await failureOf(read("cordon/other"))).toMatchObject({ name: "ResourceNotFoundException" });
  sandbox.deny({ action: "secretsmanager:GetSecretValue" });
  expect(await failureOf(read(arn))).toMatchObject({ name: "AccessDeniedException" });
  manager.destroy();
});
