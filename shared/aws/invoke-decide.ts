import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CordonError, describeError } from "../errors.ts";
import { parseJson } from "../signals/shapes.ts";
import { CALL_LIMITS } from "./call-limits.ts";

/** What came of an invocation: the function's answer, or that it takes longer. It goes on then: Lambda doesn't stop for a caller who has gone. */
export type Invoked = { readonly kind: "answered"; readonly answer: unknown } | { readonly kind: "late" };

let client: LambdaClient | undefined;

/**
 * Invokes the function that decides, and waits so long for its answer. Asked once only: a proof is good once, and a second attempt would be refused though the first went through.
 *
 * Calls: Invoke.
 * @throws CordonError `unavailable` when it can't be asked, or fails
 */
export async function invokeDecide(functionName: string, envelope: unknown, waitMs: number): Promise<Invoked> {
  client ??= new LambdaClient({ ...CALL_LIMITS, maxAttempts: 1 });
  const waiting = AbortSignal.timeout(waitMs);
  const Payload = Buffer.from(JSON.stringify(envelope));
  try {
    const command = new InvokeCommand({ FunctionName: functionName, Payload });
    const { Payload: answer, FunctionError } = await client.send(command, { abortSignal: waiting });
    const parsed = parseJson(Buffer.from(answer ?? []).toString("utf8"));
    if (FunctionError !== undefined || !parsed.ok) throw new Error(FunctionError ?? "its answer is no JSON");
    return { kind: "answered", answer: parsed.value };
  } catch (error) {
    if (waiting.aborted) return { kind: "late" };
    throw new CordonError("unavailable", `${functionName}: ${describeError(error)}`, { cause: error });
  }
}
