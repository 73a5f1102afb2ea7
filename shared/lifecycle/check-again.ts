import { describeError } from "../errors.ts";
import { contentHash } from "../ids.ts";
import { CHECK_AFTER_MS } from "../journal/due.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import type { Exposure } from "../types.ts";
import type { Run, View } from "./run.ts";

/** So many in one look, each of which may take a listing; the next look goes on. */
const MOST_A_LOOK = 20;
/** Kept back from the run's deadline, to record what was found. */
const RESERVE_MS = 5_000;

/**
 * Containments that hold some minutes later are recorded as seen once more (invariant 5), with an estimate of what had crossed before them: both take time, so that they come
 * after everything else, once, at whatever look comes first. The sweep sees to it that one does.
 *
 * Side effects: the control's reads for the estimate; one read a finding and one transaction of the journal; none while nothing is due.
 */
export async function checkAgain<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
): Promise<ResourceRecord> {
  const { journal, clock, control } = run.cordon;
  const nowMs = clock.nowMs();
  if (!view.isReadable) return record;
  const due = Object.entries(record.findings)
    .filter(([, state]) => isDue(state, nowMs))
    .slice(0, MOST_A_LOOK);
  if (due.length === 0) return record;
  const at = new Date(nowMs).toISOString();
  const states: Record<string, FindingState> = {};
  const findings: FindingRecord[] = [];
  const evidence: EvidenceRecord[] = [];
  for (const [id, state] of due) {
    if (clock.nowMs() + RESERVE_MS > run.deadlineMs) break;
    states[id] = { ...state, isChecked: true };
    const last = await journal.readFinding(id);
    if (last === undefined) continue;
    const { exposure, note } = await exposureOf(run, last);
    const key = evidenceKey(record.version + 1, id);
    const content = {
      kind: "still-contained",
      at,
      finding: { id, controlId: control.meta.id, part: last.part },
      resource: record.resource,
      exposure: exposure ?? null,
      signal: run.signal.id,
    };
    findings.push({
      ...last,
      lastSeenAt: at,
      timings: { ...last.timings, checkedAt: at },
      ...(exposure !== undefined && { exposure }),
      notes: note === undefined ? last.notes : [...last.notes, note],
      evidence: [...last.evidence, key].slice(-KEPT_KEYS),
    });
    evidence.push({
      key,
      findingId: id,
      controlId: control.meta.id,
      occurrence: state.occurrence,
      kind: content.kind,
      at,
      content,
      contentHash: contentHash(content),
    });
  }
  if (Object.keys(states).length === 0) return record;
  return journal.save(record, { ...record, findings: { ...record.findings, ...states } }, { findings, evidence });
}

const KEPT_KEYS = 5;

function isDue({ status, changedAtMs, isChecked }: FindingState, nowMs: number): boolean {
  return status === "contained" && isChecked !== true && nowMs >= changedAtMs + CHECK_AFTER_MS;
}

/** What crossed between the call and the containment. That it can't be told is told, and is no reason not to record that the containment holds. */
async function exposureOf<State>(
  { cordon, deadlineMs }: Run<State>,
  { id, controlId, resource, part, title, facts, timings }: FindingRecord,
): Promise<{ readonly exposure?: Exposure; readonly note?: string }> {
  const { calledAt, containedAt } = timings;
  if (calledAt === undefined || containedAt === undefined || cordon.control.exposure === undefined) return {};
  const window = {
    fromMs: Date.parse(calledAt),
    toMs: Date.parse(containedAt),
    deadlineMs: deadlineMs - RESERVE_MS,
  };
  try {
    const finding = { id, controlId, resource, part, title, facts };
    const exposure = await cordon.control.exposure(finding, cordon.ports, window);
    return exposure === undefined ? {} : { exposure };
  } catch (error) {
    return { note: `what had crossed before could not be estimated: ${describeError(error)}` };
  }
}
