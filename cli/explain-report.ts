import type { Classified } from "../shared/classification/classify.ts";
import type { AnyControl } from "../shared/control.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { Judged } from "../shared/lifecycle/run.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";
import type { Citation, DecisionKind, FindingStatus, Signal } from "../shared/types.ts";
import type { OutcomesOfControl } from "./judge-event.ts";
import { redactFinding, redactText } from "./redact.ts";

const HOUR_MS = 3_600_000;

/** Why one finding is decided as it is, or was. */
export interface Explained {
  /** In one sentence, for whoever reads nothing else. */
  readonly summary: string;
  /** What Cordon does about it, or waits for. */
  readonly consequence: string;
  readonly finding: ExplainedFinding;
  /** Who may decide and for how long that is waited for; only where somebody has to. */
  readonly approval?: Approval;
}

export interface Approval {
  /** ARNs, in which `*` stands for any letters; empty: whoever may call Cordon's `decide` function. */
  readonly by: readonly string[];
  readonly validHours: number;
}

/** A finding as it is recorded; of one that is not, without all that only a record has. */
export type ExplainedFinding = Omit<FindingRecord, RecordedOnly> &
  Partial<Pick<FindingRecord, RecordedOnly>> & { readonly classReason?: string };
type RecordedOnly = "status" | "occurrence" | "firstSeenAt" | "lastSeenAt" | "changes" | "timings" | "evidence";

/** The policy that was taken. An event is decided by it; a record was, if its decision has the same digest. */
export interface PolicyAtHand {
  readonly name: string;
  readonly digest: string;
  /** A file, or "built in". */
  readonly from: string;
}

/** Signals that led to no decision, and why. */
export interface Undecided {
  readonly kind: "ignored" | "refused" | "absent" | "failed";
  readonly controlId: string;
  readonly reason: string;
}

/** All that `explain` tells, as JSON. */
export interface ExplainReport {
  /** None where a record is explained and no policy could be read. */
  readonly policy: PolicyAtHand | null;
  /** Where live state, or the record, came from. */
  readonly source: string;
  readonly at: string;
  readonly findings: readonly Explained[];
  /** Resources on which nothing is configured that the control judges. */
  readonly nothingThere: readonly { readonly controlId: string; readonly arn: string }[];
  readonly undecided: readonly Undecided[];
}

type About = Pick<ExplainReport, "source" | "at"> & { readonly from: string; readonly isRevealed: boolean };

/** What became of an event, finding by finding. Pure. */
export function explainOutcomes(all: readonly OutcomesOfControl[], policy: PolicyInForce, about: About): ExplainReport {
  const findings: Explained[] = [];
  const nothingThere: ExplainReport["nothingThere"][number][] = [];
  const undecided: Undecided[] = [];
  const hide = (text: string) => (about.isRevealed ? text : redactText(text));
  for (const { control, outcomes } of all) {
    const controlId = control.meta.id;
    for (const outcome of outcomes) {
      if (outcome.kind !== "judged") {
        undecided.push({ kind: outcome.kind, controlId, reason: hide(outcome.reason) });
        continue;
      }
      const { judged, unanswered, signal, classified } = outcome;
      if (judged.length + unanswered.length === 0) nothingThere.push({ controlId, arn: signal.resource.arn });
      for (const { finding } of unanswered) {
        const why = finding.facts.kind === "transfer" ? (finding.facts.toUnknown ?? "") : "";
        undecided.push({ kind: "failed", controlId, reason: hide(`${finding.title}: ${why}`) });
      }
      for (const each of judged) {
        const record = previewOf(control, each, classified, signal, about.at);
        findings.push(explainedAs(record, about.isRevealed, hide(classified.reason)));
      }
    }
  }
  const { name, digest } = policy;
  findings.sort((one, other) => urgencyOf(one) - urgencyOf(other));
  const { source, at, from } = about;
  return { policy: { name, digest, from }, source, at, findings, nothingThere, undecided };
}

const URGENCY: readonly DecisionKind[] = ["contain", "approve", "observe", "exempt", "compliant"];

function urgencyOf({ finding }: Explained): number {
  return URGENCY.indexOf(finding.decision.kind);
}

