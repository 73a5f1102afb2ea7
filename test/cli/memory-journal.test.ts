import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { MemoryJournal } from "../../cli/memory-journal.ts";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { contentHash } from "../../shared/ids.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { EvidenceRecord, Journal, ResourceRecord, RunRecord } from "../../shared/journal/journal.ts";
import { stateOf } from "../../shared/lifecycle/transition.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { FindingStatus, ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { DECIDED, findingOf } from "../support/finding.ts";

const CONTROLS = ["one-control-id", "another-control-id"];
const RANKED = ["public", "eu-only", "secret"];
const FINDING = "f-0123456789abcdef0123";

/** What a caller does to a journal, and what it still holds of earlier answers. */
type Step = (journal: Journal, held: Map<string, ResourceRecord>, run: string) => Promise<unknown>;

const place = fc.record({
  bucket: fc.constantFrom("aaa", "aaa", "aaa", "bbb"),
  controlId: fc.constantFrom(...CONTROLS),
});
const refOf = (bucket: string, run: string) =>
  s3BucketRef(`${bucket}-${run}`, "111122223333", "eu-central-1") as ResourceRef;

const quiet = fc
  .record({
    place,
    rank: fc.option(fc.nat(2)),
    classSource: fc.constantFrom("tag" as const, "default" as const),
    atMs: fc.constantFrom(START_MS, START_MS + 60_000),
    sentTo: fc.option(fc.constantFrom(["eu-west-1"], [])),
    quiet: fc.option(fc.constantFrom("one", "other")),
  })
  .map(
    ({ place: { bucket, controlId }, rank, classSource, atMs, sentTo, quiet }): Step =>
      (journal, _, run) => {
        const classed =
          rank === null
            ? { notAbove: [] }
            : { classification: RANKED[rank] ?? "", classSource, notAbove: RANKED.slice(0, rank + 1) };
        return journal.recordQuiet(refOf(bucket, run), controlId, {
          ...classed,
          atMs,
          ...(sentTo !== null && { sentTo }),
          ...(quiet !== null && { quiet }),
        });
      },
  );

const open = fc.tuple(place, fc.option(fc.constantFrom("x", "y"), { nil: undefined })).map(
  ([{ bucket, controlId }, scope]): Step =>
    async (journal, held, run) => {
      const answer = await journal.open(refOf(bucket, run), controlId, scope && `${scope}-${run}`);
      held.set(`${bucket} ${controlId}`, answer.record);
      return answer;
    },
);

/** With what was read last, however long ago: half of these lose a race. */
const save = fc
  .record({
    place,
    status: fc.constantFrom<FindingStatus>("observed", "exempt", "resolved"),
    classification: fc.option(fc.constantFrom(...RANKED)),
    leaseUntilMs: fc.constantFrom(0, START_MS + 30_000),
    isEvident: fc.boolean(),
    run: fc.constantFrom("claim" as const, "finish" as const, undefined),
    isKept: fc.boolean(),
  })
  .map(
    ({ place: { bucket, controlId }, ...change }): Step =>
      async (journal, held, run) => {
        const resource = refOf(bucket, run);
        const record =
          held.get(`${bucket} ${controlId}`) ?? (await new MemoryJournal().open(resource, controlId)).record;
        const state = { ...stateOf(undefined, START_MS), status: change.status, occurrence: 1 };
        const next = {
          ...record,
          ...(change.classification !== null && { classification: change.classification, classSource: "tag" as const }),
          leaseUntilMs: change.leaseUntilMs,
          findings: { ...record.findings, [FINDING]: state },
        };
        const finding = findingOf({ id: `${FINDING}-${run}`, status: change.status, resource });
        const { status, receipts, usedFallback, ...claimed } = runOf(record);
        const saved = await journal.save(record, next, {
          findings: [finding],
          ...(change.isEvident && { evidence: [evidenceOf(record, controlId)] }),
          ...(change.run === "claim" && { claimedRun: { ...claimed, status, receipts, usedFallback } }),
          ...(change.run === "finish" && {
            finishedRun: { number: claimed.number, status: "verified", receipts, usedFallback },
          }),
        });
        if (change.isKept) held.set(`${bucket} ${controlId}`, saved);
        return saved;
      },
  );

function runOf({ version }: ResourceRecord): RunRecord {
  const plan = {
    kind: "contain",
    parts: [],
    before: null,
    after: null,
    steps: [],
    permissions: [],
    reversible: "",
  } as const;
  const claimedAt = new Date(START_MS).toISOString();
  return {
    number: Math.floor(version / 2),
    status: "claimed",
    receipts: [],
    usedFallback: false,
    plan,
    judged: [],
    claimedAt,
    signalId: "e",
  };
}

