import { DeleteBucketReplicationCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../sandbox/index.ts";
import { s3Client } from "../sandbox/clients.ts";
import { assertAgreement } from "./agreement.ts";
import { OFFENDING_RULE, openCell, WITHOUT_GUARD } from "./cell.ts";

/** What may strike, and where; each once. */
const faults = fc.array(
  fc.record({
    function: fc.constantFrom("quarantine-replication", "archive-evidence", "open-tickets"),
    kind: fc.constantFrom<FaultKind>("throttle", "server-error", "reset", "reset-after", "crash-before", "crash-after"),
    skip: fc.nat(12),
  }),
  { minLength: 3, maxLength: 6 },
);
/** What people do meanwhile, bucket by bucket. */
const doings = fc.array(
  fc.record({ bucket: fc.nat(2), does: fc.constantFrom("replicates", "replicates", "takes it away") }),
  { minLength: 4, maxLength: 7 },
);

describe("S7: deliveries late, twice and in any order, while calls fail and functions die", () => {
  it("everything converges: nothing that offends is left on, and all that is told is true", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), faults, doings, async (seed, struck, done) => {
        const schedule = { duplicates: 0.3, reorder: true, delayMs: [0, 90_000] } as const;
        const cell = await openCell({}, WITHOUT_GUARD, { seed, schedule });
        try {
          const developer = s3Client(cell.sandbox);
          for (const bucket of [0, 1, 2]) cell.createSource(`bucket-${bucket}`);
          for (const fault of struck) cell.sandbox.faults.inject(fault);

          for (const { bucket, does } of done) {
            const name = `bucket-${bucket}`;
            if (does === "replicates") await cell.replicate(name);
            else await developer.send(new DeleteBucketReplicationCommand({ Bucket: name }));
            await cell.sandbox.settle();
            cell.sandbox.clock.advance(20_000);
          }
          await cell.sandbox.drain();
          cell.sandbox.faults.clear();
          // What was given up by the stream's consumers is brought again by the sweep.
          for (let hour = 0; hour < 3; hour++) {
            cell.sandbox.clock.advance(3_600_000);
            await cell.sandbox.drain();
          }
          developer.destroy();

          for (const bucket of [0, 1, 2]) expect(cell.statusOf(`bucket-${bucket}`, OFFENDING_RULE)).not.toBe("Enabled");
          expect(cell.sandbox.deadLetters.filter((letter) => letter.function === "quarantine-replication")).toEqual([]);
          assertAgreement(cell);
        } finally {
          await cell.close();
        }
      }),
      {
        numRuns: Number(process.env.CHAOS_RUNS ?? 3),
        seed: Number(process.env.CHAOS_SEED ?? 20_260_301),
        endOnFailure: true,
      },
    );
  }, 600_000);
});