/** As it would be recorded, as far as a look tells. */
function previewOf(
  { meta }: AnyControl<unknown>,
  { finding, decision }: Judged,
  classified: Classified,
  signal: Signal,
  at: string,
): FindingRecord {
  const { id, name, source, principal } = signal;
  return {
    ...finding,
    controlTitle: meta.title,
    why: meta.why,
    citations: [...meta.frameworks, ...decision.citations],
    severity: meta.severity,
    classification: classified.kind === "classified" ? classified.classification.name : "unknown",
    status: "waiting",
    occurrence: 0,
    firstSeenAt: at,
    lastSeenAt: at,
    decision,
    changes: [],
    reversible: meta.reversible,
    notes: [],
    ...(principal !== undefined && { principal }),
    signal: { id, name, source },
    timings: {},
    evidence: [],
  };
}

function explainedAs(record: FindingRecord, isRevealed: boolean, classReason: string): Explained {
  const shown = isRevealed ? record : redactFinding(record);
  const { status: _, occurrence, firstSeenAt, lastSeenAt, changes, timings, evidence, ...finding } = shown;
  return {
    summary: `${WOULD[record.decision.kind]}: ${shown.title}.`,
    consequence: consequenceOf(record),
    finding: { ...finding, classReason },
    ...approvalOf(shown),
  };
}

/** What was decided of a recorded finding, from its record alone. Pure. */
export function explainRecord(record: FindingRecord, isRevealed: boolean): Explained {
  const shown = isRevealed ? record : redactFinding(record);
  const isWaiting = record.status === "awaiting-approval";
  return {
    summary: `${STANDS[record.status] ?? record.status}: ${shown.title}.`,
    consequence: isWaiting ? consequenceOf(record) : `Decided then: ${DECIDED[record.decision.kind]}.`,
    finding: shown,
    ...(isWaiting && approvalOf(shown)),
  };
}

/** Who may decide, where that is what it waits for. */
function approvalOf({ decision }: FindingRecord): { readonly approval?: Approval } {
  const { approval, explanation } = decision;
  if (approval === undefined || explanation.verdict === "for-a-person") return {};
  return { approval: { by: approval.by, validHours: approval.validMs / HOUR_MS } };
}

const WOULD: Readonly<Record<DecisionKind, string>> = {
  contain: "Would be contained",
  approve: "Needs approval",
  observe: "Would only be observed",
  exempt: "Exempt",
  compliant: "Compliant",
};

const STANDS: Readonly<Record<FindingStatus, string>> = {
  observed: "Is only observed",
  "awaiting-approval": "Waits for approval",
  containing: "Is being contained",
  contained: "Was contained",
  inconclusive: "Is not certain yet",
  waiting: "Waits to be contained",
  "rolling-back": "Is being rolled back",
  exempt: "Is exempt",
  resolved: "Is resolved",
};

const DECIDED: Readonly<Record<DecisionKind, string>> = {
  contain: "Cordon contains it by itself",
  approve: "a person has to decide first",
  observe: "Cordon only tells of it",
  exempt: "an exception lets it be",
  compliant: "nothing is against policy",
};

function consequenceOf({ decision }: Pick<FindingRecord, "decision">): string {
  const { verdict } = decision.explanation;
  switch (decision.kind) {
    case "contain":
      return "Cordon would stop this by itself, at once, and leave everything else of the resource as it is.";
    case "approve":
      if (verdict === "for-a-person") return "Cordon does not change this: a person has to put it right.";
      return verdict === "undecidable"
        ? "It can't be decided from what is known, so Cordon changes nothing until a person has decided."
        : "It is against policy, and Cordon changes nothing until a person has decided.";
    case "observe":
      if (verdict === "announced") return "Cordon tells of it, and changes nothing yet.";
      return `${verdict === "undecidable" ? "It can't be decided from what is known" : "It is against policy"}; Cordon would tell of it and change nothing.`;
    case "exempt":
      return "It is against policy, and an exception lets it be for a time.";
    case "compliant":
      return "It is within policy: nothing would be done.";
  }
}

/** What policy cites of the law, and what the control serves besides. Pure. */
export function citedBy({ citations, decision }: Pick<FindingRecord, "citations" | "decision">): readonly string[] {
  const inWords = ({ framework, reference }: Citation) => `${framework} ${reference}`;
  const byPolicy = decision.citations.map(inWords);
  const byControl = citations.map(inWords).filter((each) => !byPolicy.includes(each));
  return [
    ...(byPolicy.length > 0 ? [`cited by the policy: ${byPolicy.join("; ")}`] : []),
    ...(byControl.length > 0 ? [`served by the control: ${byControl.join("; ")}`] : []),
  ];
}
