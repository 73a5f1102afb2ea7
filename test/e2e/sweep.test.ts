import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BRAKES } from "../../shared/lifecycle/brake.ts";
import { STORMS } from "../../shared/lifecycle/storm.ts";
import { clientConfig, s3Client } from "../sandbox/clients.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { policyFile } from "../support/policy-file.ts";
import { answerOf, type Cell, CONTAINS, OFFENDING_RULE, openCell, WITHOUT_GUARD } from "./cell.ts";

const MINUTE_MS = 60_000;

let cell: Cell;
beforeAll(async () => {
  cell = await openCell({ maxConcurrency: 1 }, WITHOUT_GUARD);
});
afterAll(() => cell.close());

const contain = async (bucket: string) => {
  cell.createSource(bucket);
  await cell.replicate(bucket);
  await cell.sandbox.drain();
  return cell.findingOf(bucket);
};
const pass = async (ms: number) => {
  cell.sandbox.clock.advance(ms);
  await cell.sandbox.drain();
};

/** As somebody who may write to the table. */
const putBrake = async (on: boolean) => {
  const client = new DynamoDBClient(clientConfig(cell.sandbox));
  const Item = marshall({ pk: "BRAKE", sk: "BRAKE", on, reason: "a hand on the table", by: "on-call" });
  await client.send(new PutItemCommand({ TableName: "cordon", Item }));
  client.destroy();
};

describe("what is due is seen to by the sweep, without any event of AWS's", () => {
  it("a containment is verified once more, and what had crossed before is estimated (R18)", async () => {
    const bucket = "verified-again";
    cell.createSource(bucket);
    cell.sandbox.routing = false;
    const { at: atMs } = await cell.replicate(bucket);
    const s3 = s3Client(cell.sandbox);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "patients/doe.csv", Body: "x".repeat(2_000) }));
    s3.destroy();
    cell.sandbox.routing = true;
    answerOf(await cell.sandbox.invoke(CONTAINS, cloudTrailRecord(bucket, { atMs })));
    const id = cell.findingOf(bucket);
    await pass(20 * MINUTE_MS);
    const finding = cell.journal.finding(id);
    expect(finding).toMatchObject({
      status: "contained",
      timings: { checkedAt: expect.any(String) },
      exposure: { objects: 1, bytes: 2_000, isAll: true },
    });
    expect(Object.keys(finding?.timings ?? {}).sort()).toEqual([
      "calledAt",
      "checkedAt",
      "containedAt",
      "decidedAt",
      "heardAt",
      "verifiedAt",
    ]);
    expect(
      cell.journal.evidence().filter(({ findingId, kind }) => findingId === id && kind === "still-contained"),
    ).toHaveLength(1);
    expect(cell.ticket(id)).toContain("What may have crossed");
    expect(cell.ticket(id)).not.toContain("patients/");
  });

  it("an exception that is over: contained again", async () => {
    const id = await contain("exception-over");
    await cell.decide({ action: "roll-back", findingId: id, reason: "a test", expiresInHours: 1 });
    expect(cell.statusOf("exception-over", OFFENDING_RULE)).toBe("Enabled");
    await pass(80 * MINUTE_MS);
    expect(cell.statusOf("exception-over", OFFENDING_RULE)).toBe("Disabled");
    expect(cell.journal.finding(id)).toMatchObject({ status: "contained", occurrence: 2 });
  });

  it("a run that was left unfinished, of which no event comes again", async () => {
    cell.createSource("left");
    cell.sandbox.routing = false;
    await cell.replicate("left");
    cell.sandbox.faults.inject({ function: CONTAINS, operation: "PutBucketReplication", kind: "crash-after" });
    expect(await cell.sandbox.invoke(CONTAINS, cloudTrailRecord("left"))).toMatchObject({ crashed: true });
    expect(cell.journal.finding(cell.findingOf("left"))).toMatchObject({ status: "containing" });
    cell.sandbox.routing = true;
    await pass(20 * MINUTE_MS);
    expect(cell.journal.finding(cell.findingOf("left"))).toMatchObject({ status: "contained" });
  });

  it("a storm that is over, a brake that a hand on the table has put on and taken off", async () => {
    const file = policyFile({ limits: { automaticChanges: { count: 1, windowMinutes: 60, quietMinutes: 20 } } });
    for (const fn of [CONTAINS, "sweep"])
      cell.deploy(fn, { environment: { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY: file } });
    for (const bucket of ["storm-1", "storm-2", "storm-3"]) await contain(bucket);
    const matter = (controlId: string) => cell.journal.findings().find((each) => each.controlId === controlId);
    expect(matter(STORMS.id)).toMatchObject({ status: "awaiting-approval", severity: "critical" });
    await putBrake(true);
    await pass(20 * MINUTE_MS);
    expect(matter(BRAKES.id)).toMatchObject({ status: "awaiting-approval", severity: "critical" });
    await putBrake(false);
    await pass(40 * MINUTE_MS);
    expect(matter(STORMS.id)).toMatchObject({ status: "resolved" });
    expect(matter(BRAKES.id)).toMatchObject({ status: "resolved" });
  });
});
