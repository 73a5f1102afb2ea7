import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { checkCondition } from "../../shared/policy/conditions/check-condition.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { CONTROL, DATA_OWNER } from "./policy-stage.ts";

const by = `{ principals: ["${DATA_OWNER}"], enforcement: declared }`;
const told = (text: string) => {
  const parsed = parsePolicy(text, "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ line, message }) => `${line}: ${message}`);
};
const HEAD = `version: 1
name: n
classifications:
- { name: low, rank: 1, residency: [eu], setBy: ${by}, recognisedBy: [{ tag: { key: k, value: low } }] }
- { name: high, rank: 2, residency: [eu], recognisedBy: [{ tag: { key: k, value: high } }] }
`;
const transfer = (id: string, more: string) =>
  `- { id: ${id}, to: [us], basis: { kind: scc, document: d }, ${more} }\n`;
const exception = (id: string, more: string) =>
  `- { id: ${id}, control: ${CONTROL}, reason: r, approver: a, ticket: t, grantedAt: 2026-01-01T00:00:00Z, expiresAt: 2026-01-02T00:00:00Z, ${more} }\n`;
const favours = (what: string) =>
  `${what} lets "high" data go where less restricted data may not, and anybody may set its tags; expected setBy, which names who may`;
const byTags = (what: string) =>
  `${what} lets data go further by tags; expected tagsSetBy, which names who may set them`;

describe("a class that a rule favours", () => {
  it("is told at the class, once for each rule", () => {
    const rules = `transfers:
${transfer("a", "classifications: [high]")}${transfer("b", "classifications: [high, low]")}exceptions:
${exception("c", "classifications: [high]")}controls: { ${CONTROL}: { mode: enforce, scopes: [{ id: d, classifications: [high], mode: approve }] } }
`;
    expect(told(HEAD + rules)).toEqual([
      `5: ${favours('transfer "a"')}`,
      `5: ${favours('exception "c"')}`,
      `5: ${favours('scope "d"')}`,
    ]);
  });

  it.each([
    ["names who may set its tags", HEAD.replace("name: high,", `name: high, setBy: ${by},`)],
    ["has no tags", HEAD.replace("recognisedBy: [{ tag: { key: k, value: high } }]", "recognisedBy: []")],
    [
      "is stricter only than what may live anywhere",
      HEAD.replace("name: low, rank: 1, residency: [eu]", "name: low, rank: 1, residency: anywhere"),
    ],
  ])("is right when it %s", (_, head) => {
    expect(told(`${head}transfers:\n${transfer("a", "classifications: [high]")}`)).toEqual([]);
  });

  it("is not told while the transfers or the jurisdictions are in doubt", () => {
    const favouring = `${HEAD}transfers:\n${transfer("a", "classifications: [high]")}`;
    expect(told(`${favouring}${transfer("b", "classifications: [low], colour: red")}`)).toEqual([
      expect.stringContaining('unknown key "colour"'),
    ]);
    expect(told(`${favouring}jurisdictions: { home: { titel: x, regions: [eu-west-1] } }\n`)).toEqual([
      expect.stringContaining('unknown key "titel"'),
    ]);
  });
});

describe("a rule that lets data go further by tags", () => {
  it("is told where it stands", () => {
    const rules = `transfers:
${transfer("a", "classifications: [low]")}${transfer("b", `classifications: [low], when: '"k" in tags'`)}exceptions:
${exception("c", "regions: [eu]")}${exception("d", "tags: [{ key: k, value: v }]")}controls:
  account-region-stays-covered: { scopes: [{ id: e, tags: [{ key: k, value: v }], mode: observe }] }
  ${CONTROL}:
    scopes:
    - { id: f, accounts: ["111122223333"], mode: enforce }
    - { id: g, tags: [{ key: k, value: v }], mode: approve }
`;
    expect(told(HEAD + rules)).toEqual([
      `8: ${byTags('transfer "b"')}`,
      `11: ${byTags('exception "d"')}`,
      `13: ${byTags('scope "e"')}`,
      `17: ${byTags('scope "g"')}`,
    ]);
  });

  it.each([
    [
      "a control that only observes unless policy says otherwise can do no less",
      `{ ${CONTROL}: { scopes: [{ id: e, tags: [{ key: k, value: v }], mode: observe }] } }`,
    ],
    [
      "one that policy lets enforce everywhere can do no more",
      `{ ${CONTROL}: { mode: enforce, scopes: [{ id: e, tags: [{ key: k, value: v }], mode: enforce }] } }`,
    ],
    [
      "a scope that only sets parameters makes it do no less",
      `{ ${CONTROL}: { mode: enforce, scopes: [{ id: e, tags: [{ key: k, value: v }], parameters: { destinationAccounts: ["111122223333"] } }] } }`,
    ],
  ])("%s", (_, controls) => {
    expect(told(`${HEAD}controls: ${controls}\n`)).toEqual([]);
  });
});

describe("what the conditions of a policy can take together", () => {
  const heavy = (index: number) =>
    `units.exists(u, u.contains("${index}") || resource.arn.contains("${"x".repeat(40)}"))`;
  const checked = checkCondition(heavy(0));
  const costMs = checked.ok ? checked.costMs : Number.NaN;
  const most = Math.floor(40 / costMs);
  const when = (index: number) => `when: '${heavy(index)}'`;
  const policy = (transfers: number, exceptions: number, scopes: number) => `${HEAD}transfers:
${Array.from({ length: transfers }, (_, index) => transfer(`t${index}`, `classifications: [low], ${when(index)}`)).join("")}exceptions:
${Array.from({ length: exceptions }, (_, index) => exception(`e${index}`, when(100 + index))).join("")}controls:
  ${CONTROL}:
    scopes:
${Array.from({ length: scopes }, (_, index) => `    - { id: s${index}, accounts: ["${String(100_000_000_000 + index)}"], mode: enforce, ${when(200 + index)} }\n`).join("")}`;
  const REFUSED =
    "the conditions up to here could take more than 40 ms in one decision; expected fewer or simpler ones";

  it("is bounded", () => {
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThan(60);
    expect(told(policy(1, 1, most - 2))).toEqual([]);
  });

  it.each<readonly [string, number, number, number, number]>([
    ["a transfer", most + 1, 1, 1, 6 + most + 1],
    ["an exception", 1, most + 1, 1, 6 + 1 + 1 + most],
    ["a scope", 1, 1, most + 1, 6 + 1 + 1 + 1 + 2 + most],
  ])("and told at %s that goes too far", (_, transfers, exceptions, scopes, line) => {
    expect(told(policy(transfers, exceptions, scopes))).toEqual([`${line}: ${REFUSED}`]);
  });
});
