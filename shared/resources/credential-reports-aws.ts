import { GenerateCredentialReportCommand, IAMClient } from "@aws-sdk/client-iam";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { Clock } from "../types.ts";
import type { CredentialReports } from "./credential-reports.ts";
import { getReport } from "./report-content-aws.ts";

/** A large account's report takes some seconds to be made. */
const WAIT_MS = 2_000;
const MAX_ASKED = 10;

/** Credential reports by the AWS SDK: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html */
export function credentialReportsOnAws(clients: AwsClients, clock: Clock): CredentialReports {
  return {
    async read(place, deadlineMs) {
      const client = await clients.in(place, IAMClient, { retryMode: "adaptive" as const, maxAttempts: 5 });
      let operation = "GenerateCredentialReport";
      try {
        for (let asked = 1; ; asked++) {
          const { State } = await client.send(new GenerateCredentialReportCommand({}));
          if (State === "COMPLETE") break;
          if (asked >= MAX_ASKED || clock.nowMs() + WAIT_MS > deadlineMs) return { kind: "pending" };
          await clock.sleep(WAIT_MS);
        }
        operation = "GetCredentialReport";
        return { kind: "ready", csv: await getReport(client) };
      } catch (error) {
        const { kind, code } = sortAwsError(error);
        // A new one is being made, or the last has just run out.
        if (/^ReportInProgress|^ReportNotPresent|^ReportExpired|^LimitExceeded/.test(code)) return { kind: "pending" };
        if (kind === "unavailable") throw unavailable(operation, error);
        return { kind: "unreadable", reason: `AWS refuses ${operation}: ${code}` };
      }
    },
  };
}
