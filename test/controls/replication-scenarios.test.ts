import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed, World } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import { differences, isSameState } from "../../shared/lifecycle/difference.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result } from "../../shared/types.ts";
import { deathAt, intercepted, staleReads } from "../contract/ports.ts";
import { cloudTrailRecord, sqs } from "../support/events.ts";
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
      {
        name: BUCKET,
        region: "eu-central-1",
        versioning: true,
        tags: { "data-residency": "eu-only" },
        replication,
        ...more,
      },
      { name: "us-copy", region: "us-west-2", versioning: true },
      { name: "us-east-copy", region: "us-east-1", versioning: true },
      { name: "ireland-copy", region: "eu-west-1", versioning: true },
    ],
  };
}

/** As CloudTrail tells it: one rule is an object, several are a list. */
function asTold(configuration: ReplicationConfiguration | null) {
  const rules = configuration?.Rules ?? [];
  return { Role: configuration?.Role, Rule: rules.length === 1 ? rules[0] : rules };
}

/** A stage with what the scenarios do in it: a user's own access, and the rules' status. */
async function open(rules: ReplicationRule[], options: Partial<StageOptions> & { bucket?: Partial<BucketSeed> } = {}) {
  const set = await stage(control, { world: worldOf(rules, options.bucket), ...options });
  const user = set.sandbox.createPrincipal({ type: "IAMUser", name: "developer" });
  const configuration = () => set.sandbox.bucket(BUCKET).replication ?? null;
  const status = () => Object.fromEntries((configuration()?.Rules ?? []).map(({ ID, Status }) => [ID, Status]));
  /** An event that tells of what is live. */
  const event = (name = "PutBucketReplication", id = `event-${set.clock.nowMs()}-${name}`) => ({
    ...cloudTrailRecord(BUCKET, { name, atMs: set.clock.nowMs(), id, requestId: `USER${id}` }),
    requestParameters: {
      bucketName: BUCKET,
      ...(name === "PutBucketReplication" && { ReplicationConfiguration: asTold(configuration()) }),
    },
  });
  const asUser = async (act: (s3: ReturnType<typeof s3BucketsOnAws>) => Promise<unknown>) => {
    Object.assign(process.env, set.sandbox.environment(user));
    await act(s3BucketsOnAws(new AwsClients(), set.clock));
  };
  /** A user writes the whole configuration. */
  const configure = (next: ReplicationConfiguration | null) => asUser((s3) => s3.replication.write(ref, next));
  const retag = (tags: Record<string, string>) => {
    const { replication, versioning } = set.sandbox.bucket(BUCKET);
    set.sandbox.createBucket({
      name: BUCKET,
      region: "eu-central-1",
      versioning: versioning === "Enabled",
      tags,
      ...(replication && { replication }),
    });
  };
  return { ...set, configuration, status, event, configure, retag };
}

const idOf = (part: string) => findingId(control.meta.id, ref, part);
const statusOf = (results: readonly Result[], part: string) =>
  results.find((result) => result.findingId === idOf(part))?.status;

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
    const rules = [
      rule("us-a", "us-copy"),
      rule("us-b", "us-east-copy"),
      rule("old", "us-copy", { Status: "Disabled" }),
    ];
    const set = await open(rules);
    const before = set.configuration();
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });

    const results = await set.container().results(set.event());

    expect(statusOf(results, "us-a")).toBe("contained");
    expect(set.configuration()).toBeNull();
    expect(callsOf(set.sandbox).writes).toEqual(["PutBucketReplication", "DeleteBucketReplication"]);
    expect(JSON.parse(String(set.journal.runs()[0]?.content)).plan.before).toEqual(before);
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
    const gone = await set
      .container({
        wrap: (cordon) =>
          intercepted(cordon, async (name, ask) =>
            name.endsWith(".read") ? { kind: "absent", reason: "the bucket is gone" } : ask(),
          ),
      })
      .results(set.event());
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
            await set.configure({
              Role: ROLE,
              Rules: [rule("to-us", "us-copy", { Status: "Disabled" }), rule("to-ireland", "ireland-copy")],
            });
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
  it("two hundred offending rules are all contained, in one write", async () => {
    const rules = Array.from({ length: 200 }, (_, index) => rule(`to-us-${index}`, "us-copy", { Priority: index }));
    const set = await open(rules);
    const results = await set.container().results(set.event());
    expect(results.filter(({ status }) => status === "contained")).toHaveLength(200);
    expect(new Set(Object.values(set.status()))).toEqual(new Set(["Disabled"]));
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });

  it("a configuration too large for one item of the table is journalled in pieces, and restored exactly", async () => {
    const noise = (seed: number) =>
      Array.from({ length: 240 }, (_, i) => ((seed * 7919 + i * 104_729) % 36).toString(36)).join("");
    const rules = Array.from({ length: 900 }, (_, index) =>
      rule(`r${index}-${noise(index)}`, index === 0 ? "us-copy" : "ireland-copy", {
        Priority: index,
        Filter: { Prefix: noise(index + 31) },
      }),
    );
    const set = await open(rules);
    const before = set.configuration();
    const results = await set.container().results(set.event());
    const contained = results.find(({ status }) => status === "contained");
    expect(set.journal.runs()[0]?.pieces).toBeGreaterThan(0);
    expect((await set.container().rollBack(String(contained?.findingId))).status).toBe("exempt");
    expect(set.configuration()).toEqual(before);
  });
});

