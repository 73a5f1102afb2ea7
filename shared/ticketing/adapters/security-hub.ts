import type { BatchUpdateFindingsCommandInput, SecurityHubClient } from "@aws-sdk/client-securityhub";
import { awsOf, deliveryErrorOf } from "../aws-delivery.ts";
import type { Ticket } from "../ticket.ts";
import { type AdapterDefinition, DeliveryError, refusedFor, type TrackerPorts } from "../tracker.ts";
import { findingOf, noteOf, type Product, productIn, workflowOf } from "./security-hub-text.ts";

/** What is wrong with a finding stays wrong. Other codes (concurrent updates, limits, faults, a finding that is not to be seen yet) pass. */
const FINAL: ReadonlySet<string> = new Set([...["InvalidInput", "FindingSizeExceeded", "DuplicatedFindingIdentifier"]]);
const MAX_TOLD = 300;

/**
 * Findings of AWS Security Hub, each in the account and the Region that it is about. The same Id is the same finding, so that an opening may be repeated, and nothing has to be searched.
 *
 * BatchImportFindings writes what a provider knows; who works on it, and the one note, are the customer's, and are set by BatchUpdateFindings.
 *
 * @see https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
 * @see https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html
 */
export const securityHub: AdapterDefinition = {
  name: "security-hub",
  url: { use: "none", meaning: "Security Hub of the finding's own account and Region" },
  secret: {},
  settings: {},
  make(_route, ports) {
    const hub = hubOf(ports);
    return {
      async open(ticket) {
        const product = productOf(ticket);
        // A record's first two times have to be the same; when the problem was seen first is said beside them.
        const at = new Date(ports.nowMs()).toISOString();
        const workflow = workflowOf(ticket, false);
        const times = { createdAt: at, updatedAt: at };
        await hub.write(ticket, { product, ...times, isResolved: false }, workflow);
        return { id: ticket.key, state: "open", more: { ...times, workflow } };
      },
      async change(remote, ticket, { kind, note }) {
        const product = productOf(ticket);
        const isResolved = kind === "resolve" || (kind === "update" && remote.state === "resolved");
        const known = remote.more ?? {};
        const updatedAt = laterThan(known.updatedAt, ports.nowMs());
        const times = { createdAt: known.createdAt ?? updatedAt, updatedAt };
        const workflow = workflowOf(ticket, isResolved);
        await hub.write(ticket, { product, ...times, isResolved }, workflow);
        // What people have set stays, as long as nothing changes that they would have to know.
        const isMoved = kind !== "update" || workflow !== known.workflow;
        if (isMoved || note !== undefined)
          await hub.mark(product, {
            FindingIdentifiers: [{ Id: remote.id, ProductArn: product.arn }],
            ...(isMoved && { Workflow: { Status: workflow } }),
            ...(note !== undefined && { Note: { Text: noteOf(note), UpdatedBy: "Cordon" } }),
          });
        return { ...remote, state: isResolved ? "resolved" : "open", more: { ...known, ...times, workflow } };
      },
    };
  },
};

/** The two calls, in the account and Region of a product. */
function hubOf(ports: TrackerPorts) {
  // Kept for the container's life.
  const clients = new Map<string, Promise<SecurityHubClient>>();
  const call = async <Answer>(
    operation: string,
    { account, region, arn }: Product,
    ask: (client: SecurityHubClient) => Promise<Answer>,
  ): Promise<Answer> => {
    const aws = awsOf(ports, "security-hub");
    try {
      const made = clients.get(arn) ?? clientIn(account, region, aws);
      clients.set(arn, made);
      return await ask(await made);
    } catch (error) {
      clients.delete(arn);
      throw deliveryErrorOf(error, `${operation} in ${account}, ${region}`, false);
    }
  };
  return {
    /** Makes the finding, or brings it up to date. Its workflow is taken of a new one only. */
    write: (ticket: Ticket, reported: Parameters<typeof findingOf>[1], workflow: ReturnType<typeof workflowOf>) =>
      call("BatchImportFindings", reported.product, async (client) => {
        const { BatchImportFindingsCommand } = await import("@aws-sdk/client-securityhub");
        const finding = { ...findingOf(ticket, reported), Workflow: { Status: workflow } };
        const answer = await client.send(new BatchImportFindingsCommand({ Findings: [finding] }));
        const [failed] = answer.FailedFindings ?? [];
        if (failed !== undefined || answer.SuccessCount !== 1)
          throw failureOf("BatchImportFindings", reported.product, failed);
      }),
    /** Who works on it, and the note. */
    mark: (product: Product, input: BatchUpdateFindingsCommandInput) =>
      call("BatchUpdateFindings", product, async (client) => {
        const { BatchUpdateFindingsCommand } = await import("@aws-sdk/client-securityhub");
        const answer = await client.send(new BatchUpdateFindingsCommand(input));
        const [failed] = answer.UnprocessedFindings ?? [];
        if (failed !== undefined || answer.ProcessedFindings?.length !== 1)
          throw failureOf("BatchUpdateFindings", product, failed);
      }),
  };
}

async function clientIn(account: string, region: string, { configFor }: NonNullable<TrackerPorts["aws"]>) {
  const { SecurityHubClient } = await import("@aws-sdk/client-securityhub");
  return new SecurityHubClient({ ...(await configFor(account, region)), region });
}

function failureOf(
  operation: string,
  { account, region }: Product,
  failed: { readonly ErrorCode?: string | undefined; readonly ErrorMessage?: string | undefined } | undefined,
): DeliveryError {
  const where = `${operation} in ${account}, ${region}`;
  if (failed === undefined) return new DeliveryError("later", `${where}: an answer that says nothing of the finding`);
  const { ErrorCode = "", ErrorMessage = "" } = failed;
  const told = `${where}: ${`${ErrorCode}: ${ErrorMessage}`.slice(0, MAX_TOLD)}`;
  // Of that account and Region only: the route's other tickets go elsewhere.
  if (ErrorCode === "InvalidAccess") return refusedFor(`${told}; is Security Hub enabled there?`, { isWide: false });
  return new DeliveryError(FINAL.has(ErrorCode) ? "never" : "later", told);
}

function productOf({ key, labels: { account, region } }: Ticket): Product {
  if (!/^\d{12}$/.test(account) || !/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(region))
    throw new DeliveryError(
      "never",
      `${key} lies in no account and Region of AWS: ${account}, ${region}`.slice(0, 200),
    );
  return productIn(account, region);
}

/** Security Hub passes over what is not newer than what it has, and clocks of two machines differ. */
function laterThan(last: string | undefined, nowMs: number): string {
  const lastMs = last === undefined ? Number.NaN : Date.parse(last);
  return new Date(Number.isFinite(lastMs) ? Math.max(nowMs, lastMs + 1) : nowMs).toISOString();
}
