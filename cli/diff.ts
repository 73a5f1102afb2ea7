import { readFile } from "node:fs/promises";
import { catalogue } from "../controls/catalogue.ts";
import { type Classified, splitClasses } from "../shared/classification/classify.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { decide } from "../shared/policy/decide.ts";
import { inForce, readPolicyFile } from "../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { Decision } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { casesFileOf, decideCase, readCases } from "./policy-cases.ts";
import { redactFinding } from "./redact.ts";
import { isColoured, renderTable } from "./table.ts";

/** `cordon diff`: what another policy would decide otherwise (S2). */
export const diff = command(
  {
    name: "diff",
    summary: "Which recorded findings or cases change their decision from one policy to another",
    notes: `Compares by the cases beside both policies, and by recorded findings: --findings takes what "cordon findings --json" printed. Findings are decided anew on
the facts that were recorded, at the time of this run; what the journal does not keep of a resource (its tags, when they could not be read) can't be told.

Exit code: 0 nothing changes, 1 something does, 2 it could not be run.`,
  },
  {
    old: { type: "positional", description: "The policy in force", required: true },
    new: { type: "positional", description: "The policy to come", required: true },
    findings: { type: "string", description: "Recorded findings as JSON", valueHint: "file" },
    all: { type: "boolean", description: "Also what stays as it is" },
    reveal: { type: "boolean", description: "Show what is hidden otherwise: principals, prefixes, tags" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const [before, after] = await Promise.all(
      [args.old, args.new].map(async (file) => inForce(await readPolicyFile(file, catalogue))),
    );
    if (before === undefined || after === undefined) throw new Error("expected two policies");
    const findings = args.findings === undefined ? [] : await readFindings(args.findings);
    const compared = [
      ...(await compareCases([args.old, args.new], before, after)),
      ...compareFindings(
        args.reveal === true ? findings : findings.map(redactFinding),
        findings,
        before,
        after,
        systemClock.nowMs(),
      ),
    ];
    if (compared.length === 0)
      throw new Error(
        `nothing to compare: expected ${casesFileOf(args.old)}, ${casesFileOf(args.new)} or --findings <file>`,
      );
    const changed = compared.filter(({ isChanged }) => isChanged);
    const shown = args.all === true ? compared : changed;
    if (args.json) {
      const policies = {
        old: { file: args.old, digest: before.digest },
        new: { file: args.new, digest: after.digest },
      };
      process.stdout.write(
        `${JSON.stringify({ ...policies, compared: compared.length, changed: changed.length, decisions: shown }, null, 2)}\n`,
      );
    } else process.stdout.write(describe(shown, changed.length, compared.length, isColoured()));
    return changed.length === 0 ? exitCodes.fine : exitCodes.wrong;
  },
);

/** One matter under both policies. */
interface Compared {
  readonly what: string;
  readonly part: string;
  readonly before: Told | null;
  readonly after: Told | null;
  readonly isChanged: boolean;
}

/** What a policy decides. */
interface Told {
  readonly decision: string;
  readonly rule: string;
  readonly reasons: readonly string[];
}

function told({ kind, rule, reasons }: Decision): Told {
  return { decision: kind, rule, reasons };
}

async function compareCases(
  files: readonly string[],
  before: PolicyInForce,
  after: PolicyInForce,
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  for (const file of new Set(files.map(casesFileOf))) {
    for (const each of (await isThere(file)) ? await readCases(file) : []) {
      const [old, now] = [await decideCase(each, before), await decideCase(each, after)].map(
        (decided) =>
          new Map(typeof decided === "string" ? [] : decided.map(({ part, decision }) => [part, told(decision)])),
      );
      for (const part of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
        compared.push(comparison(`case: ${each.name}`, part, old?.get(part), now?.get(part)));
      }
    }
  }
  return compared;
}

function compareFindings(
  shown: readonly FindingRecord[],
  findings: readonly FindingRecord[],
  before: PolicyInForce,
  after: PolicyInForce,
  nowMs: number,
): readonly Compared[] {
  return findings.map((finding, index) => {
    const [old, now] = [before, after].map((policy) => told(decideAnew(finding, policy, nowMs)));
    const { id, resource, part } = shown[index] ?? finding;
    return comparison(`${id} ${resource.name}`, part, old, now);
  });
}

/** A recorded finding decided by another policy, on the facts that were recorded. What contained it is not the matter: its facts are those it was found with. */
function decideAnew(record: FindingRecord, policy: PolicyInForce, nowMs: number): Decision {
  const { id, controlId, resource, part, title, facts, exception, resourceTags } = record;
  const finding = { id, controlId, resource, part, title, facts };
  return decide(finding, policy, {
    classified: classifiedAs(record.classification, policy),
    resourceTags: resourceTags ?? { unreadable: "they were not recorded" },
    ...(exception !== undefined && { exception }),
    defaultMode: catalogue.find((meta) => meta.id === controlId)?.defaultMode ?? "observe",
    ceiling: { mode: "enforce", reason: "nothing" },
    nowMs,
  });
}

function classifiedAs(name: string, policy: PolicyInForce): Classified {
  if (name === "") return { kind: "not-applicable", reason: "the finding is not about data" };
  const reason = `recorded as "${name}"`;
  const names = splitClasses(name);
  const [classification, ...also] = names.flatMap(
    (each) => policy.classifications.find((one) => one.name === each) ?? [],
  );
  if (classification === undefined || also.length + 1 < names.length)
    return { kind: "undecided", reason: `${reason}, which policy ${policy.name} does not know` };
  return { kind: "classified", classification, also, source: "journal", reason };
}

function comparison(what: string, part: string, before: Told | undefined, after: Told | undefined): Compared {
  const isChanged = before?.decision !== after?.decision || before?.rule !== after?.rule;
  return { what, part, before: before ?? null, after: after ?? null, isChanged };
}

async function readFindings(file: string): Promise<readonly FindingRecord[]> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new Error(`the findings ${file} can't be read: ${error.message}`);
  });
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON; expected what "cordon findings --json --reveal" printed`);
  }
  const list = Array.isArray(read) ? read : (read as { findings?: unknown } | null)?.findings;
  const isFinding = (each: unknown) =>
    typeof each === "object" && each !== null && "facts" in each && "controlId" in each && "resource" in each;
  if (!Array.isArray(list) || !list.every(isFinding)) {
    throw new Error(`${file} holds no findings; expected what "cordon findings --json --reveal" printed`);
  }
  return list as unknown as readonly FindingRecord[];
}

async function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

function describe(shown: readonly Compared[], changed: number, compared: number, colours: boolean): string {
  const summary = `${changed} of ${compared} decisions change.\n`;
  if (shown.length === 0) return summary;
  const cells = (each: Told | null) => (each === null ? "-" : `${each.decision} by ${each.rule}`);
  const rows = shown.map(({ what, part, before, after, isChanged }) => [
    { text: what },
    { text: part },
    { text: cells(before) },
    { text: cells(after), colour: isChanged ? ("yellow" as const) : undefined },
  ]);
  return `${renderTable(["WHAT", "PART", "BEFORE", "AFTER"], rows, colours)}\n${summary}`;
}