describe("limits", () => {
  it("past the limit of automatic changes the reversible stop goes on, critical, and nothing is deleted", async () => {
    const set = await open([rule("to-us", "us-copy")], {
      policy: { limits: { automaticChanges: { count: 1, windowMinutes: 60 } } },
    });
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

  it("costs one call less while it is cached: a compliant event is two S3 calls and one update then", async () => {
    const set = await open([rule("copy", "ireland-copy")]);
    const container = set.container();
    await container.results(set.event());
    set.sandbox.clearCalls();
    await container.results(set.event());
    const { s3, table } = callsOf(set.sandbox);
    expect({ s3: s3.length, table: table.length }).toEqual({ s3: 2, table: 1 });
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
    expect(
      set.journal
        .evidence()
        .filter(({ kind }) => kind === "contained")
        .map(({ occurrence }) => occurrence),
    ).toEqual([1, 2]);
  });
});

describe("what a class may be lowered to", () => {
  it("does not depend on numbers: ranks given anew by policy free nothing", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    set.retag({ "data-residency": "public" });
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const renumbered = policyWith({
      classifications: [
        {
          name: "public",
          rank: 60,
          residency: "anywhere",
          recognisedBy: [{ bucketTag: { key: "data-residency", value: "public" } }],
        },
        {
          name: "eu-only",
          rank: 100,
          residency: ["eu"],
          recognisedBy: [{ bucketTag: { key: "data-residency", value: "eu-only" } }],
        },
      ],
    });
    expect(statusOf(await set.container({ policy: renumbered }).results(set.event()), "to-us")).toBe("contained");
  });

  it("a first tag below the default needs a person: it is neither contained nor free", async () => {
    const set = await open([], { bucket: { tags: {} } });
    await set.container().results(set.event("PutBucketTagging"));
    set.retag({ "data-residency": "public" });
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("awaiting-approval");
    expect(results[0]?.reasons.join()).toContain("a data owner has to confirm");
    expect(callsOf(set.sandbox).writes.filter((call) => call !== "PutBucketReplication")).toEqual([]);
  });

  it("the default of today counts for what was never tagged", async () => {
    const set = await open([rule("to-us", "us-copy", { Status: "Disabled" })], { bucket: { tags: {} } });
    await set.container().results(set.event());
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const lenient = policyWith({ unclassified: { treatAs: "public" } });
    expect(statusOf(await set.container({ policy: lenient }).results(set.event()), "to-us")).toBe("compliant");
  });

  it("an exception ends when the data's class rises", async () => {
    const classes = {
      classifications: [
        {
          name: "eu-only",
          rank: 50,
          residency: ["eu"],
          recognisedBy: [{ bucketTag: { key: "data-residency", value: "eu-only" } }],
        },
        {
          name: "secret",
          rank: 90,
          residency: ["eu"],
          recognisedBy: [{ bucketTag: { key: "data-residency", value: "secret" } }],
        },
      ],
    };
    const set = await open([rule("to-us", "us-copy")], { policy: classes });
    await set.container().results(set.event());
    await set.container().rollBack(idOf("to-us"));
    set.advance(120_000);
    set.retag({ "data-residency": "secret" });
    const results = await set.container().results(set.event("PutBucketTagging"));
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain('granted for "eu-only" data');
  });
});

describe("when AWS doesn't answer", () => {
  const failing = (times: number, matches: (name: string) => boolean, isDone = false): StageOptions["wrap"] => {
    let left = times;
    return (cordon) =>
      intercepted(cordon, async (name, ask) => {
        if (!matches(name) || left <= 0) return ask();
        left--;
        if (isDone) await ask();
        throw new CordonError("unavailable", "AWS gave no usable answer");
      });
  };
  const isWrite = (name: string) => name.endsWith(".write");

  it.each([
    ["had no effect", false, 1],
    ["had its effect", true, 1],
  ])("a write that %s is looked at again and contained within the same invocation", async (_, isDone, writes) => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(1, isWrite, isDone);
    const results = await set.container({ ...(wrap && { wrap }) }).results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(writes);
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(1);
  });

  it("a write that never goes through is told: there is a finding, and a ticket from it, before anything is contained", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(100, isWrite);
    const results = await set.container({ ...(wrap && { wrap }) }).results(set.event());
    expect(results.map(({ status }) => status)).toEqual(["inconclusive"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("containing");
  });

  it("a re-read without an answer loses no receipt", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    let written = false;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          if (isWrite(name)) written = true;
          if (written && name.endsWith(".read")) throw new CordonError("unavailable", "AWS gave no usable answer");
          return ask();
        }),
    });
    await container.results(set.event());
    expect(set.journal.runs()[0]).toMatchObject({ status: "inconclusive", receipts: [{ outcome: "accepted" }] });
    expect(set.journal.resource().ownRequests).toHaveLength(1);
    const later = await set.container().results(set.event("PutBucketTagging"));
    expect(statusOf(later, "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });

  it("one destination without an answer holds up only its own rule, which is looked at again", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("to-east", "us-east-copy")]);
    const deaf: StageOptions["wrap"] = (cordon) => ({
      ...cordon,
      ports: {
        s3: {
          ...cordon.ports.s3,
          regionOf: async (name, from) => {
            if (name === "us-east-copy")
              throw new CordonError("unavailable", "AWS gave no usable answer to HeadBucket");
            return cordon.ports.s3.regionOf(name, from);
          },
        },
      },
    });
    const answer = await set.container({ wrap: deaf }).results(set.event());
    expect(statusOf(answer, "to-us")).toBe("contained");
    expect(statusOf(answer, "to-east")).toBe("inconclusive");
    expect(set.journal.finding(idOf("to-east"))).toMatchObject({ status: "inconclusive" });
    expect(statusOf(await set.container().results(set.event()), "to-east")).toBe("contained");
  });

  it("a destination without an answer is not passed over where all else is compliant", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("old", "us-copy", { Status: "Disabled" })]);
    const deaf = failing(100, (name) => name.endsWith("regionOf"));
    const answer = await set.container({ ...(deaf && { wrap: deaf }) }).send(sqs(set.event()));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(callsOf(set.sandbox).writes).toEqual([]);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("a table busy with another transaction is asked again", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    set.sandbox.faults.inject({
      operation: "TransactWriteItems",
      kind: "error",
      errorCode: "TransactionCanceledException",
      members: { CancellationReasons: [{ Code: "TransactionConflict" }] },
      times: 2,
    });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });
});

