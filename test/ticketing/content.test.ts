import { describe, expect, it } from "vitest";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { OWN_MATTERS, TICKET_DEFAULTS, type TicketRules } from "../../shared/policy/tickets.ts";
import { clocksOf } from "../../shared/ticketing/clocks.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";
import type { Saying, TransferFacts } from "../../shared/types.ts";
import { BASE, compiled } from "../policy/policy-stage.ts";
import { DECIDED, findingOf } from "../support/finding.ts";

const ID = "f-0123456789abcdef0123";
const FACTS: TransferFacts = {
  kind: "transfer",
  active: true,
  from: "eu-central-1",
  to: "us-west-2",
  destination: "arn:aws:s3:::orders-us",
  tags: [],
};
const personal = (more: Partial<FindingRecord> = {}) =>
  findingOf({ classification: "personal", facts: FACTS, run: 1, ...more });
const ART_33 = {
  classifications: ["personal"],
  ms: 72 * 3_600_000,
  citation: { framework: "GDPR", reference: "Art. 33" },
  playbook: "Call the officer.\n\n  Then write down what is known.",
};
const policyOf = (tickets: Partial<TicketRules>) => ({ ...compiled(), tickets: { ...TICKET_DEFAULTS, ...tickets } });
const WITH_CLOCK = policyOf({ personal: ["personal"], clocks: [ART_33] });
const said = (more: Partial<Saying> = {}): Saying => ({
  action: "aware",
  at: "2026-03-02T10:00:00.000Z",
  by: "ann",
  how: "a test",
  reason: "customers are concerned",
  outcome: "done",
  ...more,
});
const linesOf = (finding: FindingRecord, heading: string, policy = compiled()) =>
  ticketOf(finding, 0, policy).sections.find((section) => section.heading === heading)?.lines;

describe("the clocks of a finding", () => {
  it("run from when it was seen first, for a class that policy calls personal or has a law for", () => {
    expect(clocksOf(personal(), WITH_CLOCK)).toStrictEqual({
      assessedSince: "2026-03-01T09:00:00.000Z",
      isClassUnknown: false,
      laws: [{ clock: ART_33 }],
    });
    expect(clocksOf(personal(), policyOf({ personal: ["personal"] }))).toMatchObject({ laws: [] });
    expect(clocksOf(personal({ classification: "secret+personal" }), WITH_CLOCK)).toBeDefined();
  });

  it("have an end once somebody has confirmed awareness, the first time that he did", () => {
    const second = said({ at: "2026-03-05T10:00:00.000Z" });
    const refused = said({ at: "2026-03-01T10:00:00.000Z", outcome: "refused" });
    const other = said({ at: "2026-03-01T11:00:00.000Z", action: "reject" });
    expect(clocksOf(personal({ sayings: [refused, other, said(), second] }), WITH_CLOCK)).toMatchObject({
      aware: said(),
      laws: [{ endsAt: "2026-03-05T10:00:00.000Z" }],
    });
  });

  it("run for each law that has the class, and for every law where the class can't be told", () => {
    const lgpd = { ...ART_33, classifications: ["secret"], citation: { framework: "LGPD", reference: "Art. 48" } };
    const policy = policyOf({ personal: ["personal", "secret"], clocks: [ART_33, lgpd] });
    expect(clocksOf(personal(), policy)?.laws).toEqual([{ clock: ART_33 }]);
    expect(clocksOf(personal({ classification: "unknown" }), policy)).toMatchObject({
      isClassUnknown: true,
      laws: [{ clock: ART_33 }, { clock: lgpd }],
    });
  });

  const exception = {
    findingId: ID,
    reason: "so",
    approver: "ann",
    grantedAt: "2026-03-01T09:00:00.000Z",
    expiresAt: "2026-03-02T09:00:00.000Z",
    subject: "s",
    classification: "personal",
  };
  it.each<[string, FindingRecord, boolean]>([
    ["what was stopped", personal(), true],
    ["what is gone", personal({ status: "resolved" }), true],
    ["what a person lets be", personal({ status: "exempt", exception }), true],
    ["what the policy lets be", personal({ status: "exempt" }), false],
    ["what the policy lets be, and somebody is aware of", personal({ status: "exempt", sayings: [said()] }), true],
    ["what can't be read", personal({ facts: { kind: "unreadable", reason: "no" } }), true],
    [
      "an object that can't be read",
      personal({
        facts: { kind: "unreadable", reason: "no" },
        resource: { ...personal().resource, type: "AWS::S3::Object" },
      }),
      false,
    ],
    [
      "an object without its tag",
      personal({
        facts: { kind: "object", matched: [], undecided: [], found: [], carried: [], isFull: false, read: "" },
      }),
      false,
    ],
    ["data of another class", personal({ classification: "public" }), false],
    ["what is not about data", personal({ classification: "" }), false],
  ])("run or not for %s", (_, finding, runs) => {
    expect(clocksOf(finding, WITH_CLOCK) !== undefined).toBe(runs);
  });

  it("don't run where policy has none, not even where the class can't be told", () => {
    expect(clocksOf(personal(), compiled())).toBeUndefined();
    expect(clocksOf(personal({ classification: "unknown" }), compiled())).toBeUndefined();
  });
});

