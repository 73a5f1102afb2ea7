import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyBucket } from "../../shared/classification/classify.ts";
import { START_MS } from "../support/events.ts";
import {
  BASE,
  CONTROL,
  compiled,
  decisionOf,
  errorsOf,
  type Given,
  policyOf,
  resource,
  transferTo,
  trusting,
} from "./policy-stage.ts";

const UNITS = {
  company: {},
  production: { parent: "company", accounts: [resource.account] },
  lab: { accounts: ["222233334444"] },
};
const controls = (scopes: readonly object[], base: object = { mode: "enforce" }) => ({
  controls: { [CONTROL]: { ...base, scopes: scopes.map(trusting) } },
  organizationalUnits: UNITS,
});
const decided = async (scopes: readonly object[], given: Given = {}, base?: object) =>
  decisionOf(await policyOf(controls(scopes, base)), given);
const ruleOf = async (scopes: readonly object[], given: Given = {}) =>
  (await decided(scopes, given)).explanation.modeRule;

const CONDITION = {
  kind: "condition",
  holds: false,
  expected: "e",
  found: "f",
  consequence: "c",
  remedy: "r",
} as const;
const NO_DATA = { kind: "not-applicable", reason: "no data" } as const;

describe("the mode of a control", () => {
  it.each<readonly [string, object, Given, string, string]>([
    ["is policy's", { [CONTROL]: { mode: "approve" } }, {}, "approve", `control:${CONTROL}`],
    [
      "is the control's own where policy names none",
      { [CONTROL]: {} },
      { defaultMode: "approve" },
      "approve",
      `control:${CONTROL}`,
    ],
    ["is the control's own where policy says nothing", {}, { defaultMode: "approve" }, "approve", `default:${CONTROL}`],
    [
      "is held by the deployment",
      { [CONTROL]: { mode: "enforce" } },
      { ceiling: { mode: "observe", reason: "CORDON_MODE=observe" } },
      "observe",
      "CORDON_MODE=observe",
    ],
  ])("%s", async (_, rules, given, kind, rule) => {
    const decision = decisionOf(await policyOf({ controls: rules }), given);
    expect(decision.kind).toBe(kind);
    expect(decision.explanation).toMatchObject({ mode: kind, modeRule: rule });
  });

  it("held by the deployment is told, and one below the ceiling is not", async () => {
    const held = await decided([], { ceiling: { mode: "approve", reason: "the brake (on-call: storm)" } });
    expect(held.reasons.at(-1)).toBe('held to "approve" by the brake (on-call: storm)');
    expect(held.kind).toBe("approve");
    const free = await decided([], { ceiling: { mode: "approve", reason: "x" } }, { mode: "observe" });
    expect(free.reasons.join()).not.toContain("held");
    expect(free.explanation).toMatchObject({ mode: "observe", modeRule: `control:${CONTROL}` });
  });
});

