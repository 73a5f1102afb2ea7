import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { findingId } from "../../shared/ids.ts";
import { intercepted, staleReads } from "../contract/ports.ts";
import { sqs } from "../support/events.ts";
import type { StageOptions } from "../support/stage.ts";
import { policyWith, UNASKED } from "../support/stage.ts";
import { asTold, BUCKET, idOf, open, ROLE, rule, statusOf } from "./replication-stage.ts";

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

  it("a bucket that is deleted takes its findings with it, once it is sure that it is not merely not to be seen yet", async () => {
    const set = await open([rule("to-us", "us-copy")], { mode: "observe" });
    await set.container().results(set.event());
    const absent: StageOptions["wrap"] = (cordon) =>
      intercepted(cordon, async (name, ask) =>
        name.endsWith(".read") ? { kind: "absent", reason: "the bucket is gone" } : ask(),
      );
    const event = set.event();
    expect((await set.container({ wrap: absent }).send(sqs(event))).batchItemFailures).toHaveLength(1);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("observed");
    set.advance(31_000);
    expect((await set.container({ wrap: absent }).results(event)).at(-1)?.status).toBe("ignored");
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

describe("two controls on one bucket", () => {
  /** Another control on the same state, which knows rules below `enc/` only. */
  const second: typeof control = {
    ...control,
    meta: { ...control.meta, id: "s3-replication-is-encrypted" },
    async detect(resource, ports) {
      const detection = await control.detect(resource, ports, UNASKED);
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
    const rules = { mode: "enforce" as const, parameters: {}, citations: [], scopes: [] };
    const policy = { ...enforced, controls: { ...enforced.controls, "s3-replication-is-encrypted": rules } };
    const contained = await set.container({ control: second, policy }).results(set.event("PutBucketTagging"));
    expect(contained.map(({ status }) => status)).toEqual(["contained"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled", enc: "Disabled" });
    expect(statusOf(await set.container().results(set.event("PutBucketTagging")), "to-us")).toBe("already-contained");
  });
});

describe("rules with the names of an attacker", () => {
  it("are contained and put back like any other, each with its own changes only", async () => {
    const ids = [
      "__proto__",
      "constructor",
      "a",
      "a]",
      "a].Status",
      "Rules[a]",
      "\u4e2d\u6587 \u{1f600}",
      "x".repeat(255),
    ];
    const set = await open(
      ids.map((id, index) => rule(id, "us-copy", { Priority: index, Filter: { Prefix: `${index}/` } })),
    );
    const before = set.configuration();
    const results = await set.container().results(set.event());
    expect(results.map(({ status }) => status)).toEqual(ids.map(() => "contained"));
    for (const id of ids) {
      const mine = results.find((result) => result.findingId === idOf(id));
      expect(mine?.changes).toEqual([{ path: `Rules[${id}].Status`, before: "Enabled", after: "Disabled" }]);
    }
    for (const id of ids.toReversed()) expect((await set.container().rollBack(idOf(id))).status).toBe("exempt");
    expect(set.configuration()).toEqual(before);
  });
});
