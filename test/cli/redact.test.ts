import { describe, expect, it } from "vitest";
import { HIDDEN, redactChanges, redactFacts, redactFinding, redactPrincipal, redactText } from "../../cli/redact.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { DECIDED, findingOf } from "../support/finding.ts";

const APPROVER = "Jane Roe";
const REASON = "John's migration of the ward";
/** Everything in which a person or an object's key can stand, and nothing of it is needed to know what is wrong. */
const SECRETS = [APPROVER, REASON, "mallory", "j.doe", "example.org", "patients/doe", "diagnosis", "carol", "pager"];

const facts = {
  kind: "transfer",
  active: true,
  from: "eu-central-1",
  to: "us-west-2",
  destination: "arn:aws:s3:::us-copy",
  prefix: "patients/doe/",
  tags: [{ key: "ward", value: "diagnosis-7" }],
  toUnknown: "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/reader/j.doe is not authorized",
} as const;

const record: FindingRecord = findingOf({
  facts,
  status: "exempt",
  title: 'Replication rule "for-j.doe@example.org" of orders-eu sends data',
  part: "for-j.doe@example.org",
  principal: {
    type: "AssumedRole",
    arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123/j.doe@example.org",
    account: "111122223333",
    agent: "aws-cli/2.31 mallory-laptop",
  },
  exception: {
    findingId: "f-0123456789abcdef0123",
    reason: REASON,
    approver: APPROVER,
    grantedAt: "2026-03-01T09:00:00.000Z",
    expiresAt: "2026-03-02T09:00:00.000Z",
    subject: "0123456789",
    classification: "eu-only",
  },
  decision: {
    kind: "exempt",
    rule: "exception:written-down",
    ...DECIDED,
    reasons: [
      `rolled back by ${APPROVER} until 2026-03-02T09:00:00.000Z: ${REASON}`,
      "exception by carol until 2026-04-01T00:00:00.000Z: she asked (PRIV-1)",
      "the exception by carol was granted for another destination or other data",
      'held to "observe" by the brake (carol: pager went off)',
      "only data tagged ward=diagnosis-7 moves",
    ],
    explanation: {
      verdict: "violating",
      mode: "observe",
      modeRule: "the brake (carol: pager went off)",
      facts: { account: "111122223333", prefix: "patients/doe/", tags: "ward=diagnosis-7", to: "us-west-2" },
      considered: [
        { rule: "exception:x", applies: "no", why: "the exception by carol expired at 2026-01-01T00:00:00.000Z" },
      ],
    },
  },
  changes: [
    { path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" },
    { path: "Rules[to-us].Filter.Prefix", before: "patients/doe/" },
    { path: "Rules[to-us]", after: { Filter: { Prefix: "patients/doe/" } } },
  ],
  notes: [
    "PutBucketReplication of arn:aws:iam::111122223333:user/staff/mallory at 2026-03-01T09:00:00Z came while this was being contained",
    `asked for by ${APPROVER}`,
  ],
  resourceTags: [{ key: "contact", value: "mallory" }],
});

describe("a finding that is not revealed", () => {
  const shown = redactFinding(record);
  const text = JSON.stringify(shown);

  it.each(SECRETS)("does not tell %s anywhere", (secret) => {
    expect(text).not.toContain(secret);
  });

  it("still tells what is wrong, where, and how it stands", () => {
    const { id, controlId, severity, status, resource, classification, evidence, firstSeenAt } = record;
    expect(shown).toMatchObject({ id, controlId, severity, status, resource, classification, evidence, firstSeenAt });
    expect(shown.facts).toMatchObject({ from: "eu-central-1", to: "us-west-2", destination: "arn:aws:s3:::us-copy" });
    expect(shown.decision.reasons[1]).toBe(`exception by ${HIDDEN} until 2026-04-01T00:00:00.000Z: ${HIDDEN}`);
    expect(shown.decision.explanation.facts).toMatchObject({ account: "111122223333", to: "us-west-2" });
    expect(shown.exception?.expiresAt).toBe("2026-03-02T09:00:00.000Z");
    expect(shown.principal).toEqual({
      type: "AssumedRole",
      account: "111122223333",
      arn: `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123/${HIDDEN}`,
    });
  });

  it("keeps what comes after a name: when it was, and what it was about", () => {
    expect(shown.notes[0]).toBe(
      `PutBucketReplication of arn:aws:iam::111122223333:user/${HIDDEN} at 2026-03-01T09:00:00Z came while this was being contained`,
    );
  });

  it("is the same when it is hidden again, and has the members it had", () => {
    expect(redactFinding(shown)).toEqual(shown);
    expect(Object.keys(shown).sort()).toEqual(Object.keys(record).sort());
  });

  it("invents no exception, principal or prefix", () => {
    const bare = findingOf();
    expect(redactFinding(bare)).toEqual(bare);
  });
});

describe("an object", () => {
  const resource = {
    type: "AWS::S3::Object",
    arn: "arn:aws:s3:::wards/patients/j.doe.csv",
    name: "wards/patients/j.doe.csv",
    account: "111122223333",
    region: "eu-central-1",
  };

  it("is shown by its bucket, and by what tells it from others, never by its key", () => {
    const shown = redactFinding(findingOf({ resource })).resource;
    expect(shown.arn).toMatch(/^arn:aws:s3:::wards\/\(object [0-9a-f]{12}\)$/);
    expect(JSON.stringify(shown)).not.toContain("doe");
    expect(redactFinding(redactFinding(findingOf({ resource }))).resource).toEqual(shown);
    const other = { ...resource, version: "v1" };
    expect(redactFinding(findingOf({ resource: other })).resource.arn).not.toBe(shown.arn);
  });
});

describe("changes", () => {
  it("tell what is switched, hide what could name somebody, and don't say of what is hidden that it was absent", () => {
    expect(redactChanges(record.changes)).toEqual([
      { path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" },
      { path: "Rules[to-us].Filter.Prefix", before: HIDDEN },
      { path: "Rules[to-us]", after: HIDDEN },
    ]);
  });
});

describe("a principal", () => {
  it.each([
    ["arn:aws:iam::111122223333:user/dev/bob", `arn:aws:iam::111122223333:user/${HIDDEN}`],
    ["arn:aws:sts::111122223333:federated-user/bob", `arn:aws:sts::111122223333:federated-user/${HIDDEN}`],
    ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"],
    ["arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::111122223333:role/deploy"],
    // Whoever approved a rollback stands where others have an ARN.
    ["the data protection officer", HIDDEN],
  ])("%s is shown as %s", (arn, shown) => {
    expect(redactPrincipal({ type: "x", arn }).arn).toBe(shown);
  });
});

it("a text without people stays as it is, and a role's name too", () => {
  for (const text of [
    'us-west-2 is outside eu, where "eu-only" has to stay',
    "arn:aws:iam::111122223333:role/data-owner",
    "contained",
  ])
    expect(redactText(text, ["contained", "eu-only data"])).toBe(text);
});

it("facts of other kinds are looked through as well", () => {
  const found = "changed by arn:aws:iam::111122223333:user/mallory, who is a stranger";
  const condition = { kind: "condition", holds: false, expected: "a", found, consequence: "c", remedy: "r" } as const;
  expect(redactFacts(condition)).toMatchObject({
    found: `changed by arn:aws:iam::111122223333:user/${HIDDEN}, who is a stranger`,
  });
});