describe("what the law asks, in a ticket", () => {
  it("is to assess, and then to say so; with the playbook", () => {
    expect(linesOf(personal(), "What the law asks", WITH_CLOCK)).toEqual([
      "To be assessed since 2026-03-01T09:00:00.000Z: has personal data crossed, and whose?",
      `Once you know that it is a breach, say so, and the time of the law begins: cordon aware ${ID} --reason "..."`,
      "GDPR Art. 33: 72 h from then",
      "Playbook (GDPR Art. 33): Call the officer.",
      "  Then write down what is known.",
    ]);
    expect(linesOf(personal(), "Summary", WITH_CLOCK)?.at(-1)).toBe(
      `Clock: to be assessed since 2026-03-01T09:00:00.000Z whether it is a breach (GDPR Art. 33: 72 h from when you are aware). If it is: cordon aware ${ID} --reason "..."`,
    );
  });

  it("has an end once somebody is aware, and says who", () => {
    const finding = personal({ sayings: [said()] });
    expect(linesOf(finding, "What the law asks", WITH_CLOCK)).toEqual([
      "To be assessed since 2026-03-01T09:00:00.000Z: has personal data crossed, and whose?",
      "Aware since 2026-03-02T10:00:00.000Z.",
      "GDPR Art. 33: 72 h end 2026-03-05T10:00:00.000Z",
      "Confirmed by ann (a test): customers are concerned",
      "Playbook (GDPR Art. 33): Call the officer.",
      "  Then write down what is known.",
    ]);
    expect(linesOf(finding, "Summary", WITH_CLOCK)?.at(-1)).toBe(
      "Clock: aware since 2026-03-02T10:00:00.000Z. GDPR Art. 33: 72 h end 2026-03-05T10:00:00.000Z",
    );
  });

  it("may be to assess alone, and says that nobody can tell the class", () => {
    const policy = policyOf({ personal: ["personal"] });
    const { playbook: _, ...silent } = ART_33;
    expect(linesOf(personal({ classification: "unknown" }), "What the law asks", policy)).toEqual([
      "To be assessed since 2026-03-01T09:00:00.000Z: has personal data crossed, and whose?",
      "Nobody can tell the data's class: it may be personal.",
      `Once you know that it is a breach, say so, and the time of the law begins: cordon aware ${ID} --reason "..."`,
    ]);
    expect(linesOf(personal(), "Summary", policy)?.at(-1)).toContain("whether it is a breach. If it is: cordon aware");
    expect(linesOf(personal({ sayings: [said()] }), "Summary", policy)?.at(-1)).toBe(
      "Clock: aware since 2026-03-02T10:00:00.000Z. Policy names no time limit.",
    );
    expect(
      linesOf(personal(), "What the law asks", policyOf({ personal: ["personal"], clocks: [silent] })),
    ).toHaveLength(3);
  });

  it("is nothing where no clock runs, nor without a policy", () => {
    expect(linesOf(personal(), "What the law asks")).toBeUndefined();
    expect(ticketOf(personal(), 0).body).not.toContain("Clock");
  });
});

