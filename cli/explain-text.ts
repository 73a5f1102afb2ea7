import { holdLines, planLines, sayingLines } from "../shared/lifecycle/tell-holds.ts";
import type { Consideration, DecisionKind } from "../shared/types.ts";
import { citedBy, type Explained, type ExplainReport, type Undecided } from "./explain-report.ts";
import { type Colour, painted } from "./table.ts";
import { counted, plain, toSeconds, wrapped } from "./text.ts";

const COLOURS: Readonly<Record<DecisionKind, Colour>> = {
  contain: "red",
  approve: "yellow",
  observe: "yellow",
  exempt: "grey",
  compliant: "green",
};

/** A report for people who don't read code: what, then what follows, then why. Pure. */
export function describeExplained(report: ExplainReport, colours: boolean): string {
  const { findings, nothingThere, undecided } = report;
  const ignored = undecided.filter(({ kind }) => kind === "ignored");
  const others = undecided.filter(({ kind }) => kind !== "ignored");
  // What concerns no control is told only where there is nothing else to tell.
  const isAllIgnored = findings.length + nothingThere.length + others.length === 0;
  return [
    ...findings.map((each) => describeFinding(each, report, colours)),
    ...nothingThere.map(
      ({ controlId, arn }) => `Compliant: nothing is configured on ${plain(arn)} that ${controlId} judges.\n`,
    ),
    ...others.map(describeUndecided),
    ...(isAllIgnored ? ignored.map(describeUndecided) : []),
    ...(!isAllIgnored && ignored.length > 0
      ? [`${counted(ignored.length, "more event")} concerned no control.\n`]
      : []),
    `Looked at: ${plain(report.source)}, ${toSeconds(report.at)}. Nothing was changed and nothing was recorded.\n`,
  ].join("\n");
}

const WORDS: Readonly<Record<Undecided["kind"], string>> = {
  ignored: "Ignored",
  refused: "Refused",
  absent: "Nothing to judge",
  failed: "Not to be told now",
};

function describeUndecided({ kind, controlId, reason }: Undecided): string {
  return `${WORDS[kind]}: ${plain(reason)} (${controlId}).\n`;
}

const WIDTH = 110;

type Row = readonly [label: string, lines: readonly string[]];

function describeFinding(explained: Explained, { policy }: ExplainReport, colours: boolean): string {
  const { summary, consequence, finding } = explained;
  const { decision } = finding;
  const { mode, modeRule } = decision.explanation;
  const rows: readonly Row[] = [
    ["Why", decision.reasons],
    ["Decided by", [decision.rule]],
    ["Mode", mode === undefined ? [] : [`${mode}, by ${modeRule}`]],
    ["Held by", holdLines(finding.holds ?? [])],
    ["Approval", approvalLines(explained)],
    ["Plan", finding.pending === undefined ? [] : planLines(finding.pending)],
    ["Storm", finding.parent === undefined ? [] : [`a part of ${finding.parent}: cordon explain ${finding.parent}`]],
    ["Said", sayingLines(finding.sayings ?? [])],
    ["Undone", decision.kind === "contain" ? [finding.reversible] : []],
    ["Law", citedBy(finding)],
    ["Class", classLines(explained)],
    ["Resource", [`${finding.resource.arn}, account ${finding.resource.account}, ${finding.resource.region}`]],
    ["Control", [`${finding.controlId}: ${finding.controlTitle} (${finding.severity})`]],
    ["Caused by", causeLines(explained)],
    ["Recorded", recordLines(explained)],
    ["Facts", factLines(decision.explanation.facts)],
    ["Considered", considerationLines(decision.explanation.considered, decision.explanation.unlisted)],
    ["Policy", policyLines(policy, decision.policyDigest)],
    ["Finding", [finding.id]],
  ];
  const [first = "", ...rest] = plain(summary).split(": ");
  const headline = `${painted(first, colours ? COLOURS[decision.kind] : undefined)}: ${rest.join(": ")}`;
  return `${headline}\n${plain(consequence)}\n\n${describeRows(rows)}`;
}

/** Facts and rules, in a column of their own; long lines go on below where they began. */
function describeRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .flatMap(([label, lines]) => lines.flatMap(broken).map((line, index) => [index === 0 ? label : "", line] as const))
    .map(([label, line]) => `  ${label.padEnd(width)}  ${line}\n`)
    .join("");
}

function broken(line: string): readonly string[] {
  const [first = "", ...rest] = line === "" ? [] : wrapped(plain(line), WIDTH);
  return line === "" ? [] : [first, ...rest.map((more) => `  ${more}`)];
}

function approvalLines({ approval }: Explained): readonly string[] {
  if (approval === undefined) return [];
  const by =
    approval.by.length > 0
      ? approval.by.join(", ")
      : "whoever may call Cordon's decide function (the policy names nobody)";
  return [`by ${by}`, `a decision is waited for ${counted(approval.validHours, "hour")}`];
}

function classLines({ finding: { classification, classReason } }: Explained): readonly string[] {
  if (classification === "") return [];
  return [`${classification}${classReason === undefined ? "" : `: ${classReason}`}`];
}

function causeLines({ finding: { principal, signal } }: Explained): readonly string[] {
  const who =
    principal === undefined ? "nobody that the event names" : (principal.arn ?? principal.invokedBy ?? principal.type);
  return [`${who}, by ${signal.name} (${signal.source} ${signal.id})`];
}

function recordLines({ finding }: Explained): readonly string[] {
  const { status, occurrence, firstSeenAt, lastSeenAt, notes } = finding;
  if (status === undefined || firstSeenAt === undefined || lastSeenAt === undefined) return [];
  const times = `first seen ${toSeconds(firstSeenAt)}, as it stands since ${toSeconds(lastSeenAt)}`;
  return [`${status}, occurrence ${occurrence}, ${times}`, ...notes];
}

function factLines(facts: Readonly<Record<string, string>>): readonly string[] {
  const width = Math.max(0, ...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

const APPLIES: Readonly<Record<Consideration["applies"], string>> = {
  yes: "applies",
  no: "does not apply",
  unknown: "may apply, which can't be told",
};

function considerationLines(considered: readonly Consideration[], unlisted = 0): readonly string[] {
  if (considered.length === 0) return ["no transfer, exception or scope that could have concerned it"];
  return [
    ...considered.map(({ rule, applies, why }) => `${rule} ${APPLIES[applies]}: ${why}`),
    ...(unlisted > 0 ? [`and ${unlisted} more`] : []),
  ];
}

function policyLines(policy: ExplainReport["policy"], decidedBy: string): readonly string[] {
  const digest = `digest ${decidedBy}`;
  if (policy?.digest === decidedBy) return [`${policy.name} (${policy.from})`, digest];
  const atHand = policy === null ? "none could be read" : `${policy.name} (${policy.from})`;
  return [digest, `the policy at hand is another: ${atHand}`];
}
