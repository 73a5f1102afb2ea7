import { expect, it } from "vitest";
import { keysStage } from "./keys-stage.ts";

it("the key that the function itself calls with is told beforehand as a person's, exposed or old, and nothing is attempted", async () => {
  const set = await keysStage({ calledBy: "cordon-cell" });
  const key = set.sandbox.user("cordon-cell").keys[0]?.id ?? "";
  const { look } = set.container();
  const told = async (event: object, controlId: string) => {
    const result = (await look(event)).find((each) => each.controlId === controlId);
    expect(result).toMatchObject({ status: "awaiting-approval", changes: [] });
    const finding = await set.finding(result?.findingId);
    expect(finding).toMatchObject({
      decision: { rule: "built-in:own-key", explanation: { verdict: "for-a-person" } },
      facts: { isOwn: true },
    });
    expect(finding?.pending).toBeUndefined();
    return finding;
  };
  const exposed = await told({ cordon: "keys", key, exposed: true }, "iam-access-key-is-not-exposed");
  expect(exposed).toMatchObject({ severity: "critical" });
  const user = set.sandbox.user("cordon-cell").arn;
  await told({ cordon: "keys", user }, "iam-access-key-is-rotated");
  expect(set.calls()).not.toHaveProperty("UpdateAccessKey");
  expect(set.sandbox.user("cordon-cell").keys[0]?.status).toBe("Active");
});
