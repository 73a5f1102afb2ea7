import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { readCompiled } from "../../shared/policy/compiled-file.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import { findingOf } from "../support/finding.ts";
import { cordon } from "./cordon.ts";

const SHIPPED = ["policies/eu-gdpr.yaml", "policies/brazil-lgpd.yaml", "policies/us-multi.yaml"];
const example = readFileSync("policies/eu-gdpr.yaml", "utf8");
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-policy-"));
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe("cordon validate", () => {
  it("says of each policy that it is right, and by which digest it will be known", async () => {
    const { code, out } = await cordon("validate", ...SHIPPED);
    expect(code).toBe(0);
    expect(out.split("\n").filter(Boolean)).toHaveLength(3);
    expect(out).toMatch(
      /^policies\/eu-gdpr\.yaml: right \(eu-gdpr, 2 classifications, 1 transfer, 0 exceptions, digest [0-9a-f]{12}\)$/m,
    );
  });

  it("tells every mistake of every file, with its place, and exits 1", async () => {
    const wrong = write(
      "a.yaml",
      example.replace("mode: enforce", "mode: enforced").replace("residency: [eu]", "residency: [ue]"),
    );
    const { code, out, err } = await cordon("validate", wrong, "policies/eu-gdpr.yaml");
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toContain(`${wrong}:26:17: unknown jurisdiction "ue"`);
    expect(out).toMatch(
      /a\.yaml:\d+:11: controls\.s3-replication-stays-in-jurisdiction\.mode: found "enforced", expected "observe" or "approve" or "enforce"; did you mean "enforce"\?/,
    );
    expect(out).toContain(`2 mistakes in ${wrong}\n`);
    expect(out).toContain("policies/eu-gdpr.yaml: right");
  });

  it("notes what is over, soon will be, or does nothing", async () => {
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, "");
    const exception = (id: string, from: number, to: number) =>
      `  - { id: ${id}, control: s3-replication-stays-in-jurisdiction, to: [us], reason: r, approver: a, ticket: t, grantedAt: "${inDays(from)}", expiresAt: "${inDays(to)}" }`;
    const text = example
      .replace("mode: enforce", "mode: observe")
      .replace(/unclassified:\n.*\n/, "")
      .replace(
        "    residency: [eu]\n",
        '    residency: [eu]\n    setBy: { principals: ["arn:aws:iam::*:role/data-owner"], enforcement: declared }\n',
      )
      .concat(
        `exceptions:\n${[exception("old", -9, -2), exception("soon", -9, 3.5), exception("hours", -9, 0.5), exception("later", -1, 20)].join("\n")}\n`,
      );
    const { code, out } = await cordon("validate", write("a.yaml", text));
    expect(code).toBe(0);
    expect(out).toMatch(/note exception "old" ended at .*; it can be taken out/);
    expect(out).toMatch(/note exception "soon" ends at .*, in 3 days/);
    expect(out).toMatch(/note exception "hours" ends at .*, in less than a day/);
    expect(out).not.toContain('"later"');
    expect(out).toContain("note no control may change anything by itself: none is set to enforce");
    expect(out).toContain("note data that nobody has classified waits for a person");
  });

  it("notes what was granted in advance, what nothing recognises, and what is allowed anyway", async () => {
    const text = example
      .replace(
        "transfers:\n",
        "transfers:\n  - { id: needless, classifications: [eu-only], to: [eu-west-1], basis: { kind: bcr, document: d } }\n",
      )
      // Where objects are tagged, every class has a tag.
      .replace(/objects:\n[\s\S]*?\ncontrols:/, "controls:")
      .replace("unclassified:\n", "  - { name: unknown, rank: 60, residency: [eu] }\nunclassified:\n")
      .concat(
        'exceptions:\n  - { id: early, control: s3-replication-stays-in-jurisdiction, to: [us], reason: r, approver: a, ticket: t, grantedAt: "2099-01-01T00:00:00Z", expiresAt: "2099-01-02T00:00:00Z" }\n',
      );
    const { code, out } = await cordon("validate", write("a.yaml", text));
    expect(code).toBe(0);
    expect(out).toContain('note exception "early" begins only at 2099-01-01T00:00:00.000Z: it is granted in advance');
    expect(out).toContain('note no tag recognises data of class "unknown"');
    expect(out).toContain('note transfer "needless" allows what its data may do anyway');
  });

  it("says the same as JSON", async () => {
    const wrong = write("a.yaml", example.replace("rank: 50", "rank: x"));
    const { code, out } = await cordon("validate", wrong, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      policies: [
        {
          file: wrong,
          errors: [{ line: 24, column: 11, message: expect.stringContaining('found "x", expected a number') }],
        },
      ],
    });
  });

  it.each([
    ["a file that is not there", ["validate", "nowhere.yaml"], "the policy nowhere.yaml can't be read"],
    ["no file", ["validate"], "POLICY"],
    ["a misspelt option", ["validate", "policies/eu-gdpr.yaml", "--jsn"], "found --jsn"],
  ])("can't be run with %s", async (_, words, said) => {
    const { code, out, err } = await cordon(...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});

describe("cordon test", () => {
  it("finds the shipped policies deciding as their cases expect", async () => {
    const { code, out } = await cordon("test", ...SHIPPED);
    expect({ code, last: out.trim().split("\n").at(-1) }).toEqual({ code: 0, last: "31 of 31 cases are as expected." });
    expect(out).toContain("R9        a key alone is no legal basis");
    for (const scenario of ["R1", "R2", "R3", "R6", "R7", "R8", "R9", "R20", "K5"]) expect(out).toContain(scenario);
  });

  const cases = (expected: string, more = "") => `
world: { buckets: [{ name: oregon, region: us-west-2 }] }
cases:
  - name: a case
    event: { call: PutBucketReplication, bucket: orders }
    ${more}
    world: { buckets: [{ name: orders, region: eu-central-1, replicates: [{ id: to-oregon, to: oregon }] }] }
    expect: ${expected}
`;

  it.each([
    [
      "another decision",
      "{ to-oregon: { decision: observe } }",
      "to-oregon: expected observe, found contain by classification:eu-only; not classified",
    ],
    [
      "another rule",
      '{ to-oregon: { decision: contain, rule: "x" } }',
      "to-oregon: expected the rule x, found classification:eu-only",
    ],
    [
      "another mode's rule",
      '{ to-oregon: { decision: contain, modeRule: "x" } }',
      "to-oregon: expected the mode by x, found control:s3-replication-stays-in-jurisdiction",
    ],
    [
      "a reason that is not given",
      "{ to-oregon: { decision: contain, because: nonsense } }",
      'to-oregon: expected a reason with "nonsense", found not classified',
    ],
    [
      "a part that is not there",
      "{ gone: { decision: contain } }",
      "gone: expected a finding, found none; there is to-oregon",
    ],
    [
      "nothing of a part that is there",
      "{}",
      "to-oregon: found contain by classification:eu-only, expected nothing of it",
    ],
  ])("fails on %s, and says what was decided and why", async (_, expected, said) => {
    write("p.yaml", example);
    write("p.cases.yaml", cases(expected));
    const { code, out } = await cordon("test", join(folder, "p.yaml"));
    expect(code).toBe(1);
    expect(out).toContain("NOT AS EXPECTED");
    expect(out).toContain(said);
    expect(out).toContain("0 of 1 cases are as expected.");
  });

  it("takes cases from elsewhere, events from files, and some cases only", async () => {
    const event = readFileSync("events/s3-replication-stays-in-jurisdiction/put-bucket-replication.json", "utf8");
    write("event.json", event);
    const file = write(
      "other.yaml",
      `cases:
  - { name: one, scenario: X1, event: { file: event.json }, world: { buckets: [{ name: orders-eu, region: eu-central-1 }] }, expect: {} }
  - { name: two, event: { file: event.json }, world: { buckets: [] }, expect: {} }
`,
    );
    const all = await cordon("test", "policies/eu-gdpr.yaml", "--cases", file);
    expect(all.code).toBe(1);
    expect(all.out).toContain("nothing was decided: absent: the bucket orders-eu does not exist");
    const some = await cordon("test", "policies/eu-gdpr.yaml", "--cases", file, "--only", "X1", "--json");
    expect(some.code).toBe(0);
    expect(JSON.parse(some.out)).toMatchObject({
      ok: true,
      policies: [{ policy: "eu-gdpr", results: [{ name: "one", differences: [] }] }],
    });
  });

  it.each<readonly [string, string, string]>([
    [
      "a misspelt key",
      cases("{ to-oregon: { desicion: contain } }"),
      'cases.0.expect.to-oregon: unknown key "desicion"; did you mean "decision"?',
    ],
    [
      "a bucket that is not in the world",
      cases("{}").replace("bucket: orders", "bucket: order"),
      'unknown bucket "order"; did you mean "orders"?',
    ],
    ["a Region that there isn't", cases("{}").replace("us-west-2", "us-west-9"), 'unknown Region "us-west-9"'],
    ["a time without offset", cases("{}", "at: 2026-01-01T00:00:00"), "expected a time with seconds and an offset"],
    ["a name twice", `${cases("{}")}${cases("{}").split("cases:\n")[1]}`, 'the name "a case" is taken already'],
    ["no case", "cases: []", "expected at least one case"],
    ["no YAML", "{{", "p.cases.yaml:1:"],
  ])("refuses cases with %s", async (_, text, said) => {
    write("p.yaml", example);
    write("p.cases.yaml", text);
    const { code, err } = await cordon("test", join(folder, "p.yaml"));
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it("says where it looks for cases", async () => {
    const policy = write("p.yaml", example);
    const { code, err } = await cordon("test", policy);
    expect(code).toBe(2);
    expect(err).toContain(`there are no cases: expected ${join(folder, "p.cases.yaml")}, or --cases <file>`);
  });
});

it("a glob that takes in the cases as well names the policies", async () => {
  const files = readdirSync("policies").map((file) => `policies/${file}`);
  expect((await cordon("test", ...files)).out).toContain("31 of 31 cases are as expected.");
  expect((await cordon("validate", ...files)).code).toBe(0);
});

describe("cordon diff", () => {
  it("finds nothing between a policy and itself", async () => {
    const { code, out } = await cordon("diff", "policies/eu-gdpr.yaml", "policies/eu-gdpr.yaml");
    expect({ code, out }).toEqual({ code: 0, out: "0 of 13 decisions change.\n" });
  });

  it("tells which cases change their decision, from what to what, and exits 1", async () => {
    const wider = write("wider.yaml", example.replace("residency: [eu]", "residency: [eu, us]"));
    const { code, out } = await cordon("diff", "policies/eu-gdpr.yaml", wider);
    expect(code).toBe(1);
    expect(out).toMatch(
      /case: all of an EU-only bucket to the United States is contained +to-oregon +contain by classification:eu-only +compliant by classification:eu-only/,
    );
    expect(out).not.toContain("what is public may live anywhere");
  });

  it("decides recorded findings anew on their recorded facts", async () => {
    const facts = {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      to: "us-west-2",
      destination: "arn:aws:s3:::d",
      tags: [],
      prefix: "secret-prefix/",
    } as const;
    const findings = [
      findingOf({
        id: "f-1",
        controlId: "s3-replication-stays-in-jurisdiction",
        facts,
        resourceTags: [{ key: "env", value: "dev" }],
      }),
      findingOf({ id: "f-2", controlId: "s3-replication-stays-in-jurisdiction", facts }),
      findingOf({
        id: "f-3",
        controlId: "account-region-stays-covered",
        classification: "",
        facts: { kind: "condition", holds: false, expected: "e", found: "f", consequence: "c", remedy: "r" },
      }),
    ];
    const scoped = example.replace(
      "    mode: enforce\n",
      "    mode: enforce\n    scopes: [{ id: dev, tags: [{ key: env, value: dev }], tagsSetBy: { principals: ['arn:aws:iam::*:role/owner'], enforcement: declared }, mode: observe }]\n",
    );
    const [old, now, file] = [
      write("old.yaml", example),
      write("new.yaml", scoped),
      write("findings.json", JSON.stringify({ findings })),
    ];
    const { code, out } = await cordon("diff", old, now, "--findings", file, "--all", "--json");
    expect(code).toBe(1);
    const { compared, changed, decisions } = JSON.parse(out);
    expect({ compared, changed }).toEqual({ compared: 3, changed: 2 });
    expect(decisions).toMatchObject([
      { what: "f-1 orders-eu", before: { decision: "contain" }, after: { decision: "observe" }, isChanged: true },
      // Its tags were not recorded: whether the scope applies can't be told.
      { what: "f-2 orders-eu", before: { decision: "contain" }, after: { decision: "approve" }, isChanged: true },
      { what: "f-3 orders-eu", before: { decision: "approve", rule: "built-in:drift" }, isChanged: false },
    ]);
    expect(out).not.toContain("secret-prefix");
  });

  it.each<readonly [string, () => readonly string[], string]>([
    [
      "nothing to compare",
      () => ["diff", write("a.yaml", example), write("b.yaml", example)],
      "nothing to compare: expected",
    ],
    [
      "findings that are none",
      () => ["diff", "policies/eu-gdpr.yaml", "policies/eu-gdpr.yaml", "--findings", write("f.json", '{"a":1}')],
      "holds no findings",
    ],
    [
      "findings that are no JSON",
      () => ["diff", "policies/eu-gdpr.yaml", "policies/eu-gdpr.yaml", "--findings", write("f.json", "x")],
      "is not JSON",
    ],
    [
      "a policy that is wrong",
      () => ["diff", "policies/eu-gdpr.yaml", write("a.yaml", "version: 2")],
      "The policy is refused",
    ],
  ])("can't be run with %s", async (_, words, said) => {
    const { code, err } = await cordon(...words());
    expect(code).toBe(2);
    expect(err).toContain(said);
  });
});

describe("cordon compile", () => {
  it("writes a policy that CORDON_POLICY takes, the same by its digest", async () => {
    const file = join(folder, "policy.json");
    const { code, err } = await cordon("compile", "policies/us-multi.yaml", "--out", file);
    expect(code).toBe(0);
    const [compiled, yaml] = await Promise.all(
      [file, "policies/us-multi.yaml"].map((each) => loadPolicy(each, catalogue)),
    );
    expect(compiled?.digest).toBe(yaml?.digest);
    expect(err).toContain(compiled?.digest);
    expect(
      compiled?.conditions('!resource.name.startsWith("payroll-")', {
        resource: { name: "crm", arn: "", account: "", region: "", type: "" },
        units: [],
        part: "",
      }),
    ).toBe(true);
  });

  it("writes to stdout as well", async () => {
    const { out } = await cordon("compile", "policies/eu-gdpr.yaml");
    expect(readCompiled(out, "stdout")?.name).toBe("eu-gdpr");
  });

  it("refuses a policy with mistakes", async () => {
    const { code, out, err } = await cordon("compile", write("a.yaml", "version: 2"));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("The policy is refused, so nothing is done.");
  });

  it.each<readonly [string, (text: string) => string, string]>([
    [
      "altered",
      (text) => text.replace('"anywhere":false', '"anywhere":true'),
      "its content is not what its digest says",
    ],
    ["cut off", (text) => text.slice(0, 500), "found no JSON, it may be cut off"],
    [
      "made for another version",
      (text) => text.replace("cordon-policy/3", "cordon-policy/2"),
      'found format "cordon-policy/2", expected "cordon-policy/3"',
    ],
    ["empty", () => '{"format":"cordon-policy/3"}', "its content is not what its digest says"],
  ])("its work is refused when it was %s", async (_, change, said) => {
    const { out } = await cordon("compile", "policies/eu-gdpr.yaml");
    const file = write("p.json", change(out));
    await expect(loadPolicy(file, catalogue)).rejects.toThrow(said);
    await expect(loadPolicy(file, catalogue)).rejects.toThrow("Compile it again: cordon compile <policy.yaml>");
  });
});