describe("a scope", () => {
  it.each<readonly [string, object, Given, boolean]>([
    ["its account", { accounts: [resource.account] }, {}, true],
    ["another account", { accounts: ["222233334444"] }, {}, false],
    ["its unit", { units: ["production"] }, {}, true],
    ["the unit around its unit", { units: ["company"] }, {}, true],
    ["another unit", { units: ["lab"] }, {}, false],
    ["its Region", { regions: ["eu-central-1"] }, {}, true],
    ["another Region", { regions: ["eu-west-1"] }, {}, false],
    ["its class", { classifications: ["personal"] }, {}, true],
    ["another class", { classifications: ["public"] }, {}, false],
    [
      "no data at all",
      { classifications: ["public"] },
      { classified: { kind: "not-applicable", reason: "no data" } },
      false,
    ],
    [
      "its tags",
      {
        tags: [
          { key: "class", value: "personal" },
          { key: "env", value: "dev" },
        ],
      },
      {
        tags: [
          { key: "env", value: "dev" },
          { key: "class", value: "personal" },
        ],
      },
      true,
    ],
    [
      "one of its tags",
      {
        tags: [
          { key: "class", value: "personal" },
          { key: "env", value: "dev" },
        ],
      },
      {},
      false,
    ],
    ["its ARN", { resources: [resource.arn] }, {}, true],
    ["a pattern of its ARN", { resources: ["arn:aws:s3:::nope", "arn:aws:s3:::ord?rs"] }, {}, true],
    ["another pattern", { resources: ["arn:aws:s3:::x*"] }, {}, false],
    ["its destination", { to: ["us"] }, {}, true],
    ["another destination", { to: ["uk"] }, {}, false],
    ["what moves nothing", { to: ["us"] }, { facts: CONDITION, classified: NO_DATA }, false],
    ["a condition that holds", { when: 'transfer.to == "us-west-2"' }, {}, true],
    ["a condition that doesn't", { when: 'transfer.to == "us-west-1"' }, {}, false],
    ["all of several", { accounts: [resource.account], regions: ["eu"], to: ["us"], when: "true" }, {}, true],
    ["all but one of several", { accounts: [resource.account], regions: ["eu"], to: ["uk"], when: "true" }, {}, false],
  ])("for %s", async (_, scope, given, matches) => {
    const decision = await decided([{ id: "s", ...scope, mode: "observe" }], given);
    expect(decision.kind === "observe").toBe(matches);
    expect(decision.explanation.modeRule).toBe(matches ? `control:${CONTROL}/s` : `control:${CONTROL}`);
  });

  it.each<readonly [string, object, Given, string]>([
    [
      "accounts",
      { accounts: ["222233334444"], resources: [resource.arn] },
      {},
      "it is for other accounts than 111122223333",
    ],
    [
      "regions",
      { regions: ["eu-west-1"], resources: [resource.arn] },
      {},
      "it is for resources elsewhere than in eu-central-1",
    ],
    ["units", { units: ["lab"], resources: [resource.arn] }, {}, "it is for the organisational units lab"],
    ["classes", { classifications: ["public"], resources: [resource.arn] }, {}, 'it is for other data than "personal"'],
    [
      "classes where no data is judged",
      { classifications: ["public"], resources: [resource.arn] },
      { classified: { kind: "not-applicable", reason: "n" } },
      "it is for other data than this",
    ],
    ["destinations", { to: ["uk"], resources: [resource.arn] }, {}, "it is for other places than us-west-2"],
    [
      "moves",
      { to: ["uk"], resources: [resource.arn] },
      { facts: CONDITION, classified: NO_DATA },
      "it is for data that moves, and this does not",
    ],
    [
      "tags",
      { tags: [{ key: "env", value: "dev" }], resources: [resource.arn] },
      {},
      "the resource has no tag env=dev",
    ],
    ["resources", { resources: ["arn:aws:s3:::o*x"], accounts: [resource.account] }, {}, "it is for other resources"],
    ["conditions", { when: "false", resources: [resource.arn] }, {}, "its condition does not hold: false"],
  ])("that names other %s says so", async (_, scope, given, why) => {
    const { explanation } = await decided([{ id: "s", ...scope, mode: "approve" }], given);
    expect(explanation.considered).toEqual([{ rule: `control:${CONTROL}/s`, applies: "no", why }]);
  });

  it("without a mode keeps the base's, or the control's own", async () => {
    const scope = { id: "s", accounts: [resource.account], parameters: { destinationAccounts: ["222233334444"] } };
    expect((await decided([scope], {}, { mode: "approve" })).explanation.mode).toBe("approve");
    expect((await decided([scope], { defaultMode: "observe" }, {})).explanation.mode).toBe("observe");
  });
});

/** Each says more than all after it together. */
const NARROWER: readonly (readonly [string, object])[] = [
  ["an exact ARN", { resources: [resource.arn] }],
  ["a longer pattern", { resources: ["arn:aws:s3:::order*"] }],
  ["a shorter pattern", { resources: ["arn:aws:s3:::*"] }],
  [
    "two tags",
    {
      tags: [
        { key: "class", value: "personal" },
        { key: "env", value: "dev" },
      ],
    },
  ],
  ["one tag", { tags: [{ key: "env", value: "dev" }] }],
  ["a class", { classifications: ["personal"] }],
  ["an account", { accounts: [resource.account] }],
  ["an inner unit", { units: ["production"] }],
  ["an outer unit", { units: ["company"] }],
  ["a Region", { regions: ["eu"] }],
  ["a destination", { to: ["us"] }],
  ["a condition", { when: "true" }],
];
const TAGGED: Given = {
  tags: [
    { key: "class", value: "personal" },
    { key: "env", value: "dev" },
  ],
};

