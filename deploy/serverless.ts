import { ARCHIVIST } from "./evidence-store.ts";
import { type FunctionDefinition, functionsOf, MAX_STREAM_RETRIES, queueNames } from "./functions.ts";
import { logicalId } from "./json.ts";
import { checkAccountsFit } from "./limits.ts";
import { stackOutputs, stackResources } from "./resources.ts";
import { environmentOf, type Stack } from "./stack.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The `functions` section of serverless.yml. */
export function serverlessFunctions(stack: Stack): Record<string, unknown> {
  const { name } = stack;
  return Object.fromEntries(
    functionsOf(stack).map((definition) => {
      const { name: fn, description, timeoutSeconds, memoryMb, maxConcurrency, url } = definition;
      return [
        fn,
        {
          name: `${name}-${fn}`,
          description,
          handler: `dist/${fn}/index.handler`,
          timeout: timeoutSeconds,
          memorySize: memoryMb,
          role: `${logicalId(fn)}Role`,
          package: { patterns: [`dist/${fn}/**`] },
          events: eventsOf(definition),
          ...(maxConcurrency !== undefined && { reservedConcurrency: maxConcurrency }),
          // `true` is open to everybody, to the framework.
          ...(url !== undefined && { url: url === "public" ? true : { authorizer: "aws_iam" } }),
        },
      ];
    }),
  );
}

/** The `resources` section. What needs an intrinsic in a function's environment is put there last, where `invoke local` doesn't see it. Throws Error for more accounts than AWS has room for. */
export function serverlessResources(stack: Stack, env: Env): Record<string, unknown> {
  const isArchived = functionsOf(stack).some(({ name }) => name === ARCHIVIST);
  const Variables = { ...environmentOf(stack, env), CORDON_EVIDENCE_BUCKET: { Ref: "EvidenceBucket" } };
  const Resources = stackResources(stack);
  checkAccountsFit(stack, Resources, Variables);
  return {
    Resources,
    Outputs: stackOutputs(),
    ...(isArchived && {
      extensions: { [`${lambdaId(ARCHIVIST)}LambdaFunction`]: { Properties: { Environment: { Variables } } } },
    }),
  };
}

/** The framework's own logical ids: dashes are spelt out. */
export function lambdaId(fn: string): string {
  return `${fn.charAt(0).toUpperCase()}${fn.slice(1)}`.replaceAll("-", "Dash");
}

function eventsOf(definition: FunctionDefinition): readonly unknown[] {
  const { name: fn, trigger, consumes, batch } = definition;
  const gathered = batch === undefined ? {} : { maximumBatchingWindow: batch.windowSeconds };
  const taken = { batchSize: batch?.size ?? 10, ...gathered };
  // A tracker takes a few at once; AWS takes many.
  const maximumConcurrency = trigger === "inboxes" ? 2 : 10;
  const queues = queueNames(definition).map((queue) => {
    const arn = { "Fn::GetAtt": [`${logicalId(queue)}Queue`, "Arn"] };
    return { sqs: { arn, ...taken, functionResponseType: "ReportBatchItemFailures", maximumConcurrency } };
  });
  if (queues.length > 0) return queues;
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
          // Halving is for a function that dies. One that answers has its batch begun anew at the first record that it names, and given up from there on
          // when that goes on failing: functions treat what is behind a failure before they answer, and the sweep brings again what was given up.
          bisectBatchOnFunctionError: true,
          maximumRetryAttempts: MAX_STREAM_RETRIES,
          destinations: { onFailure: { arn: { "Fn::GetAtt": [`${logicalId(fn)}DeadQueue`, "Arn"] }, type: "sqs" } },
          filterPatterns: [{ dynamodb: { NewImage: { outbox: { S: [{ prefix: `${consumes}#` }] } } } }],
        },
      },
    ];
  }
  return [];
}
