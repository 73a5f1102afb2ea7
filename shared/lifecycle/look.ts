import type { ControlRecord, ResourceRecord } from "../journal/journal.ts";
import { stateHash } from "./difference.ts";
import { classOf } from "./judge.ts";
import type { Judged, View } from "./run.ts";

/**
 * The record with what a look tells of the resource itself: when it was, the class now known, which is the higher of the journalled and the live one, and
 * where data is sent. The record has to have its findings' states already. Pure.
 *
 * @param treated what a run has just done about parts, with facts that the look, made before, does not show
 */
export function withLook<State>(
  record: ResourceRecord,
  view: View<State>,
  treated: readonly Judged[] = [],
): ResourceRecord {
  const { classification, classSource } = classOf(view.classified);
  const sentTo = sentToBy(view, record, treated);
  return {
    ...record,
    seenAt: new Date(view.readAtMs).toISOString(),
    ...(classification !== undefined && { classification, ...(classSource && { classSource }) }),
    ...(sentTo !== undefined && { sentTo }),
    ...quietOf(view),
  };
}

/** The state, where nothing is wrong with it and something could be. Pure. */
export function quietOf<State>({ detection, judged, unanswered, isReadable }: View<State>): {
  readonly quiet?: string;
} {
  const isQuiet =
    isReadable &&
    judged.length > 0 &&
    unanswered.length === 0 &&
    judged.every(({ decision }) => decision.kind === "compliant");
  return isQuiet ? { quiet: stateHash(detection.state) } : {};
}

/**
 * The Regions that data is sent to: by parts that are active, unless they are contained, which only a verified containment makes them. What could not be
 * seen this time is not over. Undefined when the control isn't about data. Pure.
 */
export function sentToBy<State>(
  view: View<State>,
  { findings, sentTo = [] }: ControlRecord,
  treated: readonly Judged[] = [],
): readonly string[] | undefined {
  if (view.classified.kind === "not-applicable") return undefined;
  const facts = new Map([...view.judged, ...treated].map(({ finding }) => [finding.id, finding.facts]));
  const active = [...facts].flatMap(([id, part]) =>
    part.kind === "transfer" && part.active && part.to !== undefined && findings[id]?.status !== "contained"
      ? [part.to]
      : [],
  );
  const isAllSeen = view.isReadable && view.unanswered.length === 0;
  return [...new Set([...(isAllSeen ? [] : sentTo), ...active])].sort();
}

/** Whether a look tells another class, or other Regions that data is sent to, than the record does. Pure. */
export function isLookNews<State>(record: ResourceRecord, view: View<State>): boolean {
  const next = withLook(record, view);
  return (
    next.classification !== record.classification ||
    next.classSource !== record.classSource ||
    (next.sentTo ?? []).join() !== (record.sentTo ?? []).join()
  );
}
