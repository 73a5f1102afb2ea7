import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Causes,
  type Decider,
  deciderName,
  objectionTo,
  objectionToBrake,
} from "../../shared/policy/may-decide.ts";
import { type Caller, identityOf, isSamePerson, matchesPrincipal } from "../../shared/policy/people.ts";
import { policyWith } from "../support/stage.ts";

const user = (name: string, account = "111122223333") => `arn:aws:iam::${account}:user/${name}`;
const session = (name: string, role = "data-owner", account = "111122223333") =>
  `arn:aws:sts::${account}:assumed-role/${role}/${name}`;
const centre = (name: string, account = "111122223333") =>
  session(name, "AWSReservedSSO_Admin_0123456789abcdef", account);
const MEMBER = "T012AB3CD/U045EF6GH";

/** `ann` acts under several names; all sessions of `deploy` are one pipeline. */
const PEOPLE = [
  {
    name: "ann",
    principals: [user("ann-admin"), session("ann")],
    sourceIdentities: ["ann@example.org"],
    slack: [MEMBER],
  },
  { name: "pipeline", principals: ["arn:aws:sts::*:assumed-role/deploy/*"] },
];
/** Identity Center names its sessions after whoever signs in, as the policy's owner vouches. */
const NAMED = ["arn:aws:sts::*:assumed-role/AWSReservedSSO_*/*"];
const policy = (by: readonly string[] | null = null, people: readonly object[] = PEOPLE, brake?: readonly string[]) =>
  policyWith({
    people,
    namedSessions: NAMED,
    limits: { approvals: { by }, ...(brake && { brake: { by: brake } }) },
  });
const unvouched = policyWith({ people: PEOPLE, limits: { approvals: { by: null } } });

const causesOf = (known: readonly Caller[], areAll = true): Causes => ({ known, areAll });
const proved = (caller: Caller): Decider => ({ kind: "proved", caller, how: "a test" });

