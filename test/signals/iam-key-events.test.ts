import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DENIED_CALLS } from "../../deploy/denied-calls.ts";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";
import { shownKeyId } from "../../shared/shown.ts";
import { keyEvents } from "../../shared/signals/iam-key-events.ts";
import { parseIamArn, parseKeyId, roleRef, userRef } from "../../shared/signals/iam-refs.ts";
import { ACCOUNT_LOOK } from "../../shared/signals/key-requests.ts";
import { type Parsed, parseSignals } from "../../shared/signals/parse-signals.ts";
import { hasCorpus, objectsIn, readCorpus } from "../corpus/corpus.ts";
import { configRuleInvocation, eventBridge, sns, snsNotification, sqs, WRAPPERS } from "../support/events.ts";
import { mutated, mutation, oddities } from "../support/mutations.ts";
import {
  ACCOUNT,
  complianceChange,
  guardDutyEvent,
  healthEvent,
  iamRecord,
  KEY,
  ROLE,
  ROOT,
  SESSION,
  userIdentity,
  userItem,
} from "./iam-events.ts";

const CALLS = {
  "iam.amazonaws.com": [
    "CreateAccessKey",
    "UpdateAccessKey",
    "DeleteAccessKey",
    "TagUser",
    "UntagUser",
    "UpdateUser",
    "AttachUserPolicy",
  ],
};
const EVENTS = { ...keyEvents(CALLS, { denials: true }), ownAccount: ACCOUNT };
const user = (name: string, path = "/") => `arn:aws:iam::${ACCOUNT}:user${path}${name}`;
const keyArn = (id: string) => `arn:aws:iam::${ACCOUNT}:access-key/${shownKeyId(id)}`;
const ACCOUNT_ARN = `arn:aws:iam::${ACCOUNT}:root`;

/** The bodies of a batch's messages one by one, as the handler hears them. */
function hear(event: unknown): readonly Parsed[] {
  const records = (event as { Records?: { body?: string; eventSource?: string }[] }).Records ?? [];
  if (records[0]?.eventSource === "aws:sqs")
    return records.flatMap(({ body }) => parseSignals(JSON.parse(body ?? ""), EVENTS));
  return parseSignals(event, EVENTS);
}
function signalOf(event: unknown) {
  const [parsed, ...others] = hear(event);
  expect(others).toEqual([]);
  if (parsed?.kind !== "signal") throw new Error(`no signal: ${JSON.stringify(parsed)}`);
  return parsed.signal;
}
const kindsOf = (event: unknown) => hear(event).map(({ kind }) => kind);

describe("references of IAM", () => {
  it.each<[string, string, unknown]>([
    ["a user", user("ci"), { kind: "user", path: "/", name: "ci" }],
    ["a path", user("ci", "/a/b/"), { path: "/a/b/", name: "ci" }],
    ["a path of signs", user("a=b,c@d", '/"!~/'), { path: '/"!~/', name: "a=b,c@d" }],
    [
      "a role in China",
      `arn:aws-cn:iam::${ACCOUNT}:role/service-role/x`,
      { partition: "aws-cn", kind: "role", path: "/service-role/" },
    ],
    ["a session", `arn:aws:sts::${ACCOUNT}:assumed-role/x/y`, undefined],
    ["root", ACCOUNT_ARN, undefined],
    ["no name", user(""), undefined],
    ["a name too long", user("x".repeat(65)), undefined],
    ["a space", user("a b"), undefined],
    ["a partition that nobody knows", `arn:aws-moon:iam::${ACCOUNT}:user/ci`, undefined],
    ["a line behind it", `${user("ci")}\n`, undefined],
  ])("parse %s", (_, arn, parts) => {
    const parsed = parseIamArn(arn);
    if (parts === undefined) expect(parsed).toBeUndefined();
    else expect(parsed).toMatchObject(parts as object);
  });

  it("lie where IAM is in their partition", () => {
    expect(userRef(user("ci", "/a/"))).toEqual({
      type: "AWS::IAM::User",
      arn: user("ci", "/a/"),
      name: "ci",
      account: ACCOUNT,
      region: "us-east-1",
    });
    expect(roleRef(`arn:aws-cn:iam::${ACCOUNT}:role/x`)).toMatchObject({
      type: "AWS::IAM::Role",
      region: "cn-north-1",
    });
    expect(userRef(`arn:aws-us-gov:iam::${ACCOUNT}:user/x`)?.region).toBe("us-gov-west-1");
    expect(userRef(`arn:aws:iam::${ACCOUNT}:role/x`)).toBeUndefined();
    expect(roleRef(user("x"))).toBeUndefined();
  });

  it("show a key by its ends", () => {
    expect(shownKeyId(KEY)).toBe("AKIA...MPLE");
    for (const id of [KEY, SESSION]) expect(parseKeyId(id)).toBe(id);
    for (const id of ["AIDAIOSFODNN7EXAMPLE", "AKIA123", KEY.toLowerCase(), `${KEY}\n`, "ACCESS_KEY_ID_HERE", 7])
      expect(parseKeyId(id)).toBeUndefined();
  });
});

