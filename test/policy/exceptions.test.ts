import { describe, expect, it } from "vitest";
import { subjectOf } from "../../shared/ids.ts";
import type { Exception } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import {
  at,
  BASE,
  CONTROL,
  compiled,
  decisionOf,
  errorsOf,
  findingOf,
  type Given,
  policyOf,
  resource,
  transferTo,
  trusting,
} from "./policy-stage.ts";

const HOUR_MS = 3_600_000;
const written = {
  id: "migration",
  control: CONTROL,
  resources: [resource.arn],
  reason: "move of the archive",
  approver: "arn:aws:iam::111122223333:role/data-owner",
  ticket: "CHG-1",
  grantedAt: at(START_MS - HOUR_MS),
  expiresAt: at(START_MS + HOUR_MS),
};
const decided = async (exceptions: readonly object[], given: Given = {}, more: object = {}) =>
  decisionOf(await policyOf({ exceptions: exceptions.map(trusting), ...more }), given);

describe("an exception in the policy", () => {
  it("lets a violation be, and says by whom, until when and why", async () => {
    const { kind, rule, reasons, explanation } = await decided([written]);
    expect({ kind, rule }).toEqual({ kind: "exempt", rule: "exception:migration" });
    expect(reasons.at(-1)).toBe(
      `exception by ${written.approver} until ${new Date(START_MS + HOUR_MS).toISOString()}: move of the archive (CHG-1)`,
    );
    expect(explanation).toMatchObject({
      verdict: "violating",
      considered: [{ rule: "exception:migration", applies: "yes", why: "everything it names matches" }],
    });
    expect(explanation.mode).toBeUndefined();
  });

  it("holds from its second on, until and not at the second it expires (K5: exempt today, treated after expiry)", async () => {
    const policy = await policyOf({
      exceptions: [{ ...written, grantedAt: at(START_MS), expiresAt: at(START_MS + 1000) }],
    });
    const kinds = [-1, 0, 999, 1000].map((ms) => decisionOf(policy, { nowMs: START_MS + ms }).kind);
    expect(kinds).toEqual(["contain", "exempt", "exempt", "contain"]);
    const expired = decisionOf(policy, { nowMs: START_MS + 1000 });
    expect(expired.explanation.considered).toEqual([
      {
        rule: "exception:migration",
        applies: "no",
        why: `the exception by ${written.approver} expired at ${new Date(START_MS + 1000).toISOString()}`,
      },
      // What no scope narrows.
    ]);
    const early = decisionOf(policy, { nowMs: START_MS - 1 });
    expect(early.explanation.considered[0]?.why).toBe(`it holds from ${new Date(START_MS).toISOString()} on`);
  });

  it.each<readonly [string, object, Given, string]>([
    ["another resource", { resources: ["arn:aws:s3:::other*"] }, {}, "contain"],
    ["its resource by a pattern", { resources: ["arn:aws:s3:::ord*"] }, {}, "exempt"],
    ["another account", { resources: undefined, accounts: ["999900001111"] }, {}, "contain"],
    ["its account", { resources: undefined, accounts: ["999900001111", resource.account] }, {}, "exempt"],
    ["another Region", { regions: ["eu-west-1"] }, {}, "contain"],
    ["its Region, by its jurisdiction", { regions: ["eu"] }, {}, "exempt"],
    ["another destination", { to: ["us-east-1"] }, {}, "contain"],
    ["its destination", { to: ["us"] }, {}, "exempt"],
    ["another class", { classifications: ["secret"] }, {}, "contain"],
    ["its class", { classifications: ["secret", "personal"] }, {}, "exempt"],
    ["a tag that it lacks", { tags: [{ key: "env", value: "dev" }] }, {}, "contain"],
    ["a tag with another value", { tags: [{ key: "class", value: "other" }] }, {}, "contain"],
    ["a tag that it has", { tags: [{ key: "class", value: "personal" }] }, {}, "exempt"],
    ["another part", { parts: ["to-elsewhere"] }, {}, "contain"],
    ["its part", { parts: ["to-elsewhere", "to-there"] }, {}, "exempt"],
    ["a condition that holds", { when: 'part == "to-there"' }, {}, "exempt"],
    ["a condition that does not hold", { when: 'part == "x"' }, {}, "contain"],
    ["a condition that fails", { when: 'tags["nope"] == "x"' }, {}, "approve"],
    ["another control", { control: "account-region-stays-covered" }, {}, "contain"],
  ])("for %s", async (_, change, given, kind) => {
    expect((await decided([{ ...written, ...change }], given)).kind).toBe(kind);
  });

  it.each<readonly [string, object, Given, string]>([
    [
      "a class",
      { classifications: ["personal"] },
      { classified: { kind: "undecided", reason: "no class" } },
      "whether exception:migration applies can't be told: it is for certain classes, and the class of the data can't be told",
    ],
    [
      "a destination",
      { to: ["us"] },
      { facts: transferTo(undefined) },
      "whether exception:migration applies can't be told: it is for certain places, and where arn:aws:s3:::copies lies is unknown",
    ],
    [
      "tags",
      { tags: [{ key: "env", value: "dev" }] },
      { tags: { unreadable: "denied" }, journalled: { classification: "secret", classSource: "tag" } },
      "whether exception:migration applies can't be told: it is for resources with certain tags, and the tags can't be read",
    ],
  ])("for %s that can't be told leaves it to a person", async (_, change, given, reason) => {
    const decision = await decided([{ ...written, ...change }], given);
    expect(decision.kind).toBe("approve");
    expect(decision.reasons).toContain(reason);
  });

  it("of several the one that lasts longest counts, and all are told by id", async () => {
    const longer = { ...written, id: "a-longer", expiresAt: at(START_MS + 2 * HOUR_MS) };
    for (const exceptions of [
      [written, longer],
      [longer, written],
    ]) {
      const { rule, explanation } = await decided(exceptions);
      expect(rule).toBe("exception:a-longer");
      expect(explanation.considered.map(({ rule: considered }) => considered)).toEqual([
        "exception:a-longer",
        "exception:migration",
      ]);
    }
  });

  it("that can't be evaluated is not made up for by another", async () => {
    const failing = { ...written, id: "failing", when: 'tags["nope"] == "x"' };
    expect((await decided([failing, written])).kind).toBe("approve");
  });

  it("is considered only where something is wrong, and changes no compliant decision", async () => {
    const decision = await decided([written], { facts: transferTo("eu-west-1") });
    expect(decision).toMatchObject({ kind: "compliant", explanation: { considered: [] } });
  });

  it.each<readonly [string, Given, string]>([
    ["a state", { facts: { kind: "unreadable", reason: "denied" } }, "what it would let be can't be read"],
    ["a destination", { facts: transferTo(undefined) }, "where arn:aws:s3:::copies lies is unknown"],
    ["a class", { classified: { kind: "undecided", reason: "no class" } }, "the class of the data can't be told"],
  ])("covers nothing of which %s can't be seen", async (_, given, why) => {
    const decision = await decided([written], given);
    expect(decision.kind).toBe("approve");
    expect(decision.reasons.at(-1)).toBe(`whether exception:migration applies can't be told: ${why}`);
  });

  it("lets be what Cordon itself lacks, for no data is judged there", async () => {
    const facts = {
      kind: "condition",
      holds: false,
      expected: "e",
      found: "f",
      consequence: "c",
      remedy: "r",
    } as const;
    const control = "account-region-stays-covered";
    const given: Given = {
      facts,
      finding: { controlId: control },
      classified: { kind: "not-applicable", reason: "n" },
    };
    expect((await decided([{ ...written, control }], given)).kind).toBe("exempt");
  });

  it("does not make up for a transfer that can't be evaluated", async () => {
    const failing = {
      id: "t",
      classifications: ["personal"],
      to: ["us"],
      basis: { kind: "scc", document: "d" },
      when: 'tags["nope"] == "x"',
    };
    const decision = await decided([written], {}, { transfers: [trusting(failing)] });
    expect(decision).toMatchObject({ kind: "approve", rule: "transfer:t" });
  });

  it("by tags counts when it is declared who sets them, and is open while that has to be proved", async () => {
    const tagged = { ...written, tags: [{ key: "class", value: "personal" }] };
    expect((await decided([tagged])).kind).toBe("exempt");
    const verify = { principals: ["arn:aws:iam::*:role/dpo"], enforcement: "verify" };
    const open = await decided([{ ...tagged, tagsSetBy: verify }]);
    expect(open.kind).toBe("approve");
    expect(open.reasons.at(-1)).toBe(
      "whether exception:migration applies can't be told: that live policies deny its tags to everybody but arn:aws:iam::*:role/dpo has not been proved",
    );
    expect((await decided([{ ...tagged, tags: [{ key: "class", value: "x" }], tagsSetBy: verify }])).kind).toBe(
      "contain",
    );
  });

  it("holds at no time that is none", async () => {
    expect((await decided([written], { nowMs: Number.NaN })).kind).toBe("contain");
  });
});

