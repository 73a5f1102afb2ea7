import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { backfill } from "../../cli/backfill.ts";
import { LEAST, MOST, type PerObject } from "../../shared/backfill/prices.ts";
import { ACCOUNT, open, RIGHTS, ROLE, TAG } from "../backfill/backfill-stage.ts";
import { run } from "../support/cli.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const ORDERS = ["--bucket", "orders"] as const;
const REPORT = ["--report-bucket", "reports"] as const;
type Set = Awaited<ReturnType<typeof open>>;
const begin = (...words: readonly string[]) => run(backfill, ...ORDERS, ...words);
const idIn = (text: string) => /job ([0-9a-f-]{36})/i.exec(text)?.[1] ?? "";
const created = (set: Set) => set.asked().filter((operation) => operation === "CreateJob");

describe("cordon backfill", () => {
  it("T8 has a thousand objects looked at that were there before: each carries its tag then, and the report names each", async () => {
    const set = await open({ tasksPerInvocation: 20 });
    set.fill(960, { tags: { [TAG.key]: TAG.value } });
    set.fill(40, { prefix: "late/" });

    const { code, out, err } = await begin(...REPORT, "--report-all", "--yes");

    expect(set.tagged()).toBe(1_000);
    const id = set.sandbox.jobs[0]?.id ?? "";
    expect({ code, err: err.split(" goes on")[0] }).toEqual({ code: 0, err: `Job ${id}` });
    expect(out).toContain(
      "Bucket   orders in eu-central-1, of account 111122223333\nObjects  1,000, listed by S3 when",
    );
    expect(out).toContain(`Job ${id} is Complete: 1,000 objects, 1,000 looked at, 0 failed, in `);
    expect(out).toContain(`Report: s3://reports/cordon-backfill/job-${id}/manifest.json`);
    const report = set.sandbox.objects("reports").find(({ key }) => key.includes("/results/"));
    const rows = report?.body.trimEnd().split("\n") ?? [];
    expect(rows).toHaveLength(1_000);
    expect(rows[0]).toMatch(/^orders,2026\/order\+0\.csv,,succeeded,200,,"compliant: /);
    expect(rows.at(-1)).toMatch(/^orders,late\/order\+9\.csv,,succeeded,200,,"contained: /);
  }, 30_000);

  it("leaves alone the next time what carries its tag, by another job with nothing but its role's rights", async () => {
    const set = await open();
    set.fill(2);
    await begin("--yes");
    set.sit();
    const { code } = await begin(...REPORT, "--yes");
    expect(code).toBe(0);
    expect(set.sandbox.jobs).toMatchObject([{ succeeded: 2 }, { succeeded: 2 }]);
    expect(set.sandbox.calls.map(({ operation }) => operation)).not.toContain("PutObjectTagging");
    expect(set.sandbox.jobs[1]?.permissions.map(({ action }) => action)).toEqual([
      "s3:PutInventoryConfiguration",
      "lambda:InvokeFunction",
      "s3:PutObject",
    ]);
  });

  it("looks at objects below a prefix only, which no list of jobs tells", async () => {
    const set = await open();
    set.fill(2, { prefix: "2025/" });
    set.fill(3);
    const { code, out } = await begin("--prefix", "2026/", "--yes");
    expect(code).toBe(0);
    expect(out).toContain('Objects  3, whose keys begin with "2026/"');
    expect(set.tagged()).toBe(3);
    const listed = await run(backfill, "--list", "--json");
    expect(listed.out).toContain("cordon backfill cordon orders ");
    expect(listed.out).not.toContain("2026/");
  });

  it("tags in a bucket with versions the one that is current, whatever its key is made of", async () => {
    const set = await open();
    set.sandbox.createBucket({ name: "orders", versioning: true, tags: { [TAG.key]: TAG.value } });
    const key = 'Größe 1+1/100 %,"a"/名前.csv';
    for (const body of ["old", "new"]) set.sandbox.createObject({ bucket: "orders", key, body });
    expect((await begin("--yes")).code).toBe(0);
    expect(set.sandbox.objects("orders").map(({ body, tags }) => [body, tags])).toEqual([
      ["old", {}],
      ["new", { [TAG.key]: TAG.value }],
    ]);
  });

  it("changes nothing where the stack only observes, and says so beforehand", async () => {
    const set = await open({ mode: "observe" });
    set.fill(3);
    const { code, out } = await begin("--yes");
    expect(code).toBe(0);
    expect(out).toContain("Done     nothing is changed, for the stack's CORDON_MODE is observe");
    expect(set.tagged()).toBe(0);
    expect(set.journal.findings().map(({ status }) => status)).toEqual(["observed", "observed", "observed"]);
  });

  it("says when a person would be asked about each object", async () => {
    await open({ mode: "approve" });
    const { out } = await begin("--dry-run");
    expect(out).toContain("Done     nothing is changed, and a person is asked about each object that lacks its tag");
  });

  it("gives exit code 1 when objects failed, and tells where the report says why", async () => {
    const set = await open();
    set.fill(1);
    set.sandbox.faults.inject({ operation: "GetObjectTagging", kind: "server-error", times: Number.POSITIVE_INFINITY });
    const { code, out } = await begin(...REPORT, "--yes");
    expect(code).toBe(1);
    expect(out).toMatch(/is Complete: 1 object, 0 looked at, 1 failed, in/);
    expect(out).toMatch(/Report: s3:\/\/reports\/cordon-backfill\/job-/);
    const [failed] = set.sandbox.objects("reports").filter(({ key }) => key.endsWith(".csv"));
    expect(failed?.body).toContain("orders,2026/order+0.csv,,failed,200,TemporaryFailure,");
  });

  it("says the same as JSON and nothing else on stdout", async () => {
    const set = await open();
    set.fill(2);
    const dry = await begin("--dry-run", "--json");
    expect(JSON.parse(dry.out)).toMatchObject({
      isDryRun: true,
      outcome: "possible",
      preview: { bucket: "orders", estimate: { objects: { objects: 2, certainty: "exact" } }, notes: [] },
    });
    const { code, out } = await begin("--yes", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      outcome: "begun",
      preview: { roleArn: ROLE, list: { kind: "bucket", owner: ACCOUNT } },
      job: { status: "Complete", total: 2, succeeded: 2, failed: 0 },
    });
  });
});

describe("before it begins, cordon backfill", () => {
  it("shows with --dry-run what it would do, what that costs and how long it takes, and makes no job", async () => {
    const set = await open();
    set.fill(3);
    const { code, out, err } = await begin(...REPORT, "--dry-run");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Cost {5}about 0\.25 USD, and 0\.00 a month for tags and journal$/m);
    expect(out).toMatch(/^Time {5}about 1 s, with a hundred at a time$/m);
    expect(out).toContain("Report   what failed, in s3://reports/cordon-backfill/job-<id>/");
    expect(out).toMatch(/It could be begun; nothing was\.\n$/);
    expect(set.asked()).toEqual(["GetFunctionConfiguration", "HeadBucket", "HeadBucket", "ListObjectsV2", "ListJobs"]);
    expect(set.sandbox.jobs).toEqual([]);
  });

  it("asks, and makes no job without a terminal to ask on", async () => {
    const set = await open();
    const { code, err } = await begin();
    expect(code).toBe(2);
    expect(err).toContain("found no terminal to ask on; expected one, or --yes");
    expect(created(set)).toEqual([]);
  });

  it("begins nothing that may cost more than is allowed", async () => {
    const set = await open();
    set.fill(3);
    const { code, err } = await begin("--yes", "--max-usd", "0.2");
    expect([code, err]).toEqual([2, "Error: it may cost 0.25 USD; expected at most 0.2, as --max-usd says"]);
    expect(created(set)).toEqual([]);
    expect((await begin("--yes", "--max-usd", "0.3")).code).toBe(0);
  });

  it("counts an inventory's objects by the beginning of one of its files", async () => {
    const set = await open();
    const csv = gzipSync(Array.from({ length: 500 }, (_, n) => `"orders","2026/order+${n}.csv"\n`).join(""));
    const file = { key: "orders/daily/data/a.csv.gz", size: csv.length * 3 };
    const manifest = {
      sourceBucket: "orders",
      destinationBucket: "arn:aws:s3:::inventories",
      creationTimestamp: "1793494800000",
      fileFormat: "CSV",
      fileSchema: "Bucket, Key",
      files: [file],
    };
    const inventory = ["--inventory", "s3://inventories/orders/manifest.json"] as const;
    set.sandbox.createBucket({ name: "inventories" });
    set.sandbox.createObject({ bucket: "inventories", key: file.key, body: csv });
    set.sandbox.createObject({ bucket: "inventories", key: "orders/manifest.json", body: JSON.stringify(manifest) });

    const { code, out } = await begin(...inventory, "--dry-run");

    expect(code).toBe(0);
    expect(out).toContain("Objects  about 1,500, as the inventory lists them");
    expect(out).toContain(
      "Note     the inventory is of 2026-11-01T01:00:00.000Z, in 1 file: what came later is not in it",
    );
    const other = await run(backfill, "--bucket", "reports", ...inventory, "--dry-run");
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining("the inventory is of orders; expected one of"),
    ]);
  });

  it("takes a member's bucket by an inventory only, and only where the stack serves it", async () => {
    const member = { CORDON_MEMBER_ROLE: "cordon-member", CORDON_EXTERNAL_ID: "an-external-id" };
    await open({ settings: { ...member, CORDON_ACCOUNTS: "444455556666, 777788889999" } });
    const asked = async (account: string) => (await begin("--account", account, "--yes")).err;
    expect(await asked("777788889999")).toContain("expected --inventory, delivered to a bucket of that account");
    expect(await asked("222233334444")).toContain("or one of its CORDON_ACCOUNTS");
  });

  it.each(RIGHTS.filter(([action]) => !["s3:GetObject", "s3:UpdateJobStatus", "s3:DescribeJob"].includes(action)))(
    "names the right %s to whoever lacks it, and makes no job",
    async (action) => {
      const set = await open();
      set.sit(RIGHTS.filter(([each]) => each !== action));
      const { code, err } = await begin("--yes");
      expect([code, err]).toEqual([2, expect.stringContaining(action)]);
      expect(set.sandbox.jobs).toEqual([]);
    },
  );

  it.each<[string, readonly string[], string]>([
    ["a bucket that is not there", ["--bucket", "nowhere"], "there is no bucket nowhere"],
    ["a bucket of another Region", ["--bucket", "far"], "far lies in us-west-2 and the stack in eu-central-1"],
    ["another account's bucket", ["--bucket", "foreign"], "foreign is not 111122223333's, or you may not ask"],
    ["a bucket of an account not served", ["--bucket", "foreign", "--account", "444455556666"], "its own account only"],
    ["a report in another Region", [...ORDERS, "--report-bucket", "far"], "expected a bucket of 111122223333 in eu-c"],
    ["a report among the evidence", [...ORDERS, "--report-bucket", "cordon-evidence-1"], "where nobody but the arch"],
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
    const set = await open();
    set.sandbox.createBucket({ name: "far", region: "us-west-2" });
    set.sandbox.createBucket({ name: "foreign", account: "444455556666" });
    set.sandbox.createBucket({ name: "inventories" });
    set.sit([...RIGHTS, ["lambda:GetFunctionConfiguration", "*"]]);
    const { code, err } = await run(backfill, ...words, "--yes");
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(set.sandbox.jobs).toEqual([]);
  });
});

