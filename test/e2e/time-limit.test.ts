import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { CELL, cellEnvironment, startSandbox } from "../../sandbox/index.ts";
import { controlHandler } from "../../shared/runtime/handler.ts";
import { cloudTrailRecord, lambdaContext } from "../support/events.ts";

/**
 * A handler that answers by itself when time is up leaves its work going on in a container that lives on: a call given up by the SDK would be
 * tried again minutes later, without a lease. Lambda ends the container; nobody else may end the invocation.
 */
const LIMIT_MS = 40;

async function endOf(invocation: unknown): Promise<string> {
  const ended = Promise.resolve(invocation).then(
    () => "answered",
    (error: Error) => `failed: ${error.name}`,
  );
  return Promise.race([ended, sleep(LIMIT_MS * 5).then(() => "still at work")]);
}

it("a control's function leaves its time limit to Lambda", async () => {
  const handler = controlHandler("test", control, () => new Promise<never>(() => {}));

  expect(await endOf(handler(cloudTrailRecord("any"), lambdaContext(LIMIT_MS)))).toBe("still at work");
});

it("decide leaves its time limit to Lambda", async () => {
  const sandbox = await startSandbox({ tables: [{ name: CELL.table }] });
  onTestFinished(() => sandbox.close());
  Object.assign(process.env, sandbox.environment(), cellEnvironment(), { CORDON_STACK: "cordon" });
  sandbox.faults.inject({ operation: "GetItem", kind: "timeout" });
  const { handler } = await import("../../functions/decide/handler.ts");
  const order = { action: "roll-back", findingId: `f-${"0".repeat(20)}`, reason: "r", approver: "a" };

  expect(await endOf(handler(order, lambdaContext(LIMIT_MS)))).toBe("still at work");
});
