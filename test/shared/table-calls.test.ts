import { describe, expect, it } from "vitest";
import { CordonError } from "../../shared/errors.ts";
import { asked, isDone } from "../../shared/journal/table-calls.ts";

const failing =
  (name: string, httpStatusCode = 400) =>
  async (): Promise<never> => {
    throw Object.assign(new Error("the table says no"), { name, $metadata: { httpStatusCode } });
  };

describe("a call of the table", () => {
  it("is answered as the table answers", async () => {
    expect(await asked("GetItem", "cordon", async () => "an item")).toBe("an item");
    expect(await isDone("PutItem", "cordon", async () => undefined)).toBe(true);
  });

  it.each(["ConditionalCheckFailedException", "TransactionConflictException"])(
    "that writes under a condition is not done, and nobody's fault, for %s",
    async (name) => expect(await isDone("PutItem", "cordon", failing(name))).toBe(false),
  );

  it.each([
    ["ResourceNotFoundException", 400, "misconfigured", 'There is no table "cordon"'],
    ["AccessDeniedException", 400, "denied", "AWS refused PutItem"],
    ["ProvisionedThroughputExceededException", 400, "unavailable", "PutItem"],
    ["InternalServerError", 500, "unavailable", "PutItem"],
  ] as const)("fails for people or for now: %s", async (name, status, kind, message) => {
    const expected = { name: "CordonError", kind, message: expect.stringContaining(message) };
    await expect(asked("PutItem", "cordon", failing(name, status))).rejects.toMatchObject(expected);
    await expect(isDone("PutItem", "cordon", failing(name, status))).rejects.toMatchObject(expected);
  });

  it("that has failed with words of Cordon's keeps them", async () => {
    const own = new CordonError("conflict", "moved on");
    const fail = () =>
      asked("GetItem", "cordon", async () => {
        throw own;
      });
    await expect(fail()).rejects.toBe(own);
  });
});
