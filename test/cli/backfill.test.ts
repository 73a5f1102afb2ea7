import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { backfill } from "../../cli/backfill.ts";
import { LEAST, MOST, type PerObject } from "../../shared/backfill/prices.ts";
import type { BackfillEngine } from "../../shared/policy/policy.ts";
import type { JobOrder } from "../../shared/resources/backfill-jobs.ts";
import { distributedMapOnAws } from "../../shared/resources/distributed-map-aws.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { ACCOUNT, AT_ONCE, FUNCTION, open, RIGHTS, TAG, take } from "../backfill/backfill-stage.ts";
import { run } from "../support/cli.ts";
import { policyFile } from "../support/policy-file.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

type Set = Awaited<ReturnType<typeof open>>;
const TAGGED = { tags: { [TAG.key]: TAG.value } };

/** What differs between the engines. A Distributed Map always writes its results. */
interface Engine {
  readonly kind: BackfillEngine;
  readonly words: (set: Set) => readonly string[];
  readonly does: string;
  readonly role: string;
  readonly rights: (set: Set) => readonly string[];
  readonly creates: string;
  readonly describes: string;
  readonly lists: readonly string[];
  readonly unknown: string;
}
const ENGINES: readonly (readonly [string, Engine])[] = [
  [
    "S3 Batch Operations",
    {
      kind: "batch-operations",
      words: () => [],
      does: "S3 Batch Operations invokes cordon-tag-objects for each, in the role",
      role: `arn:aws:iam::${ACCOUNT}:role/cordon-backfill-eu-central-1`,
      rights: () => ["s3:PutInventoryConfiguration", "lambda:InvokeFunction", "s3:PutObject"],
      creates: "CreateJob",
      describes: "DescribeJob",
      lists: ["ListJobs"],
      unknown: "00000000-0000-0000-0000-000000000000",
    },
  ],
  [
    "a Distributed Map",
    {
      kind: "distributed-map",
      words: ({ reports }) => ["--engine", "distributed-map", "--report-bucket", reports],
      does: "Step Functions (cordon-backfill) invokes cordon-tag-objects for 50 at a time, in the role",
      role: `arn:aws:iam::${ACCOUNT}:role/cordon-backfill-map-eu-central-1`,
      rights: () => [
        ...["states:StartExecution", "states:DescribeExecution", "s3:ListBucket"],
        ...["lambda:InvokeFunction", "s3:PutObject"],
      ],
      creates: "StartExecution",
      describes: "DescribeExecution",
      lists: ["ListExecutions"],
      unknown: `arn:aws:states:eu-central-1:${ACCOUNT}:execution:cordon-backfill:nobody`,
    },
  ],
];

