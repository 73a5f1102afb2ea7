import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, expect, it, vi } from "vitest";

const manager = mockClient(SecretsManagerClient);
afterAll(() => manager.restore());
const read = async (env: Record<string, string>) => {
  vi.resetModules();
  const { slackSecret } = await import("../../shared/aws/slack-secret.ts");
  return slackSecret(env);
};
let count = 0;
/** Powertools remembers secrets by name. */
const nameOf = () => `slack-${++count}`;

beforeEach(() => {
  manager.reset();
  vi.stubEnv("AWS_REGION", "eu-central-1");
});

it("is none, and nobody is asked, where no secret is named", async () => {
  expect(await read({})).toBeUndefined();
  expect(await read({ CORDON_SLACK_SECRET: " " })).toBeUndefined();
  expect(manager.calls()).toHaveLength(0);
});

it("is the text of the secret that is named", async () => {
  const name = nameOf();
  manager.on(GetSecretValueCommand, { SecretId: name }).resolves({ SecretString: "the-signing-secret" });
  expect(await read({ CORDON_SLACK_SECRET: name })).toBe("the-signing-secret");
});

it.each([
  ["holds no text", () => manager.on(GetSecretValueCommand).resolves({ SecretBinary: new Uint8Array([1]) })],
  [
    "may not be read",
    () => manager.on(GetSecretValueCommand).rejects(Object.assign(new Error("no"), { name: "AccessDeniedException" })),
  ],
])("that %s is no secret: nothing of Slack's is believed then, and it may be asked again", async (_, arrange) => {
  arrange();
  const name = nameOf();
  await expect(read({ CORDON_SLACK_SECRET: name })).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining(name),
  });
});