describe("the first lines of a ticket", () => {
  const summaryOf = (more: Partial<FindingRecord>) => linesOf(personal(more), "Summary");

  it("come first, and tell what, where, whether it is stopped, and what to do", () => {
    const { sections } = ticketOf(personal({ timings: { containedAt: "2026-03-01T09:00:02.000Z" } }));
    expect(sections[0]).toEqual({
      heading: "Summary",
      lines: [
        "What: Replication to us-west-2",
        "Where: arn:aws:s3:::orders-eu, account 111122223333, eu-central-1, class personal",
        "Stopped: yes, and verified (2026-03-01T09:00:02.000Z)",
        "You: nothing at once. It stays so until somebody undoes it: find out who needs it (see below).",
      ],
    });
  });

  const announced = { ...DECIDED.explanation, verdict: "announced" as const };
  const plan = { id: "0123456789ab", steps: [], permissions: [], reversible: "", askedAt: "", unanswered: 0 };
  const condition = {
    kind: "condition",
    holds: false,
    expected: "",
    found: "",
    consequence: "",
    remedy: "do it",
  } as const;
  const key = {
    kind: "access-key",
    about: "exposure",
    key: "AKIA...MPLE",
    status: "Active",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastUsed: "never",
  } as const;
  const until = "2026-03-04T09:00:00.000Z";
  const letBe = {
    findingId: ID,
    reason: "so",
    approver: "ann",
    grantedAt: "",
    expiresAt: until,
    subject: "",
    classification: "",
  };
  it.each<[string, Partial<FindingRecord>, string, string]>([
    ["is stopped", {}, "Stopped: yes, and verified", "You: nothing at once."],
    [
      "had been stopped",
      { facts: key, run: undefined as unknown as number },
      "Stopped: yes, before Cordon came to it",
      "You: nothing at once.",
    ],
    [
      "is observed",
      { status: "observed" },
      "Stopped: no: this control only observes here",
      "You: put it right, or ask",
    ],
    [
      "is announced",
      { status: "observed", decision: { ...personal().decision, explanation: announced } },
      "Stopped: not yet: this says what will be",
      "You: nothing today. See to it before Cordon does.",
    ],
    [
      "waits for a person",
      { status: "awaiting-approval", pending: { ...plan, expiresAt: until } },
      "Stopped: no: a person has to decide",
      `You: decide until ${until}: cordon approve ${ID} or cordon reject ${ID}, each with --reason "..."`,
    ],
    [
      "waits for a person without a plan",
      { status: "awaiting-approval" },
      "Stopped: no: a person has to decide",
      "You: put it right by hand, or ask for an exception",
    ],
    [
      "a person lets be",
      { status: "exempt", exception: letBe },
      `Stopped: no: an exception lets it be until ${until}`,
      "You: nothing until it ends.",
    ],
    ["policy lets be", { status: "exempt" }, "Stopped: no: an exception lets it be", "You: nothing until it ends."],
    ["is gone", { status: "resolved" }, "Stopped: yes: the violation is gone", "You: nothing."],
    [
      "is held",
      { status: "waiting" },
      "Stopped: not yet: it is to be, and something holds it",
      "You: nothing: Cordon goes on",
    ],
    ["is not certain", { status: "inconclusive" }, "Stopped: not certain yet: Cordon looks again", "You: nothing yet."],
    [
      "is being stopped",
      { status: "containing" },
      "Stopped: at this moment",
      "You: nothing. Should this text stay for ten minutes",
    ],
    [
      "is being put back",
      { status: "rolling-back" },
      "Stopped: it is being put back as it was, on a person's word",
      "You: nothing. Should",
    ],
    [
      "a person has to put right",
      { status: "awaiting-approval", facts: condition },
      "Put right: no: a person has to decide",
      "You: put it right, as What to do below tells.",
    ],
    [
      "was put right",
      { status: "resolved", facts: condition },
      "Put right: yes: the violation is gone",
      "You: nothing.",
    ],
    [
      "holds again",
      { status: "observed", facts: { ...condition, holds: true } },
      "Put right: no",
      "You: put it right, or ask",
    ],
  ])("of what %s", (_, more, isStopped, todo) => {
    const lines = summaryOf(more) ?? [];
    expect(lines[2]?.startsWith(isStopped), lines[2]).toBe(true);
    expect(lines[3]?.startsWith(todo), lines[3]).toBe(true);
  });

  it("name no class where there is none, and the owner where tags tell", () => {
    expect(summaryOf({ classification: "" })?.[1]).toBe(
      "Where: arn:aws:s3:::orders-eu, account 111122223333, eu-central-1",
    );
    const resourceTags = [
      { key: "team", value: "billing" },
      { key: "owner", value: "ann@example.org" },
    ];
    expect(summaryOf({ resourceTags })?.at(-1)).toBe("Owner: ann@example.org (by its tags)");
    expect(summaryOf({ facts: { ...key, owner: "reports" }, resourceTags })?.at(-1)).toBe(
      "Owner: reports (by its tags)",
    );
    const policy = compiled({ ...BASE, accessKeys: { ownerTags: ["team"] } });
    expect(linesOf(personal({ resourceTags }), "Summary", policy)?.at(-1)).toBe("Owner: billing (by its tags)");
  });
});

