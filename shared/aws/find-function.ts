import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CordonError } from "../errors.ts";
import { sortAwsError, unavailable } from "./aws-errors.ts";
import { CALL_LIMITS } from "./call-limits.ts";

/** A function of the stack, as it is deployed. */
export interface DeployedFunction {
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Finds a function of the stack, in the account and Region of the SDK's default chain. Calls: GetFunctionConfiguration.
 *
 * @throws CordonError `misconfigured` when there is no such function, `denied`, `unavailable`
 */
export async function findFunction(name: string): Promise<DeployedFunction> {
  const lambda = new LambdaClient(CALL_LIMITS);
  try {
    const answer = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    const { FunctionArn: arn = "", MemorySize: memoryMb = 128, Environment } = answer;
    const [, partition = "", , region = "", account = ""] = arn.split(":");
    return { arn, partition, region, account, memoryMb, environment: Environment?.Variables ?? {} };
  } catch (error) {
    const { kind, code, message } = sortAwsError(error);
    if (code === "ResourceNotFoundException")
      throw new CordonError(
        "misconfigured",
        `There is no function "${name}" in this account and Region: set CORDON_STACK to the cell's stack, and AWS_REGION to its Region.`,
        { cause: error },
      );
    if (kind === "denied")
      throw new CordonError(
        "denied",
        `AWS refused GetFunctionConfiguration of "${name}", which takes lambda:GetFunctionConfiguration: ${message}`,
        { cause: error },
      );
    throw unavailable("GetFunctionConfiguration", error);
  } finally {
    lambda.destroy();
  }
}
