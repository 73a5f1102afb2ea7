import {
  type Classified,
  classifyBucket,
  type JournalledClass,
  joinClasses,
  splitClasses,
} from "../classification/classify.ts";
import { isWithin } from "../classification/order.ts";
import type { Detection } from "../control.ts";
import { findingId } from "../ids.ts";
import type { Brake, ResourceRecord } from "../journal/journal.ts";
import { decide } from "../policy/decide.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import type { Finding } from "../types.ts";
import { canChange, type Judged, type Run, type View } from "./run.ts";
import { BRAKE_RULE } from "./transition.ts";

const WATCHING = { mode: "approve", reason: "the control, which changes nothing" } as const;
const UNCLASSED: Classified = { kind: "not-applicable", reason: "classes are for data, and this is Cordon's own" };

/** Detection -> decisions. Pure but for the clock. */
export function judge<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { readonly kind: "absent" }>,
  readAtMs: number,
  journalled: JournalledClass & { readonly findings?: ResourceRecord["findings"] },
  brake?: Brake,
): View<State> {
  const { control, policy, ceiling, clock } = run.cordon;
  const present = presentOrUnreadable(run, detection);
  const classified = control.meta.subject === "cordon" ? UNCLASSED : classifyBucket(present.tags, journalled, policy);
  const braked =
    brake === undefined
      ? ceiling
      : { mode: "observe" as const, reason: `${BRAKE_RULE} (${brake.by}: ${brake.reason})` };
  const held = canChange(run) || braked.mode !== "enforce" ? braked : WATCHING;
  const all = present.findings.map((finding): Judged => {
    const previous = journalled.findings?.[finding.id];
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
    judged: all.filter((each) => !isUnanswered(each)),
    unanswered: all.filter(isUnanswered),
    readAtMs,
    decidedAtMs: clock.nowMs(),
    isReadable: detection.kind === "present" && detection.isPartial !== true,
  };
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
  const finding: Finding = {
    id: findingId(meta.id, resource, part),
    controlId: meta.id,
    resource,
    part,
    title: `The configuration of ${resource.name} can't be read`,
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