describe("an exception granted at run time", () => {
  const granted: Exception = {
    findingId: findingOf(transferTo("us-west-2")).id,
    reason: "restore test",
    approver: "owner",
    grantedAt: new Date(START_MS).toISOString(),
    expiresAt: new Date(START_MS + 1000).toISOString(),
    subject: subjectOf(transferTo("us-west-2")) ?? "",
    classification: "personal",
  };
  const given = (exception: Partial<Exception>, more: Given = {}): Given => ({
    exception: { ...granted, ...exception },
    ...more,
  });

  it.each<readonly [string, Given, string, string | undefined]>([
    ["applies until", given({}, { nowMs: START_MS + 999 }), "exempt", undefined],
    [
      "and not at the moment it expires",
      given({}, { nowMs: START_MS + 1000 }),
      "contain",
      `the exception by owner expired at ${granted.expiresAt}`,
    ],
    [
      "is over when its end can't be read",
      given({ expiresAt: "soon" }),
      "contain",
      "the exception by owner expired at soon",
    ],
    [
      "does not cover another place",
      given({}, { facts: transferTo("us-east-1") }),
      "contain",
      "the exception by owner was granted for another destination or other data",
    ],
    [
      "nor other data",
      given({}, { facts: transferTo("us-west-2", { prefix: "pii/" }) }),
      "contain",
      "the exception by owner was granted for another destination or other data",
    ],
    [
      "nor copies under another key",
      given({}, { facts: transferTo("us-west-2", { replicaKey: "k" }) }),
      "contain",
      "the exception by owner was granted for another destination or other data",
    ],
    [
      "nor data of a higher class",
      given({}, { tags: [{ key: "class", value: "secret" }] }),
      "contain",
      'the exception by owner was granted for "personal" data',
    ],
    [
      "nor a class that policy no longer knows",
      given({ classification: "gone" }),
      "contain",
      'the exception by owner was granted for "gone" data',
    ],
    ["covers data of a lower class", given({ classification: "secret" }), "exempt", undefined],
    [
      "may or may not cover data whose class can't be told",
      given({}, { classified: { kind: "undecided", reason: "no class" } }),
      "approve",
      `whether exception:${granted.findingId} applies can't be told: the exception by owner was granted for "personal" data`,
    ],
    [
      "covers it all the same when it covers the highest",
      given({ classification: "secret" }, { classified: { kind: "undecided", reason: "no class" } }),
      "exempt",
      undefined,
    ],
    [
      "covers nothing where no data is judged",
      given({}, { classified: { kind: "not-applicable", reason: "no data" } }),
      "approve",
      'the exception by owner was granted for "personal" data',
    ],
  ])("%s", async (_, more, kind, reason) => {
    const decision = decisionOf(await policyOf(), more);
    expect(decision.kind).toBe(kind);
    if (reason !== undefined) expect(decision.reasons).toContain(reason);
  });

  it("is told with who, until when and why, and under the finding's id", async () => {
    const policy = await policyOf();
    const decision = decisionOf(policy, given({}));
    expect(decision.rule).toBe(`exception:${granted.findingId}`);
    expect(decision.reasons.at(-1)).toBe(`exception by owner until ${granted.expiresAt}: restore test`);
    expect(decision.explanation.considered).toEqual([
      {
        rule: `exception:${granted.findingId}`,
        applies: "yes",
        why: 'the exception by owner was granted for "personal" data, and this is no other',
      },
    ]);
  });

  it("is part of the decision's digest, and the policy's is told besides", async () => {
    const policy = await policyOf();
    const plain = decisionOf(policy);
    expect(plain.digest).toBe(policy.digest);
    const digests = [given({}), given({ reason: "other" })].map((more) => decisionOf(policy, more));
    expect(new Set([plain, ...digests].map(({ digest }) => digest)).size).toBe(3);
    for (const { policyDigest } of digests) expect(policyDigest).toBe(policy.digest);
  });

  it("and one in the policy: the one that lasts longest counts", async () => {
    const { rule } = await decided([written], given({}));
    expect(rule).toBe("exception:migration");
    const { rule: other } = await decided(
      [written],
      given({ expiresAt: new Date(START_MS + 9 * HOUR_MS).toISOString() }),
    );
    expect(other).toBe(`exception:${granted.findingId}`);
  });
});

