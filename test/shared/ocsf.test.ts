import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { sealLink } from "../../shared/evidence/chain.ts";
import { ocsfEvent } from "../../shared/evidence/ocsf.ts";
import { EVIDENCE_KINDS, entryOf, RUN } from "../support/evidence.ts";

const folder = new URL("../../../shared/specs/ocsf-1.8.0/", import.meta.url);
const hasSchemas = existsSync(folder);
if (!hasSchemas) console.log("OCSF: SKIPPED, ../shared/specs/ocsf-1.8.0 is not on this machine");

/** Every kind of evidence, without a run and with each sort of one: far more than Cordon writes today. */
const every = EVIDENCE_KINDS.flatMap((kind) =>
  [null, RUN.contained, RUN.rolledBack, RUN.refused].map((run) => ({
    title: `${kind} ${run === null ? "without a run" : `with a run to ${run.kind} and ${run.receipts.length} receipts`}`,
    entry: entryOf({ kind, run }),
  })),
);

describe.skipIf(!hasSchemas)(`OCSF's own schemas${hasSchemas ? "" : " (skipped: ../shared/specs is absent)"}`, () => {
  // "Strict" is about the schema's style, not about what it accepts.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validators = Object.fromEntries(
    (hasSchemas ? [2003, 7001] : []).map((uid) => [
      uid,
      ajv.compile(JSON.parse(readFileSync(new URL(`${uid}.schema.json`, folder), "utf8"))),
    ]),
  );
  const errorsIn = (event: Readonly<Record<string, unknown>>) => {
    const validate = validators[Number(event.class_uid)];
    if (validate === undefined) return [`no schema of class ${event.class_uid}`];
    return validate(event)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  it.each(every)("accept $title, as it lies in the archive", ({ entry }) => {
    const { body } = sealLink(entry, "111122223333/eu-central-1/a-control-id", { sequence: 6, hash: "0".repeat(64) });
    expect(errorsIn(JSON.parse(body))).toEqual([]);
  });

  it("would refuse an unknown attribute and a code that OCSF does not have", () => {
    const event = ocsfEvent(entryOf({ kind: "observed" }).record, { uid: "c/1", sequence: 1 });
    expect(errorsIn({ ...event, surprise: 1 })).not.toEqual([]);
    expect(errorsIn({ ...event, status_id: 7 })).not.toEqual([]);
  });
});

const IDENTITY = { uid: "111122223333/eu-central-1/a-control-id/7", sequence: 7 };

describe("the class of an event", () => {
  it.each([
    ["a judgement", { kind: "observed" }, "Compliance Finding: Create", "New"],
    ["a wait for a person", { kind: "awaiting-approval" }, "Compliance Finding: Create", "New"],
    ["an exception granted", { kind: "exception-granted" }, "Compliance Finding: Update", "Suppressed"],
    ["somebody else's write", { kind: "interleaved-write" }, "Compliance Finding: Update", "New"],
    ["what is found switched off", { kind: "contained" }, "Compliance Finding: Update", "Resolved"],
    ["a violation that is gone", { kind: "resolved" }, "Compliance Finding: Close", "Resolved"],
    ["a containment", { kind: "contained", run: RUN.contained }, "Remediation Activity: Isolate", "Success"],
    ["a rollback", { kind: "exempt", run: RUN.rolledBack }, "Remediation Activity: Restore", "Success"],
    ["AWS's refusal", { kind: "awaiting-approval", run: RUN.refused }, "Remediation Activity: Isolate", "Failure"],
    ["a rollback that came to nothing", { kind: "rollback-not-applied" }, "Remediation Activity: Restore", "Failure"],
    ["an unverified write", { kind: "inconclusive", run: RUN.contained }, "Remediation Activity: Isolate", "Unknown"],
    ["a kind of tomorrow", { kind: "spotted" }, "Compliance Finding: Other", "Unknown"],
  ] as const)("%s", (_, of, typeName, status) => {
    const event = ocsfEvent(entryOf(of).record, IDENTITY);
    expect(event).toMatchObject({ type_name: typeName, status });
    expect(event.type_uid).toBe(Number(event.class_uid) * 100 + Number(event.activity_id));
  });
});

it("an event names finding, kind, time, the resource's account and Region, and the call that changed it", () => {
  const event = ocsfEvent(entryOf({ kind: "contained", run: RUN.contained }).record, IDENTITY);
  expect(event).toMatchObject({
    time: Date.parse("2026-03-01T09:00:00.000Z"),
    metadata: { version: "1.8.0", uid: IDENTITY.uid, sequence: 7, event_code: "contained" },
    cloud: { provider: "AWS", account: { uid: "444455556666" }, region: "eu-west-1" },
    command_uid: "arn:aws:s3:::orders-eu#3",
    api: { operation: "PutBucketReplication", request: { uid: "REQUEST1" } },
  });
});

it("a finding that AWS refused to contain shows AWS's answer", () => {
  const event = ocsfEvent(entryOf({ kind: "awaiting-approval", run: RUN.refused }).record, IDENTITY);
  expect(event).toMatchObject({ severity: "High", api: { response: { error: "AccessDenied" } } });
});