function evidenceOf({ version }: ResourceRecord, controlId: string): EvidenceRecord {
  const content = { ...DECIDED };
  const at = new Date(START_MS).toISOString();
  return {
    // The same key again now and then.
    key: `EVIDENCE#${Math.floor(version / 2)}`,
    findingId: FINDING,
    controlId,
    occurrence: 1,
    kind: "observed",
    at,
    content,
    contentHash: contentHash(content),
  };
}

const known = place.map(
  ({ bucket, controlId }): Step =>
    async (journal, _, run) =>
      journal.known(refOf(bucket, run), controlId),
);
const readRun = fc.tuple(place, fc.nat(2)).map(
  ([{ bucket }, number]): Step =>
    (journal, _, run) =>
      journal.readRun(refOf(bucket, run), number),
);
const readFinding = fc.constant<Step>((journal, _, run) => journal.readFinding(`${FINDING}-${run}`));
const count = fc.constantFrom("x", "y").map(
  (scope): Step =>
    (journal, _, run) =>
      journal.count(`${scope}-${run}`, 60_000, START_MS),
);

/** Storms, proofs and the brake, at times that go on and generations that rise, now and then not. */
const times = fc.constantFrom(START_MS, START_MS + 5_000, START_MS + 60_000);
const storm = fc
  .record({
    kind: fc.constantFrom("begin", "take", "take", "end", "end-if-quiet"),
    scope: fc.constantFrom("x", "y"),
    generation: fc.nat(2),
    atMs: times,
  })
  .map(
    ({ kind, scope, generation, atMs }): Step =>
      (journal, _, run) => {
        const name = `${scope}-${run}`;
        if (kind === "begin") return journal.beginStorm(name, { generation, lastAtMs: atMs, findingId: FINDING });
        if (kind === "take") return journal.takeTurn(name, { generation, nowMs: atMs, intervalMs: 10_000 });
        return journal.endStorm(name, generation, kind === "end" ? undefined : atMs - 1_000);
      },
  );
const proof = fc.constantFrom("one", "other").map(
  (name): Step =>
    (journal, _, run) =>
      journal.useProof(`${name}-${run}`, START_MS),
);
const brake = fc.record({ isOn: fc.boolean(), reason: fc.constantFrom("a", "b") }).map(
  ({ isOn, reason }): Step =>
    (journal) =>
      journal.switchBrake({ isOn, reason, by: "somebody", at: new Date(START_MS).toISOString() }),
);

/** As JSON: what is undefined is the same as what is not there. */
async function answerOf(
  step: Step,
  journal: Journal,
  held: Map<string, ResourceRecord>,
  run: string,
): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await step(journal, held, run)) ?? null));
  } catch (error) {
    return `${(error as { kind?: string }).kind}: ${(error as Error).message}`;
  }
}

it("a journal in memory answers, takes and refuses as the one in DynamoDB does", async () => {
  const sandbox = await startSandbox({ tables: [{ name: "cordon", stream: true }] });
  onTestFinished(() => sandbox.close());
  Object.assign(process.env, sandbox.environment());
  const table = new AwsClients().dynamoDb();
  let runs = 0;
  const steps = fc.array(
    fc.oneof(
      quiet,
      open,
      { arbitrary: save, weight: 4 },
      { arbitrary: storm, weight: 3 },
      known,
      readRun,
      readFinding,
      count,
      proof,
      brake,
    ),
    {
      minLength: 8,
      maxLength: 40,
    },
  );

  await fc.assert(
    fc.asyncProperty(steps, async (series) => {
      const run = String(++runs);
      const [memory, dynamo] = [new MemoryJournal(), new DynamoDbJournal(table, "cordon", async () => {})];
      const [heldOfMemory, heldOfDynamo] = [new Map<string, ResourceRecord>(), new Map<string, ResourceRecord>()];
      // The brake is the table's, and so every series': it begins without.
      await dynamo.switchBrake({ isOn: false, reason: "", by: "" });
      for (const step of series) {
        expect(await answerOf(step, memory, heldOfMemory, run)).toEqual(
          await answerOf(step, dynamo, heldOfDynamo, run),
        );
      }
    }),
    { numRuns: 60 },
  );
});

it("a seeded journal knows the class and the exceptions it was given, and has no findings of its own", async () => {
  const journal = new MemoryJournal();
  const resource = refOf("aaa", "seeded");
  const findings = { [FINDING]: { ...stateOf(undefined, START_MS), status: "exempt" as const } };
  journal.seed(resource, "one-control-id", { classification: "eu-only", classSource: "tag", findings });

  const { record } = await journal.open(resource, "one-control-id");
  const other = await journal.open(resource, "another-control-id");

  expect(record).toMatchObject({ version: 0, classification: "eu-only", classSource: "tag", findings });
  expect(other.record).toMatchObject({ classification: "eu-only", findings: {} });
  expect(journal.findings()).toEqual([]);
});
