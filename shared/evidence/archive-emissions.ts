import { describeError } from "../errors.ts";
import type { Log } from "../outbox/deliver-tickets.ts";
import type { Emission } from "../outbox/emissions-aws.ts";
import { type Archive, type Archiver, archiveEntries } from "./archive.ts";
import { chainId } from "./chain.ts";
import { type Entry, entryId, parseEntry } from "./entry.ts";

interface Delivered {
  readonly sequence: string;
  readonly entry: Entry;
}

/**
 * Archives what a stream's batch brings, chain by chain. One chain that fails, or one entry that can't be understood, holds up no other: what is behind
 * it in the batch is archived all the same, and passed over when the batch comes again.
 *
 * Side effects: those of `archiveEntries`.
 * @returns how many entries left the outbox, the stream's numbers of those that have to come again, and how many heads were not believed
 */
export async function archiveEmissions(
  emissions: readonly Emission[],
  archive: Archive,
  { heads, isTimeUp }: Pick<Archiver, "heads" | "isTimeUp">,
  log: Log,
): Promise<{ readonly archived: number; readonly failed: readonly string[]; readonly mistrusted: number }> {
  const failed: string[] = [];
  const chains = new Map<string, Delivered[]>();
  for (const { sequence, item, source } of emissions) {
    const parsed = parseEntry(item?.pk, item);
    const cell = cellOf(source);
    if (!parsed.ok || cell === undefined) {
      const reason = parsed.ok ? "expected the ARN of the table's stream as the record's source" : parsed.reason;
      log.error("evidence that can't be archived; it stays in the outbox", { sequence, evidence: item?.sk, reason });
      failed.push(sequence);
      continue;
    }
    const { entry } = parsed;
    const chain = chainId(cell, entry.record.controlId);
    chains.set(chain, [...(chains.get(chain) ?? []), { sequence, entry }]);
  }
  let archived = 0;
  let mistrusted = 0;
  const archiver: Archiver = {
    heads,
    isTimeUp,
    mistrust(chain, { sequence, hash }, reason) {
      mistrusted++;
      log.error("the table's head of a chain is not believed, and the objects are walked from number 1", {
        chain,
        head: sequence,
        hash,
        reason,
      });
    },
  };
  const work = [...chains].map(async ([chain, delivered]) => {
    try {
      const entries = delivered.map(({ entry }) => entry);
      const { acknowledged, left } = await archiveEntries(chain, entries, archive, archiver);
      archived += acknowledged;
      log.info("archived", { chain, entries: entries.length, acknowledged, head: heads.get(chain)?.sequence });
      for (const { sequence, entry } of delivered) {
        const reason = left.get(entryId(entry));
        if (reason === undefined) continue;
        failed.push(sequence);
        log.error("not archived; the stream delivers it again", { chain, evidence: entry.record.key, reason });
      }
    } catch (error) {
      // Those of them that are archived are passed over when they come again.
      failed.push(...delivered.map(({ sequence }) => sequence));
      log.error("not archived; the stream delivers it again", { chain, reason: describeError(error) });
    }
  });
  await Promise.all(work);
  return { archived, failed, mistrusted };
}

/** The account and Region of the cell, from the ARN of its table's stream. */
function cellOf(source: string): { readonly account: string; readonly region: string } | undefined {
  const [, , service, region, account] = source.split(":");
  return service === "dynamodb" && region && account ? { account, region } : undefined;
}
