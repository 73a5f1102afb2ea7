import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { catalogue } from "../../controls/catalogue.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { BASE, CONTROL, compiled, errorsOf, shipped } from "./policy-stage.ts";

const example = shipped("eu-gdpr.yaml");
/** The errors of a text as a user sees them. */
const told = (text: string) => {
  const parsed = parsePolicy(text, "policy.yaml", catalogue);
  return parsed.ok ? "" : formatPolicyErrors(parsed.errors);
};

describe("a policy file", () => {
  it.each(readdirSync(new URL("../../policies/", import.meta.url)).filter((file) => !file.includes(".cases.")))(
    "%s, as shipped, is right",
    (file) => {
      expect(told(shipped(file))).toBe("");
    },
  );

  /** Each with what it is told for, and where that stands. */
  it.each<readonly [string, string | RegExp, string, string, string]>([
    [
      "a misspelt key",
      "unclassified:",
      "unclasified:",
      "unclasified:",
      'unknown key "unclasified"; did you mean "unclassified"?',
    ],
    [
      "a key that is like no other",
      "unclassified:",
      "zzz:",
      "zzz:",
      'unknown key "zzz", expected version, name, description, jurisdictions, classifications, unclassified, organizationalUnits, transfers, controls, exceptions, objects, accessKeys, tickets, people, namedSessions, limits',
    ],
    [
      "a misspelt key within a list",
      "    rank: 50",
      "    rnak: 60\n    rank: 50",
      "rnak",
      'classifications.1: unknown key "rnak"; did you mean "rank"?',
    ],
    [
      "a misspelt key within a name of one's own",
      "classifications:\n",
      "jurisdictions:\n  home: { region: [eu-west-1], include: [eu] }\nclassifications:\n",
      "region: [",
      'jurisdictions.home: unknown key "region"; did you mean "regions"?',
    ],
    [
      "a misspelt key within a condition",
      "- trustedTag:",
      "- approvel: true\n      - trustedTag:",
      "approvel",
      'transfers.0.conditions.0: unknown key "approvel"; did you mean "approval"?',
    ],
    [
      "a wrong value",
      "mode: enforce",
      "mode: enforced",
      "enforced",
      `controls.${CONTROL}.mode: found "enforced", expected "observe" or "approve" or "enforce"; did you mean "enforce"?`,
    ],
    [
      "a value that is like no other",
      "mode: enforce",
      "mode: zzzzzzz",
      "zzzzzzz",
      `controls.${CONTROL}.mode: found "zzzzzzz", expected "observe" or "approve" or "enforce"`,
    ],
    [
      "an unknown jurisdiction",
      "residency: [eu]",
      "residency: [euu]",
      "euu",
      'unknown jurisdiction "euu"; did you mean "eu"?',
    ],
    [
      "a Region that does not exist",
      "residency: [eu]",
      "residency: [eu-centrl-1]",
      "eu-centrl-1",
      'there is no Region, Local Zone or jurisdiction "eu-centrl-1"; did you mean "eu-central-1"?',
    ],
    [
      "a glob in place of Regions",
      "residency: [eu]",
      'residency: ["eu-*"]',
      '"eu-*"]',
      'classifications.1.residency.0: found "eu-*", expected lower-case letters, digits and dashes',
    ],
    [
      "a glob in a jurisdiction",
      "classifications:\n",
      'jurisdictions:\n  home: { regions: ["eu-*"] }\nclassifications:\n',
      '"eu-*"]',
      'jurisdictions.home.regions.0: found "eu-*", expected a Region or Local Zone such as eu-central-1 (no globs: eu-* would take in London and Zurich)',
    ],
    [
      "an unknown default",
      "treatAs: eu-only",
      "treatAs: secret",
      "secret",
      'unknown classification "secret", expected one of: public, eu-only',
    ],
    [
      "an unknown control",
      `  ${CONTROL}:`,
      "  s3-replication-stays-in-jurisdictoin:",
      "s3-replication-stays-in-jurisdictoin",
      `controls: unknown key "s3-replication-stays-in-jurisdictoin"; did you mean "${CONTROL}"?`,
    ],
    [
      "a parameter that the control does not take",
      "mode: enforce",
      "mode: enforce\n    parameters: { destinationAcounts: [] }",
      "destinationAcounts",
      `controls.${CONTROL}.parameters: unknown key "destinationAcounts"; did you mean "destinationAccounts"?`,
    ],
    ["a rank twice", "rank: 50", "rank: 0x0", "0x0", "rank 0 is already public's; expected one of its own"],
    [
      "a number in quotes",
      "Seconds: 30",
      'Seconds: "30"',
      '"30"',
      'limits.settleWindowSeconds: found "30", expected a number',
    ],
    [
      "a wait longer than the queue delivers",
      "cappedIntervalSeconds: 60",
      "cappedIntervalSeconds: 86400",
      "86400",
      "limits.flips.cappedIntervalSeconds: found 86400, expected a whole number from 1 to 600",
    ],
    ["a missing part", "version: 1\n", "", "", "version: found nothing, expected 1"],
    [
      "a text where a mapping belongs",
      /^limits:\n(.*\n)+/m,
      "limits: all\n",
      "all\n",
      'limits: found "all", expected a mapping',
    ],
    [
      "a text where a list belongs",
      "to: [us]",
      "to: us",
      "us\n    basis",
      'transfers.0.to: found "us", expected a list',
    ],
    ["a list where a text belongs", "name: eu-gdpr", "name: [a]", "name: [a]", "name: found a list, expected a text"],
    [
      "a broken number",
      "rank: 50",
      "rank: 50.5",
      "50.5",
      "classifications.1.rank: found 50.5, expected a whole number",
    ],
    [
      "a name in capitals",
      "classifications:\n",
      "jurisdictions:\n  Home: { regions: [eu-west-1] }\nclassifications:\n",
      "Home",
      "jurisdictions.Home: expected a name of lower-case letters, digits and dashes",
    ],
    [
      "a framework that nobody knows",
      "[GDPR Art. 44, GDPR Art. 46]",
      "[GPDR Art. 44]",
      "GPDR",
      'classifications.1.citations.0: found "GPDR Art. 44", expected a framework and what of it, such as "GDPR Art. 44"; known are UK GDPR, GDPR, FADP, LGPD, CCPA, DPDP, HIPAA, NIST 800-53, NIST 800-171, NIST CSF, CIS AWS, ISO 27001, ISO 27018, PCI DSS, SOC 2, AWS Security Hub',
    ],
    ["no legal basis", / {4}basis: .*\n/, "", "id: released", "transfers.0.basis: found nothing, expected a mapping"],
    [
      "a key alone as a basis",
      /basis: \{.*\}/,
      "basis: { kind: encryption, document: x }",
      "encryption",
      'transfers.0.basis.kind: found "encryption", expected "adequacy" or "scc" or "bcr" or "derogation"',
    ],
    ["a duplicate key", "name: eu-gdpr", "name: eu-gdpr\nname: other", "name: other", "Map keys must be unique"],
    [
      "a reserved key",
      "controls:\n",
      "controls:\n  __proto__: { mode: bogus }\n",
      "__proto__",
      'the key "__proto__" is reserved',
    ],
    [
      "another reserved key",
      "controls:\n",
      "controls:\n  constructor: 1\n",
      "constructor",
      'the key "constructor" is reserved',
    ],
    [
      "a third reserved key",
      "controls:\n",
      "controls:\n  prototype: 1\n",
      "prototype",
      'the key "prototype" is reserved',
    ],
    [
      "a default longer than the maximum",
      "Hours: 24",
      "Hours: 8000",
      "8000",
      "defaultHours is more than maxDays allows",
    ],
  ])("with %s is refused with place, what was found and what was expected", (_, from, to, where, message) => {
    expect(example).toMatch(from);
    const text = example.replace(from, to);
    const lines = text.slice(0, text.indexOf(where)).split("\n");
    expect(told(text)).toBe(`policy.yaml:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}: ${message}`);
  });

  it("with several mistakes shows them all, in order, those of form and those of meaning", () => {
    const text = example
      .replace("mode: enforce", "mode: on")
      .replace("treatAs: eu-only", "treatAs: eu-onyl")
      .replace("to: [us]", "to: [usa]")
      .replace("    citations: [GDPR Art. 49(1)(a)]", "    citation: [GDPR Art. 49(1)(a)]")
      .replace("version: 1", "versoin: 1");
    expect(told(text).split("\n")).toEqual([
      expect.stringMatching(/:1:1: version: found nothing, expected 1$/),
      expect.stringMatching(/:\d+:1: unknown key "versoin"; did you mean "version"\?$/),
      expect.stringMatching(/: transfers\.0: unknown key "citation"; did you mean "citations"\?$/),
      expect.stringMatching(/mode: found "on", expected "observe" or "approve" or "enforce"$/),
    ]);
    const meant = text.replace("versoin: 1", "version: 1").replace("citation: [", "citations: [");
    expect(told(meant).split("\n")).toEqual([
      expect.stringMatching(/: unknown classification "eu-onyl"; did you mean "eu-only"\?$/),
      expect.stringMatching(/: unknown jurisdiction "usa"; did you mean "us"\?$/),
      expect.stringMatching(/mode: found "on", expected "observe" or "approve" or "enforce"$/),
    ]);
  });

  it("is not told what follows from a mistake that is told", () => {
    const classes = [{ ...BASE.classifications[1], colour: "red" }];
    const wrong = { ...BASE, classifications: classes, unclassified: { treatAs: "gone" }, transfers: [] };
    expect(errorsOf(wrong)).toEqual([
      'classifications.0: unknown key "colour", expected name, rank, residency, recognisedBy, setBy, loweredBy, citations',
    ]);
    expect(errorsOf({ ...wrong, transfers: [{ id: "t" }] })).toHaveLength(4);
  });

  it.each([
    ["no YAML at all", "{{{{", /^policy\.yaml:1:\d: ./],
    ["nothing", "", "policy.yaml:1:1: found null, expected a mapping"],
    ["a list", "- a\n- b", "policy.yaml:1:1: found a list, expected a mapping"],
    ["a number", "42", "policy.yaml:1:1: found 42, expected a mapping"],
    [
      "a bomb of aliases",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghij"
        .split("")
        .map((name, index) => `${name}: &${name} [${`*${"abcdefghi"[index]}, `.repeat(9)}]`)
        .join("\n")}`,
      /^policy\.yaml:1:1: Excessive alias count/,
    ],
    ["over a megabyte", `name: ${"x".repeat(1_000_001)}`, "policy.yaml:1:1: found over 1000000 bytes, expected fewer"],
    [
      "as deep as a parser falls over",
      "[".repeat(900_000),
      "policy.yaml:1:1: found more than 60 levels, expected fewer",
    ],
    ["deep in mappings", "{a: ".repeat(61), "policy.yaml:1:1: found more than 60 levels, expected fewer"],
    ["deep over lines", "[\n".repeat(61), "policy.yaml:1:1: found more than 60 levels, expected fewer"],
    ["deep in question marks", `${"? ".repeat(60)}a`, "policy.yaml:1:1: found more than 60 levels, expected fewer"],
    ["of another version of YAML", "%YAML 1.1\n---\nversion: 1", /found YAML 1\.1, expected 1\.2/],
    ["deep in dashes", `${"- ".repeat(60)}a`, "policy.yaml:1:1: found more than 60 levels, expected fewer"],
    ["deep in lines", `a:\n${" ".repeat(240)}b: c`, "policy.yaml:1:1: found more than 60 levels, expected fewer"],
    ["an alias of nothing", "a: *b", /^policy\.yaml:1:\d: Unresolved alias/],
  ])("that is %s is refused without harm", (_, text, message) => {
    const started = cpuMs();
    if (typeof message === "string") expect(told(text)).toBe(message);
    else expect(told(text)).toMatch(message);
    expect(cpuMs() - started).toBeLessThan(500);
  });

  it("may be brackets sixty deep, and nothing is counted twice over lines", () => {
    expect(told(`${"[".repeat(60)}${"]".repeat(60)}`)).toBe("policy.yaml:1:1: found a list, expected a mapping");
    expect(told(`# ${"[".repeat(99)}\n- 'a ${"[".repeat(99)}'`)).toBe(
      "policy.yaml:1:1: found a list, expected a mapping",
    );
    expect(told(`- []\n`.repeat(100))).toBe("policy.yaml:1:1: found a list, expected a mapping");
    expect(told(`- "["\n`.repeat(100))).toBe("policy.yaml:1:1: found a list, expected a mapping");
  });

  it("means the same whatever the order of its parts", () => {
    const parts = Object.entries(parse(example) as Record<string, unknown>);
    expect(compiled(Object.fromEntries(parts.reverse())).digest).toBe(compiled(parse(example)).digest);
  });

  it("has another digest when anything in it changes its meaning", () => {
    const other = { ...BASE, limits: { settleWindowSeconds: 31 } };
    expect(compiled(other).digest).not.toBe(compiled(BASE).digest);
    expect(compiled(BASE).digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
