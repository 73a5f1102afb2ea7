import type { ControlHandler } from "./control-service.ts";
import { type IamContext, isoSeconds } from "./iam-input.ts";

/** What IAM tells of an account as a whole: a summary, and the credential report, begun, asked for until it is there, and good for four hours. */
export function reportHandlers({ reports, users }: IamContext): Record<string, ControlHandler> {
  return {
    // The few members that are about root and users; quotas and the rest of the thirty or so are left out.
    GetAccountSummary: {
      arn: () => "*",
      run(_input, { account }) {
        const { keys, hasMfa, password } = reports.root(account);
        const SummaryMap = new Map([
          ["AccountAccessKeysPresent", keys.length > 0 ? 1 : 0],
          ["AccountMFAEnabled", hasMfa ? 1 : 0],
          ["AccountPasswordPresent", password ? 1 : 0],
          ["Users", users.list(account).length],
        ]);
        return { SummaryMap };
      },
    },
    GenerateCredentialReport: { arn: () => "*", run: (_input, { account, at }) => reports.generate(account, at) },
    GetCredentialReport: {
      arn: () => "*",
      run(_input, { account, at }) {
        const report = reports.get(account, at);
        return {
          Content: Buffer.from(report.text).toString("base64"),
          ReportFormat: "text/csv",
          GeneratedTime: isoSeconds(report.at),
        };
      },
    },
  };
}
