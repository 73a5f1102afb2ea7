import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { guardStatements } from "../../deploy/guard.ts";
import { memberRole } from "../../deploy/member-role.ts";
import { stackResources } from "../../deploy/resources.ts";
import { serverlessResources } from "../../deploy/serverless.ts";
import { environmentOf, modeOf, parseStack, singleAccount } from "../../deploy/stack.ts";
import { DUE_AFTER_MS, SWEEPS_EVERY_MINUTES } from "../../shared/outbox/sweep-outbox.ts";

const ALONE = { name: "cordon", accounts: "", organization: "", memberRole: "", externalId: "" };
const MEMBERS = {
  ...ALONE,
  accounts: "444455556666, 777788889999",
  memberRole: "cordon-member",
  externalId: "a-long-external-id",
};

describe("a stack's settings", () => {
  it("serve one account alone when nothing else is set, with evidence locked for seven years for everybody", () => {
    expect(parseStack(ALONE)).toEqual({ name: "cordon", accounts: [], evidence: { mode: "COMPLIANCE", days: 2_555 } });
    expect(parseStack(ALONE)).toEqual(singleAccount("cordon"));
  });

  it("name the members, their role and the external id", () => {
    expect(parseStack(MEMBERS)).toMatchObject({
      accounts: ["444455556666", "777788889999"],
      member: { role: "cordon-member", externalId: "a-long-external-id" },
    });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["a name with capitals", { name: "Cordon" }, /custom\.name is "Cordon": expected/],
    ["no name", { name: "" }, /custom\.name is missing/],
    ["a name too long for its roles", { name: "c".repeat(26) }, /custom\.name/],
    ["an account that is none", { accounts: "4444" }, /CORDON_ACCOUNTS is "4444": expected account ids of 12 digits/],
    ["an organisation that is none", { organization: "acme" }, /CORDON_ORGANIZATION/],
    ["a role without an external id", { memberRole: "cordon-member" }, /expected both or neither/],
    ["an external id without a role", { externalId: "a-long-external-id" }, /expected both or neither/],
    ["an unknown lock", { evidenceMode: "NONE" }, /CORDON_EVIDENCE_MODE is "NONE": expected COMPLIANCE or GOVERNANCE/],
    ["no retention", { evidenceDays: "0" }, /CORDON_EVIDENCE_DAYS/],
  ])("refuse %s, and say what was expected", (_, wrong, message) => {
    expect(() => parseStack({ ...ALONE, ...wrong })).toThrow(message);
  });

  it("are refused with all mistakes at once", () => {
    const parse = () => parseStack({ ...ALONE, accounts: "1", evidenceDays: "many" });
    expect(parse).toThrow(/CORDON_ACCOUNTS.*CORDON_EVIDENCE_DAYS/);
  });
});

