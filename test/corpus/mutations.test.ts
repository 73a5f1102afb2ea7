import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed } from "../../sandbox/index.ts";
import type { Result } from "../../shared/types.ts";
import {
  cloudTrailRecord,
  configItem,
  configRuleInvocation,
  eventBridge,
  sns,
  snsNotification,
  sqs,
} from "../support/events.ts";
import { mutated, mutation } from "../support/mutations.ts";
import { stage } from "../support/stage.ts";
import { objectsIn } from "./corpus.ts";

const HOME = "111122223333";
const FOREIGN = "444455556666";
const STATUSES = [
  "compliant",
  "exempt",
  "observed",
  "awaiting-approval",
  "contained",
  "already-contained",
  "inconclusive",
  "refused",
  "failed",
  "ignored",
];

const replicating = (name: string, to: string, account = HOME): BucketSeed => ({
  name,
  account,
  region: "eu-central-1",
  versioning: true,
  tags: { "data-residency": "eu-only" },
  replication: {
    Role: `arn:aws:iam::${account}:role/replication`,
    Rules: [
      {
        ID: "rule",
        Priority: 1,
        Status: "Enabled",
        Filter: { Prefix: "" },
        DeleteMarkerReplication: { Status: "Disabled" },
        Destination: { Bucket: `arn:aws:s3:::${to}` },
      },
    ],
  },
});
/** In live state one bucket offends; a second is compliant; a third offends and is another account's. */
const BUCKETS: readonly BucketSeed[] = [
  replicating("offending", "oregon"),
  replicating("compliant", "ireland"),
  replicating("foreign", "oregon", FOREIGN),
  { name: "oregon", region: "us-west-2", versioning: true },
  { name: "ireland", region: "eu-west-1", versioning: true },
];

/** A record as CloudTrail writes it, whose request tells all of the configuration. */
const record = (more: Parameters<typeof cloudTrailRecord>[1] = {}): Record<string, unknown> => ({
  ...cloudTrailRecord("offending", more),
  requestParameters: {
    bucketName: "offending",
    replication: "",
    ReplicationConfiguration: {
      Role: `arn:aws:iam::${HOME}:role/replication`,
      Rule: { ID: "rule", Status: "Enabled", Destination: { Bucket: "arn:aws:s3:::oregon" }, Filter: "" },
    },
  },
});
const notification = (item: unknown) => ({
  configurationItem: item,
  messageType: "ConfigurationItemChangeNotification",
  recordVersion: "1.3",
});
const WRAP: Readonly<Record<string, (event: unknown) => unknown>> = {
  raw: (event) => event,
  EventBridge: (event) => eventBridge(event),
  "SQS of EventBridge": (event) => sqs(eventBridge(event)),
  "SNS in SQS": (event) => sqs(snsNotification(eventBridge(event))),
  SNS: (event) => sns(event),
};
const EVENTS: Readonly<Record<string, () => unknown>> = {
  "a good record": () => record(),
  "a tag record": () => record({ name: "TagResource" }),
  "a record of a failed call": () => record({ errorCode: "AccessDenied" }),
  "a Config item": () => configItem("offending"),
  "a Config notification": () =>
    eventBridge(notification(configItem("offending")), "Config Configuration Item Change", "aws.config"),
  "a Config rule's invocation": () => configRuleInvocation(configItem("offending")),
  "a batch": () => sqs(eventBridge(record()), record({ name: "PutBucketTagging" }), configItem("compliant"), "garbage"),
};

/** Whether the event, as it came out, says somewhere that a call has failed. */
function tellsFailure(event: unknown): boolean {
  for (const { errorCode } of objectsIn(event)) if (typeof errorCode === "string" && errorCode !== "") return true;
  return false;
}

/** What an answer may look like: results with a documented status and at least a reason, or failed items of the batch. */
function assertAnswer(answer: { results?: readonly Result[]; batchItemFailures?: unknown }): void {
  if (answer.results === undefined) {
    expect(Array.isArray(answer.batchItemFailures)).toBe(true);
    return;
  }
  for (const { status, reasons } of answer.results) {
    expect(STATUSES).toContain(status);
    expect(reasons.every((reason) => reason.length < 2_000)).toBe(true);
    if (status === "refused") expect(reasons).not.toEqual([]);
  }
}

