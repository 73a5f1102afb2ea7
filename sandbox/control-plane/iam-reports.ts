import type { ControlHandler } from "./control-service.ts";
import { type IamContext, isoSeconds } from "./iam-input.ts";

/** The credential report: begun, asked for until it is there, and good for four hours. */
export function reportHandlers({ reports }: IamContext): Record<string, ControlHandler> {
  return {
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
