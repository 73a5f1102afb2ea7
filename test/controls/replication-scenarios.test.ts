import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed, World } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { findingId } from "../../shared/ids.ts";
import { isSameState } from "../../shared/lifecycle/difference.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result } from "../../shared/types.ts";
import { intercepted } from "../contract/ports.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { callsOf, policyWith, type StageOptions, stage } from "../support/stage.ts";

const ROLE = "arn:aws:iam::111122223333:role/replication";
const BUCKET = "eu-data";
const bucketRef = s3BucketRef(BUCKET, "111122223333", "eu-central-1");
if (bucketRef === undefined) throw new Error("the bucket's name is not one");
const ref = bucketRef;

function rule(id: string, destination: string, more: Partial<ReplicationRule> = {}): ReplicationRule {
  return {
    ID: id,
    Priority: [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 100_000,
    Status: "Enabled",
    Filter: { Prefix: `${id}/` },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: `arn:aws:s3:::${destination}` },
    ...more,
  };
}

function worldOf(rules: ReplicationRule[], more: Partial<BucketSeed> = {}): World {
  const replication: ReplicationConfiguration = { Role: ROLE, Rules: rules };
  return {
    buckets: [
      { name: BUCKET, region: "eu-central-1", versioning: true, tags: { "data-residency": "eu-only" }, replication, ...more },
      { name: "us-copy", region: "us-west-2", versioning: true },
      { name: "us-east-copy", region: "us-east-1", versioning: true },
      { name: "ireland-copy", region: "eu-west-1", versioning: true },
    ],
  };
}

/** A stage with what the scenarios do in it: a user's own access, and the rules' status. */
async function open(rules: ReplicationRule[], options: Partial<StageOptions> & { bucket?: Partial<BucketSeed> } = {}) {
  const set = await stage(control, { world: worldOf(rules, options.bucket), ...options });
  const user = set.sandbox.createPrincipal({ type: "IAMUser", name: "developer" });
  const configuration = () => set.sandbox.bucket(BUCKET).replication ?? null;
  const status = () => Object.fromEntries((configuration()?.Rules ?? []).map(({ ID, Status }) => [ID, Status]));
  const event = (name = "PutBucketReplication", id = `event-${set.clock.nowMs()}-${name}`) =>
    cloudTrailRecord(BUCKET, { name, atMs: set.clock.nowMs(), id, requestId: `USER${id}` });
  const asUser = async (act: (s3: ReturnType<typeof s3BucketsOnAws>) => Promise<unknown>) => {
    Object.assign(process.env, set.sandbox.environment(user));
    await act(s3BucketsOnAws(new AwsClients(), set.clock));
  };
  /** A user writes the whole configuration. */
  const configure = (next: ReplicationConfiguration | null) => asUser((s3) => s3.replication.write(ref, next));
  const retag = (tags: Record<string, string>) => {
    const { replication, versioning } = set.sandbox.bucket(BUCKET);
    set.sandbox.createBucket({ name: BUCKET, region: "eu-central-1", versioning: versioning === "Enabled", tags, ...(replication && { replication }) });
  };
  return { ...set, configuration, status, event, configure, retag };
}

const idOf = (part: string) => findingId(control.meta.id, ref, part);
const statusOf = (results: readonly Result[], part: string) => results.find((result) => result.findingId === idOf(part))?.status;

describe("R8: classification is a ratchet", () => {
  it.each([
    ["removed", "DeleteBucketTagging", {}],
    ["removed through TagResource's twin", "UntagResource", {}],
    ["lowered", "PutBucketTagging", { "data-residency": "public" }],
    ["lowered through TagResource", "TagResource", { "data-residency": "public" }],
  ])("a class tag that is %s frees nothing", async (_, call, tags) => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    set.retag(tags);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });

    const results = await set.container().results(set.event(call));

    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain("only a data owner's decision lowers a class");
  });

  it("a bucket classified after replication was set up is contained then", async () => {
    const set = await open([rule("to-us", "us-copy")], { bucket: { tags: { "data-residency": "public" } } });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("compliant");
    set.retag({ "data-residency": "eu-only" });
    expect(statusOf(await set.container().results(set.event("PutBucketTagging")), "to-us")).toBe("contained");
  });

  it("a policy change makes an old rule a violation", async () => {
    const set = await open([rule("to-ireland", "ireland-copy")]);
    expect(statusOf(await set.container().results(set.event()), "to-ireland")).toBe("compliant");
    const narrower = policyWith({ jurisdictions: { eu: { regions: ["eu-central-1"] } } });
    const results = await set.container({ policy: narrower }).results(set.event("PutBucketTagging"));
    expect(statusOf(results, "to-ireland")).toBe("contained");
  });

  it("a journalled class that the policy no longer knows needs approval", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const renamed = policyWith({
      classifications: [{ name: "restricted", rank: 50, residency: ["eu"] }],
      unclassified: { treatAs: "restricted" },
      trustedTags: [],
    });
    expect(statusOf(await set.container({ policy: renamed }).results(set.event()), "to-us")).toBe("awaiting-approval");
  });
});