describe("a call of IAM's is about", () => {
  it.each<[string, Record<string, unknown>, string, boolean]>([
    [
      "the user it names, whose path it doesn't tell",
      iamRecord("CreateAccessKey", { userName: "ci" }),
      user("ci"),
      true,
    ],
    [
      "the caller, who tells his path",
      iamRecord("CreateAccessKey", null, { userIdentity: userIdentity("me", "/team/") }),
      user("me", "/team/"),
      false,
    ],
    [
      "the caller who names himself",
      iamRecord(
        "UpdateAccessKey",
        { userName: "me", accessKeyId: KEY, status: "Active" },
        { userIdentity: userIdentity("me", "/team/") },
      ),
      user("me", "/team/"),
      false,
    ],
    ["root, who names nobody", iamRecord("CreateAccessKey", null, { userIdentity: ROOT }), ACCOUNT_ARN, false],
    [
      "the user that root names",
      iamRecord("DeleteAccessKey", { userName: "ci", accessKeyId: KEY }, { userIdentity: ROOT }),
      user("ci"),
      true,
    ],
    [
      "the user in the answer, where the request is missing",
      iamRecord("CreateAccessKey", null, { userIdentity: ROLE, responseElements: { accessKey: { userName: "ci" } } }),
      user("ci"),
      true,
    ],
    [
      "anybody's of the account, where nothing is told",
      iamRecord("UpdateAccessKey", null, { userIdentity: ROLE }),
      ACCOUNT_ARN,
      false,
    ],
    ["a user's tags", iamRecord("TagUser", { userName: "ci", tags: [] }), user("ci"), true],
    ["a user by the new name", iamRecord("UpdateUser", { userName: "ci", newUserName: "cd" }), user("cd"), true],
    [
      "a user in China",
      iamRecord("TagUser", { userName: "ci" }, { awsRegion: "cn-north-1", userIdentity: undefined }),
      `arn:aws-cn:iam::${ACCOUNT}:user/ci`,
      true,
    ],
  ])("%s", (_, record, arn, isNameOnly) => {
    for (const [wrapper, wrap] of Object.entries(WRAPPERS)) {
      const signal = signalOf(wrap(record));
      expect(signal.resource.arn, wrapper).toBe(arn);
      expect(signal.isNameOnly ?? false, wrapper).toBe(isNameOnly);
      expect(signal).toMatchObject({ source: "cloudtrail" });
    }
  });

  it("an account to look through, and not its root, when it isn't root who called", () => {
    expect(signalOf(iamRecord("UpdateAccessKey", null, { userIdentity: ROLE })).name).toBe(ACCOUNT_LOOK);
    expect(signalOf(iamRecord("CreateAccessKey", null, { userIdentity: ROOT })).name).toBe("CreateAccessKey");
  });

  it("a user whom AWS has put under quarantine; any other policy is ignored", () => {
    const attach = (policyArn: string) => iamRecord("AttachUserPolicy", { userName: "ci", policyArn });
    expect(signalOf(attach("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"))).toMatchObject({
      resource: { arn: user("ci") },
      report: { by: "aws-quarantine", type: "AWSCompromisedKeyQuarantineV3" },
    });
    for (const policy of [`${ACCOUNT}:policy/AWSCompromisedKeyQuarantineV3`, "aws:policy/ReadOnlyAccess"])
      expect(kindsOf(attach(`arn:aws:iam::${policy}`))).toEqual(["ignored"]);
  });

  it("nothing when it failed", () => {
    expect(kindsOf(iamRecord("CreateAccessKey", { userName: "ci" }, { errorCode: "LimitExceededException" }))).toEqual([
      "ignored",
    ]);
  });
});

