import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  BatchUpdateFindingsCommand,
  SecurityHubClient,
} from "@aws-sdk/client-securityhub";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

let sandbox: Sandbox;
let hub: SecurityHubClient;
beforeEach(async () => {
  sandbox = await startSandbox();
  hub = new SecurityHubClient(clientConfig(sandbox));
  sandbox.seedHub();
});
afterEach(() => sandbox.close());

const ProductArn = "arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default";
const GOOD: AwsSecurityFinding = {
  SchemaVersion: "2018-10-08",
  Id: "id",
  ProductArn,
  GeneratorId: "control",
  AwsAccountId: "111122223333",
  Types: ["Software and Configuration Checks"],
  CreatedAt: "2026-01-01T00:00:00Z",
  UpdatedAt: "2026-01-01T00:00:00Z",
  Severity: { Label: "HIGH" },
  Title: "title",
  Description: "description",
  Resources: [{ Type: "AwsS3Bucket", Id: "arn:aws:s3:::bucket" }],
};
const put = (more: Partial<AwsSecurityFinding> = {}) =>
  hub.send(new BatchImportFindingsCommand({ Findings: [{ ...GOOD, ...more }] }));
const mark = (more: object, Id = "id") =>
  hub.send(new BatchUpdateFindingsCommand({ FindingIdentifiers: [{ Id, ProductArn }], ...more }));
const found = () => sandbox.securityHub.findings.map(({ finding }) => finding);

it("takes a finding, and an update that is newer", async () => {
  expect(await put()).toMatchObject({ SuccessCount: 1, FailedCount: 0 });
  await put({ Title: "older", UpdatedAt: "2025-12-31T00:00:00Z" });
  expect(found()).toMatchObject([{ Title: "title", Workflow: { Status: "NEW" }, RecordState: "ACTIVE" }]);
  await put({ Title: "newer", UpdatedAt: "2026-01-02T00:00:00+01:00" });

  expect(found()).toMatchObject([{ Title: "newer" }]);
});

it("leaves to customers what is theirs", async () => {
  await put({ Workflow: { Status: "NOTIFIED" } });
  await mark({ Workflow: { Status: "SUPPRESSED" }, Note: { Text: "t", UpdatedBy: "u" }, Severity: { Label: "LOW" } });
  await put({
    UpdatedAt: "2026-01-02T00:00:00Z",
    Workflow: { Status: "NEW" },
    Note: { Text: "mine", UpdatedBy: "p", UpdatedAt: "2026-01-02T00:00:00Z" },
    Severity: { Label: "CRITICAL" },
  });

  expect(found()).toMatchObject([
    { Workflow: { Status: "SUPPRESSED" }, Note: { Text: "t", UpdatedBy: "u" }, Severity: { Label: "LOW" } },
  ]);
});

it.each<[string, Partial<AwsSecurityFinding>, Partial<AwsSecurityFinding>]>([
  ["fails again", { Compliance: { Status: "PASSED" } }, { Compliance: { Status: "FAILED" } }],
  ["is active again", { RecordState: "ARCHIVED" }, { RecordState: "ACTIVE" }],
])("makes new what %s", async (_, before, after) => {
  await put(before);
  await mark({ Workflow: { Status: "RESOLVED" } });
  await put({ ...after, UpdatedAt: "2026-01-02T00:00:00Z" });

  expect(found()).toMatchObject([{ Workflow: { Status: "NEW" } }]);
});

it.each<[string, object]>([
  ["a title of 257 letters", { Title: "x".repeat(257) }],
  ["an empty title", { Title: "" }],
  ["a description of 1,025 letters", { Description: "x".repeat(1_025) }],
  ["an Id of 513 letters", { Id: "x".repeat(513) }],
  ["a remedy of 513 letters", { Remediation: { Recommendation: { Text: "x".repeat(513) } } }],
  ["no resource", { Resources: [] }],
  ["a resource without Id", { Resources: [{ Type: "Other", Id: " " }] }],
  ["a strange partition", { Resources: [{ Type: "Other", Id: "a", Partition: "aws-eusc" }] }],
  ["no severity", { Severity: undefined }],
  ["a strange severity", { Severity: { Label: "URGENT" } }],
  ["a strange type", { Types: ["Anything/Goes"] }],
  ["a strange version", { SchemaVersion: "2020-01-01" }],
  ["a time that is none", { UpdatedAt: "yesterday" }],
  ["a strange status", { Compliance: { Status: "MAYBE" } }],
  ["51 fields", { ProductFields: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`f${n}`, "v"])) }],
  ["a field of 2,049 letters", { ProductFields: { f: "x".repeat(2_049) } }],
  ["a field of AWS's", { ProductFields: { "aws/f": "v" } }],
  ["33 requirements", { Compliance: { RelatedRequirements: Array.from({ length: 33 }, String) } }],
])("does not take %s", async (_, more) => {
  const { FailedCount, FailedFindings } = await put(more as Partial<AwsSecurityFinding>);

  expect([FailedCount, FailedFindings?.[0]?.ErrorCode]).toEqual([1, "InvalidInput"]);
  expect(FailedFindings?.[0]?.ErrorMessage).toMatch(/^Finding does not adhere to Amazon Finding Format\. data/);
  expect(found()).toEqual([]);
});

it.each<[string, object]>([
  ["another account", { AwsAccountId: "444455556666" }],
  ["another account's product", { ProductArn: ProductArn.replaceAll("111122223333", "444455556666") }],
  ["another Region's product", { ProductArn: ProductArn.replace("eu-central-1", "eu-west-1") }],
])("does not take a finding of %s", async (_, more) => {
  expect((await put(more)).FailedFindings).toMatchObject([{ Id: "id", ErrorCode: "InvalidAccess" }]);
});

it("is asked for what is not there, and where it is off", async () => {
  expect((await mark({ Workflow: { Status: "NEW" } })).UnprocessedFindings).toMatchObject([
    { FindingIdentifier: { Id: "id", ProductArn }, ErrorCode: "FindingNotFound" },
  ]);
  await put();
  expect(await failureOf(mark({ Note: { Text: "x".repeat(513), UpdatedBy: "u" } }))).toMatchObject({
    name: "InvalidInputException",
  });
  expect(await failureOf(mark({ Workflow: { Status: "DONE" } }))).toMatchObject({ name: "InvalidInputException" });
  hub = new SecurityHubClient(clientConfig(sandbox, "eu-west-1"));
  expect((await put()).FailedFindings).toMatchObject([{ ErrorCode: "InvalidAccess" }]);
  expect(await failureOf(mark({ Workflow: { Status: "NEW" } }))).toMatchObject({ name: "InvalidAccessException" });
});

it("asks for the product's permission, and the hub's", async () => {
  await put();
  await mark({ Workflow: { Status: "NEW" } });

  expect(sandbox.calls.flatMap(({ permissions }) => permissions)).toEqual([
    { action: "securityhub:BatchImportFindings", resource: ProductArn, account: "111122223333" },
    {
      action: "securityhub:BatchUpdateFindings",
      resource: "arn:aws:securityhub:eu-central-1:111122223333:hub/default",
      account: "111122223333",
    },
  ]);
});
