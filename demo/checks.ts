import assert from "node:assert/strict";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import { contentHash } from "../shared/ids.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { Account } from "./account.ts";
import { bySide, CONTAINER, type Containment, evidenceOf } from "./look.ts";
import type { Teller } from "./tell.ts";

/** Live state is what the user wrote but for the offending rule's Status, and every other rule the same to the byte. */
export async function checkIsolation(
  { sandbox }: Account,
  teller: Teller,
  bucket: string,
  offending: string,
): Promise<void> {
  const { replication, replicationHistory } = sandbox.bucket(bucket);
  const written = replicationHistory[0]?.configuration;
  const rulesBut = (of: ReplicationConfiguration | undefined) => of?.Rules?.filter(({ ID }) => ID !== offending) ?? [];
  const kept = rulesBut(written);
  await teller.check(`"${offending}" is Disabled and has changed in nothing else`, () => {
    const contained = replication?.Rules?.find(({ ID }) => ID === offending);
    assert.deepEqual(contained, { ...written?.Rules?.find(({ ID }) => ID === offending), Status: "Disabled" });
  });
  const names = kept.map(({ ID }) => `"${ID}"`).join(", ");
  await teller.check(`exactly as the user wrote them: ${names}`, () => {
    assert.equal(kept.length > 0, true);
    assert.equal(JSON.stringify(rulesBut(replication)), JSON.stringify(kept));
    const expected = written?.Rules?.map((rule) => (rule.ID === offending ? { ...rule, Status: "Disabled" } : rule));
    assert.deepEqual(replication, { ...written, Rules: expected });
  });
}

/** Cordon's own write comes back as an event like any other. */
export async function checkEcho({ sandbox }: Account, teller: Teller, { calls, write }: Containment): Promise<void> {
  await teller.check("the event of Cordon's own write came back, was looked at, and changed nothing", () => {
    const finished = calls.at(-1)?.sequence ?? 0;
    assert.equal(sandbox.events.filter(({ detail }) => detail.requestID === write.requestId).length, 1);
    const looks = sandbox.calls.filter(
      ({ sequence, functionName, container }) =>
        functionName === CONTAINER && (sequence > finished || container !== write.container),
    );
    assert.equal(looks.length > 0, true);
    assert.equal(
      looks.some(({ applied }) => applied),
      false,
    );
  });
}

/** Invariant 3: what is needed to take the write back is stored before it. */
export async function checkWriteAhead(teller: Teller, containment: Containment): Promise<void> {
  await teller.check("the plan and the state before were in the journal before the write", () => {
    const claim = containment.calls.findLast(({ sequence }) => sequence < containment.write.sequence);
    assert.equal(claim?.operation, "TransactWriteItems");
    assert.match(JSON.stringify(claim?.input), /"entity":\{"S":"run"\}/);
  });
}

/** Contained, verified, one entry of evidence whose hash holds, and a ticket that says so. */
export async function checkRecorded(
  { sandbox }: Account,
  teller: Teller,
  finding: FindingRecord,
  ticket: string,
): Promise<void> {
  await teller.check("verified by reading again, recorded once as evidence whose hash holds, ticket opened", () => {
    const entries = evidenceOf(sandbox, finding.id);
    assert.equal(finding.status, "contained");
    assert.equal(finding.occurrence, 1);
    assert.equal(entries.length, 1);
    const [entry] = entries;
    assert.equal(entry?.contentHash, contentHash(entry?.content));
    const run = entry?.content.run as { verification?: { kind: string } } | undefined;
    assert.equal(run?.verification?.kind, "verified");
    assert.match(ticket, /state: contained .* occurrences: 1 /);
    assert.match(ticket, new RegExp(finding.id));
  });
}

export async function checkBudget(
  teller: Teller,
  { calls }: Containment,
  { Rules = [] }: ReplicationConfiguration,
): Promise<void> {
  const destinations = new Set(
    Rules.filter(({ Status }) => Status === "Enabled").map(({ Destination }) => Destination?.Bucket),
  );
  const allowed = { s3: 4 + destinations.size, table: 4 };
  await teller.check(`within the budget of ${allowed.s3} S3 calls and ${allowed.table} of the table`, () => {
    const { s3, table } = bySide(calls);
    assert.equal(s3 <= allowed.s3, true, `${s3} S3 calls`);
    assert.equal(table, allowed.table);
  });
}