describe("AWS Config tells of", () => {
  const notification = (item: unknown) => ({
    configurationItem: item,
    messageType: "ConfigurationItemChangeNotification",
  });
  it.each<[string, Record<string, unknown>, string, boolean]>([
    ["a user by his ARN", userItem(), user("ci", "/team/"), false],
    [
      "one whose ARN is in the configuration",
      userItem({ arn: undefined, configuration: { arn: user("ci", "/a/") } }),
      user("ci", "/a/"),
      false,
    ],
    [
      "one whose configuration is a text",
      userItem({ arn: undefined, configuration: JSON.stringify({ arn: user("ci", "/a/") }) }),
      user("ci", "/a/"),
      false,
    ],
    ["one by his name only", userItem({ arn: undefined, configuration: "{" }), user("ci"), true],
    ["one whose ARN is another account's", userItem({ arn: "arn:aws:iam::999900001111:user/ci" }), user("ci"), true],
  ])("%s", (_, item, arn, isNameOnly) => {
    for (const event of [
      item,
      notification(item),
      configRuleInvocation(item),
      sqs(eventBridge(notification(item), "Config Configuration Item Change", "aws.config")),
    ]) {
      const signal = signalOf(event);
      expect(signal).toMatchObject({ source: "config", resource: { arn } });
      expect(signal.isNameOnly ?? false).toBe(isNameOnly);
    }
  });

  it("a key that its rule finds too old, whatever the rule is called: a reason to look through the account", () => {
    for (const configRuleName of ["access-keys-rotated", "securityhub-access-keys-rotated-abc123"]) {
      const change = complianceChange({ configRuleName });
      for (const event of [
        change,
        eventBridge(change, "Config Rules Compliance Change", "aws.config"),
        sqs(snsNotification(change)),
        sns(change),
      ])
        expect(signalOf(event)).toMatchObject({
          name: ACCOUNT_LOOK,
          resource: { type: "AWS::::Account", account: ACCOUNT },
        });
    }
    expect(kindsOf(complianceChange({ newEvaluationResult: { complianceType: "COMPLIANT" } }))).toEqual(["ignored"]);
    expect(kindsOf(complianceChange({ configRuleName: "iam-user-mfa-enabled" }))).toEqual(["ignored"]);
    expect(kindsOf(complianceChange({ awsAccountId: "1" }))).toEqual(["refused"]);
    expect(kindsOf(eventBridge(complianceChange(), "Config Rules Compliance Change", "mine"))).toEqual(["refused"]);
  });
});

describe("AWS Health says that a key is exposed", () => {
  it("which is found by its id, and shown by its ends", () => {
    const signal = signalOf(sqs(healthEvent([KEY])));
    expect(signal).toMatchObject({
      source: "health",
      resource: {
        type: "AWS::IAM::AccessKey",
        arn: keyArn(KEY),
        name: "AKIA...MPLE",
        account: ACCOUNT,
        region: "us-east-1",
      },
      keyId: KEY,
      report: { by: "aws-health", type: "AWS_RISK_CREDENTIALS_EXPOSED", at: "2026-03-01T08:58:00.000Z" },
    });
  });

  it("once, however many Regions, pages and accounts tell of it", () => {
    const copies = [
      healthEvent([KEY]),
      healthEvent([KEY], {}, { id: "another", region: "us-west-2", time: "2026-03-01T09:00:07Z" }),
      healthEvent([KEY], {}, { id: "third", account: "999900001111" }),
      { ...healthEvent([KEY]), "detail-type": "AWS Health Abuse Event" },
    ].map(signalOf);
    expect(new Set(copies.map(({ id }) => id)).size).toBe(1);
    expect(new Set(copies.map(({ resource }) => resource.arn)).size).toBe(1);
    const later = signalOf(healthEvent([KEY], { communicationId: "2" }));
    expect(later.id).not.toBe(copies[0]?.id);
    expect(later.report?.id).toBe(copies[0]?.report?.id);
  });

  it("of each entity apart, and what is no key is refused without being repeated", () => {
    const parsed = hear(healthEvent([KEY, "AKIAI44QH8DHBEXAMPLE", "s3cr3t words", user("ci", "/a/"), KEY]));
    expect(parsed.map((each) => (each.kind === "signal" ? each.signal.resource.arn : each.kind))).toEqual([
      keyArn(KEY),
      keyArn("AKIAI44QH8DHBEXAMPLE"),
      "refused",
      user("ci", "/a/"),
    ]);
    expect(JSON.stringify(parsed.filter(({ kind }) => kind === "refused"))).not.toContain("s3cr3t");
  });

  it.each<[string, unknown, string]>([
    [
      "is about something else",
      healthEvent([KEY], { eventTypeCode: "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED" }),
      "ignored",
    ],
    ["is put on the bus by somebody else", { ...healthEvent([KEY]), source: "mine" }, "refused"],
    ["names nothing", healthEvent([]), "refused"],
    ["names a user of another account", healthEvent(["arn:aws:iam::999900001111:user/ci"]), "refused"],
    ["has no account", healthEvent([KEY], { affectedAccount: undefined }, { account: "x" }), "refused"],
    ["has entities in the envelope only", healthEvent([], {}, { resources: [KEY] }), "signal"],
  ])("unless it %s", (_, event, kind) => {
    expect(kindsOf(event)).toEqual([kind]);
  });
});

