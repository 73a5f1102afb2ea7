import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FaultKind } from "../../sandbox/index.ts";
import { type Head, parseLink } from "../../shared/evidence/chain.ts";
import { verifyChain } from "../../shared/evidence/verify-chain.ts";
import { type Cell, HOME, openCell } from "./cell.ts";

const CHAIN = `111122223333/${HOME}/s3-replication-stays-in-jurisdiction`;
const EVIDENCE = `cordon-evidence-111122223333-${HOME}`;
const HOUR_MS = 3_600_000;

/** Without the guard, whose own evidence would be a second chain, and whose looks every quarter of an hour would take most of the time. */
const FUNCTIONS = ["quarantine-replication", "open-tickets", "archive-evidence", "sweep"];

let cell: Cell;
beforeAll(async () => {
  cell = await openCell({}, FUNCTIONS);
});
afterAll(() => cell.close());

/** A violation that is contained, and told to nobody yet. */
async function violate(...buckets: readonly string[]) {
  for (const bucket of buckets) cell.createSource(bucket);
  await Promise.all(buckets.map((bucket) => cell.replicate(bucket)));
}

function waiting() {
  // Looks that are due some time are nobody's to acknowledge.
  return cell.journal.items().filter(({ outbox }) => outbox !== undefined && !String(outbox).startsWith("looks#"));
}

function head() {
  return cell.journal.items().find(({ pk }) => pk === `CHAIN#${CHAIN}`) as unknown as Head;
}

/** Every entry of the journal is in the locked bucket once, the chain verifies, and nobody waits to be told. */
function assertArchived(...buckets: readonly string[]) {
  const objects = cell.sandbox.objects(EVIDENCE);
  const evidence = cell.journal.evidence();
  expect(waiting()).toEqual([]);
  const { sequence, hash } = head();
  expect(verifyChain(objects, { chain: CHAIN, head: { sequence, hash } })).toMatchObject({ ok: true });
  expect(sequence).toBe(evidence.length);
  const archived = objects.map(({ key, body }) => {
    const parsed = parseLink(key, body);
    return parsed.ok ? parsed.link.entry.record.contentHash : parsed.reason;
  });
  expect(archived.sort()).toEqual(evidence.map(({ contentHash }) => contentHash).sort());
  for (const bucket of buckets) {
    const finding = cell.findingOf(bucket);
    expect(evidence.filter(({ findingId, kind }) => findingId === finding && kind === "contained")).toHaveLength(1);
    expect(cell.ticket(finding)).toContain("[CONTAINED]");
  }
}

/** Stops what reads the table's stream, or lets it go on. */
function setConsumers(isEnabled: boolean) {
  for (const mapping of cell.sandbox.registry.list("AWS::Lambda::EventSourceMapping")) {
    if (!String(mapping.properties.EventSourceArn).includes(":dynamodb:")) continue;
    mapping.properties.Enabled = isEnabled;
    cell.sandbox.registry.changed(mapping);
  }
}

afterEach(() => {
  cell.sandbox.faults.clear();
});

describe("what is contained", () => {
  it("is told in a ticket and locked away as evidence that verifies offline", async () => {
    await violate("told");
    await cell.sandbox.drain();
    assertArchived("told");
    for (const { retention, kmsKeyArn } of cell.sandbox.objects(EVIDENCE)) {
      expect(retention?.mode).toBe("COMPLIANCE");
      expect(kmsKeyArn).toBeDefined();
    }
  });

  it("in a storm on many buckets is in one chain without a gap, though each shard of the stream has an archiver of its own", async () => {
    const buckets = Array.from({ length: 6 }, (_, index) => `storm-${index}`);
    await violate(...buckets);
    await cell.sandbox.drain();
    assertArchived(...buckets);
  });
});

describe("an archiver that dies", () => {
  const deaths: readonly { readonly kind: FaultKind; readonly operation: string }[] = [
    { kind: "crash-before", operation: "BatchGetItem" },
    { kind: "crash-before", operation: "PutObject" },
    { kind: "crash-after", operation: "PutObject" },
    { kind: "crash-before", operation: "TransactWriteItems" },
    { kind: "crash-after", operation: "TransactWriteItems" },
  ];
  it.each(deaths)("by $kind $operation leaves nothing out and nothing twice", async ({ kind, operation }) => {
    const buckets = ["one", "two"].map((name) => `${kind}-${operation}-${name}`.toLowerCase());
    cell.sandbox.faults.inject({ function: "archive-evidence", operation, kind });
    await violate(...buckets);
    await cell.sandbox.drain();
    expect(cell.sandbox.faults.pending).toBe(0);
    assertArchived(...buckets);
  });
});

describe("consumers of the stream that are down for longer than it remembers", () => {
  it("miss nothing: the sweep has it told again", async () => {
    setConsumers(false);
    await violate("missed");
    await cell.sandbox.drain();
    expect(new Set(waiting().map(({ entity }) => entity))).toEqual(new Set(["evidence", "finding"]));

    cell.sandbox.clock.advance(25 * HOUR_MS);
    await cell.sandbox.drain();
    setConsumers(true);
    await cell.sandbox.drain();
    expect(cell.sandbox.lost.length).toBeGreaterThan(0);
    cell.sandbox.clock.advance(HOUR_MS);
    await cell.sandbox.drain();

    assertArchived("missed");
  });

  it("and what was given up after too many attempts is brought again as well", async () => {
    const allow = cell.sandbox.deny({ action: "s3:PutObject" });
    await violate("given-up");
    await cell.sandbox.drain();
    expect(waiting().some(({ entity }) => entity === "evidence")).toBe(true);
    expect(cell.sandbox.queues["cordon-archive-evidence-dead"]?.length).toBeGreaterThan(0);

    allow();
    cell.sandbox.clock.advance(HOUR_MS);
    await cell.sandbox.drain();

    assertArchived("given-up");
  });
});
