import { readFile } from "node:fs/promises";
import { catalogue } from "../controls/catalogue.ts";
import { parsePolicy } from "../shared/policy/language/parse-policy.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { command, exitCodes } from "./command.ts";
import { withoutCases } from "./policy-cases.ts";
import { policyNotes } from "./policy-notes.ts";
import { isColoured, painted } from "./table.ts";

/** `cordon validate`: every mistake in policies at once, as compilers tell them (S1). */
export const validate = command(
  {
    name: "validate",
    summary: "Every mistake in a policy at once, with its place, what was found and what was expected",
    notes: `Each mistake is a line: file:line:column: what was found, what was expected.
Of a policy that is right it tells what a reader should know: exceptions and transfers that are over or soon will be.

Exit code: 0 every policy is right, 1 one is not, 2 it could not be run.`,
  },
  {
    policy: { type: "positional", description: "The policy's YAML; further ones may follow", required: true },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const reports = [];
    for (const file of withoutCases(args._)) reports.push(await checkFile(file, systemClock.nowMs()));
    const isFine = reports.every(({ errors }) => errors.length === 0);
    if (args.json) process.stdout.write(`${JSON.stringify({ ok: isFine, policies: reports }, null, 2)}\n`);
    else for (const report of reports) process.stdout.write(describe(report, isColoured()));
    return isFine ? exitCodes.fine : exitCodes.wrong;
  },
  { takesMore: true },
);

type Report = Awaited<ReturnType<typeof checkFile>>;

async function checkFile(file: string, nowMs: number) {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new Error(`the policy ${file} can't be read: ${error.message}`);
  });
  const parsed = parsePolicy(text, file, catalogue);
  if (!parsed.ok) return { file, errors: parsed.errors, notes: [] };
  const { name, digest, classifications, transfers, exceptions } = parsed.policy;
  const holds = { classifications: classifications.length, transfers: transfers.length, exceptions: exceptions.length };
  return { file, errors: [], name, digest, holds, notes: policyNotes(parsed.policy, nowMs) };
}

function describe({ file, errors, name = "", digest = "", holds, notes }: Report, colours: boolean): string {
  const lines = errors.map(
    ({ line, column, message }) => `${painted(`${file}:${line}:${column}:`, colours ? "red" : undefined)} ${message}\n`,
  );
  if (errors.length > 0) {
    return `${lines.join("")}${errors.length} mistake${errors.length === 1 ? "" : "s"} in ${file}\n`;
  }
  const counts = Object.entries(holds ?? {}).map(
    ([what, count]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`,
  );
  const told = notes.map((note) => `  ${painted("note", colours ? "yellow" : undefined)} ${note}\n`);
  return `${file}: right (${name}, ${counts.join(", ")}, digest ${digest.slice(0, 12)})\n${told.join("")}`;
}