describe("GuardDuty's finding about a credential is about", () => {
  it.each<[string, Record<string, unknown>, string, boolean]>([
    ["the key, whatever name its user has in it", {}, keyArn(KEY), false],
    ["root", { userType: "Root", userName: "Root" }, ACCOUNT_ARN, false],
    ["the user of a session", { accessKeyId: SESSION }, user("ci"), true],
    [
      "the role of a session",
      { accessKeyId: SESSION, userType: "AssumedRole", userName: "admin" },
      `arn:aws:iam::${ACCOUNT}:role/admin`,
      true,
    ],
    [
      "the role of a session, as newer findings call it",
      { accessKeyId: SESSION, userType: "Role", userName: "admin" },
      `arn:aws:iam::${ACCOUNT}:role/admin`,
      true,
    ],
  ])("%s", (_, credential, arn, isNameOnly) => {
    const signal = signalOf(sqs(guardDutyEvent(credential)));
    expect(signal).toMatchObject({
      source: "guardduty",
      resource: { arn },
      keyId: credential.accessKeyId ?? KEY,
      report: {
        by: "guardduty",
        id: "36b01b60fc22bb4edb19d62d9899e953",
        type: "UnauthorizedAccess:IAMUser/TorIPCaller",
      },
    });
    expect(signal.isNameOnly ?? false).toBe(isNameOnly);
  });

  it("the actors of an attack, each in their account", () => {
    const actor = (credentialUid: string, type: string, name: string) => ({
      id: name,
      user: { name, uid: "AIDA", type, credentialUid, account: { uid: ACCOUNT, name: "" } },
    });
    const service = {
      detection: {
        sequence: { actors: [actor(KEY, "IAMUser", "ci"), actor(SESSION, "AssumedRole", "admin"), { id: "unknown" }] },
      },
    };
    const parsed = hear(
      guardDutyEvent(
        {},
        { type: "AttackSequence:IAM/CompromisedCredentials", resource: { resourceType: "AttackSequence" }, service },
      ),
    );
    expect(parsed.map((each) => (each.kind === "signal" ? each.signal.resource.arn : each))).toEqual([
      keyArn(KEY),
      `arn:aws:iam::${ACCOUNT}:role/admin`,
    ]);
  });

  it("the same report when it is told again", () => {
    const [one, other] = [guardDutyEvent({}), guardDutyEvent({}, { updatedAt: "2026-03-01T10:00:00.000Z" })].map(
      signalOf,
    );
    expect(one?.report).toEqual(other?.report);
    expect(one?.id).not.toBe(other?.id);
  });

  it.each<[string, unknown, string]>([
    [
      "is of a type that says nothing of a key",
      guardDutyEvent({}, { type: "Policy:IAMUser/RootCredentialUsage" }),
      "ignored",
    ],
    ["is about a login", guardDutyEvent({}, { type: "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B" }), "ignored"],
    ["is a sample", guardDutyEvent({}, { service: { additionalInfo: { sample: true } } }), "ignored"],
    ["names no key", guardDutyEvent({ accessKeyId: "GeneratedFindingAccessKeyId" }), "refused"],
    ["names a session of nobody", guardDutyEvent({ accessKeyId: SESSION, userType: "FederatedUser" }), "refused"],
    ["is put on the bus by somebody else", { ...guardDutyEvent({}), source: "mine" }, "refused"],
    ["has no account", guardDutyEvent({}, { accountId: "x" }), "refused"],
  ])("nobody, when it %s", (_, event, kind) => {
    expect(kindsOf(event)).toEqual([kind]);
  });
});

