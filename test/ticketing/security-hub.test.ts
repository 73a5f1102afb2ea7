import { fileURLToPath } from "node:url";
import {
  BatchImportFindingsRequest$,
  BatchUpdateFindingsRequest$,
  SecurityHubClient,
} from "@aws-sdk/client-securityhub";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readTemplate } from "../../sandbox/index.ts";
import { CordonError } from "../../shared/errors.ts";
import { securityHub } from "../../shared/ticketing/adapters/security-hub.ts";
import { type Ticket, ticketOf } from "../../shared/ticketing/ticket.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { findingOf } from "../support/finding.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { mistakesOf } from "./fakes/aws-schema.ts";
import { type FakeSecurityHub, MEMBER, openSecurityHub } from "./fakes/security-hub.ts";
import { POISON, someTicket } from "./some-ticket.ts";

adapterContract(securityHub, openSecurityHub);

const MEMBER_ROLE = fileURLToPath(new URL("../../deploy/member-role.yml", import.meta.url));
const NOW_MS = Date.parse("2026-11-27T09:00:00Z");
let vendor: FakeSecurityHub;
beforeAll(async () => {
  vendor = await openSecurityHub();
});
afterAll(() => vendor.server.close());
afterEach(() => expect(vendor.server.mistakes.splice(0), "by the SDK's own schema").toEqual([]));
beforeEach(() => {
  vendor.clear();
  vendor.sandbox.clearCalls();
});

const tracker = (nowMs = NOW_MS) => trackerOf(securityHub, vendor, { nowMs: () => nowMs });
const only = () => {
  expect(vendor.sandbox.securityHub.findings).toHaveLength(1);
  return vendor.sandbox.securityHub.findings[0];
};
const found = () => only()?.finding as Record<string, unknown>;
const calls = () => vendor.sandbox.calls.map(({ operation }) => operation);
const failureOf = (ticket: Ticket) =>
  tracker()
    .open(ticket)
    .then(
      () => undefined,
      (error) => error,
    );
const inPlace = (account: string, region: string, resource?: string) =>
  someTicket({ labels: { ...someTicket().labels, account, region, ...(resource !== undefined && { resource }) } });