describe("a tug of war within one invocation", () => {
  it("is not fought at full speed: after the limit it waits, and says that the data moves", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    let round = 0;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          const answer = await ask();
          if (name.endsWith(".write"))
            await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy", { Priority: ++round })] });
          return answer;
        }),
    });
    const results = await container.results(set.event());
    const own = set.sandbox.calls.filter(
      (call) => call.operation === "PutBucketReplication" && call.principal.includes("cordon-"),
    );
    expect(own).toHaveLength(3);
    expect(statusOf(results, "to-us")).toBe("inconclusive");
    expect(set.journal.finding(idOf("to-us"))).toMatchObject({ status: "waiting", severity: "critical" });
  });

  it("a rule enabled again in the very second of its containment is contained at once", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event("PutBucketReplication", "first"));
    await set.configure(before);
    const results = await set.container().results(set.event("PutBucketReplication", "second"));
    expect(results[0]).toMatchObject({ status: "contained", occurrence: 2 });
  });

  it("a message that has to wait is delivered again when its time has come, not when the queue's is over", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const lag = staleReads(1);
    const container = set.container(lag);
    await container.results(set.event());
    lag.left = 5;
    await container.send(sqs(set.event("PutBucketTagging")));
    const [call] = set.sandbox.calls.filter(({ operation }) => operation === "ChangeMessageVisibility");
    expect(call?.input).toMatchObject({ VisibilityTimeout: 31 });
  });
});

