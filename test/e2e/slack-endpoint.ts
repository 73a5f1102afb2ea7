import { SLACK_ENDPOINT } from "../../deploy/functions.ts";
import { lambdaId, serverlessFunctions, serverlessResources } from "../../deploy/serverless.ts";
import type { Stack } from "../../deploy/stack.ts";
import type { Template } from "../../sandbox/index.ts";
import { SLACK_SECRET } from "../support/slack.ts";

/**
 * The packaged template as it is where the stack names the Slack app's secret: with everything that hangs on it, the endpoint as osls 4.3.1 packages `url: true`, and the secret itself, which
 * people make. Of a stack without it, what was packaged.
 */
export function withSlackEndpoint(packaged: Template, stack: Stack): Template {
  const { name } = SLACK_ENDPOINT;
  if (stack.slackSecret === undefined) return packaged;
  const definition = serverlessFunctions(stack)[name] as {
    readonly name: string;
    readonly handler: string;
    readonly timeout: number;
    readonly memorySize: number;
    readonly role: string;
    readonly reservedConcurrency: number;
  };
  const { Resources } = serverlessResources(stack, {}) as unknown as Template;
  const like = Object.values(packaged.Resources).find(({ Type }) => Type === "AWS::Lambda::Function")?.Properties;
  const id = `${lambdaId(name)}Lambda`;
  const FunctionName = { "Fn::GetAtt": [`${id}Function`, "Arn"] };
  const everybody = { FunctionName, Principal: "*" };
  return {
    ...packaged,
    Resources: {
      ...packaged.Resources,
      ...Resources,
      SlackSecret: {
        Type: "AWS::SecretsManager::Secret",
        Properties: { Name: stack.slackSecret, SecretString: SLACK_SECRET },
      },
      [`${lambdaId(name)}LogGroup`]: {
        Type: "AWS::Logs::LogGroup",
        Properties: { LogGroupName: `/aws/lambda/${definition.name}`, RetentionInDays: 365 },
      },
      [`${id}Function`]: {
        Type: "AWS::Lambda::Function",
        Properties: {
          ...like,
          FunctionName: definition.name,
          Handler: definition.handler,
          Timeout: definition.timeout,
          MemorySize: definition.memorySize,
          ReservedConcurrentExecutions: definition.reservedConcurrency,
          Role: { "Fn::GetAtt": [definition.role, "Arn"] },
        },
      },
      [`${id}FunctionUrl`]: {
        Type: "AWS::Lambda::Url",
        Properties: { AuthType: "NONE", TargetFunctionArn: FunctionName },
      },
      [`${id}PermissionFnUrl`]: {
        Type: "AWS::Lambda::Permission",
        Properties: { ...everybody, Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: "NONE" },
      },
      [`${id}PermissionFn`]: {
        Type: "AWS::Lambda::Permission",
        Properties: { ...everybody, Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true },
      },
    },
  };
}
