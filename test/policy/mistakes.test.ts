import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { policyJsonSchema } from "../../shared/policy/language/json-schema.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { BASE, CONTROL, DATA_OWNER } from "./policy-stage.ts";

const source = readFileSync(new URL("mistakes.yaml", import.meta.url), "utf8").replace(/ # \(the folded.*/, "");

interface Mistake {
  readonly line: number;
  readonly message: string;
  readonly restsOn: readonly string[];
}

const annotated: readonly Mistake[] = source.split("\n").flatMap((text, index) => {
  const [, restsOn = "", message] = /# ! (?:\[([a-zA-Z, ]+)\] )?(.*)$/.exec(text) ?? [];
  return message === undefined ? [] : [{ line: index + 1, message, restsOn: restsOn.split(", ").filter(Boolean) }];
});
/** The condition that is written over several lines: its mistake stands in the second. */
const folded = {
  line: source.split("\n").findIndex((text) => text.includes("nope ==")) + 1,
  message: 'in CEL: unknown fact "nope", expected one of: resource, units, part, tags, classification, transfer',
  restsOn: [],
};
const mistakes = [...annotated, folded].sort((a, b) => a.line - b.line || (a.message < b.message ? -1 : 1));

const told = (text: string) => {
  const parsed = parsePolicy(text, "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => ({ line, column, message }));
};
const lines = (text: string) =>
  told(text)
    .map(({ line, message }) => `${line}: ${message}`)
    .sort();

describe("a policy full of mistakes", () => {
  it("is told all of them at once, each at its line", () => {
    expect(lines(source)).toEqual(mistakes.map(({ line, message }) => `${line}: ${message}`).sort());
  });

  it.each<readonly [string, string, RegExp | string, string]>([
    [
      "jurisdictions",
      "jurisdictions:\n",
      "jurisdictions:\n  other: { titel: x, regions: [eu-west-1] }\n",
      'jurisdictions.other: unknown key "titel"; did you mean "title"?',
    ],
    [
      "classifications",
      "  - name: high\n",
      "  - colour: red\n    name: high\n",
      'classifications.2: unknown key "colour", expected name, rank, residency, recognisedBy, setBy, loweredBy, citations',
    ],
    [
      "organizationalUnits",
      "  top: {}\n",
      "  top: { acounts: [] }\n",
      'organizationalUnits.top: unknown key "acounts"; did you mean "accounts"?',
    ],
    ["limits", "limits:\n", "limits:\n  flip: {}\n", 'limits: unknown key "flip"; did you mean "flips"?'],
  ])("with %s in doubt is not told what follows from them", (section, from, to, message) => {
    expect(source).toContain(from);
    const text = source.replace(from, to as string);
    const shift = text.split("\n").length - source.split("\n").length;
    expect(shift).toBeLessThanOrEqual(1);
    const messages = told(text).map((each) => each.message);
    expect(messages).toContain(message);
    const gone = mistakes.filter(({ restsOn }) => restsOn.includes(section)).map((each) => each.message);
    expect(gone.length).toBeGreaterThan(0);
    for (const each of gone) expect(messages).not.toContain(each);
    const isWithin = ({ line }: Mistake) => {
      // What lies in the very entry that is in doubt is not told either.
      const entry =
        section === "classifications"
          ? source.split("\n").findIndex((each) => each.includes("- name: high")) + 1
          : Infinity;
      return line >= entry && line < entry + 7;
    };
    const kept = mistakes
      .filter((each) => !each.restsOn.includes(section) && !isWithin(each))
      .map((each) => each.message);
    expect(messages.filter((each) => each !== message).sort()).toEqual(kept.sort());
  });
});

describe("a mistake in a condition stands at its letter", () => {
  it.each<readonly [string, string, number, number]>([
    ["plain", 'when: part == "x" && nope', 1, 22],
    ["in double quotes", `when: "part == 'x' && nope"`, 1, 23],
    ["in single quotes", `when: 'part == "x" && nope'`, 1, 23],
    ["folded", 'when: >\n  part == "x"\n  && nope', 3, 6],
    ["as a block", 'when: |\n  part == "x" &&\n\n  nope', 4, 3],
    ["plain over lines", 'when: part == "x" &&\n  nope', 2, 3],
  ])("%s", (_, when, line, column) => {
    const head = `version: 1
name: n
classifications: [{ name: a, rank: 1, residency: [eu] }]
transfers:
- id: t
  classifications: [a]
  to: [us]
  basis: { kind: scc, document: d }
`;
    const indented = when.split("\n").join("\n  ");
    expect(told(`${head}  ${indented}\n`)).toEqual([
      { line: 8 + line, column: column + 2, message: expect.stringMatching(/^in CEL: unknown fact "nope"/) },
    ]);
  });
});

describe("what follows from classes that are right by themselves", () => {
  const of = (...classifications: readonly string[]) =>
    told(`version: 1\nname: n\nclassifications:\n${classifications.map((each) => `- { ${each} }`).join("\n")}\n`);
  const by = `setBy: { principals: ["${DATA_OWNER}"], enforcement: declared }`;

  it("stands at the class that it is about", () => {
    expect(of("name: low, rank: 1, residency: [eu]", "name: high, rank: 2, residency: [eu, us]")).toEqual([
      { line: 5, column: 23, message: expect.stringContaining('"high" (rank 2) may live wherever "low" (rank 1) may') },
    ]);
    expect(
      of(
        `name: us, rank: 2, residency: [us], ${by}, recognisedBy: [{ tag: { key: b, value: x } }]`,
        `name: eu, rank: 1, residency: [eu], ${by}, recognisedBy: [{ tag: { key: a, value: x } }]`,
      ),
    ).toMatchObject([{ line: 5, message: expect.stringContaining('"eu" and "us" may live in different places') }]);
    expect(
      of(
        "name: high, rank: 2, residency: [eu]",
        "name: low, rank: 1, residency: [eu, us], recognisedBy: [{ tag: { key: a, value: x } }]",
      ),
    ).toMatchObject([
      { line: 5, message: expect.stringContaining('the tags of "low" make data less restricted than "high" data is') },
    ]);
  });

  it.each([
    ["jurisdictions", "jurisdictions: { home: { titel: x, include: [eu] } }\n"],
    ["unclassified", "unclassified: { treatAz: low }\n"],
  ])("is not told while %s are in doubt", (section, doubt) => {
    const classes =
      "classifications: [{ name: high, rank: 2, residency: [eu] }, { name: low, rank: 1, residency: [eu, us], recognisedBy: [{ tag: { key: a, value: x } }] }]\n";
    const messages = told(`version: 1\nname: n\n${classes}${doubt}`).map(({ message }) => message);
    expect(messages.every((message) => message.startsWith(section))).toBe(true);
  });
});

describe("a tie", () => {
  const scoped = (...scopes: readonly string[]) =>
    `${JSON.stringify({ ...BASE, controls: undefined }).slice(0, -1)},\n"controls": { ${CONTROL}: { scopes: [\n${scopes.join(",\n")}\n] } }\n}`;

  it("stands at the later of the two scopes, and each pair is told", () => {
    const scope = (id: string) =>
      `{ id: ${id}, regions: [eu-west-1, eu-west-3], mode: observe, tagsSetBy: { principals: ["${DATA_OWNER}"], enforcement: declared } }`;
    const ties = told(scoped(scope("c"), scope("b"), scope("a")));
    expect(ties.map(({ line, message }) => `${line} ${message.slice(0, 11)}`).sort()).toEqual([
      '4 "b" and "c"',
      '5 "a" and "b"',
      '5 "a" and "c"',
    ]);
  });
});

it("the published schema is that of the language, for every key and every description", () => {
  const published = readFileSync(new URL("../../docs/policy.schema.json", import.meta.url), "utf8");
  expect(`${JSON.stringify(policyJsonSchema(catalogue), null, 2)}\n`).toBe(published);
});

it("a compiled policy is plain data: nothing in it is there and undefined", () => {
  const text = JSON.stringify({
    ...BASE,
    transfers: [{ id: "t", classifications: ["personal"], to: ["us"], basis: { kind: "scc", document: "d" } }],
    exceptions: [
      {
        id: "e",
        control: CONTROL,
        resources: ["arn:aws:s3:::a"],
        reason: "r",
        approver: "a",
        ticket: "t",
        grantedAt: "2026-01-01T00:00:00Z",
        expiresAt: "2026-01-02T00:00:00Z",
      },
    ],
    controls: {
      [CONTROL]: {
        scopes: [
          { id: "s", accounts: ["111122223333"], parameters: {} },
          { id: "r", regions: ["eu"], mode: "observe" },
        ],
      },
    },
    classifications: [{ name: "personal", rank: 1, residency: ["eu"] }],
  });
  const parsed = parsePolicy(text, "p", catalogue);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join());
  expect(parsed.policy).toStrictEqual(JSON.parse(JSON.stringify(parsed.policy)));
});