describe("a call that AWS denied", () => {
  const denied = (more: Record<string, unknown> = {}) => ({
    ...iamRecord(
      "GetBucketPolicy",
      { bucketName: "b" },
      { userIdentity: userIdentity("ci", "/a/"), errorCode: "AccessDenied", readOnly: true },
    ),
    eventSource: "s3.amazonaws.com",
    ...more,
  });

  it.each([
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "AuthorizationError",
  ])("counts for a user's key: %s", (errorCode) => {
    const event = eventBridge(denied({ errorCode }));
    expect(signalOf(event)).toMatchObject({ denied: true, keyId: KEY, resource: { arn: user("ci", "/a/") } });
    expect(matchesPattern(DENIED_CALLS as EventPattern, event)).toBe(true);
  });

  it.each<[string, Record<string, unknown>]>([
    ["failed for another reason", { errorCode: "NoSuchBucket" }],
    ["succeeded", { errorCode: undefined }],
    ["is a role's", { userIdentity: ROLE }],
    ["is root's", { userIdentity: { ...ROOT, accessKeyId: KEY } }],
    ["is a session's", { userIdentity: userIdentity("ci", "/", SESSION) }],
  ])("doesn't when it %s", (_, more) => {
    const event = eventBridge(denied(more));
    expect(hear(event).filter((each) => each.kind === "signal")).toEqual([]);
    expect(matchesPattern(DENIED_CALLS as EventPattern, event)).toBe(false);
  });

  it("is nobody's when the bus has it from somebody else, and is heard only where it is counted", () => {
    const forged = eventBridge(denied(), undefined, "mine");
    expect(kindsOf(forged)).toEqual(["refused"]);
    expect(matchesPattern(DENIED_CALLS as EventPattern, forged)).toBe(false);
    expect(parseSignals(eventBridge(denied()), keyEvents(CALLS)).map(({ kind }) => kind)).toEqual(["ignored"]);
    expect(kindsOf(denied({ recipientAccountId: "999900001111" }))).toEqual(["ignored"]);
  });
});

describe("a request by hand", () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["to look at a user", { user: user("ci", "/a/") }, { name: "Look", resource: { arn: user("ci", "/a/") } }],
    ["to look at a key's user", { key: KEY }, { name: "Look", resource: { arn: keyArn(KEY) }, keyId: KEY }],
    [
      "that a key is known to others",
      { key: KEY, exposed: true },
      { resource: { arn: keyArn(KEY) }, keyId: KEY, report: { by: "operator", type: "exposed" } },
    ],
    [
      "that a session is",
      { user: user("ci"), key: SESSION, exposed: true },
      { resource: { arn: user("ci") }, keyId: SESSION, report: { by: "operator" } },
    ],
    ["about another account's key", { key: KEY, account: "444455556666" }, { resource: { account: "444455556666" } }],
    ["to look through an account", { account: ACCOUNT }, { name: ACCOUNT_LOOK, resource: { arn: ACCOUNT_ARN } }],
  ])("%s", (_, request, expected) => {
    const signal = signalOf({ cordon: "keys", ...request });
    expect(signal).toMatchObject({ source: "operator", ...expected });
    expect("report" in signal).toBe(request.exposed === true);
  });

  it.each<[string, Record<string, unknown>]>([
    ["nothing", {}],
    ["a user who is none", { user: "ci" }],
    ["a key that is none", { key: "AKIA...MPLE" }],
    ["an exposure of nothing", { user: user("ci"), exposed: true }],
    ["perhaps an exposure", { key: KEY, exposed: "yes" }],
    ["a user of another account", { user: user("ci"), account: "999900001111" }],
    ["an account that is none", { account: 7 }],
  ])("is refused with what was expected: %s", (_, request) => {
    expect(hear({ cordon: "keys", ...request })).toMatchObject([
      { kind: "refused", reason: expect.stringContaining("expected") },
    ]);
  });

  it("is none within what came from elsewhere", () => {
    const inner = { cordon: "keys", key: KEY, exposed: true };
    for (const event of [
      sns(inner),
      snsNotification(inner),
      eventBridge(inner, "Config Configuration Item Change", "mine"),
      { Records: [inner] },
    ])
      expect(hear(event).filter(({ kind }) => kind === "signal")).toEqual([]);
  });
});

/** What may never be in what is kept of a signal. */
function kept(parsed: Parsed): string {
  if (parsed.kind !== "signal") return parsed.reason;
  const { keyId: _, request: __, ...rest } = parsed.signal;
  return JSON.stringify(rest);
}