describe.each(ENGINES)("cordon backfill by %s", (_, engine) => {
  const begin = (set: Set, ...words: readonly string[]) =>
    run(backfill, "--bucket", set.bucket, ...engine.words(set), ...words);
  const reportOf = (set: Set) => ["--report-bucket", set.reports];
  const created = (set: Set) => set.asked().filter((operation) => operation === engine.creates);
  const only = (set: Set) => {
    const [job, ...others] = set.jobs(engine.kind);
    if (job === undefined || others.length > 0) throw new Error(`${others.length + 1} jobs`);
    return job;
  };

  it("T8 has the objects looked at that were there before, batch after batch: each carries its tag then, and the report tells of each", async () => {
    const set = await take();
    const count = AT_ONCE + 2;
    set.fill(count - 2, TAGGED);
    set.fill(2, { prefix: "late/" });

    const { code, out, err } = await begin(set, ...reportOf(set), "--report-all", "--yes");

    const { id } = only(set);
    expect(set.tagged()).toBe(count);
    expect({ code, err: err.split(" goes on")[0] }).toEqual({ code: 0, err: `Job ${id}` });
    expect(out).toContain(
      `Bucket   ${set.bucket} in eu-central-1, of account ${ACCOUNT}\nObjects  5, listed by S3 when`,
    );
    expect(out).toContain(`Job      ${engine.does} ${engine.role}\n`);
    expect(out).toContain(`Job ${id} is Complete: 5 objects, 5 looked at, 0 failed, in `);
    const manifest = /^Report: s3:\/\/[^/]+\/(.+\/manifest\.json)$/m.exec(out)?.[1];
    const files = set.sandbox.objects(set.reports);
    expect(files.map(({ key }) => key)).toContain(manifest);
    const told = files.filter(({ key }) => key !== manifest).map(({ body }) => body);
    expect(told.join().match(/compliant: /g)).toHaveLength(count - 2);
    expect(told.join().match(/contained: /g)).toHaveLength(2);
    expect(told.join()).toMatch(/late\/order[ +]1\.csv/);
  });

  it("leaves alone the next time what carries its tag, by another job with nothing but its role's rights", async () => {
    const set = await take();
    set.fill(1);
    await begin(set, "--yes");
    set.sit(RIGHTS[engine.kind]);
    const { code } = await begin(set, ...reportOf(set), "--yes");
    expect(code).toBe(0);
    expect(set.jobs(engine.kind)).toMatchObject([{ succeeded: 1 }, { succeeded: 1 }]);
    expect(set.sandbox.calls.map(({ operation }) => operation)).not.toContain("PutObjectTagging");
    expect(set.jobs(engine.kind)[1]?.permissions.map(({ action }) => action)).toEqual(engine.rights(set));
  });

  it("looks at objects below a prefix only, which no list of jobs tells", async () => {
    const set = await take();
    set.fill(1, { prefix: "2025/" });
    set.fill(2);
    const { code, out } = await begin(set, "--prefix", "2026/", "--yes");
    expect(code).toBe(0);
    expect(out).toContain('Objects  2, whose keys begin with "2026/"');
    expect(set.tagged()).toBe(2);
    const listed = await run(backfill, "--list", "--json", ...engine.words(set).slice(0, 2));
    expect(listed.out).toContain(`cordon backfill cordon ${set.bucket} `);
    expect(listed.out).not.toContain("2026/");
  });

  it("tags in a bucket with versions the one that is current, whatever its key is made of", async () => {
    const set = await take();
    set.sandbox.createBucket({ name: set.bucket, versioning: true, tags: TAGGED.tags });
    const key = 'Größe 1+1/100 %,"a"/名前.csv';
    for (const body of ["old", "new"]) set.sandbox.createObject({ bucket: set.bucket, key, body });
    expect((await begin(set, "--yes")).code).toBe(0);
    expect(set.sandbox.objects(set.bucket).map(({ body, tags }) => [body, tags])).toEqual([
      ["old", {}],
      ["new", TAGGED.tags],
    ]);
  });

  it("gives exit code 1 when objects failed, and tells where the report says why", async () => {
    const set = await take();
    set.fill(1);
    const times = Number.POSITIVE_INFINITY;
    set.sandbox.faults.inject({ operation: "GetObjectTagging", kind: "server-error", resource: set.bucket, times });
    const { code, out } = await begin(set, ...reportOf(set), "--yes");
    expect(code).toBe(1);
    expect(out).toContain("is Complete: 1 object, 0 looked at, 1 failed, in");
    expect(out).toMatch(/Report: s3:\/\/reports-of-orders-\d+\/cordon-backfill\//);
    const failed = set.sandbox.objects(set.reports).filter(({ key }) => !key.endsWith("manifest.json"));
    expect(failed.map(({ body }) => body).join()).toMatch(/2026\/order[ +]0\.csv/);
    expect(failed.map(({ body }) => body).join()).toContain("AWS gave no usable answer to GetObjectTagging");
  });

  it("says the same as JSON and nothing else on stdout", async () => {
    const set = await take();
    set.fill(1);
    const dry = await begin(set, "--dry-run", "--json");
    expect(JSON.parse(dry.out)).toMatchObject({
      isDryRun: true,
      outcome: "possible",
      preview: { engine: engine.kind, bucket: set.bucket, notes: [] },
    });
    const { code, out } = await begin(set, "--yes", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      outcome: "begun",
      preview: { roleArn: engine.role, list: { kind: "bucket", owner: ACCOUNT } },
      job: { status: "Complete", total: 1, succeeded: 1, failed: 0 },
    });
  });

  it("shows with --dry-run what it would do, and asks for the rights of that only", async () => {
    const set = await take();
    const { code, out, err } = await begin(set, ...reportOf(set), "--dry-run");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/It could be begun; nothing was\.\n$/);
    expect(set.asked()).toEqual([
      ...["GetFunctionConfiguration", "HeadBucket", "HeadBucket", "ListObjectsV2"],
      ...engine.lists,
    ]);
    expect(set.jobs(engine.kind)).toEqual([]);
  });

  it.each(
    RIGHTS[engine.kind]
      .map(([action]) => action)
      .filter((action) => !/GetObject|UpdateJobStatus|Describe|ListMapRuns|StopExecution/.test(action)),
  )("names the right %s to whoever lacks it, and makes no job", async (action) => {
    const set = await take();
    set.sit(RIGHTS[engine.kind].filter(([each]) => each !== action));
    const { code, err } = await begin(set, "--yes");
    expect([code, err]).toEqual([2, expect.stringContaining(action)]);
    expect(set.jobs(engine.kind)).toEqual([]);
  });

  it("goes on when the command ends, and the same command looks on at its job instead of making another", async () => {
    const set = await take();
    set.fill(1);
    set.sandbox.faults.inject({ operation: "GetObjectTagging", kind: "delay", delayMs: 600, resource: set.bucket });
    const first = await begin(set, "--yes", "--no-watch");
    const { id } = only(set);
    expect([first.code, first.out]).toEqual([0, expect.stringContaining(`Job ${id} is begun.`)]);
    const dry = await begin(set, "--dry-run");
    expect(dry.out).toContain(`Job ${id} is under way for this`);

    const again = await begin(set, "--yes");

    expect([again.code, again.err]).toEqual([0, expect.stringContaining(`Job ${id} is under way for this already.`)]);
    expect(again.out).toContain(`Job ${id} is Complete: 1 object, 1 looked at, 0 failed`);
    expect(only(set).id).toBe(id);
    expect(set.tagged()).toBe(1);
    const later = await run(backfill, "--job", id);
    expect([later.code, later.out]).toEqual([0, expect.stringContaining(`Job ${id} is Complete`)]);
  });

  it("makes one job, though the answer to its creation is lost", async () => {
    const set = await take();
    set.fill(1);
    set.sandbox.faults.inject({ operation: engine.creates, kind: "reset-after" });
    const { code } = await begin(set, "--yes");
    expect(code).toBe(0);
    expect(created(set)).toHaveLength(2);
    expect(only(set).status).toBe("Complete");
  });

  it("watches on while AWS gives no answer for a while", async () => {
    const set = await take();
    set.fill(1);
    set.sandbox.faults.inject({ operation: engine.describes, kind: "server-error", times: 4 });
    expect((await begin(set, "--yes")).code).toBe(0);
  });

  it("stops a job: what is done stays done, and the next one does the rest", async () => {
    const set = await take();
    set.fill(AT_ONCE, TAGGED);
    set.fill(1, { prefix: "late/" });
    set.sandbox.faults.inject({ operation: "GetObjectTagging", kind: "delay", delayMs: 1_000, resource: set.bucket });
    await begin(set, "--yes", "--no-watch");
    const { id } = only(set);

    const stopped = await run(backfill, "--job", id, "--cancel", "--yes");
    await set.sandbox.settle();

    expect([stopped.code, stopped.out]).toEqual([0, expect.stringMatching(/is Cancelled: \d+ objects, /)]);
    expect(set.tagged()).toBe(AT_ONCE);
    const late = await run(backfill, "--job", id, "--cancel", "--yes");
    expect([late.code, late.err]).toEqual([2, expect.stringContaining("can't be stopped any more: it is Cancelled")]);
    expect((await begin(set, "--yes")).code).toBe(0);
    expect(set.tagged()).toBe(AT_ONCE + 1);
    expect(set.jobs(engine.kind).map(({ status }) => status)).toEqual(["Cancelled", "Complete"]);
  });

  it("lists the stack's jobs, newest first", async () => {
    const set = await take();
    set.fill(1);
    await begin(set, "--yes");
    await begin(set, "--yes", "--prefix", "none/");
    const { code, out } = await run(backfill, "--list", ...engine.words(set).slice(0, 2));
    expect(code).toBe(0);
    const [head, ...rows] = out.trimEnd().split("\n");
    expect(head).toMatch(/^JOB +STATUS +CREATED +OBJECTS +LOOKED AT +FAILED +BUCKET$/);
    const cells = rows.map((row) => row.split(/ {2,}/).slice(3));
    expect(cells.filter(([, , , bucket]) => bucket === set.bucket)).toEqual([
      ["0", "0", "0", set.bucket],
      ["1", "1", "0", set.bucket],
    ]);
  });

  it("knows no job that nobody made", async () => {
    await take();
    const { code, err } = await run(backfill, "--job", engine.unknown);
    expect([code, err]).toEqual([2, expect.stringContaining(`there is no job ${engine.unknown}`)]);
  });

  it("takes the right objects, by their versions, from an inventory, and no bytes that are in it", async () => {
    const set = await take();
    set.fill(2);
    inventoryOf(set, ['"2026%2Forder+0.csv"']);
    const inventory = ["--inventory", `s3://inventories-of-${set.bucket}/orders/manifest.json`];
    const { code, out } = await begin(set, ...inventory, "--dry-run");
    expect([code, out]).toEqual([0, expect.stringContaining("Objects  about 1, as the inventory lists them")]);
    // The sandbox's S3 Batch Operations run none.
    if (engine.kind === "batch-operations") return;
    const ran = await begin(set, ...inventory, "--yes");
    expect(ran.code).toBe(0);
    expect(set.tagged()).toBe(1);
    expect(only(set).permissions.filter(({ action }) => action === "s3:GetObject")).toHaveLength(2);
  });
});

