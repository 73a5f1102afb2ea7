import { CELL, cellEnvironment, type EventBridgeEvent, type Sandbox, startSandbox } from "../sandbox/index.ts";

export const HOME = "eu-central-1";

/** The account the contestants act in. Nothing is delivered by itself: events are handed over one by one. */
export interface Account {
  readonly sandbox: Sandbox;
  /** The environment of a function's process: Lambda's, the cell's, and credentials of a role of its own. */
  environmentOf(name: string): Record<string, string>;
  functionArnOf(name: string): string;
  close(): Promise<void>;
}

export async function openAccount(): Promise<Account> {
  const sandbox = await startSandbox({ region: HOME, tables: [{ name: CELL.table, stream: true }] });
  sandbox.createQueue(CELL.refusedQueue);
  sandbox.routing = false;

  return {
    sandbox,
    environmentOf(name) {
      const role = sandbox.createPrincipal({ type: "AssumedRole", name: `bench-${name}` });
      return {
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
        TZ: ":UTC",
        ...sandbox.environment(role),
        ...cellEnvironment(),
      };
    },
    functionArnOf: (name) => `arn:aws:lambda:${HOME}:${sandbox.account}:function:cordon-${name}`,
    close: () => sandbox.close(),
  };
}

/** Events as the function's queue delivers them. */
export function asBatch(events: readonly EventBridgeEvent[], functionName: string): object {
  const Records = events.map((event) => ({
    messageId: event.id,
    receiptHandle: event.id,
    body: JSON.stringify(event),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(Date.parse(event.time)) },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${HOME}:${event.account}:cordon-${functionName}`,
    awsRegion: HOME,
  }));
  return { Records };
}
