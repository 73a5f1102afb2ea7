import type {
  EvidenceRecord,
  FindingRecord,
  FindingState,
  Journal,
  ResourceRecord,
  RunOutcome,
} from "../journal/journal.ts";
import { type Account, keptState, recordsOf } from "./records.ts";

/** A transaction takes 100 items and 4 MB: the resource, its run, and two for each finding. */
export const FINDINGS_A_SAVE = 40;

/**
 * Writes the accounts of findings, their states and evidence, in as many transactions as it takes; what concludes the whole is in the last one, so
 * that a crash in between leaves it unconcluded and the rest is written later.
 *
 * @param concluded the record, all findings told, as it has to be in the end
 */
export async function saveAccounts(
  journal: Journal,
  record: ResourceRecord,
  accounts: readonly Account[],
  concluded: (record: ResourceRecord) => ResourceRecord = (same) => same,
  finishedRun?: RunOutcome,
): Promise<ResourceRecord> {
  let current = record;
  let rest = accounts;
  do {
    const slice = rest.slice(0, FINDINGS_A_SAVE);
    rest = rest.slice(FINDINGS_A_SAVE);
    const isLast = rest.length === 0;
    const states: Record<string, FindingState> = {};
    const findings: FindingRecord[] = [];
    const evidence: EvidenceRecord[] = [];
    for (const account of slice) {
      const records = recordsOf(account, current.version + 1);
      states[account.finding.id] = keptState(account);
      findings.push(records.finding);
      evidence.push(records.evidence);
    }
    const told = { ...current, findings: { ...current.findings, ...states } };
    const next = isLast ? concluded(told) : told;
    current = await journal.save(current, next, {
      findings,
      evidence,
      ...(isLast && finishedRun !== undefined && { finishedRun }),
    });
  } while (rest.length > 0);
  return current;
}