/** An inventory of one file with these rows, in a bucket of its own. */
function inventoryOf({ sandbox, bucket }: Set, keys: readonly string[], bytesPerFile = 1): void {
  const home = `inventories-of-${bucket}`;
  const csv = gzipSync(keys.map((key) => `"${bucket}",${key}\n`).join(""));
  const file = { key: "orders/daily/data/a.csv.gz", size: csv.length * bytesPerFile };
  const manifest = {
    sourceBucket: bucket,
    destinationBucket: `arn:aws:s3:::${home}`,
    creationTimestamp: "1793494800000",
    fileFormat: "CSV",
    fileSchema: "Bucket, Key",
    files: [file],
  };
  sandbox.createBucket({ name: home });
  sandbox.createObject({ bucket: home, key: file.key, body: csv });
  sandbox.createObject({ bucket: home, key: "orders/manifest.json", body: JSON.stringify(manifest) });
}

describe("cordon backfill", () => {
  const begin = (set: Set, ...words: readonly string[]) => run(backfill, "--bucket", set.bucket, ...words);

  it("changes nothing where the stack only observes, and says so beforehand", async () => {
    const set = await open({ mode: "observe" });
    set.fill(3);
    const { code, out } = await begin(set, "--yes");
    expect(code).toBe(0);
    expect(out).toContain("Done     nothing is changed, for the stack's CORDON_MODE is observe");
    expect(set.tagged()).toBe(0);
    expect(set.journal.findings().map(({ status }) => status)).toEqual(["observed", "observed", "observed"]);
  });

  it("says when a person would be asked about each object", async () => {
    const { out } = await begin(await open({ mode: "approve" }), "--dry-run");
    expect(out).toContain("Done     nothing is changed, and a person is asked about each object that lacks its tag");
  });

  it("takes the engine that policy prefers, unless it is told otherwise", async () => {
    const set = await take();
    vi.stubEnv("CORDON_POLICY", policyFile({ objects: { backfill: "distributed-map" } }));
    const words = ["--report-bucket", set.reports, "--dry-run"];
    expect((await begin(set, ...words)).out).toContain("Job      Step Functions (cordon-backfill) invokes");
    expect((await begin(set, ...words, "--engine", "batch-operations")).out).toContain("Job      S3 Batch Operations");
  });

  it("shows what it costs and how long it takes", async () => {
    const set = await take();
    set.fill(3);
    const batch = await begin(set, "--report-bucket", set.reports, "--dry-run");
    expect(batch.out).toMatch(/^Cost {5}about 0\.25 USD, and 0\.00 a month for tags and journal$/m);
    expect(batch.out).toMatch(/^Time {5}about 1 s, with a hundred at a time$/m);
    expect(batch.out).toContain(`Report   what failed, in s3://${set.reports}/cordon-backfill/job-<id>/`);
    const map = await begin(set, "--report-bucket", set.reports, "--dry-run", "--engine", "distributed-map");
    expect(map.out).toMatch(/^Cost {5}about 0\.00 USD, and 0\.00 a month for tags and journal$/m);
    expect(map.out).toMatch(/^Time {5}about 1 s, with 10 batches of 50 at a time$/m);
    expect(map.out).toContain(`Report   what failed, in s3://${set.reports}/cordon-backfill/<map run>/`);
  });

  it("asks, and makes no job without a terminal to ask on", async () => {
    const set = await take();
    const { code, err } = await begin(set);
    expect(code).toBe(2);
    expect(err).toContain("found no terminal to ask on; expected one, or --yes");
    expect(set.asked()).not.toContain("CreateJob");
  });

  it("begins nothing that may cost more than is allowed", async () => {
    const set = await take();
    set.fill(1);
    const { code, err } = await begin(set, "--yes", "--max-usd", "0.2");
    expect([code, err]).toEqual([2, "Error: it may cost 0.25 USD; expected at most 0.2, as --max-usd says"]);
    expect(set.asked()).not.toContain("CreateJob");
    expect((await begin(set, "--yes", "--max-usd", "0.3")).code).toBe(0);
  });

  it("counts an inventory's objects by the beginning of one of its files", async () => {
    const set = await take();
    inventoryOf(
      set,
      Array.from({ length: 500 }, (_, n) => `"2026/order+${n}.csv"`),
      3,
    );
    const inventory = ["--inventory", `s3://inventories-of-${set.bucket}/orders/manifest.json`] as const;

    const { code, out } = await begin(set, ...inventory, "--dry-run");

    expect(code).toBe(0);
    expect(out).toContain("Objects  about 1,500, as the inventory lists them");
    expect(out).toContain(
      "Note     the inventory is of 2026-11-01T01:00:00.000Z, in 1 file: what came later is not in it",
    );
    const other = await run(backfill, "--bucket", set.reports, ...inventory, "--dry-run");
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining(`the inventory is of ${set.bucket}; expected one of`),
    ]);
  });

  it("takes a member's bucket by an inventory only, and only where the stack serves it", async () => {
    const member = { CORDON_MEMBER_ROLE: "cordon-member", CORDON_EXTERNAL_ID: "an-external-id" };
    const set = await open({ settings: { ...member, CORDON_ACCOUNTS: "444455556666, 777788889999" } });
    const asked = async (account: string) => (await begin(set, "--account", account, "--yes")).err;
    expect(await asked("777788889999")).toContain("expected --inventory, delivered to a bucket of that account");
    expect(await asked("222233334444")).toContain("or one of its CORDON_ACCOUNTS");
  });

  const ORDERS = ["--bucket", "orders"] as const;
  it.each<[string, readonly string[], string]>([
    ["a bucket that is not there", ["--bucket", "nowhere"], "there is no bucket nowhere"],
    ["a bucket of another Region", ["--bucket", "far"], "far lies in us-west-2 and the stack in eu-central-1"],
    ["another account's bucket", ["--bucket", "foreign"], "foreign is not 111122223333's, or you may not ask"],
    ["a bucket of an account not served", ["--bucket", "foreign", "--account", "444455556666"], "its own account only"],
    ["a report in another Region", [...ORDERS, "--report-bucket", "far"], "expected a bucket of 111122223333 in eu-c"],
    ["a report among the evidence", [...ORDERS, "--report-bucket", "cordon-evidence-1"], "where nobody but the arch"],
    ["a Distributed Map without a report", [...ORDERS, "--engine", "distributed-map"], "expected --report-bucket"],
    ["an engine that there isn't", [...ORDERS, "--engine", "glue"], "expected batch-operations or distributed-map"],
    ["an inventory that is no manifest", [...ORDERS, "--inventory", "s3://inventories/x.csv"], "expected s3://<bucke"],
    ["an inventory that is not there", [...ORDERS, "--inventory", "s3://inventories/a/manifest.json"], "can't be read"],
    ["an inventory with a prefix", [...ORDERS, "--inventory", "s3://a/b", "--prefix", "x"], "expected one of them"],
    ["no bucket's name", ["--bucket", "arn:aws:s3:::orders"], "expected a bucket's name"],
    ["an account that is none", [...ORDERS, "--account", "1"], 'found "1", expected 12 digits'],
    ["a limit that is none", [...ORDERS, "--max-usd", "cheap"], 'found "cheap", expected a number above 0'],
    ["nothing to do", [], "expected one of them"],
    ["two things to do", [...ORDERS, "--list"], "expected one of them"],
    ["a stop without a job", [...ORDERS, "--cancel"], "--cancel goes with --job"],
    ["a stack that is not there", [...ORDERS, "--stack", "other"], 'There is no function "other-tag-objects"'],
  ])("refuses %s", async (_, words, said) => {
    const set = await take();
    set.sandbox.createBucket({ name: "orders" });
    set.sandbox.createBucket({ name: "far", region: "us-west-2" });
    set.sandbox.createBucket({ name: "foreign", account: "444455556666" });
    set.sandbox.createBucket({ name: "inventories" });
    set.sit([...RIGHTS["batch-operations"], ["lambda:GetFunctionConfiguration", "*"]]);
    const { code, err } = await run(backfill, ...words, "--yes");
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect([...set.jobs("batch-operations"), ...set.jobs("distributed-map")]).toEqual([]);
  });

  it("finds the execution that an earlier request began, though no list shows it yet and it is over", async () => {
    const set = await take();
    const machine = `arn:aws:states:eu-central-1:${ACCOUNT}:stateMachine:cordon-backfill`;
    const place = { stack: "cordon", name: "cordon-backfill", region: "eu-central-1", functionArn: FUNCTION };
    const jobs = distributedMapOnAws({ ...place, arn: machine }, systemClock);
    const bucketArn = `arn:aws:s3:::${set.bucket}`;
    const order: JobOrder = {
      ...{ account: ACCOUNT, region: "eu-central-1", functionArn: FUNCTION, roleArn: "", owner: ACCOUNT },
      ...{ bucket: set.bucket, list: { kind: "bucket", bucketArn, owner: ACCOUNT } },
      report: { bucketArn: `arn:aws:s3:::${set.reports}`, prefix: "cordon-backfill", isFailedOnly: true },
      description: `cordon backfill cordon ${set.bucket} 0123456789abcdef`,
      token: "0123456789abcdef",
    };
    const id = await jobs.create(order);
    await set.sandbox.settle();
    expect(await jobs.create(order)).toBe(id);
    expect(await jobs.describe(id)).toMatchObject({ status: "Complete", description: order.description, total: 0 });
    expect(set.jobs("distributed-map")).toHaveLength(1);
  });

  it("says that a stack has no jobs", async () => {
    await open();
    expect((await run(backfill, "--list")).out).toBe("cordon has no jobs of the last 90 days.\n");
  });
});

