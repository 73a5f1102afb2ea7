/** What the sandbox tells a container. JSON over the process's IPC channel. */
export interface InvokeMessage {
  type: "invoke";
  event: unknown;
  awsRequestId: string;
  functionName: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  /** Real milliseconds the invocation may take. */
  timeoutMs: number;
  /** Milliseconds the container's clock is to be ahead of real time. */
  clockOffsetMs: number;
}

/** What a container tells the sandbox. */
export type ContainerMessage =
  | { type: "ready" }
  | { type: "failed-to-start"; error: { type: string; message: string } }
  | { type: "result"; result: unknown }
  | { type: "error"; error: { type: string; message: string } };

/** A container prints this and the request id on stdout and stderr after each invocation: all its lines are out then. */
export const END_OF_INVOCATION = "END RequestId: ";