describe("a write of somebody else's that ours may have overwritten", () => {
  it("is told once, with its event, from CloudTrail", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event("PutBucketReplication", "cause"));
    const lost = {
      ...set.event("PutBucketReplication", "lost"),
      ...{
        requestParameters: {
          bucketName: BUCKET,
          ReplicationConfiguration: asTold({ Role: ROLE, Rules: [rule("mine", "ireland-copy")] }),
        },
      },
    };
    // Live state doesn't show it, and perhaps not yet: first it is looked at again.
    expect((await set.container().send(sqs(lost))).batchItemFailures).toHaveLength(1);
    set.advance(31_000);
    await set.container().results(lost);
    await set.container().results(lost);
    const finding = set.journal.finding(idOf("to-us"));
    expect(finding).toMatchObject({ status: "contained", severity: "critical" });
    expect(finding?.notes.join()).toContain("may have been overwritten: compare CloudTrail event lost");
    expect(
      set.journal.evidence().filter(({ content }) => JSON.stringify(content).includes("may have been overwritten")),
    ).toHaveLength(1);
  });
});

describe("the journal's size", () => {
  it("stays bounded when rules come and go under new names", async () => {
    const set = await open([], { mode: "observe" });
    for (let round = 0; round < 5; round++) {
      await set.configure({
        Role: ROLE,
        Rules: Array.from({ length: 50 }, (_, index) => rule(`r${round}-${index}`, "us-copy", { Priority: index })),
      });
      await set.container().results(set.event());
    }
    const states = Object.values(set.journal.resource().findings);
    expect(states.filter(({ status }) => status === "observed")).toHaveLength(50);
    expect(states.filter(({ status }) => status === "resolved").length).toBeLessThanOrEqual(100);
  });

  it("takes forty rules full of long tags, and a fallback that deletes a large configuration", async () => {
    const long = (seed: string, length: number) => `${seed}${"\u4e2d".repeat(length - seed.length)}`;
    const Tags = Array.from({ length: 10 }, (_, index) => ({
      Key: long(`k${index}`, 128),
      Value: long(`v${index}`, 256),
    }));
    const rules = Array.from({ length: 45 }, (_, index) =>
      rule(`r${index}`, "us-copy", { Priority: index, Filter: { And: { Prefix: `p${index}/`, Tags } } }),
    );
    const set = await open(rules);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    const before = set.configuration();
    const results = await set.container().results(set.event());
    expect(results.filter(({ status }) => status === "contained")).toHaveLength(45);
    expect(set.configuration()).toBeNull();
    allow();
    for (const { findingId: id } of results.slice(0, 2))
      expect((await set.container().rollBack(String(id))).status).toBe("exempt");
    expect(set.status()).toMatchObject({ r0: "Enabled", r1: "Enabled", r2: "Disabled" });
    expect(differences(before, set.configuration()).map(({ path }) => path)).toHaveLength(43);
  });
});

describe("a look too early, when S3 still shows what was before the call", () => {
  const asked = (rules: unknown) => ({
    requestParameters: { bucketName: BUCKET, ReplicationConfiguration: { Role: ROLE, Rule: rules } },
  });

  it.each([
    ["a rule that is not there yet", asked(rule("to-us", "us-copy")), "PutBucketReplication"],
    ["one of several rules", asked([rule("a", "ireland-copy"), rule("to-us", "us-copy")]), "PutBucketReplication"],
    [
      "a class tag",
      {
        requestParameters: {
          bucketName: BUCKET,
          Tagging: { TagSet: { Tag: { Key: "data-residency", Value: "secret" } } },
        },
      },
      "PutBucketTagging",
    ],
  ])("%s is looked at again instead of being taken for compliant", async (_, request, name) => {
    const set = await open([rule("a", "ireland-copy")]);
    const event = { ...set.event(name), ...request };
    const answer = await set.container().send(sqs(event));
    expect(answer.batchItemFailures).toHaveLength(1);
    set.advance(31_000);
    expect((await set.container().send(sqs(event))).batchItemFailures).toEqual([]);
  });

  it("what is shown is taken at once, tags turned into numbers and truths by CloudTrail included", async () => {
    const set = await open([rule("a", "ireland-copy")], {
      bucket: { tags: { "data-residency": "eu-only", year: "2024", pii: "true" } },
    });
    const Tag = [
      { Key: "year", Value: 2024 },
      { Key: "pii", Value: true },
    ];
    const event = {
      ...set.event("PutBucketTagging"),
      requestParameters: { bucketName: BUCKET, Tagging: { TagSet: { Tag } } },
    };
    expect((await set.container().send(sqs(event))).batchItemFailures).toEqual([]);
    const put = { ...set.event(), ...asked(rule("a", "ireland-copy")) };
    expect((await set.container().send(sqs(put))).batchItemFailures).toEqual([]);
  });
});

