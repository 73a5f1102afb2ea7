import { ServiceError } from "../errors.ts";
import { failure, type Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import { problemOf } from "./asff.ts";
import type { Caller, ControlService } from "./control-service.ts";
import { type Input, isRecord, readList } from "./input.ts";
import { createRestJsonService } from "./rest-json-protocol.ts";

/** A finding as Security Hub has it, in the AWS Security Finding Format. */
export interface HubFinding {
  readonly account: string;
  readonly region: string;
  readonly finding: Readonly<Record<string, unknown>>;
}

export interface SecurityHub {
  readonly findings: readonly HubFinding[];
  clear(): void;
  service: Service;
}

interface Kept extends HubFinding {
  finding: Record<string, unknown>;
  /** Members that a customer has set: the provider's are no longer taken. */
  readonly customers: Set<string>;
}

const HUB = "AWS::SecurityHub::Hub";
const MAX_BATCH = 100;
const MAX_BYTES = 240 * 1_024;
/** Of a finding that is there, these are the customer's. */
const CUSTOMERS = ["Note", "UserDefinedFields", "VerificationState", "Workflow"];
const SHARED = ["Confidence", "Criticality", "RelatedFindings", "Severity", "Types"];

/**
 * BatchImportFindings by the finding's own account, with its default product, and BatchUpdateFindings. Security Hub is on where a hub was seeded.
 *
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html
 * @see https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html
 */
export function createSecurityHub(registry: Registry): SecurityHub {
  const kept = new Map<string, Kept>();
  const isEnabled = ({ account, region }: Caller) => registry.list(HUB, { account, region }).length > 0;
  const keyOf = ({ Id, ProductArn }: Input, { account, region }: Caller) =>
    JSON.stringify([account, region, ProductArn, Id]);

  const importOne = (finding: Input, caller: Caller): { code: string; message: string } | undefined => {
    const { account, region } = caller;
    if (!isEnabled(caller)) return { code: "InvalidAccess", message: "The account is not subscribed to Security Hub" };
    const problem = problemOf(finding);
    if (problem !== undefined)
      return { code: "InvalidInput", message: `Finding does not adhere to Amazon Finding Format. ${problem}.` };
    if (Buffer.byteLength(JSON.stringify(finding)) > MAX_BYTES)
      return { code: "InvalidInput", message: "Finding size exceeded 240 KB" };
    if (finding.AwsAccountId !== account || finding.ProductArn !== productOf(caller))
      return { code: "InvalidAccess", message: "The product or account of the finding is not the caller's" };
    const key = keyOf(finding, caller);
    const there = kept.get(key);
    if (there === undefined) {
      const made = { Workflow: { Status: "NEW" }, RecordState: "ACTIVE", Region: region, ...finding };
      kept.set(key, { account, region, finding: made, customers: new Set() });
      return undefined;
    }
    // Older news is passed over; of the same time nothing is said.
    if (Date.parse(String(finding.UpdatedAt)) <= Date.parse(String(there.finding.UpdatedAt))) return undefined;
    there.finding = updated(there, finding);
    return undefined;
  };

  const service: ControlService = {
    name: "securityhub",
    nameOf: () => "",
    arnOf: (_input, { account, region }) => `arn:aws:securityhub:${region}:${account}:hub/default`,
    handlers: {
      BatchImportFindings: {
        mutating: true,
        eventName: false,
        permissions: ({ Findings }, { account }) =>
          [...new Set(readList(Findings).map((each) => String(isRecord(each) ? each.ProductArn : "*")))].map(
            (resource) => ({ action: "securityhub:BatchImportFindings", resource, account }),
          ),
        run({ Findings }, caller) {
          const all = readList(Findings);
          if (all.length < 1 || all.length > MAX_BATCH)
            throw new ServiceError("InvalidInputException", `Findings: 1 to ${MAX_BATCH}`, 400);
          const failed = all.filter(isRecord).flatMap((finding) => {
            const error = importOne(finding, caller);
            const { Id } = finding;
            return error ? [{ Id: String(Id), ErrorCode: error.code, ErrorMessage: error.message }] : [];
          });
          return { FailedCount: failed.length, SuccessCount: all.length - failed.length, FailedFindings: failed };
        },
      },
      BatchUpdateFindings: {
        mutating: true,
        eventName: false,
        run({ FindingIdentifiers, ...changes }, caller) {
          if (!isEnabled(caller))
            throw new ServiceError("InvalidAccessException", "Account is not subscribed to AWS Security Hub", 401);
          const all = readList(FindingIdentifiers).filter(isRecord);
          if (all.length < 1 || all.length > MAX_BATCH)
            throw new ServiceError("InvalidInputException", `FindingIdentifiers: 1 to ${MAX_BATCH}`, 400);
          const problem = problemOfUpdate(changes);
          if (problem !== undefined) throw new ServiceError("InvalidInputException", problem, 400);
          const ProcessedFindings: Input[] = [];
          const UnprocessedFindings: Input[] = [];
          for (const { Id, ProductArn } of all) {
            const FindingIdentifier = { Id, ProductArn };
            const there = kept.get(keyOf(FindingIdentifier, caller));
            if (there === undefined) {
              const ErrorMessage = "Finding Not Found";
              UnprocessedFindings.push({ FindingIdentifier, ErrorCode: "FindingNotFound", ErrorMessage });
              continue;
            }
            const note = isRecord(changes.Note) && { ...changes.Note, UpdatedAt: new Date(caller.at).toISOString() };
            there.finding = { ...there.finding, ...changes, ...(note && { Note: note }) };
            for (const name of Object.keys(changes)) there.customers.add(name);
            ProcessedFindings.push(FindingIdentifier);
          }
          return { ProcessedFindings, UnprocessedFindings };
        },
      },
    },
  };
  return {
    get findings() {
      return [...kept.values()].map(({ account, region, finding }) => structuredClone({ account, region, finding }));
    },
    clear: () => kept.clear(),
    service: {
      ...createRestJsonService(service, {
        BatchImportFindings: ["POST", "/findings/import"],
        BatchUpdateFindings: ["PATCH", "/findings/batchupdate"],
      }),
      throttled: failure("TooManyRequestsException", "Rate exceeded", 429),
      broken: failure("InternalException", "Internal server error", 500),
    },
  };
}

function productOf({ account, region }: Caller): string {
  return `arn:aws:securityhub:${region}:${account}:product/${account}/default`;
}

/** The provider's new words, without what is the customer's. A finding that comes back is new again. */
function updated({ finding: before, customers }: Kept, finding: Input): Record<string, unknown> {
  const theirs = [...CUSTOMERS, ...SHARED.filter((name) => customers.has(name))];
  const after = {
    RecordState: "ACTIVE",
    Region: before.Region,
    ...finding,
    ...Object.fromEntries(theirs.map((name) => [name, before[name]])),
  } as Record<string, unknown>;
  for (const name of theirs) if (after[name] === undefined) delete after[name];
  const isBack =
    (before.RecordState === "ARCHIVED" && after.RecordState === "ACTIVE") ||
    (statusOf(before.Compliance) === "PASSED" &&
      ["WARNING", "FAILED", "NOT_AVAILABLE"].includes(statusOf(after.Compliance)));
  if (isBack && ["NOTIFIED", "RESOLVED"].includes(statusOf(after.Workflow))) after.Workflow = { Status: "NEW" };
  return after;
}

function statusOf(value: unknown): string {
  return isRecord(value) ? String(value.Status) : "";
}

function problemOfUpdate({ Note, Workflow }: Input): string | undefined {
  const { Text, UpdatedBy } = isRecord(Note) ? Note : {};
  const isText = (text: unknown) => typeof text === "string" && /\S/.test(text) && [...text].length <= 512;
  if (Note !== undefined && !(isText(Text) && isText(UpdatedBy)))
    return "Note: Text and UpdatedBy have 1 to 512 characters";
  const isStatus = ["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"].includes(statusOf(Workflow));
  return Workflow !== undefined && !isStatus ? "Workflow.Status is none of the allowed values" : undefined;
}
