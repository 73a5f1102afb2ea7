import { dirname } from "node:path";
import { expect } from "vitest";
import { verifyChain } from "../../shared/evidence/verify-chain.ts";
import type { Receipt } from "../../shared/types.ts";
import type { Cell } from "./cell.ts";

/**
 * Holds journal, evidence, archive and tickets against the sandbox's own log of what really changed: what is told has happened, what has happened is told,
 * and what is locked away is all of it, once.
 */
export function assertAgreement({ sandbox, journal, ticketNames, ticket }: Cell): void {
  const buckets = journal.findings().filter(({ resource }) => resource.type === "AWS::S3::Bucket");
  for (const name of new Set(buckets.map(({ resource }) => resource.name))) {
    const runs = journal.evidence().flatMap(({ content }) => runOf(content, name) ?? []);
    const accepted = runs.flatMap(({ receipts }) => receipts.filter(({ outcome }) => outcome === "accepted"));
    const told = new Set(accepted.map(({ requestId }) => requestId));
    const real = sandbox
      .bucket(name)
      .replicationHistory.filter(({ principal }) => principal.includes(":assumed-role/cordon-"))
      .map(({ requestId }) => requestId);
    expect(
      [...told].filter((requestId) => !real.includes(requestId)),
      name,
    ).toEqual([]);
    // Who died before it could write the number down left a run without one: closed as done without a receipt to show, or as abandoned, when somebody
    // had put the state before back meanwhile.
    const untold = real.filter((requestId) => !told.has(requestId));
    const unknown = runs.filter(({ receipts }) => receipts.length === 0);
    const abandoned = journal
      .runs()
      .filter(({ pk, status }) => String(pk).endsWith(`:::${name}`) && status === "abandoned");
    expect(untold.length, name).toBeLessThanOrEqual(unknown.length + abandoned.length);
  }

  const objects = sandbox.objects(evidenceBucket(sandbox));
  const chains = Object.values(Object.groupBy(objects, ({ key }) => dirname(key))).map((chain = []) =>
    verifyChain(chain),
  );
  expect(chains.filter(({ ok }) => !ok)).toEqual([]);
  expect(objects).toHaveLength(journal.evidence().length);
  expect(objects.every(({ retention, isDeleteMarker }) => retention?.mode === "COMPLIANCE" && !isDeleteMarker)).toBe(
    true,
  );

  for (const finding of journal.findings()) {
    expect(ticketNames().filter((name) => name.startsWith(finding.id))).toEqual([`${finding.id}.md`]);
    expect(ticket(finding.id)).toContain(`occurrences: ${finding.occurrence}`);
  }
  // Everything that had to go out is acknowledged.
  expect(journal.items().filter(({ outbox = "looks#" }) => !String(outbox).startsWith("looks#"))).toEqual([]);
}

/** The bucket of the packaged template. */
export function evidenceBucket({ account, region }: Pick<Cell["sandbox"], "account" | "region">): string {
  return `cordon-evidence-${account}-${region}`;
}

/** The run that an entry of evidence is of, when it is about this bucket. */
function runOf(content: Readonly<Record<string, unknown>>, bucket: string) {
  const { resource, run } = content as {
    resource: { name: string };
    run: { receipts: readonly Receipt[] } | null;
  };
  return resource.name === bucket && run !== null ? run : undefined;
}