describe("a function's environment", () => {
  it("observes unless somebody says otherwise, or all calls go to this very machine", () => {
    expect(modeOf({})).toBe("observe");
    expect(modeOf({ CORDON_MODE: "approve" })).toBe("approve");
    expect(modeOf({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566" })).toBe("enforce");
    expect(modeOf({ AWS_ENDPOINT_URL: "http://127.0.0.1.example.com:4566" })).toBe("observe");
  });

  it("has texts only, so that a function can be invoked by hand", () => {
    for (const stack of [parseStack(ALONE), parseStack(MEMBERS)]) {
      for (const value of Object.values(environmentOf(stack, {}))) expect(value).toEqual(expect.any(String));
    }
  });

  it("tells of members only where there are some", () => {
    expect(environmentOf(parseStack(ALONE), {})).not.toHaveProperty("CORDON_MEMBER_ROLE");
    // Whether tickets are printed then hangs on the policy.
    expect(environmentOf(parseStack(ALONE), {})).not.toHaveProperty("CORDON_TICKETS");
    expect(environmentOf(parseStack(ALONE), { CORDON_TICKETS: "console" })).toMatchObject({
      CORDON_TICKETS: "console",
    });
    expect(environmentOf(parseStack(MEMBERS), {})).toMatchObject({
      CORDON_MEMBER_ROLE: "cordon-member",
      CORDON_EXTERNAL_ID: "a-long-external-id",
      CORDON_ACCOUNTS: "444455556666,777788889999",
    });
  });
});

describe("the cell's bus", () => {
  const policyOf = (custom: Record<string, unknown>) =>
    stackResources(parseStack({ ...ALONE, ...custom })).BusPolicy as
      | { Properties: { Statement: Record<string, unknown> } }
      | undefined;

  it("lets nobody in when the cell serves its own account", () => {
    expect(policyOf({})).toBeUndefined();
  });

  it("lets in the accounts named, and no others", () => {
    expect(policyOf(MEMBERS)?.Properties.Statement).toMatchObject({
      Action: "events:PutEvents",
      Principal: {
        AWS: [
          { "Fn::Sub": "arn:${AWS::Partition}:iam::444455556666:root" },
          { "Fn::Sub": "arn:${AWS::Partition}:iam::777788889999:root" },
        ],
      },
    });
  });

  it("lets in an organisation, and nobody outside", () => {
    expect(policyOf({ organization: "o-a1b2c3d4e5" })?.Properties.Statement).toMatchObject({
      Principal: "*",
      Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
    });
  });
});

describe("a stack of many accounts", () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => String(100_000_000_000 + index)).join(",");
  const packageWith = (custom: Record<string, unknown>) => () =>
    serverlessResources(parseStack({ ...ALONE, ...custom }), {});
  const MEMBER = { memberRole: "cordon-member", externalId: "a-long-external-id" };

  it("is packaged while AWS has room for their names", () => {
    expect(packageWith({ accounts: named(80), ...MEMBER })).not.toThrow();
    expect(packageWith({ accounts: named(250) })).not.toThrow();
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      "the roles' policies have none",
      { accounts: named(200), ...MEMBER },
      /200 accounts.* a role's policies would be \d+/,
    ],
    ["the functions' environment has none", { accounts: named(330) }, /a function's environment would be \d+/],
    [
      "the bus's policy has none",
      { accounts: named(330) },
      /the bus's policy would be \d+ characters long, and AWS takes 10240/,
    ],
  ])("is refused when %s, and told of the organisation", (_, custom, message) => {
    expect(packageWith(custom)).toThrow(message);
    expect(packageWith(custom)).toThrow(/set CORDON_ORGANIZATION instead/);
  });

  it("is packaged by its organisation, whatever its size", () => {
    expect(packageWith({ organization: "o-a1b2c3d4e5", ...MEMBER })).not.toThrow();
  });
});

describe("a function that may put policies on users or roles", () => {
  type Statement = { Sid: string; Effect: string; Action: string[]; Resource: unknown };
  type Role = { Type: string; Properties: { Policies?: { PolicyDocument: { Statement: Statement[] } }[] } };
  const statementsBy = (custom: Record<string, unknown>) =>
    Object.entries(stackResources(parseStack({ ...ALONE, ...custom })) as Record<string, Role>)
      .filter(([, { Type }]) => Type === "AWS::IAM::Role")
      .map(([id, { Properties }]) => {
        const statements = (Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
        return [id, statements] as const;
      });
  const WRITES = /^iam:(Put|Attach|Create|Update|Set|Add)/;
  const writes = ({ Effect, Action }: Statement) => Effect === "Allow" && [Action].flat().some((a) => WRITES.test(a));

  it.each([
    ["alone", {}, []],
    ["with members", MEMBERS, ["cordon-member"]],
  ])("%s is denied it on every role of Cordon's own, whatever else allows it", (_, custom, more) => {
    const able = statementsBy(custom).filter(([, statements]) => statements.some(writes));
    expect(able.map(([id]) => id).toSorted()).toEqual(["DecideRole", "RevokeStaleKeysRole"]);
    for (const [id, statements] of able)
      expect(
        statements.filter(({ Effect }) => Effect === "Deny"),
        id,
      ).toEqual([
        {
          Sid: "NeverOwnRoles",
          Effect: "Deny",
          Action: expect.arrayContaining([
            ...["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"],
          ]),
          Resource: ["cordon-*", ...more].map((role) => ({
            "Fn::Sub": `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${role}`,
          })),
        },
      ]);
  });

  it("covers the names that its roles have", () => {
    for (const [id, role] of Object.entries(stackResources(parseStack(ALONE)) as Record<string, Role>))
      if (role.Type === "AWS::IAM::Role")
        expect(JSON.stringify((role.Properties as { RoleName?: unknown }).RoleName), id).toContain("cordon-");
  });
});

describe("what a function may assume", () => {
  const actsInMembers = (custom: Record<string, unknown>) => {
    const { Properties } = stackResources(parseStack({ ...ALONE, ...custom })).QuarantineReplicationRole as {
      Properties: { Policies: { PolicyDocument: { Statement: Record<string, unknown>[] } }[] };
    };
    return Properties.Policies[0]?.PolicyDocument.Statement.find(({ Sid }) => Sid === "ActInMembers");
  };

  it("is nothing when there are no members", () => {
    expect(actsInMembers({})).toBeUndefined();
  });

  it("is the one role of each account named", () => {
    expect(actsInMembers(MEMBERS)).toMatchObject({
      Action: ["sts:AssumeRole"],
      Resource: [
        { "Fn::Sub": "arn:${AWS::Partition}:iam::444455556666:role/cordon-member" },
        { "Fn::Sub": "arn:${AWS::Partition}:iam::777788889999:role/cordon-member" },
      ],
    });
  });

  it("is the one role in accounts of the organisation", () => {
    const member = { memberRole: "cordon-member", externalId: "a-long-external-id" };
    expect(actsInMembers({ ...member, organization: "o-a1b2c3d4e5" })).toMatchObject({
      Resource: [{ "Fn::Sub": "arn:${AWS::Partition}:iam::*:role/cordon-member" }],
      Condition: { StringEquals: { "aws:ResourceOrgID": "o-a1b2c3d4e5" } },
    });
  });
});

describe("what the guard may read", () => {
  const statements = guardStatements(singleAccount("cordon")) as { Action: string[]; Resource: unknown[] }[];
  const resourcesOf = (action: string) =>
    statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);

  it("is the table's insights and its index's, for Cloud Control asks for both", () => {
    expect(resourcesOf("dynamodb:DescribeContributorInsights")).toEqual([
      { "Fn::GetAtt": ["Table", "Arn"] },
      { "Fn::Sub": "${Table.Arn}/index/*" },
    ]);
  });

  it("is recorders by the ARNs that the member role names them by", () => {
    const own = resourcesOf("config:DescribeConfigurationRecorderStatus");
    const member = JSON.stringify(memberRole(catalogue));
    const arn = "arn:${AWS::Partition}:config:*:${AWS::AccountId}:configuration-recorder/*";
    expect(own).toEqual([{ "Fn::Sub": arn }]);
    expect(member).toContain(JSON.stringify(arn));
  });
});

describe("who is paged, and when", () => {
  const resources = stackResources("cordon") as Record<string, { Type: string; Properties: Record<string, unknown> }>;
  const alarm = (metric: string) =>
    Object.values(resources)
      .filter(({ Properties }) => Properties.MetricName === metric)
      .map(({ Properties }) => Properties);

  it("is told of the guard's findings within minutes, without a ticket between, until a round finds none", () => {
    expect(alarm("cell-findings-open")).toMatchObject([
      {
        Threshold: 1,
        Statistic: "Maximum",
        Period: 300,
        EvaluationPeriods: 1,
        TreatMissingData: "ignore",
        AlarmActions: [{ Ref: "AlarmTopic" }],
        Dimensions: [{ Name: "service", Value: "guard-cell" }],
      },
    ]);
  });

  it("is told when looks fail or there is no time for them, two rounds long", () => {
    for (const metric of ["looks-failed", "looks-left"])
      expect(alarm(metric)).toMatchObject([{ Threshold: 1, Period: 900, EvaluationPeriods: 2 }]);
  });

  it("is told of what nobody acknowledges within an hour, but not of what is merely late once", () => {
    const ages = alarm("outbox-oldest-age-seconds");
    expect(ages).toHaveLength(2);
    const sweepSeconds = SWEEPS_EVERY_MINUTES * 60;
    for (const { Threshold, Period, EvaluationPeriods } of ages as Record<string, number>[]) {
      expect(Period).toBe(sweepSeconds);
      expect(Threshold).toBeGreaterThan(sweepSeconds);
      expect((Threshold ?? 0) + sweepSeconds * (EvaluationPeriods ?? 0)).toBeLessThan(3_600);
    }
    // What one sweep has emitted is due at the next, or its age would be told every other time.
    expect(DUE_AFTER_MS / 1_000).toBeLessThan(sweepSeconds);
  });
});
