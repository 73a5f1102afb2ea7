import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";

/**
 * What a call of the table answers.
 *
 * @param operation DynamoDB's name of it, for people
 * @throws CordonError `misconfigured` where there is no such table, `denied`, `unavailable`
 */
export async function asked<Answer>(operation: string, table: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof CordonError ? error : failed(operation, table, error);
  }
}

/**
 * Whether a conditional write went through; false when its condition does not hold, or somebody is writing the item at this moment.
 *
 * @throws CordonError as `asked` does
 */
export async function isDone(operation: string, table: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    const { code } = sortAwsError(error);
    if (code === "ConditionalCheckFailedException" || code === "TransactionConflictException") return false;
    throw failed(operation, table, error);
  }
}

/** Where the cell has no such table: that is for people. */
export function noTable(table: string, cause: unknown): CordonError {
  return new CordonError(
    "misconfigured",
    `There is no table "${table}" in this account and Region: set CORDON_TABLE to Cordon's table.`,
    { cause },
  );
}

function failed(operation: string, table: string, error: unknown): CordonError {
  const { kind, code, message } = sortAwsError(error);
  if (code === "ResourceNotFoundException") return noTable(table, error);
  if (kind === "denied") return new CordonError("denied", `AWS refused ${operation}: ${message}`, { cause: error });
  return unavailable(operation, error);
}