describe("the most specific scope wins", () => {
  it.each(
    NARROWER.slice(1).map(
      ([name, scope], index) => [NARROWER[index]?.[0] ?? "", name, NARROWER[index]?.[1] ?? {}, scope] as const,
    ),
  )("%s before %s", async (_, __, narrow, wide) => {
    const [a, b] = [
      { id: "narrow", ...narrow, mode: "observe" },
      { id: "wide", ...wide, mode: "approve" },
    ];
    for (const scopes of [
      [a, b],
      [b, a],
    ])
      expect(await ruleOf(scopes, TAGGED)).toBe(`control:${CONTROL}/narrow`);
  });

  it("whatever the others name together", async () => {
    const everything = Object.assign({}, ...NARROWER.slice(3).map(([, scope]) => scope));
    const scopes = [
      { id: "rest", ...everything, mode: "approve" },
      { id: "arn", resources: ["arn:aws:s3:::*"], mode: "observe" },
    ];
    expect(await ruleOf(scopes, TAGGED)).toBe(`control:${CONTROL}/arn`);
  });

  it("and of a list the least specific entry counts", async () => {
    const listed = { id: "listed", resources: ["arn:aws:s3:::orders", "arn:aws:s3:::o*"], mode: "approve" };
    expect(await ruleOf([listed, { id: "pattern", resources: ["arn:aws:s3:::ord*"], mode: "observe" }])).toBe(
      `control:${CONTROL}/pattern`,
    );
    const units = { id: "units", units: ["production", "company"], mode: "approve" };
    expect(await ruleOf([units, { id: "inner", units: ["production"], mode: "observe" }])).toBe(
      `control:${CONTROL}/inner`,
    );
  });

  it("and what both name does not decide: the next does", async () => {
    const scopes = [
      { id: "account", accounts: [resource.account], mode: "approve" },
      { id: "account-and-region", accounts: [resource.account], regions: ["eu"], mode: "observe" },
    ];
    expect(await ruleOf(scopes)).toBe(`control:${CONTROL}/account-and-region`);
  });
});

describe("two scopes that are equally specific", () => {
  const tie = (one: object, other: object) =>
    errorsOf({
      ...BASE,
      ...controls([
        { id: "one", ...one, mode: "observe" },
        { id: "other", ...other, mode: "approve" },
      ]),
    });
  const TIE = ['"other" and "one" are equally specific and can both match; expected one of them to be narrower'];

  it.each<readonly [string, object, object]>([
    [
      "the same account",
      { accounts: ["111122223333", "222233334444"] },
      { accounts: ["333344445555", "222233334444"] },
    ],
    ["the same Region", { regions: ["eu"] }, { regions: ["eu-west-1"] }],
    ["the same class", { classifications: ["personal"] }, { classifications: ["secret", "personal"] }],
    [
      "different tags, for a resource can carry both",
      { tags: [{ key: "a", value: "1" }] },
      { tags: [{ key: "b", value: "1" }] },
    ],
    [
      "patterns that some ARN matches",
      { resources: ["arn:aws:s3:::a*1"] },
      { resources: ["arn:aws:s3:::1*a", "arn:aws:s3:::*a1"] },
    ],
    [
      "long patterns that some ARN matches",
      { resources: ["arn:aws:s3:::customers-eu-a*1"] },
      { resources: ["arn:aws:s3:::customers-eu-*a1"] },
    ],
    ["the same ARN", { resources: ["arn:aws:s3:::a"] }, { resources: ["arn:aws:s3:::b", "arn:aws:s3:::a"] }],
    ["the same destination", { to: ["us"] }, { to: ["us-east-1"] }],
    ["the same unit", { units: ["production"] }, { units: ["production"] }],
    ["conditions, for both can hold", { when: "true" }, { when: 'part == "x"' }],
    [
      "several parts alike",
      { accounts: ["111122223333"], regions: ["eu"] },
      { accounts: ["111122223333"], regions: ["eu-west-1"] },
    ],
  ])("and name %s are an error", (_, one, other) => {
    expect(tie(one, other)).toEqual(TIE);
    expect(tie(other, one)).toEqual(TIE);
  });

  it.each<readonly [string, object, object]>([
    ["different accounts", { accounts: ["111122223333"] }, { accounts: ["222233334444"] }],
    ["different Regions", { regions: ["eu-central-1"] }, { regions: ["eu-west-1"] }],
    ["different classes", { classifications: ["personal"] }, { classifications: ["secret"] }],
    ["a tag with different values", { tags: [{ key: "a", value: "1" }] }, { tags: [{ key: "a", value: "2" }] }],
    ["patterns that no ARN matches", { resources: ["arn:aws:s3:::a*"] }, { resources: ["arn:aws:s3:::b*"] }],
    [
      "long patterns that no ARN matches",
      { resources: ["arn:aws:s3:::customers-eu-a*"] },
      { resources: ["arn:aws:s3:::customers-eu-b*"] },
    ],
    ["different ARNs", { resources: ["arn:aws:s3:::a"] }, { resources: ["arn:aws:s3:::b"] }],
    ["different destinations", { to: ["us"] }, { to: ["uk"] }],
    ["units without a common account", { units: ["production"] }, { units: ["lab"] }],
    [
      "the same but for one part",
      { accounts: ["111122223333"], to: ["us"] },
      { accounts: ["111122223333"], to: ["uk"] },
    ],
  ])("and name %s can't tie", (_, one, other) => {
    expect(tie(one, other)).toEqual([]);
  });

  it("are told once, however much they share, and at the later one", () => {
    const accounts = ["111122223333", "222233334444"];
    expect(tie({ accounts }, { accounts })).toEqual(TIE);
  });
});

