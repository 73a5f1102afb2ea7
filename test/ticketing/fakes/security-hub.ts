import { AwsRestJsonProtocol } from "@aws-sdk/core/protocols";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { awsOfSandbox, serverOf } from "./aws.ts";
import { mistakesOf } from "./aws-schema.ts";

export const MEMBER = "444455556666";

/** The sandbox's Security Hub, on in two Regions of the cell's account and in one of a member's. */
export interface FakeSecurityHub extends FakeVendor {
  readonly sandbox: Sandbox;
  readonly asked: readonly [account: string, region: string][];
}

export async function openSecurityHub(): Promise<FakeSecurityHub> {
  const sandbox = await startSandbox({ startAt: Date.parse("2026-11-27T09:00:00Z"), schedule: { serial: true } });
  const asked: [string, string][] = [];
  sandbox.seedHub();
  sandbox.seedHub({ region: "us-east-1" });
  sandbox.seedHub({ account: MEMBER });
  const server = serverOf(sandbox);
  return {
    sandbox,
    asked,
    server,
    url: sandbox.endpoint,
    settings: {},
    secret: {},
    aws: awsOfSandbox(sandbox, { server, protocol: AwsRestJsonProtocol, check: mistakesOf, asked }),
    clear: () => sandbox.securityHub.clear(),
    kept: () => sandbox.securityHub.findings.map(({ finding }) => keptOf(finding as unknown as Shown)),
  };
}

/** What a person reads of a finding. */
interface Shown {
  readonly Id: string;
  readonly Title: string;
  readonly Description: string;
  readonly Remediation: { readonly Recommendation: { readonly Text: string } };
  readonly ProductFields: Readonly<Record<string, string>>;
  readonly Workflow: { readonly Status: string };
  readonly Note?: { readonly Text: string };
}

function keptOf({ Id, Title, Description, Remediation, ProductFields, Workflow, Note }: Shown): Kept {
  const notes = Note === undefined ? [] : [Note.Text];
  const texts = [Title, Description, Remediation.Recommendation.Text, ...Object.values(ProductFields), ...notes];
  const state = Workflow.Status === "RESOLVED" ? "resolved" : "open";
  return { key: Id, state, title: Title, text: texts.join("\n"), notes };
}
