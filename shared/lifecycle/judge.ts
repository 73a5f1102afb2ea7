import {
  type Classified,
  classifyBucket,
  type JournalledClass,
  joinClasses,
  splitClasses,
} from "../classification/classify.ts";
import { classifyObject } from "../classification/classify-object.ts";
import { isWithin } from "../classification/order.ts";
import type { Detection } from "../control.ts";
import { findingId } from "../ids.ts";
import type { Brake, FindingState, ResourceRecord } from "../journal/journal.ts";
import { decide } from "../policy/decide.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import { shownArn } from "../shown.ts";
import { isCreation } from "../signals/s3-object-events.ts";
import type { Finding } from "../types.ts";
import { isSameState } from "./difference.ts";
import { asReported, withMemory, withRemembered } from "./key-memory.ts";
import { WHEN_DONE } from "./plan.ts";
import { canChange, type Judged, type Run, type View } from "./run.ts";
import { BRAKE_RULE } from "./transition.ts";

const WATCHING = { mode: "approve", reason: "the control, which changes nothing" } as const;
/** Why what is no data has no class. */
export const UNCLASSED: Readonly<Record<"cordon" | "identity", Classified>> = {
  cordon: { kind: "not-applicable", reason: "classes are for data, and this is Cordon's own" },
  identity: { kind: "not-applicable", reason: "classes are for data, and this is who has access to it" },
};

/** Detection -> decisions. Pure but for the clock. */
export function judge<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { readonly kind: "absent" }>,
  readAtMs: number,
  journalled: Journalled,
  brake?: Brake,
): View<State> {
  const { control, policy, ceiling, clock } = run.cordon;
  const present = withRemembered(run, presentOrUnreadable(run, detection), journalled.findings);
  const classified = classify(run, present, journalled);
  const braked =
    brake === undefined
      ? ceiling
      : { mode: "observe" as const, reason: `${BRAKE_RULE} (${brake.by}: ${brake.reason})` };
  const held = canChange(run) || braked.mode !== "enforce" ? braked : WATCHING;
  const all = present.findings.map((seen): Judged => {
    const known = asCreated(run, journalled.findings?.[seen.id]);
    const finding = withMemory(seen, known, run.signal, clock.nowMs(), journalled.others);
    const previous = asReported(finding, known);
    const exception = previous?.exception;
    const decision = decide(finding, policy, {
      classified,
      resourceTags: present.tags,
      defaultMode: control.meta.defaultMode,
      ceiling: held,
      nowMs: clock.nowMs(),
      ...(exception !== undefined && { exception }),
    });
    return { finding, decision, ...(previous !== undefined && { previous }) };
  });
  const isUnanswered = ({ finding: { facts } }: Judged) => facts.kind === "transfer" && facts.isTransient === true;
  return {
    detection: present,
    classified,
    judged: askedWhereNothingChanges(
      run,
      all.filter((each) => !isUnanswered(each)),
      present.state,
      classified,
    ),
    unanswered: all.filter(isUnanswered),
    readAtMs,
    decidedAtMs: clock.nowMs(),
    isReadable: detection.kind === "present" && detection.isPartial !== true,
  };
}

/** A violation that no change of Cordon's would mend is a person's, whatever policy lets Cordon do: nothing may be called contained that is as it was. */
function askedWhereNothingChanges<State>(
  run: Run<State>,
  judged: readonly Judged[],
  state: State,
  classified: Classified,
): readonly Judged[] {
  const wrong = judged.filter(({ decision }) => decision.kind === "contain");
  if (wrong.length === 0 || !canChange(run)) return judged;
  const { control, policy } = run.cordon;
  const parts = new Set(wrong.map(({ finding }) => finding.part));
  if (!isSameState(state, control.comply(state, parts, classified, WHEN_DONE))) return judged;
  return judged.map(({ decision, ...each }): Judged => {
    if (decision.kind !== "contain") return { ...each, decision };
    const reasons = [...decision.reasons, "there is no change of Cordon's that would mend it"];
    const { approvals } = policy.limits;
    return { ...each, decision: { ...decision, kind: "approve", rule: NO_CHANGE, reasons, approval: approvals } };
  });
}

const NO_CHANGE = "built-in:no-change";

/** What the journal knows of a resource. */
type Journalled = JournalledClass & Partial<Pick<ResourceRecord, "findings" | "quiet" | "others">>;

function classify<State>(run: Run<State>, present: View<State>["detection"], journalled: Journalled): Classified {
  const { control, policy } = run.cordon;
  const { subject } = control.meta;
  if (subject === "cordon" || subject === "identity") return UNCLASSED[subject];
  const [finding] = present.findings;
  if (subject !== "object") return classifyBucket(present.tags, journalled, policy);
  if (finding?.facts.kind !== "object") return { kind: "undecided", reason: "the object can't be read" };
  // That it has no tag now is somebody's doing, where it had one and its bytes are no others.
  const was = journalled.findings?.[finding.id]?.status;
  const wasCarried = !isCreation(run.signal) && (journalled.quiet !== undefined || was === "contained");
  return classifyObject(finding.facts, present.tags, { ...journalled, wasCarried }, policy, present.around);
}

/** New bytes are nobody's switching back: what was done about the last ones says nothing of them. */
function asCreated<State>({ cordon, signal }: Run<State>, state: FindingState | undefined): FindingState | undefined {
  if (state === undefined || cordon.control.meta.isRoutine !== true || !isCreation(signal)) return state;
  return { ...state, containedAtMs: [] };
}

/** A state that AWS won't show is a finding of its own: undecidable, so a person has to look. */
export function presentOrUnreadable<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { readonly kind: "absent" }>,
): View<State>["detection"] {
  if (detection.kind === "present") return detection;
  const { resource } = run.signal;
  const { meta } = run.cordon.control;
  const part = "(configuration)";
  const isObject = meta.subject === "object";
  const finding: Finding = {
    id: findingId(meta.id, resource, part),
    controlId: meta.id,
    resource,
    part,
    title: `The configuration of ${isObject ? shownArn(resource) : resource.name} can't be read`,
    facts: { kind: "unreadable", reason: detection.reason },
  };
  // Nothing is known of the state, so nothing may be planned on it; findings with facts of this kind are never contained.
  return { kind: "present", state: undefined as State, tags: { unreadable: detection.reason }, findings: [finding] };
}

/** What of the class is journalled: a tag's, the journal's own, or how policy's default has it treated. */
export function classOf(classified: Classified): {
  readonly classification?: string;
  readonly classSource?: "tag" | "default";
} {
  // What it surely is holds, whatever else it may be.
  if (classified.kind === "undecided" && classified.remembered !== undefined)
    return { classification: classified.remembered, classSource: "tag" };
  if (classified.kind !== "classified") return {};
  const classSource = classified.source === "default" ? "default" : "tag";
  return { classification: classified.remembered ?? classified.classification.name, classSource };
}

/** The classes that this one may take the place of in the journal. */
export function notAbove(classified: Classified, { classifications }: ResidencyPolicy): readonly string[] {
  if (classified.kind !== "classified") return [];
  const remembered = splitClasses(classified.remembered ?? classified.classification.name);
  const own = classifications.filter(({ name }) => remembered.includes(name));
  const lower = classifications.filter((other) => own.some((each) => isWithin(each, other))).map(({ name }) => name);
  return [...new Set([remembered.length > 1 ? joinClasses(own.toReversed()) : "", ...lower])].filter(
    (name) => name !== "",
  );
}