describe("a scope that can't be told to apply", () => {
  const failing = { id: "failing", when: 'tags["nope"] == "x"', mode: "observe" };
  const why = /^whether scope "failing" applies can't be told: its condition can't be evaluated \(/;

  it("leaves it to a person when it says otherwise", async () => {
    for (const mode of ["observe", "approve"]) {
      const decision = await decided([{ ...failing, mode }]);
      expect(decision.kind).toBe("approve");
      expect(decision.reasons.at(-1)).toMatch(why);
    }
    expect((await decided([failing], {}, { mode: "observe" })).kind).toBe("observe");
    expect((await decided([{ ...failing, mode: "enforce" }], {}, { mode: "observe" })).kind).toBe("approve");
  });

  it("does not matter when it says the same, or when a narrower one applies", async () => {
    expect((await decided([{ ...failing, mode: "enforce" }])).kind).toBe("contain");
    expect((await decided([failing, { id: "narrow", resources: [resource.arn], mode: "enforce" }])).kind).toBe(
      "contain",
    );
  });

  it("matters before a wider one that applies", async () => {
    const narrow = { ...failing, resources: [resource.arn] };
    expect((await decided([narrow, { id: "wide", accounts: [resource.account], mode: "enforce" }])).kind).toBe(
      "approve",
    );
  });

  it("still asks nobody while the deployment only observes", async () => {
    expect((await decided([failing], { ceiling: { mode: "observe", reason: "CORDON_MODE=observe" } })).kind).toBe(
      "observe",
    );
  });

  it("never makes a compliant resource one that is not, unless by its parameters", async () => {
    const inside = { facts: transferTo("eu-west-1", { destinationAccount: "222233334444" }) };
    expect((await decided([failing], inside)).kind).toBe("compliant");
    const strict = { ...failing, parameters: { destinationAccounts: ["333344445555"] } };
    const decision = await decided([strict], inside);
    expect(decision).toMatchObject({ kind: "approve", explanation: { verdict: "undecidable" } });
    expect(decision.reasons.filter((reason) => why.test(reason))).toHaveLength(1);
    expect((await decided([strict])).kind).toBe("approve");
  });
});

describe("the parameter destinationAccounts", () => {
  const strict = { mode: "enforce", parameters: { destinationAccounts: ["222233334444", "333344445555"] } };
  const named = "policy names the accounts that data may go to (222233334444, 333344445555)";

  it.each<readonly [string, Parameters<typeof transferTo>, string, string | undefined]>([
    [
      "lets data go to an account it names",
      ["eu-west-1", { destinationAccount: "333344445555" }],
      "compliant",
      undefined,
    ],
    [
      "leaves another account to a person",
      ["eu-west-1", { destinationAccount: "999900001111" }],
      "approve",
      `${named}, and its destination is of account 999900001111`,
    ],
    [
      "leaves an account that is not told to a person",
      ["eu-west-1"],
      "approve",
      `${named}, and it does not say whose its destination is`,
    ],
    [
      "also within the Region",
      ["eu-central-1", { destinationAccount: "999900001111" }],
      "approve",
      `${named}, and its destination is of account 999900001111`,
    ],
    ["and stops nothing that is switched off", ["eu-west-1", { active: false }], "compliant", undefined],
  ])("%s", async (_, facts, kind, reason) => {
    const decision = await decided([], { facts: transferTo(...facts) }, strict);
    expect(decision.kind).toBe(kind);
    if (reason === undefined) return;
    expect(decision.reasons.at(-1)).toBe(reason);
    expect(decision.rule).toBe("parameter:destinationAccounts");
  });

  it("of a scope takes the place of the base's", async () => {
    const scope = { id: "s", accounts: [resource.account], parameters: { destinationAccounts: ["999900001111"] } };
    const facts = transferTo("eu-west-1", { destinationAccount: "999900001111" });
    expect((await decided([scope], { facts }, strict)).kind).toBe("compliant");
    expect((await decided([{ ...scope, parameters: undefined, mode: "enforce" }], { facts }, strict)).kind).toBe(
      "approve",
    );
  });
});

describe("what a narrower scope leaves out", () => {
  const account = {
    id: "account",
    accounts: [resource.account],
    mode: "enforce",
    parameters: { destinationAccounts: ["222233334444"] },
  };
  const bucket = { id: "bucket", resources: [resource.arn] };

  it("is the next wider one's, in the end the base's", async () => {
    const strict = { ...bucket, parameters: { destinationAccounts: ["999900001111"] } };
    const base = { mode: "observe" };
    const decision = await decided([account, strict], { facts: transferTo("us-west-2") }, base);
    expect(decision).toMatchObject({ kind: "contain", explanation: { modeRule: `control:${CONTROL}/account` } });
    const inside = { facts: transferTo("eu-west-1", { destinationAccount: "222233334444" }) };
    expect((await decided([account, strict], inside, base)).kind).toBe("approve");
    expect((await decided([account, { ...bucket, mode: "approve" }], inside, base)).kind).toBe("compliant");
    expect((await decided([account, { ...bucket, mode: "approve" }], {}, base)).kind).toBe("approve");
  });
});

it("what violates is stopped, whoever it goes to and whether that is told", async () => {
  const strict = { mode: "enforce", parameters: { destinationAccounts: ["222233334444"] } };
  for (const destinationAccount of [undefined, "999900001111"]) {
    const facts = transferTo("us-west-2", destinationAccount === undefined ? {} : { destinationAccount });
    expect(await decided([], { facts }, strict)).toMatchObject({ kind: "contain", rule: "classification:personal" });
  }
});

it("what is switched off is compliant, whatever a scope that can't be told would ask of it", async () => {
  const scope = { id: "s", to: ["us"], parameters: { destinationAccounts: ["222233334444"] } };
  expect(await decided([scope], { facts: transferTo(undefined, { active: false }) })).toMatchObject({
    kind: "compliant",
    rule: "built-in:inactive",
  });
});

it("a state that can't be read may go anywhere: a scope for certain places is in doubt", async () => {
  const decision = await decided(
    [{ id: "s", to: ["us"], mode: "enforce" }],
    { facts: { kind: "unreadable", reason: "denied" } },
    { mode: "observe" },
  );
  expect(decision.kind).toBe("approve");
  expect(decision.reasons.at(-1)).toBe(
    "whether scope \"s\" applies can't be told: it is for data that goes to certain places, and the state can't be read",
  );
});

it("a tag named twice counts once, and letters of any alphabet are told apart", () => {
  const twice = {
    tags: [
      { key: "a", value: "1" },
      { key: "a", value: "1" },
    ],
  };
  const tie = (one: object, other: object) =>
    errorsOf({
      ...BASE,
      ...controls([
        { id: "one", ...one, mode: "observe" },
        { id: "other", ...other, mode: "approve" },
      ]),
    });
  expect(tie(twice, { tags: [{ key: "a", value: "1" }] })).toHaveLength(1);
  expect(tie({ resources: ["arn:aws:s3:::\u{1f600}*a"] }, { resources: ["arn:aws:s3:::\u{1f600}a*"] })).toHaveLength(1);
});

it("a scope that makes Cordon do less by tags says who may set them, one that makes it do more need not", () => {
  const scopes = (mode: string, more: object = {}) =>
    errorsOf({
      ...BASE,
      controls: {
        [CONTROL]: { mode: "approve", scopes: [{ id: "s", tags: [{ key: "env", value: "dev" }], mode, ...more }] },
      },
    });
  expect(scopes("enforce")).toEqual([]);
  expect(scopes("approve")).toEqual([]);
  expect(scopes("observe")).toEqual([
    'scope "s" lets data go further by tags; expected tagsSetBy, which names who may set them',
  ]);
  expect(
    scopes("observe", { tagsSetBy: { principals: ["arn:aws:iam::*:role/owner"], enforcement: "declared" } }),
  ).toEqual([]);
});

it("a class that some rule favours over those it is stricter than says who may set its tags", () => {
  const [, personal, secret] = BASE.classifications;
  const classifications = [personal, { ...secret, setBy: undefined }];
  const transfer = (names: readonly string[]) => ({
    id: "t",
    classifications: names,
    to: ["us"],
    basis: { kind: "scc", document: "d" },
  });
  const wrong = (more: object) => errorsOf({ ...BASE, classifications, ...more });
  expect(wrong({ transfers: [transfer(["personal", "secret"])] })).toEqual([]);
  expect(wrong({ transfers: [transfer(["secret"])] })).toEqual([
    'transfer "t" lets "secret" data go where less restricted data may not, and anybody may set its tags; expected setBy, which names who may',
  ]);
  expect(
    wrong({
      controls: { [CONTROL]: { mode: "enforce", scopes: [{ id: "s", classifications: ["secret"], mode: "observe" }] } },
    }),
  ).toHaveLength(1);
  const verified = compiled({
    ...BASE,
    transfers: [transfer(["secret"])],
    classifications: [
      personal,
      { ...secret, setBy: { principals: ["arn:aws:iam::*:role/owner"], enforcement: "verify" } },
    ],
  });
  expect(verified.classifications.map(({ isFavoured }) => isFavoured)).toEqual([false, true]);
  expect(classifyBucket([{ key: "class", value: "secret" }], {}, verified).kind).toBe("undecided");
});

describe("a scope in a policy is refused", () => {
  it.each<readonly [string, object, readonly string[]]>([
    [
      "for everything",
      { mode: "observe" },
      [
        "expected at least one of accounts, units, regions, classifications, tags, resources, to, when. Without, it is what the control itself says",
      ],
    ],
    [
      "that changes nothing",
      { accounts: [resource.account] },
      ["expected mode or parameters: otherwise it changes nothing"],
    ],
    [
      "for a unit that there isn't",
      { units: ["prodcution"], mode: "observe" },
      ['unknown organisational unit "prodcution"; did you mean "production"?'],
    ],
  ])("%s", (_, scope, messages) => {
    expect(errorsOf({ ...BASE, ...controls([{ id: "s", ...scope }]) })).toEqual(messages);
  });

  it("under an id that is taken", () => {
    const scope = { id: "s", accounts: [resource.account], mode: "observe" };
    expect(errorsOf({ ...BASE, ...controls([scope, scope]) })).toEqual([
      'the id "s" is taken already; expected one of its own',
    ]);
  });
});

describe("organisational units", () => {
  const units = (organizationalUnits: object) => errorsOf({ ...BASE, organizationalUnits });

  it.each<readonly [string, object, readonly string[]]>([
    ["in one that there isn't", { a: { parent: "b" } }, ['unknown organisational unit "b"; did you mean "a"?']],
    ["in itself", { a: { parent: "a" } }, ['"a" lies in itself']],
    [
      "six levels deep",
      { a: {}, b: { parent: "a" }, c: { parent: "b" }, d: { parent: "c" }, e: { parent: "d" }, f: { parent: "e" } },
      ["found more than 5 levels, expected at most as many as AWS nests"],
    ],
    ["in a circle", { a: { parent: "b" }, b: { parent: "a" } }, ['"a" lies in itself', '"b" lies in itself']],
    [
      "with an account of another",
      { a: { accounts: ["111122223333"] }, b: { accounts: ["111122223333"] } },
      ['111122223333 is in "a" already; expected it once'],
    ],
  ])("%s are refused", (_, organizationalUnits, messages) => {
    expect(units(organizationalUnits)).toEqual(messages);
  });

  it("are known for each account, the outermost first", () => {
    const policy = compiled({
      ...BASE,
      organizationalUnits: {
        a: { accounts: ["999900001111"] },
        b: { parent: "a" },
        c: { parent: "b", accounts: ["111122223333"] },
      },
    });
    expect(policy.units).toEqual({ "111122223333": ["a", "b", "c"], "999900001111": ["a"] });
  });
});

describe("rules mean the same whatever their order", () => {
  it("in the policy's digest and in each decision", async () => {
    const scopes = NARROWER.map(([, scope], index) => ({
      id: `s${index}`,
      ...scope,
      mode: index % 2 === 0 ? "observe" : "approve",
    }));
    const first = await policyOf(controls(scopes));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(scopes, { minLength: scopes.length }), async (shuffled) => {
        const policy = await policyOf(controls(shuffled));
        expect(policy.digest).toBe(first.digest);
        expect(decisionOf(policy, { ...TAGGED, nowMs: START_MS })).toEqual(
          decisionOf(first, { ...TAGGED, nowMs: START_MS }),
        );
      }),
      { numRuns: 20 },
    );
  });
});