describe("how to ask for an exception", () => {
  const HEADING = "How to ask for an exception";
  const inPolicy =
    "In the policy, reviewed as any change of it: an entry of exceptions with control a-control-id, reason, approver and ticket; it ends, at most 30 days after it was granted, and is bound to what it names:";
  const named = 'resources: ["arn:aws:s3:::orders-eu"]';
  const pending = {
    id: "0123456789ab",
    steps: [],
    permissions: [],
    reversible: "",
    askedAt: "",
    expiresAt: "",
    unanswered: 0,
  };
  const exception = {
    findingId: ID,
    reason: "",
    approver: "",
    grantedAt: "",
    expiresAt: "",
    subject: "",
    classification: "",
  };
  it.each<[string, Partial<FindingRecord>, readonly string[] | undefined]>([
    [
      "what was stopped",
      {},
      [`For a time: cordon rollback ${ID} --reason "...", which puts it back as well`, inPolicy, named],
    ],
    [
      "what waits for a person",
      { status: "awaiting-approval", pending },
      [`For a time: cordon reject ${ID} --hours <how many> --reason "..."`, inPolicy, named],
    ],
    [
      "what a person lets be",
      { status: "exempt", exception },
      [`For longer: cordon extend ${ID} --hours <from now> --reason "..."`, inPolicy, named],
    ],
    ["what the policy lets be", { status: "exempt" }, [inPolicy, named]],
    ["what is observed", { status: "observed", exception }, [inPolicy, named]],
    ["what is gone", { status: "resolved" }, undefined],
    ["what Cordon tells of itself", { controlId: OWN_MATTERS[0] ?? "" }, undefined],
    [
      "an object, whose key may name somebody",
      {
        status: "observed",
        resource: { ...personal().resource, type: "AWS::S3::Object", arn: "arn:aws:s3:::a/ann.txt" },
      },
      [inPolicy, `the resource, as cordon explain ${ID} shows it`],
    ],
  ])("of %s", (_, more, lines) => {
    expect(linesOf(personal(more), HEADING)).toEqual(lines);
  });

  it("names no longest time without a policy", () => {
    expect(ticketOf(personal()).body).toContain("it ends, and is bound to what it names:");
  });
});
