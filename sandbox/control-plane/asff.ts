import { type Input, isRecord } from "./input.ts";

/** Most letters of texts, by their path. */
const LENGTHS: Readonly<Record<string, number>> = {
  Id: 512,
  GeneratorId: 512,
  ProductArn: 2_048,
  Title: 256,
  Description: 1_024,
  ProductName: 128,
  CompanyName: 128,
  "Note.Text": 512,
  "Note.UpdatedBy": 512,
  "Remediation.Recommendation.Text": 512,
  "Severity.Original": 64,
  "FindingProviderFields.Severity.Original": 64,
};
const REQUIRED = [
  ...["SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt"],
  ...["Title", "Description"],
];
const TIMES = ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"];
const LABELS = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
const NAMESPACES = [
  ...["Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors"],
  "Sensitive Data Identifications",
];
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  SchemaVersion: ["2018-10-08"],
  "Severity.Label": LABELS,
  "FindingProviderFields.Severity.Label": LABELS,
  "Workflow.Status": ["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"],
  "Compliance.Status": ["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"],
  RecordState: ["ACTIVE", "ARCHIVED"],
  VerificationState: ["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"],
};
const PARTITIONS = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b", "AzureCloud"];
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/;

/**
 * What is wrong with a finding in the AWS Security Finding Format, in Security Hub's way of putting it; undefined when nothing is. Members that nobody here sends are let pass.
 *
 * @see https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html
 */
export function problemOf(finding: Input): string | undefined {
  return [...problems(finding)][0];
}

function* problems(finding: Input): Generator<string> {
  for (const name of REQUIRED) {
    const value = finding[name];
    if (value === undefined) yield `data should have required property '${name}'`;
    else if (typeof value !== "string" || !/\S/.test(value)) yield `data.${name} should match pattern ".*\\S.*"`;
  }
  if (!/^\d{12}$/.test(String(finding.AwsAccountId))) yield "data.AwsAccountId should have 12 characters";
  for (const [path, most] of Object.entries(LENGTHS)) {
    const value = at(finding, path);
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "") yield `data.${path} should NOT be shorter than 1 characters`;
    else if ([...value].length > most) yield `data.${path} should NOT be longer than ${most} characters`;
  }
  for (const [path, allowed] of Object.entries(ENUMS)) {
    const value = at(finding, path);
    if (value !== undefined && !allowed.includes(String(value)))
      yield `data.${path} should be equal to one of the allowed values`;
  }
  for (const name of TIMES) {
    const value = finding[name];
    if (value !== undefined && !(TIMESTAMP.test(String(value)) && Number.isFinite(Date.parse(String(value)))))
      yield `data.${name} should match format "date-time"`;
  }
  if (at(finding, "Severity.Label") === undefined && at(finding, "FindingProviderFields.Severity.Label") === undefined)
    yield "data should have required property 'Severity'";
  yield* types(finding.Types ?? at(finding, "FindingProviderFields.Types"));
  yield* resources(finding.Resources);
  yield* pairs(finding, "ProductFields", 2_048);
  yield* pairs(finding, "UserDefinedFields", 1_024);
  yield* requirements(at(finding, "Compliance.RelatedRequirements"));
}

function* types(value: unknown): Generator<string> {
  if (!Array.isArray(value) || value.length > 50) return yield "data.Types should have between 0 and 50 items";
  for (const type of value) {
    const [namespace = "", ...rest] = String(type).split("/");
    if (!NAMESPACES.includes(namespace) || rest.length > 2) yield `data.Types: ${type} is no type of the taxonomy`;
  }
}

function* resources(value: unknown): Generator<string> {
  if (!Array.isArray(value) || value.length < 1) return yield "data.Resources should NOT have fewer than 1 items";
  if (value.length > 32) yield "data.Resources should NOT have more than 32 items";
  for (const each of value) {
    const { Type, Id, Partition, Region } = isRecord(each) ? each : {};
    if (typeof Type !== "string" || Type === "" || Type.length > 256) yield "data.Resources.Type is wrong";
    if (typeof Id !== "string" || !/\S/.test(Id)) yield "data.Resources.Id is wrong";
    if (Partition !== undefined && !PARTITIONS.includes(String(Partition))) yield "data.Resources.Partition is wrong";
    if (Region !== undefined && !/^\S{1,16}$/.test(String(Region))) yield "data.Resources.Region is wrong";
  }
}

function* pairs(finding: Input, name: string, most: number): Generator<string> {
  const value = finding[name];
  if (value === undefined) return;
  const entries = isRecord(value) ? Object.entries(value) : [];
  if (entries.length > 50) yield `data.${name} should NOT have more than 50 properties`;
  for (const [key, text] of entries) {
    if ([...key].length > 128 || !/\S/.test(key)) yield `data.${name} should NOT have keys longer than 128 characters`;
    if (name === "ProductFields" && key.startsWith("aws/")) yield "data.ProductFields: aws/ is a reserved namespace";
    if (typeof text !== "string" || !/\S/.test(text) || [...text].length > most)
      yield `data.${name}.${key} should NOT be longer than ${most} characters`;
  }
}

function* requirements(value: unknown): Generator<string> {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.length > 32) yield "data.Compliance.RelatedRequirements has more than 32 items";
}

function at(finding: Input, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), finding);
}
