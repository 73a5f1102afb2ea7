import { catalogue } from "../controls/catalogue.ts";
import { AwsClients } from "../shared/aws/clients.ts";
import { CordonError } from "../shared/errors.ts";
import { DynamoDbJournal } from "../shared/journal/dynamodb-journal.ts";
import type { Journal } from "../shared/journal/journal.ts";
import type { JournalRecords } from "../shared/journal/records.ts";
import { recordsInTable } from "../shared/journal/records-aws.ts";
import { systemClock } from "../shared/runtime/clock.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What commands that read the journal say of their settings. */
export const JOURNAL_SETTINGS =
  "Settings: CORDON_TABLE, the cell's table, and AWS_REGION, the cell's Region; AWS_ENDPOINT_URL for another endpoint than AWS's.";

/** The journal of the cell that the environment names, to be read as a whole (dynamodb:Scan). Throws CordonError `misconfigured`. */
export function openRecords(env: Environment): { readonly table: string; readonly records: JournalRecords } {
  const table = tableIn(env);
  const isWatched = process.stderr.isTTY === true;
  const onPage = (read: number) => {
    if (isWatched) process.stderr.write(`\r\u001b[K${read} items read`);
  };
  const ids = catalogue.map(({ id }) => id);
  return { table, records: recordsInTable(new AwsClients().dynamoDb(), table, ids, onPage) };
}

/** Ends the line that tells of progress. */
export function endProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write("\r\u001b[K");
}

/** The same journal, to be asked for single findings (dynamodb:GetItem). Throws CordonError `misconfigured`. */
export function openJournal(env: Environment): Pick<Journal, "readFinding"> {
  return new DynamoDbJournal(new AwsClients().dynamoDb(), tableIn(env), (ms) => systemClock.sleep(ms));
}

function tableIn(env: Environment): string {
  const missing = [
    ...(env.CORDON_TABLE?.trim() ? [] : ["CORDON_TABLE is missing: expected the name of Cordon's DynamoDB table"]),
    ...(env.AWS_REGION?.trim() ? [] : ["AWS_REGION is missing: expected the Region of the cell, e.g. eu-central-1"]),
  ];
  if (missing.length > 0) throw new CordonError("misconfigured", missing.join("; "));
  return env.CORDON_TABLE?.trim() ?? "";
}
