import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planStart, subjectOf, type Wanted } from "../../shared/backfill/plan-backfill.ts";
import type { JobStatus, JobSummary } from "../../shared/resources/backfill-jobs.ts";
import { executionName, inputOf } from "../../shared/resources/map-executions.ts";
import { requestOf } from "../../shared/resources/s3-batch-jobs-aws.ts";

const NOW_MS = Date.parse("2026-11-20T10:00:00Z");
const REPORT = { bucketArn: "arn:aws:s3:::reports", prefix: "cordon-backfill", isFailedOnly: true };
const WANTED: Wanted = {
  stack: "cordon-prod",
  bucket: "orders",
  owner: "111122223333",
  functionArn: "arn:aws:lambda:eu-central-1:111122223333:function:cordon-prod-tag-objects",
  roleArn: "arn:aws:iam::111122223333:role/cordon-prod-backfill-eu-central-1",
  list: { kind: "bucket", bucketArn: "arn:aws:s3:::orders", owner: "111122223333", prefix: "people/jane-roe/" },
  report: REPORT,
};
const INVENTORY: Wanted["list"] = {
  kind: "inventory",
  objectArn: "arn:aws:s3:::inventories/orders/daily/2026-11-01T01-00Z/manifest.json",
  etag: "0123",
};

function orderOf(wanted: Wanted, jobs: readonly JobSummary[] = [], nowMs = NOW_MS) {
  const start = planStart(wanted, jobs, nowMs);
  if (start.kind !== "create") throw new Error(`job ${start.job.id} is under way`);
  return start.order;
}

const jobOf = (wanted: Wanted, status: JobStatus, id = "j1"): JobSummary => ({
  id,
  status,
  description: orderOf(wanted).description,
  createdAtMs: NOW_MS,
  total: 10,
  succeeded: 1,
  failed: 0,
});

describe("what is asked for once more", () => {
  it.each<JobStatus>(["New", "Preparing", "Suspended", "Ready", "Active", "Pausing", "Paused", "Completing"])(
    "goes on with its job while that is %s",
    (status) => {
      expect(planStart(WANTED, [jobOf(WANTED, status)], NOW_MS)).toMatchObject({ kind: "go-on", job: { id: "j1" } });
    },
  );

  it.each<JobStatus>(["Complete", "Cancelled", "Failed", "Cancelling", "Failing"])(
    "is a new job once the old one is %s, by another token",
    (status) => {
      const { token } = orderOf(WANTED);
      expect(orderOf(WANTED, [jobOf(WANTED, status)]).token).not.toBe(token);
    },
  );

  it("has the same token as long as nothing has changed, so that S3 makes one job of it", () => {
    expect(orderOf(WANTED, [], NOW_MS + 3_600_000)).toEqual(orderOf(WANTED));
    const ended = ["j1", "j2", "j3"].map((id) => jobOf(WANTED, "Complete", id));
    fc.assert(
      fc.property(fc.shuffledSubarray(ended, { minLength: 3 }), (jobs) => {
        expect(orderOf(WANTED, jobs)).toEqual(orderOf(WANTED, ended));
      }),
      { numRuns: 10 },
    );
  });

  it("has another token when S3 has forgotten the jobs before it", () => {
    expect(orderOf(WANTED, [], NOW_MS + 90 * 86_400_000).token).not.toBe(orderOf(WANTED).token);
  });
});

describe("something else", () => {
  const others: readonly (readonly [string, Partial<Wanted>])[] = [
    ["another bucket", { bucket: "invoices" }],
    ["another prefix", { list: { ...WANTED.list, prefix: "2026/" } as Wanted["list"] }],
    ["an inventory", { list: INVENTORY }],
    ["the next inventory", { list: { ...INVENTORY, etag: "4567" } as Wanted["list"] }],
    ["another stack's function", { stack: "cordon-test", functionArn: `${WANTED.functionArn}-test` }],
    ["another report", { report: { ...REPORT, isFailedOnly: false } }],
  ];

  it.each(others)("is a job of its own: %s", (_, more) => {
    const { token } = orderOf({ ...WANTED, ...more }, [jobOf(WANTED, "Active")]);
    expect(token).not.toBe(orderOf(WANTED).token);
  });

  it("of the same bucket is told of while it is under way", () => {
    const prefix = { ...WANTED, list: { ...WANTED.list, prefix: "2026/" } } as Wanted;
    const jobs = [jobOf(prefix, "Active", "a"), jobOf(prefix, "Complete", "b")];
    const elsewhere = jobOf({ ...WANTED, bucket: "invoices" }, "Active", "c");
    expect(planStart(WANTED, [...jobs, elsewhere], NOW_MS)).toMatchObject({ others: [{ id: "a" }] });
  });
});