describe("who is behind a caller", () => {
  const ROOT = "arn:aws:iam::111122223333:root";
  const ABROAD = "arn:aws-us-gov:iam::111122223333:user/ben";

  it.each<[string, Caller, string]>([
    ["a user", { arn: user("ben") }, user("ben")],
    ["a user with a path", { arn: user("staff/eu/Ben") }, user("staff/eu/Ben")],
    ["a user whose path looks like a role", { arn: user("x:role/data-owner") }, user("x:role/data-owner")],
    ["a user of another partition", { arn: ABROAD }, ABROAD],
    ["an account's root", { arn: ROOT }, ROOT],
    ["a session whose name policy vouches for", { arn: centre("Ben@Example.org") }, centre("Ben@Example.org")],
    ["a session with a source identity", { arn: session("x", "ops"), sourceIdentity: "Ben" }, "Ben"],
    ["a source identity by itself", { sourceIdentity: "Ben" }, "Ben"],
    ["a session that policy maps", { arn: session("build-7", "deploy") }, "pipeline"],
    ["the same in another account", { arn: session("build-7", "deploy", "444455556666") }, "pipeline"],
    ["one session of a role", { arn: session("ann") }, "ann"],
    ["a user that policy maps", { arn: user("ann-admin") }, "ann"],
    ["a source identity that policy maps", { arn: session("x", "ops"), sourceIdentity: "ann@example.org" }, "ann"],
    ["the same in other letters", { arn: session("x", "ops"), sourceIdentity: "Ann@Example.org" }, "ann"],
    ["a mapped session with a source identity", { arn: session("b", "deploy"), sourceIdentity: "ben" }, "pipeline"],
    ["a member of Slack that policy maps", { slack: MEMBER }, "ann"],
  ])("is told for %s", (_, caller, name) => {
    expect(identityOf(caller, policy())?.name).toBe(name);
  });

  it.each<[string, Caller]>([
    ["a session that named itself", { arn: session("ben", "ops") }],
    ["a session named after a person of policy", { arn: session("ann", "ops") }],
    [
      "a session of a role named nearly as Identity Center names its own",
      { arn: session("ann", "XAWSReservedSSO_Admin") },
    ],
    ["a role", { arn: "arn:aws:iam::111122223333:role/data-owner" }],
    ["a service", { arn: "s3.amazonaws.com" }],
    ["an account", { arn: "111122223333" }],
    ["no name", {}],
    ["an empty name", { arn: "" }],
    ["what only begins as a user", { arn: "arn:aws:iam::111122223333:user/" }],
    ["a user in front of something else", { arn: `${user("ben")}/` }],
    ["a user of no account", { arn: "arn:aws:iam::1111:user/ben" }],
    ["a federated user, whose name anybody can choose", { arn: "arn:aws:sts::111122223333:federated-user/ben" }],
    ["a member of Slack whom nobody has mapped", { slack: "T012AB3CD/U999" }],
  ])("can't be told for %s", (_, caller) => {
    expect(identityOf(caller, policy())).toBeUndefined();
  });

  it("can't be told for a session by its name, unless policy vouches for that", () => {
    expect(identityOf({ arn: centre("ben") }, policy())).toBeDefined();
    expect(identityOf({ arn: centre("ben") }, unvouched)).toBeUndefined();
  });

  it.each<[string, Caller, Caller, boolean]>([
    ["a user, and the same one", { arn: user("ben") }, { arn: user("ben") }, true],
    ["a user, and one with another path", { arn: user("ben") }, { arn: user("staff/ben") }, true],
    ["a user, and one in other letters", { arn: user("Ben") }, { arn: user("bEN") }, true],
    [
      "a user, and one of that name in another account",
      { arn: user("ben") },
      { arn: user("ben", "444455556666") },
      true,
    ],
    ["a user, and a source identity", { arn: user("ben") }, { arn: session("x", "ops"), sourceIdentity: "BEN" }, true],
    ["a user, and who signed in as him", { arn: user("ben") }, { arn: centre("Ben") }, true],
    [
      "one who signed in with two roles",
      { arn: centre("ben") },
      { arn: session("ben", "AWSReservedSSO_Read_ffff") },
      true,
    ],
    [
      "two sessions with one source identity",
      { arn: session("x", "ops"), sourceIdentity: "ben" },
      { arn: session("y", "dev", "444455556666"), sourceIdentity: "ben" },
      true,
    ],
    ["a mapped session, and a mapped user", { arn: session("ann") }, { arn: user("ann-admin") }, true],
    ["a mapped user, and a member of Slack", { arn: user("ann-admin") }, { slack: MEMBER }, true],
    [
      "a mapped source identity, and who signed in so",
      { sourceIdentity: "ann@example.org" },
      { arn: centre("Ann@example.org") },
      true,
    ],
    [
      "a mapped session, and the same with its source identity",
      { arn: session("b", "deploy") },
      { arn: session("b", "deploy"), sourceIdentity: "ben" },
      true,
    ],
    ["two sessions of a pipeline", { arn: session("build-7", "deploy") }, { arn: session("build-8", "deploy") }, true],
    ["two users", { arn: user("ben") }, { arn: user("benn") }, false],
    ["a user, and one who is called so with a domain", { arn: user("ben") }, { arn: centre("ben@example.org") }, false],
    ["two roots", { arn: "arn:aws:iam::111122223333:root" }, { arn: "arn:aws:iam::444455556666:root" }, false],
    ["a user called as a person of policy is elsewhere", { arn: user("ann") }, { arn: user("ann-admin") }, true],
    ["a user called as the source identity of a person", { arn: user("Ann@example.org") }, { slack: MEMBER }, true],
    ["a user called as a key is written", { arn: user("person=ann") }, { arn: user("ann-admin") }, false],
    ["a pipeline, and who is behind another", { arn: session("b", "deploy") }, { arn: session("ann") }, false],
  ])("is the same, or not: %s", (_, one, other, isSame) => {
    const [first, second] = [identityOf(one, policy()), identityOf(other, policy())];
    if (first === undefined || second === undefined) throw new Error("it can't be told who that is");
    expect([isSamePerson(first, second), isSamePerson(second, first)]).toEqual([isSame, isSame]);
  });
});

