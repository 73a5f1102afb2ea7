import { functionDefinitions } from "./functions.ts";
import { logicalId } from "./resources.ts";

/** The `functions` section of serverless.yml. Environment values are literals: an intrinsic would break `invoke local`. */
export function serverlessFunctions(name: string): Record<string, unknown> {
  return Object.fromEntries(
    functionDefinitions.map(({ name: fn, description, timeoutSeconds, memoryMb, trigger }) => [
      fn,
      {
        name: `${name}-${fn}`,
        description,
        handler: `dist/${fn}/index.handler`,
        timeout: timeoutSeconds,
        memorySize: memoryMb,
        role: `${logicalId(fn)}Role`,
        package: { patterns: [`dist/${fn}/**`] },
        events: eventsOf(trigger, fn),
      },
    ]),
  );
}

function eventsOf(trigger: string, fn: string): readonly unknown[] {
  if (trigger === "events") {
    const arn = { "Fn::GetAtt": [`${logicalId(fn)}Queue`, "Arn"] };
    return [{ sqs: { arn, batchSize: 10, functionResponseType: "ReportBatchItemFailures", maximumConcurrency: 10 } }];
  }
  if (trigger === "stream") {
    const arn = { "Fn::GetAtt": ["Table", "StreamArn"] };
    return [
      {
        stream: {
          type: "dynamodb",
          arn,
          batchSize: 100,
          startingPosition: "TRIM_HORIZON",
          functionResponseType: "ReportBatchItemFailures",
          // A tracker may be down for hours: records are tried until the stream forgets them. What no ticket can be made of is passed over.
          bisectBatchOnFunctionError: true,
          destinations: { onFailure: { arn: { "Fn::GetAtt": [`${logicalId(fn)}DeadQueue`, "Arn"] }, type: "sqs" } },
          filterPatterns: [{ dynamodb: { NewImage: { entity: { S: ["finding"] } } } }],
        },
      },
    ];
  }
  return [];
}

/**
 * What a deployment may do unless `CORDON_MODE` says so: observe. Only where every call goes to this very machine, as with the sandbox, nothing can be
 * harmed.
 */
export function modeOf(env: Readonly<Record<string, string | undefined>>): string {
  if (env.CORDON_MODE) return env.CORDON_MODE;
  return /^http:\/\/127\.0\.0\.1:\d+\/?$/.test(env.AWS_ENDPOINT_URL ?? "") ? "enforce" : "observe";
}