function assertTotal(parsed: readonly Parsed[]): void {
  expect(parsed.length).toBeGreaterThan(0);
  for (const each of parsed) {
    expect(kept(each)).not.toMatch(/A(KIA|SIA)[A-Z0-9]{16}/);
    if (each.kind !== "signal") {
      expect(each.reason.length).toBeLessThan(1_000);
      if (each.kind === "refused") expect(each.reason).toContain("expected");
      continue;
    }
    const { resource, id } = each.signal;
    expect(["AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::AccessKey", "AWS::::Account"]).toContain(resource.type);
    expect(resource.arn).toMatch(/^arn:aws[a-z-]*:iam::\d{12}:(user|role|access-key)?[/]?/);
    expect(resource.arn.endsWith(resource.name)).toBe(true);
    expect(resource.account).toMatch(/^\d{12}$/);
    expect(resource.region).toMatch(/^[a-z]+-[a-z-]+-\d$/);
    expect(id).not.toBe("");
    if (resource.type === "AWS::IAM::AccessKey") expect(each.signal.keyId).toBeDefined();
  }
}

describe("whatever comes, the answer is a signal, ignored, or refused with what was expected, and no full key id is in what is kept", () => {
  const good: readonly unknown[] = [
    iamRecord("CreateAccessKey", { userName: "ci" }),
    iamRecord("UpdateAccessKey", { userName: "ci", accessKeyId: KEY }, { userIdentity: userIdentity("me", "/a/") }),
    iamRecord("AttachUserPolicy", {
      userName: "ci",
      policyArn: "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2",
    }),
    iamRecord("ListUsers", null, { userIdentity: userIdentity("ci"), errorCode: "AccessDenied" }),
    userItem(),
    userItem({ configuration: JSON.stringify({ arn: user("ci") }) }),
    eventBridge(complianceChange(), "Config Rules Compliance Change", "aws.config"),
    healthEvent([KEY, user("ci")]),
    guardDutyEvent({}),
    guardDutyEvent({ accessKeyId: SESSION, userType: "AssumedRole" }),
    { cordon: "keys", user: user("ci"), key: KEY, exposed: true },
  ];

  it("of events mutated anywhere", () => {
    const wrap = fc.constantFrom<(event: unknown) => unknown>(
      (event) => event,
      (event) => eventBridge(event),
      (event) => snsNotification(event),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        wrap,
        (event, mutations, wrapped) => {
          assertTotal(parseSignals(mutated(wrapped(event), mutations), EVENTS));
        },
      ),
      { numRuns: 1_500, seed: 20_260_301, endOnFailure: false },
    );
  });

  it("of oddities in every place", () => {
    for (const event of good)
      for (const odd of oddities) {
        for (const field of Object.keys(event as object))
          assertTotal(parseSignals({ ...(event as object), [field]: odd }, EVENTS));
      }
  });

  it.skipIf(!hasCorpus)("of recorded events: the users that they name, and no others", () => {
    const heard: string[] = [];
    for (const { event, file } of readCorpus()) {
      const parsed = parseSignals(event, EVENTS);
      assertTotal(parsed);
      for (const each of parsed)
        if (each.kind === "signal")
          heard.push(
            `${file.split("__").slice(0, 2).join("__")} ${each.signal.denied ? "denied " : ""}${each.signal.resource.arn}`,
          );
    }
    expect(heard.filter((each) => !each.includes("denied")).sort()).toEqual([
      "config-item__AWS-IAM-User arn:aws:iam::112233445566:user/user-name",
      "iam__CreateAccessKey arn:aws:iam::123837392027:user/stratus-red-team-backdoor-u-user",
      "iam__CreateAccessKey arn:aws:iam::493859302102:root",
      "iam__DeleteAccessKey arn:aws:iam::123837392027:user/malicious-iam-user",
    ]);
    // Told independently of the product: denied calls of users' long-lived keys.
    const denials = readCorpus()
      .flatMap(({ event }) => [...objectsIn(event)])
      .filter((each) => {
        const identity = each.userIdentity as { type?: string; accessKeyId?: string } | undefined;
        return (
          /AccessDenied|Unauthorized/.test(String(each.errorCode)) &&
          identity?.type === "IAMUser" &&
          /^AKIA[A-Z0-9]{16,}$/.test(identity.accessKeyId ?? "")
        );
      });
    expect(heard.filter((each) => each.includes("denied"))).toHaveLength(denials.length);
  });
});
