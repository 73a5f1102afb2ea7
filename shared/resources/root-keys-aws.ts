import { GetAccountSummaryCommand, GetCredentialReportCommand, IAMClient } from "@aws-sdk/client-iam";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import { parseCredentialReport } from "../keys/credential-report.ts";
import type { ResourceRef } from "../types.ts";
import { iamClients } from "./iam-calls.ts";
import type { RootKeys } from "./root-keys.ts";

/** Root's keys by the AWS SDK. */
export function rootKeysOnAws(clients: AwsClients): RootKeys {
  const { reader } = iamClients(clients, IAMClient);
  return {
    async read(account) {
      const client = await reader(account);
      const live = await askedSummary(client);
      const told = live === undefined || typeof live === "string" ? await askedReport(client, account) : undefined;
      const hasKeys = typeof live === "boolean" ? live : typeof told === "boolean" ? told : undefined;
      if (hasKeys !== undefined) return { kind: "present", state: { hasKeys } };
      const reason = `whether root has access keys can't be read: GetAccountSummary ${live ?? "does not tell"}; GetCredentialReport ${told ?? "does not tell"}`;
      return { kind: "unreadable", reason };
    },
  };
}

/** Whether there are any; why it is refused; undefined when the answer doesn't tell. */
type Told = boolean | string | undefined;

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html: AccountAccessKeysPresent is 1 or 0. */
async function askedSummary(client: IAMClient): Promise<Told> {
  return refusedOr("GetAccountSummary", async () => {
    const { SummaryMap } = await client.send(new GetAccountSummaryCommand({}));
    const count = SummaryMap?.AccountAccessKeysPresent;
    return count === undefined ? undefined : count > 0;
  });
}

async function askedReport(client: IAMClient, { account }: ResourceRef): Promise<Told> {
  return refusedOr("GetCredentialReport", async () => {
    const { Content } = await client.send(new GetCredentialReportCommand({}));
    for (const row of parseCredentialReport([Content ?? new Uint8Array()], account))
      if (row.kind === "root") return row.hasKeys;
    return undefined;
  });
}

async function refusedOr(operation: string, ask: () => Promise<boolean | undefined>): Promise<Told> {
  try {
    return await ask();
  } catch (error) {
    const { kind, code } = sortAwsError(error);
    // None is made, or it is being made.
    const isNotThere =
      /^Report(InProgress|NotPresent|Expired)/.test(code) || /^CredentialReportNot|^CredentialReportExpired/.test(code);
    if (kind === "unavailable" && !isNotThere) throw unavailable(operation, error);
    return `is refused (${code})`;
  }
}
