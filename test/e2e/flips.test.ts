import { PutBucketReplicationCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { s3Client } from "../sandbox/clients.ts";
import { type Cell, CONTAINS, OFFENDING_RULE, openCell, replicationOf, WITHOUT_LOOKS } from "./cell.ts";

const AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.13.0";

describe("a rule that is switched on again and again", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, WITHOUT_LOOKS);
  });
  afterAll(() => cell.close());

  const ownWrites = (bucket: string) =>
    cell.sandbox.calls.filter(
      ({ functionName, operation, resource, applied }) =>
        functionName === CONTAINS && operation === "PutBucketReplication" && resource === bucket && applied,
    );

  it("R10: by a user is contained again, and the one ticket says how often", async () => {
    cell.createSource("switched-on-again");
    await cell.replicate("switched-on-again");
    await cell.sandbox.drain();
    cell.sandbox.clock.advance(5_000);

    await cell.replicate("switched-on-again");
    await cell.sandbox.drain();

    const finding = cell.findingOf("switched-on-again");
    expect(cell.statusOf("switched-on-again", OFFENDING_RULE)).toBe("Disabled");
    expect(cell.journal.finding(finding)).toMatchObject({ status: "contained", occurrence: 2 });
    expect(cell.ticketNames().filter((name) => name.startsWith(finding))).toEqual([`${finding}.md`]);
    expect(cell.ticket(finding)).toContain("occurrences: 2");
  });

  it("R11: by a pipeline is contained at a capped rate, never left on, and the ticket names pipeline and principal", async () => {
    const bucket = "pipeline-again";
    cell.createSource(bucket);
    const deployer = cell.sandbox.createPrincipal({
      type: "AssumedRole",
      name: "infrastructure-deployer",
      sessionName: "nightly",
    });
    const pipeline = s3Client(cell.sandbox, cell.sandbox.region, deployer, AGENT);
    onTestFinished(() => pipeline.destroy());
    const command = new PutBucketReplicationCommand({
      Bucket: bucket,
      ReplicationConfiguration: replicationOf(bucket),
    });
    const finding = cell.findingOf(bucket);

    for (let applied = 0; applied < 3; applied++) {
      await pipeline.send(command);
      await cell.sandbox.settle();
      cell.sandbox.clock.advance(2_000);
    }
    await pipeline.send(command);
    await cell.sandbox.settle();
    const held = { status: cell.journal.finding(finding)?.status, ticket: cell.ticket(finding) };
    await cell.sandbox.drain();

    // Contained at once as often as policy's limit says, then a ticket instead of a loop, then once more when the interval is over.
    expect(held.status).toBe("waiting");
    expect(held.ticket).toMatch(/severity: critical/);
    expect(held.ticket).toMatch(
      /switched back by \S+infrastructure-deployer\/nightly with \S+.* after being contained 3 times/,
    );
    expect(held.ticket).toContain("infrastructure-deployer");
    expect(held.ticket).toContain(AGENT);
    const at = ownWrites(bucket).map((call) => call.at);
    expect(at).toHaveLength(4);
    expect((at[3] ?? 0) - (at[2] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(cell.statusOf(bucket, OFFENDING_RULE)).toBe("Disabled");
    expect(cell.ticket(finding)).toContain("occurrences: 4");
  });
});
