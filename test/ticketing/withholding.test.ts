import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { RELEASABLE, type Releasable, TICKET_DEFAULTS, type TicketRoute } from "../../shared/policy/tickets.ts";
import { type Ticket, ticketFor, ticketOf } from "../../shared/ticketing/ticket.ts";
import type { Facts, FindingStatus } from "../../shared/types.ts";
import { compiled } from "../policy/policy-stage.ts";
import { DECIDED, findingOf } from "../support/finding.ts";

const ID = "f-0123456789abcdef0123";
const ART_33 = {
  classifications: ["personal"],
  ms: 72 * 3_600_000,
  citation: { framework: "GDPR", reference: "Art. 33" },
  playbook: "https://intranet.example/breaches",
};
const BASE = compiled();
const policyOf = (elsewhere: readonly Releasable[]) => ({
  ...BASE,
  tickets: { ...TICKET_DEFAULTS, personal: ["personal"], clocks: [ART_33], elsewhere },
});
const route = (liesIn: string, place: string): TicketRoute => ({
  id: "a",
  adapter: "webhook",
  liesIn: [liesIn],
  places: [place],
  settings: {},
});
const US = route("us", "us-west-2");
const EU = route("eu-central-1", "eu-central-1");

/** Every text in a value, wherever it stands, and the names of members. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...textsIn(each)]);
}

/** A finding whose every text about a group is made of words that stand nowhere else. */
interface Told {
  readonly finding: FindingRecord;
  readonly words: Readonly<Record<Releasable, readonly string[]>>;
}

const STATUSES: readonly FindingStatus[] = [
  "observed",
  "awaiting-approval",
  "containing",
  "contained",
  "inconclusive",
  "waiting",
  "rolling-back",
  "exempt",
  "resolved",
];
const KINDS: readonly Facts["kind"][] = ["transfer", "unreadable", "condition", "object", "access-key", "sessions"];

/** @param wrap what a stranger writes around a name */
function toldBy(status: FindingStatus, kind: Facts["kind"], wrap: (word: string) => string): Told {
  let count = 0;
  const words: Record<Releasable, string[]> = { resource: [], principals: [], changes: [], reasons: [], exposure: [] };
  const word = (group: Releasable) => {
    const one = `zq${group.slice(0, 2)}${String(count++).padStart(3, "0")}x`;
    words[group].push(one);
    return wrap(one);
  };
  const [bucket, user, session, approver, value] = [
    word("resource"),
    word("principals"),
    word("principals"),
    word("principals"),
    word("changes"),
  ];
  const part = word("resource");
  const owner = word("principals");
  /** A sentence of one group in which others are named, as sentences of Cordon's are. */
  const sentence = (group: Releasable) =>
    `${word(group)}: ${bucket} (${part}) was changed by ${session} to ${value}, as ${approver} said`;
  const facts: Record<Facts["kind"], Facts> = {
    transfer: {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      to: "us-west-2",
      destination: `arn:aws:s3:::${word("resource")}`,
      prefix: word("resource"),
      tags: [{ key: word("resource"), value: word("resource") }],
      replicaKey: `arn:aws:kms:us-west-2:111122223333:key/${word("resource")}`,
    },
    unreadable: { kind: "unreadable", reason: sentence("resource") },
    condition: {
      kind: "condition",
      holds: false,
      expected: sentence("resource"),
      found: sentence("resource"),
      consequence: sentence("resource"),
      remedy: sentence("resource"),
    },
    object: {
      kind: "object",
      matched: [{ rule: word("resource"), classification: "personal", why: sentence("resource") }],
      undecided: [],
      found: [{ detector: "iban", matches: 2, distinct: 2, fingerprints: [word("resource")] }],
      carried: [{ key: "class", value: word("resource") }],
      isFull: true,
      read: sentence("resource"),
    },
    "access-key": {
      kind: "access-key",
      about: "exposure",
      key: word("resource"),
      status: "Active",
      createdAt: "2026-01-01T00:00:00.000Z",
      lastUsed: "never",
      owner,
      other: { key: word("resource"), status: "Active", createdAt: "2026-01-01T00:00:00.000Z" },
      reported: { by: "operator", id: word("resource"), type: "exposed", at: "2026-01-01T00:00:00.000Z" },
    },
    sessions: { kind: "sessions", key: word("resource"), hindrance: sentence("resource") },
  };
  const change = { path: `Rules[${part}].Status`, before: value, after: { deep: [word("changes")] } };
  const saying = {
    action: "approve",
    at: "2026-03-01T09:00:00.000Z",
    by: approver,
    how: "a test",
    reason: sentence("principals"),
  } as const;
  const finding = findingOf({
    status,
    run: 1,
    title: `Rule ${part} of ${bucket} is wrong`,
    resource: {
      type: kind === "object" ? "AWS::S3::Object" : "AWS::S3::Bucket",
      arn: `arn:aws:s3:::${bucket}/${word("resource")}`,
      name: bucket,
      account: "111122223333",
      region: "eu-central-1",
      version: word("resource"),
    },
    part,
    facts: facts[kind],
    classification: "personal",
    resourceTags: [
      { key: "owner", value: owner },
      { key: "project", value: word("resource") },
    ],
    decision: {
      kind: "contain",
      rule: `classification:${word("reasons")}`,
      reasons: [sentence("reasons"), sentence("reasons")],
      approval: { by: [`arn:aws:iam::*:role/${word("principals")}`], validMs: 3_600_000 },
      ...DECIDED,
    },
    changes: [change],
    reversible: sentence("changes"),
    notes: [sentence("reasons")],
    principal: {
      type: "AssumedRole",
      arn: `arn:aws:sts::444455556666:assumed-role/${user}/${session}`,
      account: "444455556666",
      sourceIdentity: word("principals"),
      agent: word("principals"),
    },
    exception: {
      findingId: ID,
      reason: sentence("principals"),
      approver,
      grantedAt: "2026-03-01T09:00:00.000Z",
      expiresAt: "2026-03-02T09:00:00.000Z",
      subject: "s",
      classification: "personal",
    },
    ...(status === "awaiting-approval" && {
      pending: {
        id: "0123456789ab",
        steps: [{ operation: "Put", changes: [change], inverse: { operation: "Put", changes: [] } }],
        permissions: ["s3:Put"],
        reversible: "",
        askedAt: "",
        expiresAt: "2026-03-04T09:00:00.000Z",
        unanswered: 1,
      },
    }),
    sayings: [
      { ...saying, outcome: "done" },
      { ...saying, action: "aware", outcome: "done", by: approver },
    ],
    holds: [{ limit: "brake", whose: sentence("principals") }],
    exposure: {
      from: "2026-03-01T09:00:00.000Z",
      to: "2026-03-01T09:00:02.000Z",
      objects: 7_654_321,
      bytes: 8_765_432,
      isAll: true,
      basis: sentence("exposure"),
    },
  });
  return { finding, words };
}

