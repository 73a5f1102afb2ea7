import { describe, expect, it } from "vitest";
import { control } from "../../controls/account-region-stays-covered/control.ts";
import { forwardingStack, sendRolePrefix } from "../../deploy/forwarding-rules.ts";
import type { AwsClients } from "../../shared/aws/clients.ts";
import { accountRegionRef, findAccountRegions } from "../../shared/deployment/account-region.ts";
import { accountCoverageOnAws } from "../../shared/resources/account-coverage-aws.ts";
import { START_MS } from "../support/events.ts";
import { UNASKED } from "../support/stage.ts";

const HOME = { account: "111122223333", region: "eu-central-1" };
const PLACE = { account: "444455556666", region: "eu-west-1" };
const busArn = `arn:aws:events:${HOME.region}:${HOME.account}:event-bus/cordon`;
const stackAt = (place: typeof PLACE) => forwardingStack("cordon", { ...place, partition: "aws", busArn });
const ROLE = "cordon-forwarder-eu-west-1";

interface Target {
  readonly [property: string]: unknown;
}
interface Changes {
  /** Of the rule that forwards S3's events. */
  readonly target?: Target;
  readonly role?: Readonly<Record<string, unknown>>;
}

/** The forwarder of an account as Cloud Control shows it, as deployed but for the changes. */
async function seen({ target = {}, role = {} }: Changes): Promise<{ holds: boolean; found: string } | undefined> {
  const { rules, role: expected } = stackAt(PLACE);
  const answers: Readonly<Record<string, (input: { Identifier: string }) => unknown>> = {
    DescribeTrailsCommand: () => ({ trailList: [] }),
    DescribeConfigurationRecorderStatusCommand: () => ({ ConfigurationRecordersStatus: [] }),
    GetResourceCommand({ Identifier }) {
      const rule = rules.find(({ name }) => Identifier.endsWith(`/${name}`));
      const [own] = (rule?.properties.Targets ?? []) as Target[];
      const more = rule?.name === "cordon-forward-s3" ? target : {};
      const Properties = rule
        ? { ...rule.properties, Targets: [{ ...own, ...more }] }
        : { ...expected.properties, ...role };
      return { ResourceDescription: { Properties: JSON.stringify(Properties) } };
    },
  };
  const client = {
    send: async (command: { constructor: { name: string }; input: { Identifier: string } }) =>
      answers[command.constructor.name]?.(command.input),
  };
  const clients = { in: async () => client } as unknown as AwsClients;
  const heartbeats = { last: async () => new Date(START_MS).toISOString() } as never;
  const clock = { nowMs: () => START_MS, sleep: async () => {} };
  const settings = { home: HOME, partition: "aws", busArn, knowsAccounts: true, expected: stackAt };
  const coverage = accountCoverageOnAws(() => clients, settings, heartbeats, clock);
  const ref = accountRegionRef(PLACE, "aws");
  if (ref === undefined) throw new Error("no account and Region");
  const detection = await control.detect(ref, { coverage } as never, UNASKED);
  const facts =
    detection.kind === "present" ? detection.findings.find(({ part }) => part === "forwarder")?.facts : undefined;
  return facts?.kind === "condition" ? facts : undefined;
}

describe("a forwarder that beats", () => {
  it("is covered as it was deployed", async () => {
    expect(await seen({})).toMatchObject({ holds: true });
  });

  it.each<readonly [string, Changes, string]>([
    [
      "sends in another role",
      { target: { RoleArn: "arn:aws:iam::444455556666:role/none" } },
      "rule cordon-forward-s3: its target's RoleArn differs",
    ],
    [
      "gives up at once",
      { target: { RetryPolicy: { MaximumRetryAttempts: 0 } } },
      "rule cordon-forward-s3: its target's RetryPolicy differs",
    ],
    [
      "keeps nothing it can't send",
      { target: { DeadLetterConfig: undefined } },
      "rule cordon-forward-s3: its target's DeadLetterConfig differs",
    ],
    ["sends a text", { target: { Input: "{}" } }, "rule cordon-forward-s3: its target's Input differs"],
    [
      "sends elsewhere",
      { target: { Arn: "arn:aws:sqs:x" } },
      "rule cordon-forward-s3: its target is not the cell's bus",
    ],
    ["has a role that may send nothing", { role: { Policies: [] } }, `role ${ROLE}: Policies differs`],
    [
      "has a role that nobody trusts",
      { role: { AssumeRolePolicyDocument: {} } },
      `role ${ROLE}: AssumeRolePolicyDocument differs`,
    ],
    [
      "has a role with a boundary",
      { role: { PermissionsBoundary: "arn:aws:iam::aws:policy/None" } },
      `role ${ROLE}: PermissionsBoundary differs`,
    ],
    [
      "has a role with a policy that denies",
      { role: { ManagedPolicyArns: ["arn:aws:iam::aws:policy/AWSDenyAll"] } },
      `role ${ROLE}: ManagedPolicyArns differs`,
    ],
  ])("and %s: told", async (_, changes, found) => {
    expect(await seen(changes)).toMatchObject({ holds: false, found });
  });
});

describe("a call on a forwarder's role", () => {
  const names = {
    home: HOME,
    partition: "aws",
    rules: [],
    memberRole: "cordon-member",
    sendRoles: sendRolePrefix("cordon"),
  };
  const about = (roleName: string, account = PLACE.account) => {
    const record = {
      eventSource: "iam.amazonaws.com",
      recipientAccountId: account,
      awsRegion: "us-east-1",
      requestParameters: { roleName },
    };
    return findAccountRegions(record, undefined, names).map(({ name }) => name);
  };
  it.each<readonly [string, string, readonly string[]]>([
    [ROLE, PLACE.account, ["444455556666/eu-west-1"]],
    [ROLE, HOME.account, ["111122223333/eu-west-1"]],
    ["cordon-member", PLACE.account, ["444455556666/us-east-1"]],
    ["cordon-member", HOME.account, []],
    ["somebody-else", PLACE.account, []],
  ])("%s of %s is about %j", (roleName, account, expected) => {
    expect(about(roleName, account)).toEqual(expected);
  });
});