describe("when AWS refuses the change (PassRole denied)", () => {
  it("deletes the configuration if every enabled rule offends, keeps it as `before`, and puts it back exactly", async () => {
    const rules = [rule("us-a", "us-copy"), rule("us-b", "us-east-copy"), rule("old", "us-copy", { Status: "Disabled" })];
    const set = await open(rules);
    const before = set.configuration();
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });

    const results = await set.container().results(set.event());

    expect(statusOf(results, "us-a")).toBe("contained");
    expect(set.configuration()).toBeNull();
    expect(callsOf(set.sandbox).writes).toEqual(["PutBucketReplication", "DeleteBucketReplication"]);
    expect(JSON.parse(String(set.journal.runs()[0]?.plan)).before).toEqual(before);
    expect(set.journal.finding(idOf("us-a"))?.notes.join()).toContain("was taken away");
    // Rules that are no longer there were removed by Cordon: their findings stay contained.
    const later = await set.container().results(set.event("PutBucketTagging"));
    expect(later.every(({ status }) => status !== "contained")).toBe(true);
    expect(set.journal.finding(idOf("us-a"))?.status).toBe("contained");

    allow();
    const container = set.container();
    expect((await container.rollBack(idOf("us-a"))).status).toBe("exempt");
    expect(set.status()).toEqual({ "us-a": "Enabled", "us-b": "Disabled", old: "Disabled" });
    expect((await container.rollBack(idOf("us-b"))).status).toBe("exempt");
    expect(isSameState(set.configuration(), before)).toBe(true);
  });

  it("changes nothing, asks for approval and opens a critical ticket if a compliant rule would go with it", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")]);
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("awaiting-approval");
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-ireland": "Enabled" });
    expect(set.journal.finding(idOf("to-us"))).toMatchObject({ severity: "critical", status: "awaiting-approval" });
  });

  it("does the same when deleting is refused as well, and does not try again at every event", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("awaiting-approval");
    set.sandbox.clearCalls();
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("awaiting-approval");
    expect(callsOf(set.sandbox).writes).toEqual([]);

    allow();
    set.advance(61_000);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });
});

describe("the end of a finding", () => {
  it.each<[string, ReplicationConfiguration | null]>([
    ["its rule is removed", null],
    ["its rule points inside the jurisdiction", { Role: ROLE, Rules: [rule("to-us", "ireland-copy")] }],
  ])("is resolved when %s", async (_, next) => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.configure(next);
    await set.container().results(set.event());
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
    expect(set.journal.evidence().at(-1)).toMatchObject({ kind: "resolved", occurrence: 1 });
  });

  it("a configuration that can't be read resolves nothing, and is a finding of its own until it can", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "s3:GetReplicationConfiguration" });
    const blind = await set.container().results(set.event());
    expect(blind.map(({ status }) => status)).toEqual(["awaiting-approval"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    allow();
    await set.container().results(set.event());
    expect(set.journal.finding(idOf("(configuration)"))?.status).toBe("resolved");
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
  });

  it("a bucket that is deleted takes its findings with it", async () => {
    const set = await open([rule("to-us", "us-copy")], { mode: "observe" });
    await set.container().results(set.event());
    const gone = await set.container({ wrap: (cordon) => intercepted(cordon, async (name, ask) => (name.endsWith(".read") ? { kind: "absent", reason: "the bucket is gone" } : ask())) }).results(set.event());
    expect(gone.at(-1)?.status).toBe("ignored");
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
  });
});

describe("somebody else writes meanwhile", () => {
  it("after our write and before it is verified: live state is judged again, and the offending rule is off in the end", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    let interfered = false;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          const answer = await ask();
          if (name.endsWith(".write") && !interfered) {
            interfered = true;
            await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")] });
          }
          return answer;
        }),
    });

    const results = await container.results(set.event());

    expect(statusOf(results, "to-us")).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled", "to-ireland": "Enabled" });
    expect(set.journal.runs().map(({ status }) => status)).toEqual(["drifted", "verified"]);
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toMatchObject([{ occurrence: 1 }]);
  });

  it("adding a compliant rule does not undo the containment in the journal", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          const answer = await ask();
          if (name.endsWith(".write")) {
            await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy", { Status: "Disabled" }), rule("to-ireland", "ireland-copy")] });
          }
          return answer;
        }),
    });
    expect(statusOf(await container.results(set.event()), "to-us")).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled", "to-ireland": "Enabled" });
    // Not as Cordon left it: a rollback would take somebody's change with it.
    expect((await set.container().rollBack(idOf("to-us"))).status).toBe("refused");
  });
});