const given = fc.record({
  status: fc.constantFrom(...STATUSES),
  kind: fc.constantFrom(...KINDS),
  wrap: fc.constantFrom(
    (word: string) => word,
    (word: string) => `${word}.*+?^$\u007b()|[]\\/-`,
    (word: string) => `"${word}" <@${word}>`,
  ),
  elsewhere: fc.subarray([...RELEASABLE]),
});

describe("a ticket for a route that lies outside of where the finding's data may live", () => {
  it("has nothing of what policy does not let go, wherever it is named, and says what was left out", () => {
    fc.assert(
      fc.property(given, ({ status, kind, wrap, elsewhere }) => {
        const { finding, words } = toldBy(status, kind, wrap);
        const ticket = ticketFor(finding, 1, US, policyOf(elsewhere));
        const texts = textsIn(ticket);
        const withheld = RELEASABLE.filter((each) => !elsewhere.includes(each));
        for (const group of withheld)
          for (const word of words[group])
            expect(texts.filter((text) => text.toLowerCase().includes(word))).toEqual([]);
        const notice = texts.filter((text) => text.startsWith("left out for this route (it lies in us): "));
        expect(notice).toHaveLength(withheld.length === 0 ? 0 : 1);
        const kept = notice[0]?.split("): ")[1]?.split(", ") ?? [];
        for (const each of kept) expect(withheld).toContain(each);
        if (!elsewhere.includes("exposure")) expect(texts.join("\n")).not.toMatch(/7,654,321|8,765,432/);
      }),
      { numRuns: 100 },
    );
  });

  it("says all the same what to do, and by which command", () => {
    fc.assert(
      fc.property(given, ({ status, kind, wrap, elsewhere }) => {
        const { finding } = toldBy(status, kind, wrap);
        const { key, severity, state, labels, sections } = ticketFor(finding, 1, US, policyOf(elsewhere));
        const whole = ticketOf(finding, 1, policyOf([]));
        expect({ key, severity, state }).toEqual({ key: whole.key, severity: whole.severity, state: whole.state });
        expect(labels).toMatchObject({ control: "a-control-id", account: "111122223333", region: "eu-central-1" });
        const lines = sections[0]?.lines ?? [];
        for (const words of ["What: ", "Where: ", "You: "])
          expect(lines.some((line) => line.startsWith(words))).toBe(true);
        const commands = (ticket: Pick<Ticket, "body">) => new Set(ticket.body.match(/cordon [a-z]+ f-\w+/g));
        for (const command of commands(whole)) expect(commands({ body: JSON.stringify(sections) })).toContain(command);
      }),
      { numRuns: 25 },
    );
  });

  it("with nothing let go reads so", async () => {
    const { finding } = toldBy("contained", "transfer", (word) => word);
    const { title, body } = ticketFor(finding, 1, US, policyOf([]));
    await expect(`${title}\n\n${body}\n`).toMatchFileSnapshot("__texts__/content-elsewhere.txt");
  });

  it("with all let go is whole", () => {
    const { finding } = toldBy("contained", "transfer", (word) => word);
    const policy = policyOf(RELEASABLE);
    expect(ticketFor(finding, 1, US, policy)).toEqual(ticketOf(finding, 1, policy));
  });

  it("tells what may go without the names that may not: of who is the resource himself, too", () => {
    const arn = "arn:aws:iam::111122223333:user/reports/jane";
    const finding = findingOf({
      classification: "personal",
      title: "Key of jane is old",
      resource: { type: "AWS::IAM::User", arn, name: "jane", account: "111122223333", region: "us-east-1" },
      principal: { type: "IAMUser", arn },
      part: "key",
    });
    const { title, labels, body } = ticketFor(finding, 1, US, policyOf(["resource", "reasons", "changes", "exposure"]));
    expect(title).toBe("[CONTAINED] Key of (left out) is old");
    expect(labels.resource).toBe("(left out)");
    expect(body).toContain("left out for this route (it lies in us): principals");
    expect(body).not.toMatch(/jane/i);
  });

  it("takes a short name out where it stands by itself, and leaves words that have its letters", () => {
    const finding = findingOf({
      classification: "personal",
      part: "a",
      resource: { ...findingOf().resource, name: "abc" },
      decision: { ...findingOf().decision, reasons: ['"a" of Abc is a part of the alphabet, abcd of all'] },
      facts: { kind: "unreadable", reason: "??" },
    });
    const { body } = ticketFor(finding, 1, US, policyOf(["reasons"]));
    expect(body).toContain('- "(left out)" of (left out) is (left out) part of the alphabet, abcd of all');
  });

  it("takes out all of a name that begins with another", () => {
    const finding = findingOf({
      classification: "personal",
      part: "orders-archive",
      resource: { ...findingOf().resource, name: "orders" },
      notes: ["orders-archive is of orders"],
    });
    const { body } = ticketFor(finding, 1, US, policyOf(["reasons"]));
    expect(body).toContain("- (left out) is of (left out)");
  });

  it("does not take Cordon's own words for names", () => {
    const finding = findingOf({
      classification: "personal",
      part: "cordon",
      resource: { ...findingOf().resource, name: "high" },
      decision: { ...findingOf().decision, reasons: ["of high severity, in 111122223333 and eu-central-1"] },
      facts: {
        kind: "transfer",
        active: true,
        from: "",
        to: "eu-central-1",
        destination: "",
        destinationAccount: "111122223333",
        tags: [{ key: "b", value: "of" }],
      },
      changes: [{ path: "x", before: "Enabled", after: "Disabled" }],
      notes: ["Enabled by a rule"],
    });
    const { body } = ticketFor(finding, 1, US, policyOf(["reasons"]));
    expect(body).toContain(`cordon rollback ${ID}`);
    expect(body).toContain("- of high severity, in 111122223333 and eu-central-1");
    expect(body).toContain("- Enabled by a rule");
  });
});

describe("a ticket for a route that lies where the finding's data may live", () => {
  it("is whole, whatever policy lets go elsewhere", () => {
    fc.assert(
      fc.property(given, ({ status, kind, wrap, elsewhere }) => {
        const { finding } = toldBy(status, kind, wrap);
        const policy = policyOf(elsewhere);
        const ticket = ticketFor(finding, 1, EU, policy);
        expect(ticket).toEqual(ticketOf(finding, 1, policy));
        expect(ticket.body).not.toContain("left out");
      }),
      { numRuns: 25 },
    );
  });

  it("tells who, what and how much", () => {
    const { finding, words } = toldBy("contained", "transfer", (word) => word);
    const { body, title, labels } = ticketFor(finding, 1, EU, policyOf([]));
    expect(title).toBe(`[CONTAINED] ${finding.title}`);
    expect(labels.resource).toBe(finding.resource.arn);
    for (const group of ["changes", "reasons", "exposure"] as const)
      for (const word of words[group]) expect(body).toContain(word);
    expect(body).toContain("7,654,321 objects");
  });
});
