import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
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

it("asks for the customer's own key that a secret is encrypted under, and for none of AWS's", async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const key = `arn:aws:kms:eu-central-1:${sandbox.account}:key/11111111-2222-4333-8444-555555555555`;
  sandbox.seedSecret("own", "it is one", key);
  sandbox.seedSecret("ssm:/own", "it is another", key);
  sandbox.seedSecret("theirs", "a third");
  const manager = new SecretsManagerClient(clientConfig(sandbox));
  const systems = new SSMClient(clientConfig(sandbox));
  const readSecret = (SecretId: string) => manager.send(new GetSecretValueCommand({ SecretId }));
  const readParameter = (WithDecryption: boolean) =>
    systems.send(new GetParameterCommand({ Name: "/own", WithDecryption }));
  await readSecret("own");
  await readParameter(true);
  expect(sandbox.calls.flatMap(({ permissions }) => permissions.map(({ action }) => action))).toEqual([
    ...["secretsmanager:GetSecretValue", "kms:Decrypt"],
    ...["ssm:GetParameter", "kms:Decrypt"],
  ]);
  sandbox.deny({ action: "kms:Decrypt" });
  expect(await failureOf(readSecret("own"))).toMatchObject({ name: "AccessDeniedException" });
  expect(await failureOf(readParameter(true))).toMatchObject({ name: "AccessDeniedException" });
  await readParameter(false);
  await readSecret("theirs");
  manager.destroy();
  systems.destroy();
});
