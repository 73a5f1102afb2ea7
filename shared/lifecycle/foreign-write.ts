import { contentHash, shortHash } from "../ids.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Signal } from "../types.ts";
import type { Run } from "./run.ts";

/**
 * AWS has no compare-and-set for this state: a write of somebody else's between our read and our write is lost without a trace in live state.
 * CloudTrail still tells of it. Such a write is told to people, once, with its event, so that they can bring back what was lost (invariant 8).
 *
 * Side effects: none for any other signal; else one transaction of the journal.
 */
export async function tellForeignWrite<State>(
  { signal, cordon }: Run<State>,
  record: ResourceRecord,
): Promise<ResourceRecord> {
  const { control, journal, clock } = cordon;
  if (signal.source !== "cloudtrail" || !control.meta.stateCalls.includes(signal.name) || isOwnCall(signal, record))
    return record;
  const hit = Object.entries(record.findings).filter(([, state]) => cameBetween(signal, state));
  if (hit.length === 0) return record;

  const at = new Date(clock.nowMs()).toISOString();
  const note = `${signal.name} of ${signal.principal?.arn ?? "somebody"} at ${signal.at} came while this was being contained and may have been overwritten: compare CloudTrail event ${signal.id} with what is there now`;
  const states: Record<string, FindingState> = {};
  const findings: FindingRecord[] = [];
  for (const [id, state] of hit) {
    states[id] = { ...state, interleaved: shortHash(signal.id) };
    const last = await journal.readFinding(id);
    if (last !== undefined)
      findings.push({ ...last, severity: "critical", notes: [...last.notes, note], lastSeenAt: at });
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
      key: `EVIDENCE#${String(record.version + 1).padStart(8, "0")}#${id}`,
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
  return journal.save(record, next, { findings: findings.slice(0, MAX_TOLD), evidence });
}

/** A transaction takes 100 items. */
const MAX_TOLD = 90;

/** Whether a foreign write was made between a containment's claim and its write. CloudTrail cuts times to whole seconds. */
function cameBetween(signal: Signal, { status, claim, containedAtMs, interleaved }: FindingState): boolean {
  const writtenMs = containedAtMs.at(-1);
  if (status !== "contained" || claim === undefined || writtenMs === undefined) return false;
  const id = shortHash(signal.id);
  if (id === claim.signal || id === interleaved) return false;
  const calledMs = Date.parse(signal.at);
  return calledMs + 999 >= claim.atMs && calledMs <= writtenMs;
}
