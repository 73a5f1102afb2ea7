import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CALL_LIMITS } from "../../shared/aws/call-limits.ts";
import { credentialsOf } from "../../shared/ticketing/credentials.ts";
import { DeliveryError } from "../../shared/ticketing/tracker.ts";

const manager = mockClient(SecretsManagerClient);
const systems = mockClient(SSMClient);
afterAll(() => {
  manager.restore();
  systems.restore();
});
let count = 0;
let name: string;

beforeEach(() => {
  manager.reset();
  systems.reset();
  vi.stubEnv("AWS_REGION", "eu-central-1");
  // What was read is remembered by its name.
  name = `cordon/tickets/${++count}`;
});

describe("a route's credentials", () => {
  it("are none, and nobody is asked, where it has no secret", async () => {
    expect(await credentialsOf(undefined)()).toEqual({});
    expect([...manager.calls(), ...systems.calls()]).toEqual([]);
  });

  it("are a secret's members, read once, and again when they are stale", async () => {
    manager.on(GetSecretValueCommand, { SecretId: name }).resolves({ SecretString: '{"token":"one"}' });
    const credentials = credentialsOf(name);
    expect(await credentials()).toEqual({ token: "one" });
    expect(await credentials()).toEqual({ token: "one" });
    expect(manager.calls()).toHaveLength(1);
    manager.on(GetSecretValueCommand, { SecretId: name }).resolves({ SecretString: '{"token":"two"}' });
    expect(await credentials(true)).toEqual({ token: "two" });
    expect(await credentials()).toEqual({ token: "two" });
    expect(manager.calls()).toHaveLength(2);
  });

  it("may be a parameter, which is decrypted", async () => {
    systems
      .on(GetParameterCommand, { Name: `/${name}`, WithDecryption: true })
      .resolves({ Parameter: { Value: '{"token":"three"}' } });
    expect(await credentialsOf(`ssm:/${name}`)()).toEqual({ token: "three" });
  });

  it("are asked for no longer than any call of Cordon's may take", async () => {
    manager.on(GetSecretValueCommand).resolves({ SecretString: "{}" });
    systems.on(GetParameterCommand).resolves({ Parameter: { Value: "{}" } });
    await credentialsOf(name)();
    await credentialsOf(`ssm:/${name}`)();
    const { connectionTimeout, requestTimeout } = CALL_LIMITS.requestHandler;
    const clients = [...manager.calls(), ...systems.calls()].map(({ thisValue }) => thisValue as SecretsManagerClient);
    expect(clients).toHaveLength(2);
    for (const { config } of clients) {
      expect(await config.maxAttempts()).toBe(CALL_LIMITS.maxAttempts);
      // The handler works its limits out at its first request, and there is none.
      const { configProvider } = config.requestHandler as unknown as { readonly configProvider: Promise<object> };
      expect(await configProvider).toMatchObject({ connectionTimeout, requestTimeout });
    }
  });

  it.each([
    ["no JSON", "secret-but-no-json"],
    ["no object", '["secret-but-no-object"]'],
    ["more than texts", '{"token":{"secret":"nested"}}'],
  ])("that hold %s are waited for, and not told", async (_, SecretString) => {
    manager.on(GetSecretValueCommand).resolves({ SecretString });
    const error = await credentialsOf(name)().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).toMatchObject({ kind: "later", isWide: true, isUntaken: true });
    expect(error.message).toContain(name);
    expect(error.message).not.toMatch(/secret-but|nested/);
  });

  it("that may not be read are waited for", async () => {
    manager.on(GetSecretValueCommand).rejects(Object.assign(new Error("no"), { name: "AccessDeniedException" }));
    await expect(credentialsOf(name)()).rejects.toMatchObject({ name: "DeliveryError", kind: "later", isWide: true });
  });
});