const waiting = someTicket({
  title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
  state: "open",
  isWaiting: true,
  version: 2,
  sections: [
    { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
    { heading: "What was done", lines: ["Nothing: a person has to decide."] },
    { heading: "How to decide", lines: ['cordon approve f-0123456789abcdef0123 --reason "..."'] },
  ],
});
const resolved = someTicket({ title: "[RESOLVED] Bucket customer-records", state: "resolved", version: 4 });

describe("a finding of Security Hub", () => {
  it.each([
    ["contained", someTicket(), undefined],
    ["waiting", waiting, undefined],
    ["resolved", someTicket(), "The violation is gone."],
  ] as const)("reads well: %s", async (name, ticket, note) => {
    const remote = await tracker().open(ticket);
    if (note !== undefined) await tracker(NOW_MS + 60_000).change(remote, resolved, { kind: "resolve", note });

    await expect(`${JSON.stringify(found(), null, 2)}\n`).toMatchFileSnapshot(`__texts__/security-hub-${name}.txt`);
  });

  it.each([
    ["open", "NEW", "FAILED"],
    ["contained", "NOTIFIED", "FAILED"],
    ["exempt", "NOTIFIED", "WARNING"],
  ] as const)("that is %s is %s and %s", async (state, workflow, compliance) => {
    await tracker().open(someTicket({ state }));

    expect(found()).toMatchObject({ Workflow: { Status: workflow }, Compliance: { Status: compliance } });
    expect(calls()).toEqual(["BatchImportFindings"]);
  });

  it("names the requirements that are in question, by the line that tickets have of them", async () => {
    const citations = [
      { framework: "GDPR", reference: "Art. 44" },
      { framework: "ISO/IEC 27001:2022", reference: "A.8.12" },
    ];
    await tracker().open(ticketOf(findingOf({ citations: citations as never }), 1));

    expect(found()).toMatchObject({
      Compliance: { RelatedRequirements: ["GDPR Art. 44", "ISO/IEC 27001:2022 A.8.12"] },
      Types: ["Software and Configuration Checks/Industry and Regulatory Standards/GDPR Controls (Europe)"],
    });
  });

  it("keeps what people have set as long as nothing changes that they would have to know", async () => {
    const remote = await tracker().open(someTicket());
    const { sandbox } = vendor;
    const { SecurityHubClient: Client, BatchUpdateFindingsCommand } = await import("@aws-sdk/client-securityhub");
    const person = new Client((await vendor.aws?.configFor(sandbox.account, sandbox.region)) ?? {});
    const ProductArn = String(found().ProductArn);
    await person.send(
      new BatchUpdateFindingsCommand({
        FindingIdentifiers: [{ Id: remote.id, ProductArn }],
        Workflow: { Status: "SUPPRESSED" },
        Note: { Text: "Mine.", UpdatedBy: "somebody" },
      }),
    );
    sandbox.clearCalls();

    const later = await tracker(NOW_MS + 1_000).change(remote, someTicket({ title: "Said otherwise" }), {
      kind: "update",
    });
    expect(found()).toMatchObject({
      Title: "Said otherwise",
      Workflow: { Status: "SUPPRESSED" },
      Note: { Text: "Mine." },
    });
    expect(calls()).toEqual(["BatchImportFindings"]);

    await tracker(NOW_MS + 2_000).change(later, waiting, { kind: "update" });
    expect(found()).toMatchObject({ Workflow: { Status: "NEW" }, Note: { Text: "Mine." } });
  });

  it("is brought up to date by a machine whose clock is behind", async () => {
    const remote = await tracker(NOW_MS + 60_000).open(someTicket());
    const changed = await tracker(NOW_MS).change(remote, resolved, { kind: "resolve", note: "Gone." });

    expect(found()).toMatchObject({
      Title: "[RESOLVED] Bucket customer-records",
      UpdatedAt: "2026-11-27T09:01:00.001Z",
    });
    expect(changed.more).toMatchObject({ createdAt: "2026-11-27T09:01:00.000Z", workflow: "RESOLVED" });
  });

  it("that Security Hub has deleted after 90 days is made again", async () => {
    const remote = await tracker().open(someTicket());
    vendor.clear();
    await tracker(NOW_MS + 1_000).change(remote, resolved, { kind: "resolve", note: "Gone." });

    expect(found()).toMatchObject({ Workflow: { Status: "RESOLVED" }, Note: { Text: "Gone.", UpdatedBy: "Cordon" } });
  });

  it.each([
    ["the cell's own account", "111122223333", "eu-central-1"],
    ["another Region", "111122223333", "us-east-1"],
    ["a member", MEMBER, "eu-central-1"],
  ])("is written in %s, by that account", async (_, account, region) => {
    await tracker().open(inPlace(account, region));

    expect(vendor.asked.at(-1)).toEqual([account, region]);
    expect(only()).toMatchObject({ account, region, finding: { AwsAccountId: account, Region: region } });
    expect(vendor.sandbox.calls.at(-1)?.permissions).toEqual([
      {
        action: "securityhub:BatchImportFindings",
        resource: `arn:aws:securityhub:${region}:${account}:product/${account}/default`,
        account,
      },
    ]);
  });

  it.each([
    ["cn-north-1", "aws-cn", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov", "aws-us-gov"],
    ["eusc-de-east-1", "aws-eusc", undefined],
    ["us-isob-east-1", "aws-iso-b", undefined],
  ])("of %s is in its partition", async (region, partition, said) => {
    const { findingOf: asff, productIn } = await import("../../shared/ticketing/adapters/security-hub-text.ts");
    const product = productIn("111122223333", region);
    const times = { createdAt: "2026-11-27T09:00:00.000Z", updatedAt: "2026-11-27T09:00:00.000Z" };

    const { ProductArn, Resources } = asff(someTicket(), { product, ...times, isResolved: false });
    expect(ProductArn).toBe(`arn:${partition}:securityhub:${region}:111122223333:product/111122223333/default`);
    expect(Resources?.[0]?.Partition).toBe(said);
  });

  it("has the account for a resource where the route may not know which one it is", async () => {
    await tracker().open(inPlace("111122223333", "eu-central-1", ""));

    expect(found().Resources).toMatchObject([{ Type: "AwsAccount", Id: "AWS::::Account:111122223333" }]);
  });

  it.each([...POISON, "", " ", "\n\n"])(
    "is valid and leads nowhere, whatever things are called: %.40s",
    async (poison) => {
      const ticket = someTicket({
        title: poison,
        sections: [
          { heading: "What happened", lines: [poison, `Rule ${poison} sends data`] },
          { heading: poison, lines: [poison] },
          { heading: "What to do", lines: [poison] },
        ],
        labels: { ...someTicket().labels, resource: poison, resourceType: poison },
      });
      const remote = await tracker().open(ticket);
      await tracker(NOW_MS + 1_000).change(remote, ticket, { kind: "update", note: poison });

      const { Title, Description, Note, ProductFields, Remediation } = found();
      const texts = JSON.stringify({ Title, Description, Note, ProductFields, Remediation });
      expect(texts).not.toMatch(/[a-z]:\/\/|\bwww\.|\b(mailto|javascript):|[\p{L}\p{N}]@[\p{L}\p{N}]/iu);
      expect(texts).not.toMatch(/\\n|\\u00|\\ud8/);
    },
  );

  it.each(["x", '"', "漢", "😀"])("fits, however much there is to say in %s", async (letter) => {
    const line = letter.repeat(5_000);
    const remote = await tracker().open(
      someTicket({
        title: line,
        sections: Array.from({ length: 100 }, (_, n) => ({ heading: `What to do ${n}`, lines: [line, line] })),
        labels: { ...someTicket().labels, resource: line },
      }),
    );
    await tracker(NOW_MS + 1_000).change(remote, someTicket({ title: line }), { kind: "update", note: line });

    expect(String(found().Title).endsWith(" [...]")).toBe(true);
  });
});

describe("Security Hub", () => {
  it("that is off in a Region is for people, who are told where", async () => {
    expect(await failureOf(inPlace("111122223333", "eu-west-1"))).toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
      isWide: false,
      message: expect.stringMatching(/111122223333, eu-west-1: InvalidAccess.*is Security Hub enabled there\?/),
    });
  });

  it.each([
    ["no account", "unknown", "eu-central-1"],
    ["no Region", "111122223333", "global"],
  ])("is not asked about what lies in %s", async (_, account, region) => {
    expect(await failureOf(inPlace(account, region))).toMatchObject({ name: "DeliveryError", kind: "never" });
    expect(calls()).toEqual([]);
  });

  it.each([
    ["ConcurrentUpdateError", "later"],
    ["FindingNotFound", "later"],
    ["InternalFailure", "later"],
    ["InvalidInput", "never"],
    ["FindingSizeExceeded", "never"],
  ])("that has left a finding out for %s is asked again: %s", async (ErrorCode, kind) => {
    const remote = await tracker().open(someTicket());
    const answer = {
      ProcessedFindings: [],
      UnprocessedFindings: [{ ErrorCode, ErrorMessage: "m" }],
      FailedCount: 0,
      SuccessCount: 1,
    };
    const send = vi.spyOn(SecurityHubClient.prototype, "send").mockImplementation(async () => answer as never);
    const changing = tracker().change(remote, resolved, { kind: "resolve", note: "Gone." });

    await expect(changing).rejects.toMatchObject({
      name: "DeliveryError",
      kind,
      isWide: false,
      message: expect.stringContaining(ErrorCode),
    });
    send.mockRestore();
  });

  it("that answers with nothing is asked again", async () => {
    const send = vi.spyOn(SecurityHubClient.prototype, "send").mockImplementation(async () => ({}) as never);

    expect(await failureOf(someTicket())).toMatchObject({ name: "DeliveryError", kind: "later" });
    send.mockRestore();
  });

  it.each([
    ["unavailable", "later"],
    ["foreign-account", "never"],
    ["denied", "later"],
  ] as const)("is not reached without credentials: %s is %s", async (because, kind) => {
    const configFor = async (): Promise<object> => {
      throw new CordonError(because, "no credentials");
    };
    const lost = trackerOf(securityHub, {
      ...vendor,
      aws: { region: "eu-central-1", account: "111122223333", configFor },
    });

    await expect(lost.open(someTicket())).rejects.toMatchObject({ name: "DeliveryError", kind });
  });

  it("is reached again once credentials are to be had", async () => {
    let isThere = false;
    const configFor = async (account: string, region: string): Promise<object> => {
      if (!isThere) throw new CordonError("unavailable", "no credentials");
      return (await vendor.aws?.configFor(account, region)) ?? {};
    };
    const lost = trackerOf(securityHub, {
      ...vendor,
      aws: { region: "eu-central-1", account: "111122223333", configFor },
    });
    await expect(lost.open(someTicket())).rejects.toMatchObject({ kind: "later" });
    isThere = true;

    await expect(lost.open(someTicket())).resolves.toMatchObject({ state: "open" });
  });
});

