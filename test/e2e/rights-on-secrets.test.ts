import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { singleAccount } from "../../deploy/stack.ts";
import { rolePolicies } from "../../sandbox/iam/role-policies.ts";
import { packagedTemplate } from "../../sandbox/index.ts";
import { createPermissions } from "../../sandbox/permissions.ts";
import { type Cell, openCell } from "./cell.ts";
import { withSlackEndpoint } from "./slack-endpoint.ts";

const STACK = { ...singleAccount("cordon"), slackSecret: "cordon/slack" };
const HOME = "111122223333";
const SISTER = "444455556666";
const STRANGER = "777788889999";
const KEY = `arn:aws:kms:eu-central-1:${HOME}:key/11111111-2222-4333-8444-555555555555`;
const SECRET = `arn:aws:secretsmanager:eu-central-1:${HOME}:secret`;
const PARAMETER = `arn:aws:ssm:eu-central-1:${HOME}:parameter`;
const BY_SECRETS = "secretsmanager.eu-central-1.amazonaws.com";
const BY_SSM = "ssm.eu-central-1.amazonaws.com";

let cell: Cell;
beforeAll(async () => {
  cell = await openCell({}, undefined, {}, withSlackEndpoint(packagedTemplate(), STACK));
});
afterAll(() => cell.close());

/** Whether a function's role may do something, by the simulator's IAM. */
function may(fn: string, action: string, arn: string, keys = {}, organization?: readonly string[]): boolean {
  const { sandbox } = cell;
  const name = `cordon-${fn}-${sandbox.region}`;
  const { registry } = sandbox;
  const policies = () => rolePolicies(registry, sandbox.account, name);
  const principal = sandbox.createPrincipal({ type: "AssumedRole", name, policies });
  const [, , , region = "", account = ""] = arn.split(":");
  // Another account's topic lets it in, whoever's it is.
  if (action === "sns:Publish" && account !== sandbox.account) {
    const PolicyDocument = { Statement: { Effect: "Allow", Principal: "*", Action: action, Resource: arn } };
    const own = { identifier: arn, arn, account, region, properties: { Topics: [arn], PolicyDocument } };
    registry.put({ type: "AWS::SNS::TopicPolicy", ...own });
  }
  const permissions = createPermissions(registry, organization && { id: "o-exampleorgid", accounts: organization });
  return permissions.refusal(principal, { action, resource: arn, account, keys }, "", { region, at: 0 }) === undefined;
}

const decrypt = (fn: string, key: string, ViaService: string | undefined, context: Readonly<Record<string, string>>) =>
  may(fn, "kms:Decrypt", key, {
    "kms:ViaService": ViaService,
    ...Object.fromEntries(Object.entries(context).map(([name, arn]) => [`kms:EncryptionContext:${name}`, arn])),
  });

describe("a customer's own key", () => {
  const mine = { SecretARN: `${SECRET}:cordon/tickets/jira-a1b2c3`, SecretVersionId: "1" };
  const slack = { SecretARN: `${SECRET}:cordon/slack-a1b2c3`, SecretVersionId: "1" };
  const parameter = { PARAMETER_ARN: `${PARAMETER}/cordon/tickets/jira` };

  it.each([
    ["a tracker's secret", KEY, BY_SECRETS, mine, true],
    ["a tracker's parameter", KEY, BY_SSM, parameter, true],
    ["another secret", KEY, BY_SECRETS, { SecretARN: `${SECRET}:payroll-a1b2c3` }, false],
    ["Slack's signing secret", KEY, BY_SECRETS, slack, false],
    ["another parameter", KEY, BY_SSM, { PARAMETER_ARN: `${PARAMETER}/payroll` }, false],
    ["a secret, by nobody but itself", KEY, undefined, mine, false],
    ["a secret, by another service", KEY, "s3.eu-central-1.amazonaws.com", mine, false],
    ["a secret, by a service of another Region", KEY, "secretsmanager.us-east-1.amazonaws.com", mine, false],
    ["what says nothing of itself", KEY, BY_SECRETS, {}, false],
    ["a secret's name, by the parameters' service", KEY, BY_SSM, mine, false],
    ["what another account's key encrypts", KEY.replace(HOME, STRANGER), BY_SECRETS, mine, false],
  ] as const)("decrypts %s for deliver-tickets: %s by %s, %o: %s", (_, key, by, context, expected) => {
    expect(decrypt("deliver-tickets", key, by, context)).toBe(expected);
  });

  it.each(["decide", "hear-slack"])("decrypts Slack's signing secret for %s, and nothing else", (fn) => {
    expect(decrypt(fn, KEY, BY_SECRETS, slack)).toBe(true);
    expect(decrypt(fn, KEY, BY_SECRETS, mine)).toBe(false);
    expect(decrypt(fn, KEY, BY_SSM, parameter)).toBe(false);
    expect(decrypt(fn, KEY, undefined, slack)).toBe(false);
  });

  it.each(["open-tickets", "quarantine-replication", "sweep"])("decrypts neither for %s", (fn) => {
    expect(decrypt(fn, KEY, BY_SECRETS, mine)).toBe(false);
    expect(decrypt(fn, KEY, BY_SECRETS, slack)).toBe(false);
  });
});

describe("a topic that lets everybody in", () => {
  const publish = (account: string, name = "cordon-tickets-alerts", organization?: readonly string[]) =>
    may("deliver-tickets", "sns:Publish", `arn:aws:sns:eu-west-1:${account}:${name}`, {}, organization);

  it.each([
    ["the cell's own, without an organisation", HOME, undefined, true],
    ["another account's, without an organisation", SISTER, undefined, false],
    ["an account's of the same organisation", SISTER, [HOME, SISTER], true],
    ["a stranger's", STRANGER, [HOME, SISTER], false],
    ["one of another organisation, where the cell has none", SISTER, [SISTER], false],
  ])("is told of tickets where it is %s", (_, account, organization, expected) => {
    expect(publish(account, undefined, organization)).toBe(expected);
  });

  it("is told of none where its name is not that of a tracker", () => {
    expect(publish(HOME, "alerts")).toBe(false);
    expect(publish(SISTER, "alerts", [HOME, SISTER])).toBe(false);
  });
});