async function act(event: unknown, more: readonly BucketSeed[] = []) {
  const { sandbox, container } = await stage(control, { world: { buckets: [...BUCKETS, ...more] } });
  try {
    const answer = await container().send(event);
    const writes = sandbox.calls.filter(({ service, mutating }) => service === "s3" && mutating);
    return { answer, written: writes.map(({ resource }) => resource), calls: sandbox.calls.length };
  } finally {
    await sandbox.close();
  }
}

describe("mutated events", () => {
  it("unmutated, the good ones get the offending bucket contained", async () => {
    for (const [name, make] of Object.entries(EVENTS)) {
      const { answer, written } = await act(make());
      assertAnswer(answer);
      expect(written, name).toEqual(name === "a record of a failed call" ? [] : ["offending"]);
    }
  });

  it.each(Object.entries(EVENTS))(
    "%s, mutated anywhere: no error, no write but to the offending bucket, none for a failed call",
    async (_, make) => {
      const property = fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...Object.keys(WRAP)),
        fc.boolean(),
        async (mutations, wrapper, mutatesWrapper) => {
          const wrap = WRAP[wrapper] ?? ((event: unknown) => event);
          const event = mutatesWrapper ? mutated(wrap(make()), mutations) : wrap(mutated(make(), mutations));

          const { answer, written } = await act(event);

          assertAnswer(answer);
          expect(written.filter((bucket) => bucket !== "offending")).toEqual([]);
          if (tellsFailure(event) && !isBatchOfMany(event)) expect(written).toEqual([]);
        },
      );
      await fc.assert(property, { numRuns: 15, seed: 20_260_301, endOnFailure: false });
    },
  );

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])(
    "%s in the place of a name is refused or ignored",
    async (name) => {
      for (const field of ["eventSource", "eventName", "awsRegion", "recipientAccountId"]) {
        for (const wrap of Object.values(WRAP)) {
          const { answer, written } = await act(wrap({ ...record(), resources: [], [field]: name }));
          assertAnswer(answer);
          expect(answer.batchItemFailures ?? [], field).toEqual([]);
          if (field !== "recipientAccountId") expect(written, field).toEqual([]);
        }
      }
    },
  );

  it.each(["requestID", "eventID", "eventTime", "userAgent", "userIdentity", "additionalEventData"])(
    "a %s of 200 KB does not keep the offending bucket from being contained",
    async (field) => {
      const huge = "x".repeat(200_000);
      const member = field === "userIdentity" ? { type: huge, arn: huge.slice(0, 50_000), invokedBy: "y" } : huge;

      const { answer, written } = await act({ ...record(), [field]: member });

      expect(answer.results.map(({ status }) => status)).toEqual(["contained"]);
      expect(written).toEqual(["offending"]);
    },
  );

  it.each(["data.example.com", "Old_Bucket.With.Capitals", `${"long-".repeat(12)}abc`])(
    "a bucket called %s is contained like any other",
    async (name) => {
      const { answer, written } = await act(cloudTrailRecord(name), [replicating(name, "oregon")]);
      expect(answer.results.map(({ status }) => status)).toEqual(["contained"]);
      expect(written).toEqual([name]);
    },
  );

  it("no event makes it write to another account's bucket, whatever account and Region the event claims", async () => {
    for (const account of [HOME, FOREIGN]) {
      const { answer, written } = await act({
        ...cloudTrailRecord("foreign", { account }),
        requestParameters: { bucketName: "foreign" },
      });
      expect(answer.results.map(({ status }) => status)).toEqual(["awaiting-approval"]);
      expect(written).toEqual([]);
    }
  });

  it("a Region the event has wrong leads to no write and to no verdict of compliant", async () => {
    const { answer, written } = await act(cloudTrailRecord("offending", { region: "us-east-1" }));
    expect(answer.results.map(({ status }) => status)).toEqual(["awaiting-approval"]);
    expect(written).toEqual([]);
  });
});

/** A batch where some records failed and others did not. */
function isBatchOfMany(event: unknown): boolean {
  const records = (event as { Records?: unknown } | null)?.Records;
  return Array.isArray(records) && records.length > 1;
}