describe("a pattern for principals", () => {
  it.each<[string, string, string, boolean]>([
    ["a user", user("ann"), user("ann"), true],
    ["a user with a path", user("staff/*"), user("staff/eu/ann"), true],
    ["users of any account", "arn:aws:iam::*:user/ann", user("ann", "444455556666"), true],
    ["one letter", "arn:aws:iam::11112222333?:user/an?", user("ann"), true],
    ["the sessions of a role, by the role", "arn:aws:iam::*:role/data-owner", session("anybody"), true],
    ["the sessions of some roles", "arn:aws:iam::111122223333:role/data-*", session("anybody"), true],
    ["one session", session("ann"), session("ann"), true],
    ["some sessions", session("ann-*"), session("ann-7"), true],
    ["the role itself", "arn:aws:iam::*:role/data-owner", "arn:aws:iam::111122223333:role/data-owner", true],
    ["a user of another name", user("ann"), user("anna"), false],
    ["a user in other letters", user("ann"), user("Ann"), false],
    ["a user without the path", user("ann"), user("staff/ann"), false],
    ["a user of another account", user("ann"), user("ann", "444455556666"), false],
    ["a user of another partition", "arn:aws:iam::*:user/ann", "arn:aws-cn:iam::111122223333:user/ann", false],
    [
      "the sessions of a role in another partition",
      "arn:aws:iam::*:role/data-owner",
      session("x").replace("aws", "aws-cn"),
      false,
    ],
    ["the sessions of another role", "arn:aws:iam::*:role/data-owner", session("data-owner", "ops"), false],
    ["the sessions of a role, written with its path", "arn:aws:iam::*:role/eu/data-owner", session("ann"), false],
    ["the role, by one of its sessions", session("ann"), "arn:aws:iam::111122223333:role/data-owner", false],
    ["a user whose path looks like a role", "arn:aws:iam::*:role/data-owner", user("x:role/data-owner"), false],
    ["a user whose path looks like a user", "arn:aws:iam::*:user/ann", user("x:user/ann"), false],
    [
      "a user whose path looks like a session",
      session("ann").replace("111122223333", "*"),
      user("x:assumed-role/data-owner/ann"),
      false,
    ],
    ["a user called as a role", "arn:aws:iam::*:role/data-owner", user("role/data-owner"), false],
    ["anything, by a pattern that is no ARN", "*", user("ann"), false],
    ["anything, by a pattern that is cut off", "arn:aws:iam::*", user("ann"), false],
  ])("means or does not mean %s", (_, pattern, arn, isMeant) => {
    expect(matchesPrincipal(pattern, arn)).toBe(isMeant);
  });
});