describe("what the estimate counts for one object", () => {
  /** What the function did and keeps in the table, in the units that AWS charges. */
  const spent = ({ sandbox, journal }: Set): Omit<PerObject, "billedMs" | "logBytes"> => {
    const calls = sandbox.calls.filter(({ functionName }) => functionName === "cordon-tag-objects");
    const of = (...names: readonly string[]) => calls.filter(({ operation }) => names.includes(operation));
    const items = journal.items().map((item) => JSON.stringify(item).length);
    const written = (share: number) => items.reduce((sum, bytes) => sum + Math.ceil(bytes / 1_024) * share, 0);
    // Each item is written in a transaction, the lease, the run and the finding twice.
    const isWritten = of("TransactWriteItems").length > 0;
    return {
      s3Reads: of("GetObjectTagging", "GetObject", "HeadObject").length,
      s3Writes: of("PutObjectTagging").length,
      readUnits: of("BatchGetItem").length * 2,
      writeUnits: isWritten ? written(4) : written(1),
      tableBytes: items.reduce((sum, bytes) => sum + bytes, 0),
    };
  };

  it.each<[string, Record<string, string>, PerObject]>([
    ["least, that carries its tag", TAGGED.tags, LEAST],
    ["most, that is read and gets its tag", {}, MOST],
  ])("at %s is no less than the function does", async (_, tags, counted) => {
    const set = await take();
    // Of a lower class than content could give it: its content is read.
    const isRead = Object.keys(tags).length === 0;
    set.sandbox.createBucket({ name: set.bucket, tags: { [TAG.key]: isRead ? "public" : TAG.value } });
    // The bucket's own tags are read once for many: the second object is looked at.
    for (const key of ["1.csv", "2.csv"])
      set.sandbox.createObject({ bucket: set.bucket, key, body: "id,total\n1,2\n", tags });
    const look = (prefix: string) => run(backfill, "--bucket", set.bucket, "--prefix", prefix, "--yes");
    set.sit();
    await look("1");
    const before = spent(set);
    set.sit();
    await look("2");
    const after = spent(set);

    const one = {
      ...after,
      writeUnits: after.writeUnits - before.writeUnits,
      tableBytes: after.tableBytes - before.tableBytes,
    };
    for (const [what, used] of Object.entries(one)) {
      expect(used, what).toBeLessThanOrEqual(counted[what as keyof PerObject]);
      // And not much less: what is shown would frighten.
      expect(used * 4 + 2, what).toBeGreaterThanOrEqual(counted[what as keyof PerObject]);
    }
  });
});