describe("a job of cordon backfill", () => {
  it("goes on when the command ends, and the same command looks on at it instead of making another", async () => {
    const set = await open();
    set.fill(30);
    const first = await begin("--yes", "--no-watch");
    const id = idIn(first.out);
    expect([first.code, first.out]).toEqual([0, expect.stringContaining(`Job ${id} is begun.`)]);
    const dry = await begin("--dry-run");
    expect(dry.out).toContain(`Job ${id} is under way for this`);

    const again = await begin("--yes");

    expect([again.code, again.err]).toEqual([0, expect.stringContaining(`Job ${id} is under way for this already.`)]);
    expect(again.out).toContain(`Job ${id} is Complete: 30 objects, 30 looked at, 0 failed`);
    expect(set.sandbox.jobs).toHaveLength(1);
    expect(set.tagged()).toBe(30);
    const later = await run(backfill, "--job", id);
    expect([later.code, later.out]).toEqual([0, expect.stringContaining(`Job ${id} is Complete`)]);
  });

  it("is made once, though the answer to its creation is lost", async () => {
    const set = await open();
    set.fill(2);
    set.sandbox.faults.inject({ operation: "CreateJob", kind: "reset-after" });
    const { code } = await begin("--yes");
    expect(code).toBe(0);
    expect(created(set)).toHaveLength(2);
    expect(set.sandbox.jobs).toHaveLength(1);
  });

  it("is watched on while AWS gives no answer for a while", async () => {
    const set = await open();
    set.fill(2);
    set.sandbox.faults.inject({ operation: "DescribeJob", kind: "server-error", times: 4 });
    expect((await begin("--yes")).code).toBe(0);
  });

  it("can be stopped: what is done stays done, and the next one does the rest", async () => {
    const set = await open();
    set.fill(40);
    const { out } = await begin("--yes", "--no-watch");

    const stopped = await run(backfill, "--job", idIn(out), "--cancel", "--yes");

    expect([stopped.code, stopped.out]).toEqual([0, expect.stringMatching(/is Cancelled: 40 objects, /)]);
    expect(set.tagged()).toBeLessThan(40);
    const late = await run(backfill, "--job", idIn(out), "--cancel", "--yes");
    expect([late.code, late.err]).toEqual([2, expect.stringContaining("can't be stopped any more: it is Cancelled")]);
    expect((await begin("--yes")).code).toBe(0);
    expect(set.tagged()).toBe(40);
    expect(set.sandbox.jobs.map(({ status }) => status)).toEqual(["Cancelled", "Complete"]);
  }, 20_000);

  it("is listed with the others of its stack, newest first", async () => {
    const set = await open();
    expect((await run(backfill, "--list")).out).toBe("cordon has no jobs of the last 90 days.\n");
    set.fill(1);
    await begin("--yes");
    await begin("--yes", "--prefix", "none/");
    const { code, out } = await run(backfill, "--list");
    expect(code).toBe(0);
    const [head, ...rows] = out.trimEnd().split("\n");
    expect(head).toMatch(/^JOB +STATUS +CREATED +OBJECTS +LOOKED AT +FAILED +BUCKET$/);
    expect(rows.map((row) => row.split(/ {2,}/).slice(3))).toEqual([
      ["0", "0", "0", "orders"],
      ["1", "1", "0", "orders"],
    ]);
  });

  it("that nobody made is unknown", async () => {
    await open();
    const { code, err } = await run(backfill, "--job", "00000000-0000-0000-0000-000000000000");
    expect([code, err]).toEqual([2, expect.stringContaining("there is no job 00000000-")]);
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
    ["least, that carries its tag", { [TAG.key]: TAG.value }, LEAST],
    ["most, that is read and gets its tag", {}, MOST],
  ])("at %s is no less than the function does", async (_, tags, counted) => {
    const set = await open();
    // Of a lower class than content could give it: its content is read.
    const isRead = Object.keys(tags).length === 0;
    set.sandbox.createBucket({ name: "orders", tags: { [TAG.key]: isRead ? "public" : TAG.value } });
    // The bucket's own tags are read once for many: the second object is looked at.
    for (const key of ["1.csv", "2.csv"])
      set.sandbox.createObject({ bucket: "orders", key, body: "id,total\n1,2\n", tags });
    await begin("--prefix", "1", "--yes");
    const before = spent(set);
    set.sit();
    await begin("--prefix", "2", "--yes");
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
