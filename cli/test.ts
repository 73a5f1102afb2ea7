import { access } from "node:fs/promises";
import { catalogue } from "../controls/catalogue.ts";
import { inForce, readPolicyFile } from "../shared/policy/load-policy.ts";
import { command, exitCodes } from "./command.ts";
import { casesFileOf, decideCase, differencesOf, readCases, withoutCases } from "./policy-cases.ts";
import { isColoured, renderTable } from "./table.ts";

/** `cordon test`: whether a policy decides its cases as expected (S2). */
export const test = command(
  {
    name: "test",
    summary: "Whether a policy decides its cases as expected: given an event and a world, this decision",
    notes: `The cases of policies/x.yaml are in policies/x.cases.yaml beside it, or where --cases says. docs/policy.md shows how to write one.
Nothing is asked of AWS: each case brings its world.

Exit code: 0 every case is as expected, 1 one is not, 2 it could not be run.`,
  },
  {
    policy: {
      type: "positional",
      description: "The policy's YAML, or as cordon compile wrote it; further ones may follow",
      required: true,
    },
    cases: { type: "string", description: "The file of cases, when it lies elsewhere", valueHint: "file" },
    only: { type: "string", description: "Only cases whose name or scenario contains this", valueHint: "text" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const files = withoutCases(args._);
    if (args.cases !== undefined && files.length > 1)
      throw new Error("--cases is for one policy; found several policies");
    const reports = [];
    for (const file of files) reports.push(await testPolicy(file, args.cases ?? casesFileOf(file), args.only));
    const results = reports.flatMap((report) => report.results);
    if (results.length === 0) throw new Error(`no case has "${args.only}" in its name or scenario`);
    const failed = results.filter(({ differences }) => differences.length > 0).length;
    if (args.json) process.stdout.write(`${JSON.stringify({ ok: failed === 0, policies: reports }, null, 2)}\n`);
    else {
      for (const report of reports) process.stdout.write(describe(report, isColoured()));
      process.stdout.write(`${results.length - failed} of ${results.length} cases are as expected.\n`);
    }
    return failed === 0 ? exitCodes.fine : exitCodes.wrong;
  },
  { takesMore: true },
);

async function testPolicy(file: string, casesFile: string, only: string | undefined) {
  await access(casesFile).catch(() => {
    throw new Error(`there are no cases: expected ${casesFile}, or --cases <file>`);
  });
  const policy = await inForce(await readPolicyFile(file, catalogue));
  const cases = (await readCases(casesFile)).filter(
    ({ name, scenario }) => only === undefined || name.includes(only) || scenario.includes(only),
  );
  const results = [];
  for (const each of cases) {
    const decided = await decideCase(each, policy);
    const decisions =
      typeof decided === "string"
        ? []
        : decided.map(({ part, decision }) => ({
            part,
            decision: decision.kind,
            rule: decision.rule,
            reasons: decision.reasons,
          }));
    results.push({
      name: each.name,
      scenario: each.scenario,
      decisions,
      differences: differencesOf(each.expect, decided),
    });
  }
  return { file, policy: policy.name, digest: policy.digest, results };
}

function describe({ file, policy, digest, results }: Awaited<ReturnType<typeof testPolicy>>, colours: boolean): string {
  const rows = results.flatMap(({ name, scenario, decisions, differences }) => {
    const verdict =
      differences.length === 0
        ? ({ text: "ok", colour: "green" } as const)
        : ({ text: "NOT AS EXPECTED", colour: "red" } as const);
    const parts = decisions.length > 0 ? decisions : [{ part: "-", decision: "-", rule: "-" }];
    return parts.map(({ part, decision, rule }, index) =>
      index === 0
        ? [verdict, { text: scenario }, { text: name }, { text: part }, { text: decision }, { text: rule }]
        : [{ text: "" }, { text: "" }, { text: "" }, { text: part }, { text: decision }, { text: rule }],
    );
  });
  const head = ["", "SCENARIO", "CASE", "PART", "DECISION", "RULE"];
  const failures = results
    .filter(({ differences }) => differences.length > 0)
    .map(({ name, differences }) => `\n${name}\n${differences.map((each) => `  ${each}\n`).join("")}`);
  return `${file}: ${policy}, digest ${digest.slice(0, 12)}\n\n${renderTable(head, rows, colours)}${failures.join("")}\n`;
}