describe("a job's description", () => {
  it("tells stack and bucket, and no prefix", () => {
    const { description } = orderOf(WANTED);
    expect(subjectOf({ description })).toEqual({ stack: "cordon-prod", bucket: "orders" });
    expect(description).not.toContain("jane");
    expect(description.length).toBeLessThanOrEqual(256);
    expect(subjectOf({ description: "nightly copy of orders" })).toBeUndefined();
  });
});

describe("the request to S3", () => {
  it("has S3 list the bucket, name its owner and the account to the function, and ask nobody again", () => {
    expect(requestOf(orderOf(WANTED))).toMatchObject({
      AccountId: "111122223333",
      ConfirmationRequired: false,
      Operation: {
        LambdaInvoke: {
          FunctionArn: WANTED.functionArn,
          InvocationSchemaVersion: "2.0",
          UserArguments: { account: "111122223333" },
        },
      },
      ManifestGenerator: {
        S3JobManifestGenerator: {
          SourceBucket: "arn:aws:s3:::orders",
          ExpectedBucketOwner: "111122223333",
          EnableManifestOutput: false,
          Filter: { KeyNameConstraint: { MatchAnyPrefix: ["people/jane-roe/"] } },
        },
      },
      Report: { Enabled: true, Prefix: "cordon-backfill", ReportScope: "FailedTasksOnly" },
    });
  });

  it("names an inventory by its version, in place of a listing", () => {
    const request = requestOf(orderOf({ ...WANTED, owner: "444455556666", list: INVENTORY }));
    expect(request).toMatchObject({
      Manifest: {
        Spec: { Format: "S3InventoryReport_CSV_20161130" },
        Location: { ObjectArn: INVENTORY.objectArn, ETag: "0123" },
      },
      Operation: { LambdaInvoke: { UserArguments: { account: "444455556666" } } },
    });
    expect(request).not.toHaveProperty("ManifestGenerator");
  });

  it("asks for no report where nobody names a bucket", () => {
    const { report: _, ...without } = WANTED;
    expect(requestOf(orderOf(without)).Report).toEqual({ Enabled: false });
  });
});

describe("the execution of a Distributed Map", () => {
  it("is told bucket, owner, list and report: the same for the same, letter by letter", () => {
    const input = inputOf(orderOf(WANTED));
    expect(JSON.parse(input)).toEqual({
      bucket: "orders",
      account: "111122223333",
      list: { kind: "bucket", prefix: "people/jane-roe/" },
      report: { bucket: "reports", prefix: "cordon-backfill", scope: "failed" },
    });
    expect(inputOf(orderOf(WANTED, [jobOf(WANTED, "Complete")], NOW_MS + 1))).toBe(input);
  });

  it("is told an inventory by bucket and key, and that every object is to be told of", () => {
    const order = orderOf({
      ...WANTED,
      owner: "444455556666",
      list: INVENTORY,
      report: { ...REPORT, isFailedOnly: false },
    });
    expect(JSON.parse(inputOf(order))).toMatchObject({
      account: "444455556666",
      list: { kind: "inventory", bucket: "inventories", key: "orders/daily/2026-11-01T01-00Z/manifest.json" },
      report: { scope: "all" },
    });
  });

  it("has to write its results somewhere", () => {
    const { report: _, ...without } = WANTED;
    expect(() => inputOf(orderOf(without))).toThrow("expected a report");
  });

  it("has a name that tells its bucket, no prefix, and which time it is, in the 80 letters that names have", () => {
    const first = executionName(orderOf(WANTED));
    expect(first).toMatch(/^orders-[0-9a-f]{16}-[0-9a-f]{12}$/);
    const second = executionName(orderOf(WANTED, [jobOf(WANTED, "Complete")]));
    expect(second.slice(0, -12)).toBe(first.slice(0, -12));
    expect(second).not.toBe(first);
    const long = { ...WANTED, bucket: `b${"-long.name".repeat(25)}` };
    const order = orderOf(long);
    expect(executionName(order)).toHaveLength(80);
    expect(planStart(long, [jobOf(long, "Active")], NOW_MS)).toMatchObject({ kind: "go-on" });
  });
});
