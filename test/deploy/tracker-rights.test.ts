import { describe, expect, it } from "vitest";
import { functionsOf } from "../../deploy/functions.ts";
import { statements } from "../../deploy/roles.ts";
import { type Stack, singleAccount } from "../../deploy/stack.ts";
import { decide } from "../../sandbox/iam/decide.ts";
import type { PolicyDocument } from "../../sandbox/iam/policy.ts";

const CELL = "111122223333";
const MEMBER = "444455556666";
const REGION = "eu-central-1";
const KEY = `arn:aws:kms:${REGION}:${CELL}:key/5f0c2d5e-8f0a-4b34-9c55-0e2b8c1f7a10`;

/** The role's policy as CloudFormation makes it. */
function policyOf(name: string, stack: Stack): PolicyDocument {
  const definition = functionsOf(stack).find((each) => each.name === name);
  if (definition === undefined) throw new Error(`there is no function ${name}`);
  const made = statements(stack, definition).filter((each) =>
    /^(ReadTracker|ReadSlack|Decrypt|Publish|EncryptTopics)/.test(String(each.Sid)),
  );
  const filled = JSON.stringify(made)
    .replace(/\{"Fn::Sub":("[^"]*")\}/g, "$1")
    .replaceAll("${AWS::Partition}", "aws")
    .replaceAll("${AWS::Region}", REGION)
    .replaceAll("${AWS::AccountId}", CELL);
  return { Version: "2012-10-17", Statement: JSON.parse(filled).filter((each: object) => !("Ref" in each)) };
}

function may(
  stack: Stack,
  action: string,
  resource: string,
  keys: Readonly<Record<string, string>> = {},
  name = "deliver-tickets",
) {
  const arn = `arn:aws:sts::${CELL}:assumed-role/cordon-${name}-${REGION}/x`;
  const caller = { account: CELL, arn, principalArn: arn };
  const identity = [policyOf(name, stack)];
  return (
    decide({ action, resource, isOwnAccount: true, caller, identity, resourcePolicy: undefined, keys }) === "allowed"
  );
}

const secret = (name: string) => `arn:aws:secretsmanager:${REGION}:${CELL}:secret:${name}`;
const parameter = (name: string) => `arn:aws:ssm:${REGION}:${CELL}:parameter/${name}`;
const topic = (name: string, account: string) => `arn:aws:sns:eu-west-1:${account}:${name}`;
const by = (service: string, name: string, what: string) => ({
  "kms:ViaService": `${service}.${REGION}.amazonaws.com`,
  [`kms:EncryptionContext:${name}`]: what,
});
const alone = singleAccount("cordon");
const slack = { ...alone, slackSecret: "cordon/slack" };

describe("the role of deliver-tickets", () => {
  it.each([
    ["a tracker's secret", by("secretsmanager", "SecretARN", secret("cordon/tickets/jira-a1b2c3")), true],
    ["a tracker's parameter", by("ssm", "PARAMETER_ARN", parameter("cordon/tickets/jira")), true],
    ["another secret", by("secretsmanager", "SecretARN", secret("payroll-a1b2c3")), false],
    ["another parameter", by("ssm", "PARAMETER_ARN", parameter("payroll")), false],
    ["what another service has encrypted", by("s3", "SecretARN", secret("cordon/tickets/jira-a1b2c3")), false],
    ["it for itself", { "kms:EncryptionContext:SecretARN": secret("cordon/tickets/jira-a1b2c3") }, false],
    ["what nothing is said of", { "kms:ViaService": `secretsmanager.${REGION}.amazonaws.com` }, false],
  ] as const)("decrypts by a customer's key %s: %#", (_, keys, expected) => {
    expect(may(alone, "kms:Decrypt", KEY, keys)).toBe(expected);
  });

  it("uses no key of another account, and encrypts nothing but for topics", () => {
    const keys = by("secretsmanager", "SecretARN", secret("cordon/tickets/jira-a1b2c3"));
    expect(may(alone, "kms:Decrypt", KEY.replace(CELL, MEMBER), keys)).toBe(false);
    expect(may(alone, "kms:GenerateDataKey", KEY, keys)).toBe(false);
    const ofTopic = (name: string) => ({
      "kms:ViaService": "sns.eu-west-1.amazonaws.com",
      "kms:EncryptionContext:aws:sns:topicArn": topic(name, CELL),
    });
    expect(may(alone, "kms:GenerateDataKey", KEY, ofTopic("cordon-tickets-alerts"))).toBe(true);
    expect(may(alone, "kms:GenerateDataKey", KEY, ofTopic("payments"))).toBe(false);
  });

  const served = { ...alone, accounts: [MEMBER] };
  const organized = { ...alone, organization: "o-abcdefghij" };
  it.each([
    ["of its own account", alone, topic("cordon-tickets-alerts", CELL), "o-other", true],
    ["of another name", alone, topic("payments", CELL), "o-other", false],
    ["of another account", alone, topic("cordon-tickets-alerts", MEMBER), "o-other", false],
    ["of an account that it serves", served, topic("cordon-tickets-alerts", MEMBER), "o-other", true],
    ["of one that it does not serve", served, topic("cordon-tickets-alerts", "777788889999"), "o-other", false],
    ["of its organization", organized, topic("cordon-tickets-alerts", MEMBER), "o-abcdefghij", true],
    ["of another organization", organized, topic("cordon-tickets-alerts", MEMBER), "o-other", false],
  ] as const)("publishes to a topic %s: %#", (_, stack, arn, organization, expected) => {
    expect(
      may(stack, "sns:Publish", arn, {
        "aws:ResourceOrgID": organization,
        "aws:ResourceAccount": arn.split(":")[4] ?? "",
      }),
    ).toBe(expected);
  });
});

describe("the role of hear-slack", () => {
  it("decrypts the signing secret, and no tracker's", () => {
    const decrypts = (name: string) =>
      may(slack, "kms:Decrypt", KEY, by("secretsmanager", "SecretARN", secret(name)), "hear-slack");
    expect(decrypts("cordon/slack-a1b2c3")).toBe(true);
    expect(decrypts("cordon/tickets/jira-a1b2c3")).toBe(false);
  });
});