describe("the brake", () => {
  it("stops what Cordon does by itself, not a person's rollback", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: true, reason: "incident", by: "on-call" });
    expect((await set.container().rollBack(idOf("to-us"))).status).toBe("exempt");
    expect(set.status()).toEqual({ "to-us": "Enabled" });
  });
});

describe("what a stale or missing answer must not do", () => {
  it("a destination without an answer resolves nothing that is switched on again", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event());
    set.advance(40_000);
    await set.configure(before);
    const deaf: StageOptions["wrap"] = (cordon) =>
      intercepted(cordon, async (name, ask) => {
        if (name.endsWith("regionOf")) throw new CordonError("unavailable", "AWS gave no usable answer to HeadBucket");
        return ask();
      });
    const results = await set.container({ wrap: deaf }).results(set.event());
    expect(statusOf(results, "to-us")).toBe("inconclusive");
    expect(set.journal.finding(idOf("to-us"))).toMatchObject({ status: "inconclusive", occurrence: 2 });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("a look that may be stale for one rule is no ground for a plan on another: what was contained is never switched on again", async () => {
    const set = await open([rule("a", "us-copy"), rule("b", "ireland-copy")]);
    const lag = staleReads(1);
    const container = set.container(lag);
    await container.results(set.event());
    expect(set.status()).toEqual({ a: "Disabled", b: "Enabled" });
    // Meanwhile "b" offends as well, by policy; the next look is as stale as the state before the write was.
    const narrower = policyWith({ jurisdictions: { eu: { regions: ["eu-central-1"] } } });
    lag.left = 2;
    const other = set.container({ ...lag, policy: narrower });
    const results = await other.results(set.event("PutBucketTagging"));
    expect(results.map(({ status }) => status)).toEqual(["inconclusive", "inconclusive"]);
    expect(set.status()).toEqual({ a: "Disabled", b: "Enabled" });
    set.advance(31_000);
    await set.container({ policy: narrower }).results(set.event("PutBucketTagging"));
    expect(set.status()).toEqual({ a: "Disabled", b: "Disabled" });
  });

  it("a rule switched on again that live state doesn't show yet is looked at again, also while its finding is open", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event());
    set.advance(5_000);
    await set.configure(before);
    const event = set.event("PutBucketReplication", "again");
    let stale = 2;
    const late: StageOptions["wrap"] = (cordon) =>
      intercepted(cordon, async (name, ask) => {
        const answer = (await ask()) as { state?: ReplicationConfiguration };
        if (!name.endsWith(".read") || stale-- <= 0) return answer;
        return { kind: "present", state: { Role: ROLE, Rules: [rule("to-us", "us-copy", { Status: "Disabled" })] } };
      });
    const answer = await set.container({ wrap: late }).send(sqs(event));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    expect(statusOf(await set.container().results(event), "to-us")).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled" });
  });

  it("tags that can't be read do not switch off what the journal knows of the class", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")] });
    set.sandbox.deny({ principal: set.role.arn, action: "s3:GetBucketTagging" });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(statusOf(results, "to-ireland")).toBe("awaiting-approval");
  });
});

