import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CordonError } from "../errors.ts";
import { sortAwsError, unavailable } from "./aws-errors.ts";
import { CALL_LIMITS } from "./call-limits.ts";

/** What an invocation came to: the function's answer, or what it failed of. */
export type Invoked =
  | { readonly kind: "answered"; readonly answer: unknown }
  | { readonly kind: "failed"; readonly reason: string };

/** Longer than any function of Cordon's that is invoked by hand may run. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * Invokes one of Cordon's own functions and waits for its answer. Never asked twice by itself: whoever asked decides, knowing that the first may have run.
 *
 * Calls: Invoke, which takes lambda:InvokeFunction on that function.
 * @throws CordonError `misconfigured` when there is no such function, `denied`, `unavailable`
 */
export async function invokeFunction(name: string, event: unknown): Promise<Invoked> {
  const { FunctionError, Payload } = await invoke(name, event);
  const text = Buffer.from(Payload ?? []).toString("utf8");
  if (FunctionError === undefined) return { kind: "answered", answer: parse(text) };
  const { errorType = FunctionError, errorMessage = text } = (parse(text) ?? {}) as Record<string, string>;
  return { kind: "failed", reason: `${errorType}: ${errorMessage}` };
}

/**
 * Whether that function is there and may be invoked; nothing runs.
 *
 * @throws CordonError as `invokeFunction` does
 */
export async function tryInvocation(name: string): Promise<void> {
  await invoke(name, {}, "DryRun");
}

async function invoke(name: string, event: unknown, type: "RequestResponse" | "DryRun" = "RequestResponse") {
  const client = new LambdaClient({
    ...CALL_LIMITS,
    maxAttempts: 1,
    requestHandler: { ...CALL_LIMITS.requestHandler, requestTimeout: ANSWER_WITHIN_MS },
  });
  try {
    return await client.send(
      new InvokeCommand({ FunctionName: name, InvocationType: type, Payload: JSON.stringify(event) }),
    );
  } catch (error) {
    const { kind, code, message } = sortAwsError(error);
    if (code === "ResourceNotFoundException") {
      throw new CordonError(
        "misconfigured",
        `There is no function "${name}" in this account and Region: set CORDON_STACK to the cell's stack, and AWS_REGION to its Region.`,
        { cause: error },
      );
    }
    if (kind === "denied") {
      const why = `AWS refused Invoke of "${name}", which takes lambda:InvokeFunction: ${message}`;
      throw new CordonError("denied", why, { cause: error });
    }
    throw unavailable("Invoke", error);
  } finally {
    client.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
