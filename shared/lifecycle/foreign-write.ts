import { contentHash, shortHash } from "../ids.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord, RunRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Signal } from "../types.ts";
import { remembered } from "./remembered.ts";
import type { Run } from "./run.ts";

/**
 * AWS has no compare-and-set for this state: a write of somebody else's between our read and our write is lost without a trace in live state.
 * CloudTrail still tells of it. Such a write is told to people, once, with its event, so that they can bring back what was lost (invariant 8).
 *
 * Side effects: none for any other signal; else one transaction of the journal.
 */
export async function tellForeignWrite<State>(run: Run<State>, record: ResourceRecord): Promise<ResourceRecord> {
  const { signal, cordon } = run;
  const { control, journal, clock } = cordon;
  if (signal.source !== "cloudtrail" || !control.meta.stateCalls.includes(signal.name) || isOwnCall(signal, record)) {
    return record;
  }
  const readRun = remembered((number: number) => journal.readRun(record.resource, number));
  const hit: [string, FindingState][] = [];
  for (const [id, state] of Object.entries(record.findings)) {
    if (hit.length < MAX_TOLD && cameBetween(signal, state) && !(await wasSeen(run, state, readRun)))
      hit.push([id, state]);
  }
  if (hit.length === 0) return record;

  const at = new Date(clock.nowMs()).toISOString();
  const note = `${signal.name} of ${signal.principal?.arn ?? "somebody"} at ${signal.at} came while this was being contained and may have been overwritten: compare CloudTrail event ${signal.id} with what is there now`;
  const states: Record<string, FindingState> = {};
  const findings: FindingRecord[] = [];
  for (const [id, state] of hit) {
    states[id] = {
      ...state,
      interleaved: shortHash(signal.id),
      ...(control.meta.isRoutine && { isTold: true as const }),
    };
    const { isQuiet: _, ...last } = (await journal.readFinding(id)) ?? {};
    if ("id" in last)
      findings.push({ ...last, severity: "critical", notes: [...last.notes, note], lastSeenAt: at } as FindingRecord);
  }
  const evidence = hit.slice(0, 1).map(([id, state]): EvidenceRecord => {
    const content = {
      kind: "interleaved-write",
      at,
      resource: record.resource,
      findings: hit.map(([each]) => each),
      note,
      principal: signal.principal ?? null,
      signal: signal.id,
    };
    return {
      key: evidenceKey(record.version + 1, id),
      findingId: id,
      controlId: control.meta.id,
      occurrence: state.occurrence,
      kind: "interleaved-write",
      at,
      content,
      contentHash: contentHash(content),
    };
  });
  const next = { ...record, findings: { ...record.findings, ...states } };
  return journal.save(record, next, { findings, evidence });
}

/** A transaction takes 100 items. */
const MAX_TOLD = 90;

/** Times of CloudTrail are whole seconds: a write of the same second may have come before our look, and be in the state that was read. */
async function wasSeen<State>(
  run: Run<State>,
  state: FindingState,
  readRun: (number: number) => Promise<RunRecord | undefined>,
): Promise<boolean> {
  const { control } = run.cordon;
  const done = state.run === undefined ? undefined : await readRun(state.run);
  if (done === undefined) return false;
  const before = { kind: "present", state: done.plan.before as State, tags: [], findings: [] } as const;
  return control.shows(run.signal, before, "exactly") === true;
}

/** No run takes longer than this between look and write. */
const MAX_RUN_MS = 60_000;

/** Whether a foreign write was made between the look a change rests on and the change. */
function cameBetween(
  signal: Signal,
  { status, claim, containedAtMs, changedAtMs, interleaved }: FindingState,
): boolean {
  const writtenMs = status === "contained" ? containedAtMs.at(-1) : status === "exempt" ? changedAtMs : undefined;
  if (claim?.atMs === undefined || writtenMs === undefined || writtenMs - claim.atMs > MAX_RUN_MS) return false;
  const id = shortHash(signal.id);
  if (id === claim.signal || id === interleaved) return false;
  const calledMs = Date.parse(signal.at);
  return calledMs + 999 >= claim.atMs && calledMs <= writtenMs;
}