describe("the member role", () => {
  /** The adapter as the function calls it: with its own role's session, and the member role's in other accounts. */
  async function reportingAs(parameter: "yes" | "no") {
    const { sandbox } = vendor;
    const ExternalId = "an-external-id";
    const parameters = { CellAccountId: sandbox.account, ExternalId, ReportToSecurityHub: parameter };
    sandbox.deployTemplate(readTemplate(MEMBER_ROLE), { account: MEMBER, parameters, stackName: "member" });
    const caller = sandbox.createPrincipal({ type: "AssumedRole", name: "cordon-deliver-tickets-eu-central-1" });
    const sts = new STSClient(clientConfig(sandbox, sandbox.region, caller));
    const RoleArn = `arn:aws:iam::${MEMBER}:role/cordon-member`;
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn, ExternalId, RoleSessionName: "cordon-deliver-tickets" }),
    );
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const configFor = async (_: string, region: string) => ({ ...clientConfig(sandbox, region), credentials });
    return trackerOf(securityHub, { ...vendor, aws: { region: sandbox.region, account: sandbox.account, configFor } });
  }

  it("may report and mark a finding where it was told so", async () => {
    const member = await reportingAs("yes");
    const remote = await member.open(inPlace(MEMBER, "eu-central-1"));
    const inMember = { ...resolved, labels: inPlace(MEMBER, "eu-central-1").labels };

    expect(await member.change(remote, inMember, { kind: "resolve", note: "Gone." })).toMatchObject({
      state: "resolved",
    });
    expect(only()).toMatchObject({ account: MEMBER, finding: { Workflow: { Status: "RESOLVED" } } });
  });

  it("may not otherwise, nor another account's", async () => {
    const member = await reportingAs("yes");
    await expect(member.open(inPlace("111122223333", "eu-central-1"))).rejects.toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
    });
    for (const policy of vendor.sandbox.registry.list("AWS::IAM::RolePolicy")) vendor.sandbox.registry.remove(policy);

    await expect((await reportingAs("no")).open(inPlace(MEMBER, "eu-central-1"))).rejects.toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
      message: expect.stringContaining("AccessDenied"),
    });
  });
});

