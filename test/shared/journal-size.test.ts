import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import {
  type FindingState,
  KEPT_CAUSES,
  KEPT_CONTAINMENTS,
  KEPT_OWN_REQUESTS,
  KEPT_RESOLVED,
  type ResourceRecord,
} from "../../shared/journal/journal.ts";
import { START_MS } from "../support/events.ts";

const REFUSED: Partial<FindingState> = { refused: true, lookAtMs: START_MS, caused: "0123456789ab" };
const ASKED: Partial<FindingState> = { untilMs: START_MS, unanswered: 1_000, caused: "0123456789ab" };

it.each([
  ["refused by AWS", REFUSED],
  ["waiting for a person", ASKED],
])(
  "a resource with a thousand findings %s, each flipped as often as is remembered, fits into its item",
  async (_, more) => {
    const sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
    onTestFinished(() => sandbox.close());
    Object.assign(process.env, sandbox.environment());
    const journal = new DynamoDbJournal(new DynamoDBClient(), "cordon", async () => {});
    const resource = {
      type: "AWS::S3::Bucket",
      arn: `arn:aws:s3:::${"b".repeat(63)}`,
      name: "b".repeat(63),
      account: "111122223333",
      region: "eu-central-1",
    };
    const state: FindingState = {
      status: "awaiting-approval",
      occurrence: 12_345,
      firstSeenAt: new Date(START_MS).toISOString(),
      changedAtMs: START_MS,
      basis: "0123456789ab",
      run: 12_345,
      containedAtMs: Array.from({ length: KEPT_CONTAINMENTS }, (_, index) => START_MS + index),
      removed: false,
      claim: { signal: "0123456789ab", atMs: START_MS },
      interleaved: "0123456789ab",
      ...more,
    };
    const { refused: _r, interleaved: _i, untilMs: _u, lookAtMs: _l, ...resolved } = state;
    const findings = Object.fromEntries([
      ...Array.from({ length: 1000 }, (_, index) => [`f-${String(index).padStart(20, "0")}`, state]),
      ...Array.from({ length: KEPT_RESOLVED }, (_, index) => [
        `f-r${String(index).padStart(19, "0")}`,
        { ...resolved, status: "resolved" },
      ]),
    ]);
    const { record } = await journal.open(resource, "s3-replication-stays-in-jurisdiction");
    const next: ResourceRecord = {
      ...record,
      findings,
      ownRequests: Array.from({ length: KEPT_OWN_REQUESTS }, () => "0123456789ABCDEF"),
      classification: "eu-only",
      classSource: "tag",
      turnMs: START_MS,
      proposedAtMs: START_MS,
      refusedAtMs: START_MS,
      causes: Array.from({ length: KEPT_CAUSES }, (_, index) => ({
        arn: `arn:aws:sts::111122223333:assumed-role/${"r".repeat(64)}/${String(index).padStart(64, "s")}`,
        sourceIdentity: "i".repeat(64),
      })),
    };
    expect((await journal.save(record, next, {})).version).toBe(1);
  },
);