describe("whether somebody may decide", () => {
  const DEVELOPER = { arn: user("developer") };
  const OWNERS = ["arn:aws:iam::*:role/data-owner"];

  interface Asked {
    readonly decider?: Caller | "unproved";
    /** `unknown`: of nobody is it known that he caused it. */
    readonly causes?: readonly Caller[] | "unknown";
    /** Others may have caused it besides. */
    readonly isMore?: boolean;
    readonly by?: readonly string[];
    readonly isUndoing?: boolean;
  }
  const objection = ({ decider = { arn: user("ben") }, causes = [DEVELOPER], isMore, by, isUndoing = false }: Asked) =>
    objectionTo(
      decider === "unproved" ? { kind: "unproved", said: "somebody who says to be ben" } : proved(decider),
      causesOf(causes === "unknown" ? [] : causes, isMore !== true && causes !== "unknown"),
      policy(by ?? null),
      isUndoing,
    );

  it.each<[string, Asked]>([
    ["who caused nothing, where policy names nobody", {}],
    ["whom policy names", { by: [user("ben")] }],
    ["who is in a session of a role that policy names, and mapped", { decider: { arn: session("ann") }, by: OWNERS }],
    ["who is in one with a source identity", { decider: { arn: session("x"), sourceIdentity: "ben" }, by: OWNERS }],
    [
      "who has signed in with a role that policy names",
      { decider: { arn: centre("ben") }, by: ["arn:aws:iam::*:role/AWSReservedSSO_Admin_*"] },
    ],
    [
      "a member of Slack, as the principal that policy maps him to",
      { decider: { slack: MEMBER }, by: [user("ann-admin")] },
    ],
    [
      "a member of Slack, as one in a session of the role that he is mapped to",
      { decider: { slack: MEMBER }, by: OWNERS },
    ],
    ["a member of Slack, where policy names nobody", { decider: { slack: MEMBER } }],
    ["the account's root", { decider: { arn: "arn:aws:iam::111122223333:root" } }],
    ["one of a team of which another caused it", { decider: { arn: centre("ben") }, causes: [{ arn: centre("cy") }] }],
    [
      "who undoes, whom policy names, while the cause is unknown",
      { causes: "unknown", by: [user("ben")], isUndoing: true },
    ],
    ["who undoes, whom policy names, while nobody caused it", { causes: [], by: [user("ben")], isUndoing: true }],
    [
      "who undoes, whom policy names, while others may have caused it, too",
      { isMore: true, by: [user("ben")], isUndoing: true },
    ],
    [
      "who undoes, whom policy names, when a cause can't be told",
      { causes: [{ arn: session("x", "ops") }], by: [user("ben")], isUndoing: true },
    ],
    ["who undoes what somebody else caused", { isUndoing: true }],
  ])("is open to one %s", (_, asked) => {
    expect(objection(asked)).toBeUndefined();
  });

  const UNKNOWN = /^who caused it is not known, so that nobody can be told from whoever did/;
  it.each<[string, Asked, RegExp]>([
    ["who is not proved", { decider: "unproved" }, /^who asks is not proved, so that nothing is decided/],
    [
      "who is not proved, though named",
      { decider: "unproved", by: [user("ben")], isUndoing: true },
      /^who asks is not proved/,
    ],
    [
      "whom policy does not name",
      { by: [user("ann")] },
      /^found arn:aws:iam::111122223333:user\/ben, expected one of those .*: arn:aws:iam::111122223333:user\/ann$/,
    ],
    [
      "whose path looks like a role that policy names",
      { decider: { arn: user("x:role/data-owner") }, by: OWNERS },
      /^found .*user\/x:role\/data-owner, expected/,
    ],
    [
      "whom nobody can tell",
      { decider: { arn: session("x", "ops") } },
      /^who is behind .*ops\/x can't be told: expected a user/,
    ],
    [
      "whom nobody can tell, in a session of a role that policy names",
      { decider: { arn: session("x") }, by: OWNERS },
      /^who is behind .*data-owner\/x can't be told/,
    ],
    [
      "a member of Slack whom nobody has mapped",
      { decider: { slack: "T012AB3CD/U999" } },
      /^who is behind member T012AB3CD\/U999 of Slack can't be told/,
    ],
    [
      "a member of Slack mapped to others than policy names",
      { decider: { slack: MEMBER }, by: [user("ben")] },
      /^found member .* of Slack, expected one of those/,
    ],
    [
      "a user who is mapped to one whom policy names",
      { decider: { arn: user("ann-admin") }, by: [session("ann")] },
      /^found .*user\/ann-admin, expected/,
    ],
    [
      "who caused it",
      { causes: [{ arn: user("ben") }] },
      /^arn:aws:iam::111122223333:user\/ben caused it: somebody else has to decide$/,
    ],
    [
      "who caused it among others",
      { causes: [DEVELOPER, { arn: user("cy") }, { arn: user("ben") }] },
      /^arn.*ben caused it: somebody/,
    ],
    ["who caused it, though policy names him", { causes: [{ arn: user("ben") }], by: [user("ben")] }, /caused it/],
    [
      "who caused it, in another account",
      { causes: [{ arn: user("ben", "444455556666") }] },
      /^.*ben caused it as .*444455556666:user\/ben: somebody else/,
    ],
    [
      "who caused it in a session",
      { causes: [{ arn: session("x", "ops"), sourceIdentity: "ben" }] },
      /caused it as .*ops\/x \(source identity ben\): somebody/,
    ],
    [
      "who caused it, by Slack",
      { decider: { slack: MEMBER }, causes: [{ arn: user("ann-admin") }] },
      /^ann caused it as .*ann-admin: somebody else/,
    ],
    [
      "who undoes what he caused",
      { causes: [{ arn: user("ben") }], by: [user("ben")], isUndoing: true },
      /caused it: somebody/,
    ],
    ["while it is not known who caused it", { causes: "unknown" }, UNKNOWN],
    ["while nobody is known to have caused it", { causes: [] }, UNKNOWN],
    ["while others may have caused it, too, whose names are lost", { isMore: true }, UNKNOWN],
    [
      "who is known to have caused it, while others may have, too",
      { causes: [{ arn: user("ben") }], by: [user("ben")], isMore: true, isUndoing: true },
      /caused it: somebody/,
    ],
    ["whom policy names, who undoes nothing, while it is not known", { causes: "unknown", by: [user("ben")] }, UNKNOWN],
    ["who undoes, where policy names nobody, while it is not known", { causes: "unknown", isUndoing: true }, UNKNOWN],
    [
      "when a cause can't be told",
      { causes: [DEVELOPER, { arn: session("x", "ops") }] },
      /^it was caused by .*ops\/x, and who is behind that can't be told: expected/,
    ],
    ["when a cause has no name", { causes: [{}] }, /^it was caused by somebody without a name, and/],
    [
      "who undoes, where policy names nobody, when a cause can't be told",
      { causes: [{ arn: session("x", "ops") }], isUndoing: true },
      /^it was caused by/,
    ],
    [
      "who undoes what he caused among those who can't be told",
      { causes: [{ arn: session("x", "ops") }, { arn: user("ben") }], by: [user("ben")], isUndoing: true },
      /caused it: somebody/,
    ],
  ])("is closed to one %s", (_, asked, why) => {
    expect(objection(asked)).toMatch(why);
  });

  /** Every way in which one of some people may act; policy vouches for all of them. */
  const NAMES = ["ann", "ben", "cy"];
  const everyName = NAMES.map((name, index) => ({
    name,
    principals: [
      `arn:aws:iam::*:user/*${name}`,
      `arn:aws:sts::*:assumed-role/AWSReservedSSO_*/${name}`,
      session(`${name}-*`, "ops"),
    ],
    sourceIdentities: [name],
    slack: [`T1/U${index}`],
  }));
  const account = fc.constantFrom("111122223333", "444455556666");
  const callerOf = (name: string): fc.Arbitrary<Caller> =>
    fc.oneof(
      fc
        .record({ path: fc.constantFrom("", "staff/", "x:role/"), account })
        .map(({ path, account }) => ({ arn: user(path + name, account) })),
      fc
        .record({ role: fc.constantFrom("A", "B"), account })
        .map(({ role, account }) => ({ arn: session(name, `AWSReservedSSO_${role}`, account) })),
      fc.nat(99).map((number) => ({ arn: session(`${name}-${number}`, "ops") })),
      fc
        .record({ role: fc.constantFrom("dev", "ops"), number: fc.nat(9) })
        .map(({ role, number }) => ({ arn: session(`s${NAMES.indexOf(name)}${number}`, role), sourceIdentity: name })),
      fc.constant({ slack: `T1/U${NAMES.indexOf(name)}` }),
    );
  const anybody = fc.constantFrom(...NAMES).chain((name) => callerOf(name).map((caller) => ({ name, caller })));

  it("is never open to one of those who caused it, and always to another, whatever they act as", () => {
    const people = policy(null, everyName);
    fc.assert(
      fc.property(
        anybody,
        fc.array(anybody, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (decider, causes, isUndoing) => {
          const isCause = causes.some(({ name }) => name === decider.name);
          const why = objectionTo(
            proved(decider.caller),
            causesOf(causes.map(({ caller }) => caller)),
            people,
            isUndoing,
          );
          expect(why === undefined, why).toBe(!isCause);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is never open to one of those who caused it by a name that tells him, though policy maps nobody", () => {
    const nobody = policy(null, []);
    const letters = (name: string) =>
      fc.constantFrom(name, name.toUpperCase(), `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`);
    const told = (name: string): fc.Arbitrary<Caller> =>
      fc
        .record({ name: letters(name), account, path: fc.constantFrom("", "staff/eu/", "a:user/") })
        .chain(({ name, account, path }) =>
          fc.constantFrom<Caller>(
            { arn: user(path + name, account) },
            { arn: centre(name, account) },
            { arn: session("x", "ops", account), sourceIdentity: name },
          ),
        );
    fc.assert(
      fc.property(
        told("ann"),
        told("ann"),
        fc.array(told("ben"), { maxLength: 3 }),
        fc.nat(3),
        fc.boolean(),
        fc.boolean(),
        (decider, cause, others, at, areAll, isUndoing) => {
          const causes = causesOf([...others.slice(0, at), cause, ...others.slice(at)], areAll);
          expect(objectionTo(proved(decider), causes, nobody, isUndoing)).toMatch(/caused it/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("whether somebody may switch the brake", () => {
  const [ann, ben] = [{ arn: user("ann") }, { arn: user("ben") }];
  it.each<[string, Decider, readonly string[] | null, readonly string[] | undefined, boolean]>([
    ["anybody who is proved, where policy names nobody", proved(ben), null, undefined, true],
    ["nobody who can't be told from others", proved({ arn: session("x", "ops") }), null, undefined, false],
    ["those who may approve, where policy names nobody for it", proved(ann), [user("ann")], undefined, true],
    ["those whom policy names for it", proved(ben), [user("ann")], [user("ben")], true],
    ["a member of Slack as the principal he is mapped to", proved({ slack: MEMBER }), null, [user("ann-admin")], true],
    ["nobody who may not approve, where policy names nobody for it", proved(ben), [user("ann")], undefined, false],
    ["nobody who may approve, where policy names others for it", proved(ann), [user("ann")], [user("ben")], false],
    ["nobody who is not proved", { kind: "unproved", said: "somebody who says to be ann" }, null, undefined, false],
  ])("is for %s", (_, decider, approvals, brake, may) => {
    expect(objectionToBrake(decider, policy(approvals, PEOPLE, brake)) === undefined).toBe(may);
  });
});

describe("what evidence calls a decider", () => {
  it.each<[Decider, string]>([
    [proved({ arn: user("ben") }), user("ben")],
    [proved({ arn: user("ann-admin") }), "ann"],
    [proved({ slack: MEMBER }), "ann"],
    [proved({ slack: "T1/U9" }), "member T1/U9 of Slack"],
    [proved({ arn: session("x", "ops") }), session("x", "ops")],
    [proved({ arn: session("x", "ops"), sourceIdentity: "ben" }), "ben"],
    [{ kind: "unproved", said: "somebody who says to be ann" }, "somebody who says to be ann"],
  ])("is, of %j, %s", (decider, name) => {
    expect(deciderName(decider, policy())).toBe(name);
  });
});