describe("an exception", () => {
  it("does not cover the rule once it points elsewhere", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.container().rollBack(idOf("to-us"));
    set.advance(120_000);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-east-copy")] });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain("granted for another destination");
  });

  it("ends at its second, not before and not after", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    const expiresAtMs = set.clock.nowMs() + 3_600_000;
    await set.container().rollBack(idOf("to-us"), { expiresAtMs });
    set.advance(expiresAtMs - set.clock.nowMs() - 1);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("exempt");
    set.advance(1);
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.occurrence).toBe(2);
  });

  it("is refused when Cordon may not change anything", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    const refused = await set.container({ mode: "observe" }).rollBack(idOf("to-us"));
    expect(refused).toMatchObject({ status: "refused" });
    expect(set.status()).toEqual({ "to-us": "Disabled" });
  });
});

describe("large configurations", () => {
  it("two hundred offending rules are all contained, in runs of forty", async () => {
    const rules = Array.from({ length: 200 }, (_, index) => rule(`to-us-${index}`, "us-copy", { Priority: index }));
    const set = await open(rules);
    const results = await set.container().results(set.event());
    expect(results.filter(({ status }) => status === "contained")).toHaveLength(200);
    expect(new Set(Object.values(set.status()))).toEqual(new Set(["Disabled"]));
    expect(callsOf(set.sandbox).writes).toHaveLength(5);
  });

  it("a configuration too large for one item of the table is journalled in pieces, and restored exactly", async () => {
    const noise = (seed: number) => Array.from({ length: 240 }, (_, i) => ((seed * 7919 + i * 104_729) % 36).toString(36)).join("");
    const rules = Array.from({ length: 900 }, (_, index) =>
      rule(`r${index}-${noise(index)}`, index === 0 ? "us-copy" : "ireland-copy", { Priority: index, Filter: { Prefix: noise(index + 31) } }),
    );
    const set = await open(rules);
    const before = set.configuration();
    const results = await set.container().results(set.event());
    const contained = results.find(({ status }) => status === "contained");
    expect(set.journal.runs()[0]?.planPieces).toBeGreaterThan(0);
    expect((await set.container().rollBack(String(contained?.findingId))).status).toBe("exempt");
    expect(set.configuration()).toEqual(before);
  });
});

describe("limits", () => {
  it("past the limit of automatic changes the reversible stop goes on, critical, and nothing is deleted", async () => {
    const set = await open([rule("to-us", "us-copy")], { policy: { limits: { automaticChanges: { count: 1, windowMinutes: 60 } } } });
    await set.container().results(set.event());
    set.advance(120_000);
    await set.configure({ Role: ROLE, Rules: [rule("again", "us-copy")] });
    await set.container().results(set.event());
    expect(set.journal.finding(idOf("again"))).toMatchObject({ status: "contained", severity: "critical" });

    set.advance(120_000);
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    await set.configure({ Role: ROLE, Rules: [rule("third", "us-copy")] });
    await set.container().results(set.event());
    expect(set.journal.finding(idOf("third"))).toMatchObject({ status: "awaiting-approval", severity: "critical" });
    expect(set.status()).toEqual({ third: "Enabled" });
  });
});

describe("the Region of a destination", () => {
  it("is read again once the cache is older than five minutes, so that a bucket created again elsewhere is noticed", async () => {
    const set = await open([rule("copy", "ireland-copy")]);
    const container = set.container();
    expect(statusOf(await container.results(set.event()), "copy")).toBe("compliant");
    set.sandbox.createBucket({ name: "ireland-copy", region: "us-west-2", versioning: true });
    set.advance(5 * 60_000 - 1);
    expect(statusOf(await container.results(set.event("PutBucketTagging")), "copy")).toBe("compliant");
    set.advance(1);
    expect(statusOf(await container.results(set.event("PutBucketTagging")), "copy")).toBe("contained");
  });

  it("is not asked for rules that are off", async () => {
    const set = await open([rule("old", "us-copy", { Status: "Disabled" })]);
    await set.container().results(set.event());
    expect(callsOf(set.sandbox).s3).not.toContain("HeadBucket");
  });
});

describe("R10: a user enables the rule again", () => {
  it("is contained again as the next occurrence, in the same finding, with the count", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event());
    set.advance(5_000);
    await set.configure(before);
    const results = await set.container().results(set.event());
    expect(results[0]).toMatchObject({ status: "contained", occurrence: 2 });
    expect(set.journal.findings()).toHaveLength(1);
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained").map(({ occurrence }) => occurrence)).toEqual([1, 2]);
  });
});