describe("an exception is refused", () => {
  const wrong = (change: object, more: object = {}) =>
    errorsOf({ ...BASE, ...more, exceptions: [{ ...written, ...change }] });

  it.each<readonly [string, object, readonly unknown[]]>([
    [
      "by tags that anybody may set",
      { tags: [{ key: "a", value: "b" }] },
      ['exception "migration" lets data go further by tags; expected tagsSetBy, which names who may set them'],
    ],
    [
      "by a condition on tags that anybody may set",
      { when: 'tags["a"] == "b"' },
      ['exception "migration" lets data go further by tags; expected tagsSetBy, which names who may set them'],
    ],
    [
      "for a tag with two values",
      {
        tags: [
          { key: "a", value: "b" },
          { key: "a", value: "c" },
        ],
        tagsSetBy: { principals: [written.approver], enforcement: "declared" },
      },
      [
        "no resource carries a with several values; expected one",
        "no resource carries a with several values; expected one",
      ],
    ],
    ["without expiry", { expiresAt: undefined }, ["exceptions.0.expiresAt: found nothing, expected a text"]],
    [
      "without offset",
      { expiresAt: "2026-12-31T23:59:59" },
      [expect.stringContaining("expected a time with seconds and an offset")],
    ],
    ["without reason", { reason: "" }, ['exceptions.0.reason: found "", expected a text that is not empty']],
    ["without ticket", { ticket: undefined }, ["exceptions.0.ticket: found nothing, expected a text"]],
    ["without approver", { approver: undefined }, ["exceptions.0.approver: found nothing, expected a text"]],
    [
      "for everything",
      { resources: undefined },
      [
        "expected at least one of accounts, units, regions, classifications, tags, resources, to, when. An exception for everything is none",
      ],
    ],
    [
      "for a control that there isn't",
      { control: "s3-replication" },
      [expect.stringMatching(/^unknown control "s3-replication"/)],
    ],
    [
      "over before it begins",
      { expiresAt: written.grantedAt },
      ["found a time that is not after grantedAt, expected a later one"],
    ],
    [
      "for a glob of accounts",
      { accounts: ["1111*"] },
      [expect.stringContaining("expected an account id of 12 digits")],
    ],
    [
      "for what is no ARN",
      { resources: ["orders"] },
      [expect.stringContaining("expected an ARN, in which * stands for any letters and ? for one")],
    ],
    [
      "for a class that there isn't",
      { classifications: ["x"] },
      [expect.stringMatching(/^unknown classification "x"/)],
    ],
    [
      "for a unit that there isn't",
      { units: ["prod"] },
      ['unknown organisational unit "prod", expected one of: (none is defined)'],
    ],
    [
      "for a Region that there isn't",
      { regions: ["eu-west-9"] },
      [expect.stringMatching(/^there is no Region, Local Zone or jurisdiction "eu-west-9"/)],
    ],
  ])("%s", (_, change, messages) => {
    expect(wrong(change)).toEqual(messages);
  });

  it("for longer than the policy's days, and told how long it may be; to the second", () => {
    const days = (seconds: number) => at(START_MS + 7 * 86_400_000 + seconds * 1000);
    const limits = { exceptions: { defaultHours: 24, maxDays: 7 } };
    expect(wrong({ grantedAt: at(START_MS), expiresAt: days(0) }, { limits })).toEqual([]);
    expect(wrong({ grantedAt: at(START_MS), expiresAt: days(1) }, { limits })).toEqual([
      `found 7.0 days after grantedAt, expected at most 7 (limits.exceptions.maxDays), which is ${days(0)}`,
    ]);
  });

  it("by somebody who may not approve, where policy says who may", () => {
    const limits = { approvals: { by: ["arn:aws:iam::*:role/data-owner", "arn:aws:iam::*:role/dpo"] } };
    expect(wrong({}, { limits })).toEqual([]);
    expect(wrong({ approver: "arn:aws:iam::111122223333:user/eve" }, { limits })).toEqual([
      '"arn:aws:iam::111122223333:user/eve" is not among those who may approve: arn:aws:iam::*:role/data-owner, arn:aws:iam::*:role/dpo',
    ]);
  });

  it("under an id that is taken", () => {
    expect(errorsOf({ ...BASE, exceptions: [written, written] })).toEqual([
      'the id "migration" is taken already; expected one of its own',
    ]);
  });

  it("and means the same moment in any time zone", () => {
    const zoned = { ...written, expiresAt: new Date(START_MS + 2 * HOUR_MS).toISOString().replace(".000Z", "+01:00") };
    expect(compiled({ ...BASE, exceptions: [zoned] }).exceptions).toEqual(
      compiled({ ...BASE, exceptions: [written] }).exceptions,
    );
  });
});
