import type { PolicyInForce } from "../shared/policy/policy.ts";
import type { DecisionKind } from "../shared/types.ts";
import { redactFinding, redactText } from "./redact.ts";
import type { FoundFiles } from "./replay-files.ts";
import type { Remark, ReplayedFinding, ReplayOutcome, Trouble } from "./replay-run.ts";
import { type Cell, type Colour, painted, renderTable } from "./table.ts";
import { counted, plain } from "./text.ts";

/** All that a replay tells, as JSON; `describeReplay` says the same in words. */
export interface ReplayReport extends Omit<ReplayOutcome, "findings"> {
  readonly ok: boolean;
  readonly policy: { readonly name: string; readonly digest: string; readonly from: string };
  /** Where live state came from. */
  readonly source: string;
  readonly at: string;
  readonly files: { readonly read: number; readonly others: number; readonly links: readonly string[] };
  /** With `decision`, policy's own, and `recordedAs`, what was decided under this replay's ceiling. */
  readonly findings: readonly ReplayedFinding[];
}

/** Puts together what was found; without `isRevealed` nobody's name and no key of an object is in it. Pure. */
export function reportOf(
  outcome: ReplayOutcome,
  found: FoundFiles,
  policy: PolicyInForce,
  about: Pick<ReplayReport, "source" | "at"> & { readonly from: string; readonly isRevealed: boolean },
): ReplayReport {
  const { source, at, from, isRevealed } = about;
  const folders = found.refused.map(({ file, reason }): Trouble => ({ file, reason, times: 1 }));
  const hide = <Told extends { readonly reason: string }>(all: readonly Told[]) =>
    isRevealed ? all : all.map((each) => ({ ...each, reason: redactText(each.reason) }));
  const refused = [...folders, ...outcome.refused];
  const isAllowed = outcome.findings.every(({ decision }) => decision.kind === "exempt");
  return {
    ok: isAllowed && refused.length + outcome.failed.length + outcome.unclear.length === 0,
    policy: { name: policy.name, digest: policy.digest, from },
    source,
    at,
    files: { read: found.files.length, others: found.others, links: found.links },
    ...outcome,
    findings: isRevealed ? outcome.findings : outcome.findings.map(redacted),
    unclear: hide(outcome.unclear),
    gone: hide(outcome.gone),
    refused: hide(refused),
    failed: hide(outcome.failed),
  };
}

function redacted({ recordedAs, ...record }: ReplayedFinding): ReplayedFinding {
  return { ...redactFinding(record), recordedAs };
}

/** What each decision comes to where nothing holds policy back. */
const WOULD: Readonly<Record<DecisionKind, { readonly text: string; readonly colour?: Colour }>> = {
  contain: { text: "would contain", colour: "red" },
  approve: { text: "needs approval", colour: "yellow" },
  observe: { text: "observed", colour: "yellow" },
  exempt: { text: "exempt", colour: "grey" },
  compliant: { text: "compliant", colour: "green" },
};
const KINDS: readonly DecisionKind[] = ["contain", "approve", "observe", "exempt", "compliant"];

/** A report for people. Pure. */
export function describeReplay(report: ReplayReport, colours: boolean): string {
  return [
    describeWhat(report),
    describeEvents(report, colours),
    describeDecisions(report, colours),
    ...section("Findings, as policy alone decides", report.findings, (finding) => describeFinding(finding, colours)),
    ...section("Not to be told yet", report.unclear, describeRemark),
    ...section("No longer there", report.gone, describeRemark),
    ...section("AWS gave no answer", report.failed, describeTrouble),
    ...section("Refused", report.refused, describeTrouble),
    ...(report.untold > 0 ? [`${report.untold} more are not listed.\n`] : []),
  ].join("\n");
}

function describeWhat({ files, events, policy, source }: ReplayReport): string {
  const { read, outsideWindow, notEvents } = events;
  const beside = [
    ...(outsideWindow > 0 ? [`${outsideWindow} outside --since and --until`] : []),
    ...(notEvents > 0 ? [`${notEvents} of CloudTrail's that are no calls`] : []),
    ...(files.others > 0 ? [`${counted(files.others, "file")} with other names`] : []),
    ...(files.links.length > 0 ? [`${counted(files.links.length, "symbolic link")}, not followed`] : []),
  ];
  return [
    `${counted(read, "event")} in ${counted(files.read, "file")}, against ${plain(source)}.`,
    ...(beside.length > 0 ? [`Left out: ${beside.join(", ")}.`] : []),
    `Policy ${plain(policy.name)} (${plain(policy.from)}), digest ${policy.digest.slice(0, 12)}.`,
    "Nothing was changed and nothing was recorded: every event ran in observe mode, with its journal in memory.",
    "",
  ].join("\n");
}

function describeEvents({ controls }: ReplayReport, colours: boolean): string {
  const rows = controls.map(({ controlId, heard, ignored, refused, failed }): Cell[] => [
    { text: controlId },
    { text: String(heard) },
    { text: String(ignored) },
    { text: String(refused), colour: refused > 0 ? "red" : undefined },
    { text: String(failed), colour: failed > 0 ? "red" : undefined },
  ]);
  return renderTable(["EVENTS OF", "HEARD", "IGNORED", "REFUSED", "NO ANSWER"], rows, colours);
}

function describeDecisions({ controls }: ReplayReport, colours: boolean): string {
  const head = ["FINDINGS OF", ...KINDS.map((kind) => WOULD[kind].text.toUpperCase()), "NOT CERTAIN"];
  const rows = controls.map(({ controlId, decisions, unclear }): Cell[] => [
    { text: controlId },
    ...KINDS.map((kind) => ({
      text: String(decisions[kind]),
      colour: decisions[kind] > 0 ? WOULD[kind].colour : undefined,
    })),
    { text: String(unclear), colour: unclear > 0 ? "yellow" : undefined },
  ]);
  return renderTable(head, rows, colours);
}

function section<Entry>(title: string, entries: readonly Entry[], describe: (entry: Entry) => string): string[] {
  return entries.length === 0 ? [] : [`${title}:\n${entries.map(describe).join("")}`];
}

const WIDTH = Math.max(...KINDS.map((kind) => WOULD[kind].text.length));

function describeFinding({ id, title, classification, decision, resource }: ReplayedFinding, colours: boolean): string {
  const { text, colour } = WOULD[decision.kind];
  const { mode, modeRule } = decision.explanation;
  const because = [
    ...decision.reasons,
    `by ${decision.rule}${mode === undefined ? "" : `, in mode ${mode} by ${modeRule}`}; class ${classification}`,
    `${id} in account ${resource.account}`,
  ];
  const [first, ...rest] = [title, ...because].map(plain);
  const indent = " ".repeat(WIDTH + 4);
  const lines = [
    `  ${painted(text.padEnd(WIDTH), colours ? colour : undefined)}  ${first}`,
    ...rest.map((line) => `${indent}${line}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function describeRemark({ arn, reason }: Remark): string {
  return `  ${plain(arn)}: ${plain(reason)}\n`;
}

function describeTrouble({ file, where, reason, times }: Trouble): string {
  const place = where === undefined ? file : `${file}, ${where}`;
  return `  ${plain(place)}: ${plain(reason)}${times > 1 ? ` (${times} times)` : ""}\n`;
}