describe("after a crash, when somebody has changed the configuration since", () => {
  it("a part that is as the run was to leave it counts as contained, with its way back", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const death = deathAt(7, "after");
    await set
      .container({ wrap: death.wrap })
      .results(set.event())
      .catch((error) => {
        if (!death.isCause(error)) throw error;
      });
    expect(set.status()).toEqual({ "to-us": "Disabled" });
    await set.configure({ Role: ROLE, Rules: [...(set.configuration()?.Rules ?? []), rule("mine", "ireland-copy")] });
    set.advance(180_000);
    await set.container().results(set.event("PutBucketTagging"));
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    const refused = await set.container().rollBack(idOf("to-us"));
    expect(refused).toMatchObject({ status: "refused" });
    expect(refused.changes.map(({ path }) => path)).toEqual(["Rules[mine]"]);
  });

  it("a configuration that its owner took away is not booked as Cordon's own fallback", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const death = deathAt(6, "after");
    await set
      .container({ wrap: death.wrap })
      .results(set.event())
      .catch((error) => {
        if (!death.isCause(error)) throw error;
      });
    await set.configure(null);
    set.advance(180_000);
    await set.container().results(set.event("PutBucketTagging"));
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toEqual([]);
  });

  it("a huge configuration put over ours doesn't keep the run from being recorded", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const huge = Array.from({ length: 400 }, (_, index) =>
      rule(`r${index}`, "ireland-copy", { Priority: index, Filter: { Prefix: `${index}/${"x".repeat(1000)}` } }),
    );
    let isPut = false;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          const answer = await ask();
          if (name.endsWith(".write") && !isPut) {
            isPut = true;
            await set.configure({ Role: ROLE, Rules: huge });
          }
          return answer;
        }),
    });
    await container.results(set.event());
    expect(set.journal.runs()[0]).toMatchObject({ status: "drifted", receipts: [{ outcome: "accepted" }] });
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
  });
});

describe("a rollback", () => {
  it("is refused when the part itself was changed after its containment, also with another run in between", async () => {
    const set = await open([rule("a", "us-copy"), rule("b", "ireland-copy")]);
    await set.container().results(set.event());
    set.advance(60_000);
    // The disabled rule is narrowed by hand, then another one offends and is contained.
    await set.configure({
      Role: ROLE,
      Rules: [rule("a", "us-copy", { Status: "Disabled", Filter: { Prefix: "only-public/" } }), rule("b", "us-copy")],
    });
    await set.container().results(set.event());
    expect(set.status()).toEqual({ a: "Disabled", b: "Disabled" });
    const refused = await set.container().rollBack(idOf("a"));
    expect(refused.status).toBe("refused");
    expect(refused.changes.map(({ path }) => path)).toEqual(["Rules[a].Filter.Prefix"]);
    expect((await set.container().rollBack(idOf("b"))).status).toBe("exempt");
  });
});

describe("AWS's refusal", () => {
  it("holds for what was refused: another destination is tried at once", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    await set.container().results(set.event());
    allow();
    set.advance(2_000);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-east-copy")] });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("is tried again by the queue when its time is over", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    await set.container().results(set.event());
    const answer = await set.container().send(sqs(set.event("PutBucketTagging")));
    expect(answer.batchItemFailures).toHaveLength(1);
  });
});

describe("two controls on one bucket", () => {
  /** Another control on the same state, which knows rules below `enc/` only. */
  const second: typeof control = {
    ...control,
    meta: { ...control.meta, id: "s3-replication-is-encrypted" },
    async detect(resource, ports) {
      const detection = await control.detect(resource, ports);
      if (detection.kind !== "present") return detection;
      const findings = detection.findings
        .filter(({ part }) => part.startsWith("enc"))
        .map((finding) => ({
          ...finding,
          controlId: "s3-replication-is-encrypted",
          id: findingId("s3-replication-is-encrypted", resource, finding.part),
        }));
      return { ...detection, findings };
    },
  };

  it("keep their findings, runs and ways back apart, and share the class", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("enc", "ireland-copy")]);
    await set.container().results(set.event());
    const other = await set.container({ control: second }).results(set.event("PutBucketTagging"));
    expect(other.map(({ status }) => status)).toEqual(["compliant"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");

    await set.configure({
      Role: ROLE,
      Rules: [rule("to-us", "us-copy", { Status: "Disabled" }), rule("enc", "us-copy")],
    });
    set.advance(60_000);
    const enforced = policyWith({ controls: { "s3-replication-stays-in-jurisdiction": { mode: "enforce" } } });
    const policy = { ...enforced, modes: { ...enforced.modes, "s3-replication-is-encrypted": "enforce" as const } };
    const contained = await set.container({ control: second, policy }).results(set.event("PutBucketTagging"));
    expect(contained.map(({ status }) => status)).toEqual(["contained"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled", enc: "Disabled" });
    expect(statusOf(await set.container().results(set.event("PutBucketTagging")), "to-us")).toBe("already-contained");
  });
});

describe("a brake that somebody got wrong", () => {
  it.each([{ on: "true" }, { on: 1 }, {}, { on: null }])("holds all the same: %o", async (item) => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", ...item });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("observed");
  });

  it("is off when it says so", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: false });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });
});