describe("the SDK's schema of a finding", () => {
  const imported = (more: object) => mistakesOf(BatchImportFindingsRequest$, { Findings: [{ ...found(), ...more }] });

  it("takes one, and knows what is wrong", async () => {
    await tracker().open(someTicket());
    expect(imported({})).toEqual([]);
    expect(imported({ Sevrity: {} })).toEqual(["/Findings/0/Sevrity is no member"]);
    expect(imported({ Severity: { Label: 3 } })).toEqual(["/Findings/0/Severity/Label must not be number"]);
    expect(imported({ Types: "Software" })).toEqual(["/Findings/0/Types must be a list"]);
    expect(imported({ ProductFields: { version: 3 } })).toEqual([
      "/Findings/0/ProductFields/version must not be number",
    ]);
    expect(imported({ Title: null })).toEqual(["/Findings/0/Title must not be null"]);
    expect(imported({ Resources: [{ Type: "Other" }] })).toEqual(["/Findings/0/Resources/0/Id is missing"]);
    expect(mistakesOf(BatchUpdateFindingsRequest$, { Note: "Gone." })).toContain("/Note must be an object");
  });

  it("is asked of what the adapter sends, though the SDK leaves out what it does not know", async () => {
    const { SecurityHubClient: Client, BatchUpdateFindingsCommand } = await import("@aws-sdk/client-securityhub");
    await tracker().open(someTicket());
    const client = new Client((await vendor.aws?.configFor(vendor.sandbox.account, vendor.sandbox.region)) ?? {});
    const FindingIdentifiers = [{ Id: someTicket().key, ProductArn: String(found().ProductArn) }];
    const input = { FindingIdentifiers, Workflow: { Status: "NEW" }, Reason: "none" } as const;
    await client.send(new BatchUpdateFindingsCommand(input));

    expect(vendor.server.mistakes.splice(0)).toEqual(["BatchUpdateFindings: /Reason is no member"]);
  });
});
