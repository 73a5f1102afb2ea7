import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { Control } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import { deathAt, failingWrites, intercepted, staleReads } from "../contract/ports.ts";
import { idOf, open, ROLE, ref, rule, statusOf } from "../controls/replication-stage.ts";
import { callsOf } from "../support/stage.ts";

const ID = control.meta.id;
const OTHER = "s3-bucket-is-something-else";
const released = rule("released", "us-copy", { Filter: { Tag: { Key: "Sovereignty", Value: "Global" } } });
const toUs = rule("to-us", "us-copy");
const toIreland = rule("to-ireland", "ireland-copy");

type Set = Awaited<ReturnType<typeof open>>;
const item = (set: Set) => set.journal.items().find(({ entity }) => entity === "resource") ?? {};
const sentTo = (set: Set, controlId: string = ID) => item(set)[`sentTo#${controlId}`];

describe("where a resource sends data", () => {
  it("is remembered of what policy allows, in the one update that a compliant event makes", async () => {
    const set = await open([released, toIreland]);

    const results = await set.container().results(set.event());

    expect(results.map(({ status }) => status)).toEqual(["compliant", "compliant"]);
    expect(callsOf(set.sandbox).table).toEqual(["UpdateItem"]);
    expect(sentTo(set)).toEqual(["eu-west-1", "us-west-2"]);
  });

  it("is nowhere without replication, and says so once there was some", async () => {
    const set = await open([toIreland]);
    const container = set.container();
    await container.results(set.event());
    expect(sentTo(set)).toEqual(["eu-west-1"]);
    await set.configure(null);
    await container.results(set.event("DeleteBucketReplication"));
    expect(sentTo(set)).toEqual([]);
  });

  it("names each Region once, whatever rules send there, and none for a rule that is off", async () => {
    const set = await open([
      released,
      rule("also", "us-copy", { Filter: released.Filter }),
      { ...toIreland, Status: "Disabled" },
    ]);
    await set.container().results(set.event());
    expect(sentTo(set)).toEqual(["us-west-2"]);
  });

  it("is in the journal before a containment writes, and without the contained part after it, with no further call", async () => {
    const set = await open([toUs, toIreland]);
    const failed = await open([toUs, toIreland]);
    await failed.container({ wrap: failingWrites }).results(failed.event());
    expect(sentTo(failed)).toEqual(["eu-west-1", "us-west-2"]);

    // The environment is that of the last stage.
    Object.assign(process.env, set.sandbox.environment());
    await set.container().results(set.event());

    expect(callsOf(set.sandbox).table).toHaveLength(4);
    expect(sentTo(set)).toEqual(["eu-west-1"]);
  });

  it("keeps a contained part's Region when another part sends there", async () => {
    const set = await open([toUs, released]);
    await set.container().results(set.event());
    expect(set.status()).toEqual({ "to-us": "Disabled", released: "Enabled" });
    expect(sentTo(set)).toEqual(["us-west-2"]);
  });

  it.each(["observe", "approve"] as const)("is told of what a control may only %s", async (mode) => {
    const set = await open([toUs], { mode });
    await set.container().results(set.event());
    expect(sentTo(set)).toEqual(["us-west-2"]);
  });

  it("stays told when AWS refuses to stop it", async () => {
    const set = await open([toUs]);
    set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("awaiting-approval");
    expect(sentTo(set)).toEqual(["us-west-2"]);
  });

  it("stays told until the containment is verified", async () => {
    const set = await open([toUs]);
    await set.container(staleReads(100)).results(set.event());
    expect(sentTo(set)).toEqual(["us-west-2"]);
    set.advance(180_000);
    await set.container().results(set.event());
    expect(sentTo(set)).toEqual([]);
  });

  it("is told again by a rollback, and gone again when the exception's end brings the containment back", async () => {
    const set = await open([toUs, toIreland]);
    const container = set.container();
    await container.results(set.event());
    expect((await container.rollBack(idOf("to-us"))).status).toBe("exempt");
    expect(sentTo(set)).toEqual(["eu-west-1", "us-west-2"]);
    set.sandbox.clearCalls();
    await container.results(set.event("PutBucketTagging"));
    expect(callsOf(set.sandbox).table).toEqual(["BatchGetItem"]);
    expect(sentTo(set)).toEqual(["eu-west-1", "us-west-2"]);
    set.advance(25 * 3_600_000);
    await container.results(set.event("PutBucketTagging"));
    expect(sentTo(set)).toEqual(["eu-west-1"]);
  });

  it("is not told again by a rollback that AWS refuses", async () => {
    const set = await open([toUs]);
    await set.container().results(set.event());
    set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    expect((await set.container().rollBack(idOf("to-us"))).status).toBe("refused");
    expect(sentTo(set)).toEqual([]);
  });

  it.each(["before", "after"] as const)(
    "is right after a death %s any call of a containment or a rollback",
    async (when) => {
      for (let call = 1; ; call++) {
        const set = await open([toUs, toIreland]);
        const death = deathAt(call, when);
        const isDead = (error: unknown) => {
          if (!death.isCause(error)) throw error;
        };
        await set.container({ wrap: death.wrap }).results(set.event()).catch(isDead);
        set.advance(180_000);
        await set.container().results(set.event("PutBucketTagging"));
        expect(sentTo(set), `${when} call ${call} (${death.name})`).toEqual(["eu-west-1"]);
        if (!death.struck) break;
      }
      for (let call = 1; ; call++) {
        const set = await open([toUs, toIreland]);
        await set.container().results(set.event());
        const death = deathAt(call, when);
        await set
          .container({ wrap: death.wrap })
          .rollBack(idOf("to-us"))
          .catch((error: unknown) => {
            if (!death.isCause(error)) throw error;
          });
        set.advance(180_000);
        await set.container().results(set.event("PutBucketTagging"));
        const isOn = set.status()["to-us"] === "Enabled";
        expect(sentTo(set), `${when} call ${call} (${death.name})`).toEqual(
          isOn ? ["eu-west-1", "us-west-2"] : ["eu-west-1"],
        );
        if (!death.struck) break;
      }
    },
  );

  it("is remembered of a harmless rule that comes while something else is open, by one transaction and only once", async () => {
    const set = await open([toUs], { mode: "observe" });
    const container = set.container();
    await container.results(set.event());
    await set.configure({ Role: ROLE, Rules: [toUs, toIreland] });
    await container.results(set.event());
    expect(sentTo(set)).toEqual(["eu-west-1", "us-west-2"]);
    set.sandbox.clearCalls();
    await container.results(set.event("PutBucketTagging"));
    expect(callsOf(set.sandbox).table).toEqual(["BatchGetItem"]);
  });

  it("is not over because AWS gave no answer this time", async () => {
    const set = await open([toUs, rule("to-east", "us-east-copy")], { mode: "observe" });
    await set.container().results(set.event());
    set.advance(600_000);
    const deaf = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          if (name.endsWith(".regionOf")) throw new CordonError("unavailable", "AWS gave no usable answer");
          return ask();
        }),
    });
    await deaf.results(set.event("PutBucketTagging"));
    expect(sentTo(set)).toEqual(["us-east-1", "us-west-2"]);
  });

  it("is nowhere once the bucket is gone, and the answer to the event is as before", async () => {
    const set = await open([toIreland]);
    await set.container().results(set.event());
    const gone = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) =>
          name.endsWith("replication.read") ? { kind: "absent", reason: "there is no such bucket" } : ask(),
        ),
    });
    const event = set.event("PutBucketTagging");
    set.advance(600_000);
    expect((await gone.results(event)).map(({ status }) => status)).toEqual(["ignored"]);
    expect(sentTo(set)).toEqual([]);
  });
});

describe("a resource of two controls", () => {
  const other = { ...control, meta: { ...control.meta, id: OTHER } } as Control<unknown>;
  it("keeps what each saw, whichever writes last", async () => {
    const set = await open([toUs, toIreland]);
    const observer = set.container({ control: other, mode: "observe" });
    await observer.results(set.event());
    expect(sentTo(set, OTHER)).toEqual(["eu-west-1", "us-west-2"]);

    await set.container().results(set.event());
    expect([sentTo(set), sentTo(set, OTHER)]).toEqual([["eu-west-1"], ["eu-west-1", "us-west-2"]]);

    await observer.results(set.event("PutBucketTagging"));
    expect([sentTo(set), sentTo(set, OTHER)]).toEqual([["eu-west-1"], ["eu-west-1"]]);
  });

  it("loses no quiet look of the other between a look and its write", async () => {
    const set = await open([toUs]);
    Object.assign(process.env, set.sandbox.environment());
    const journal = new DynamoDbJournal(new AwsClients().dynamoDb(), "cordon", async () => {});
    const { record } = await journal.open(ref, ID);
    const seen = { classification: "eu-only", classSource: "tag", notAbove: ["eu-only"], atMs: 5 } as const;
    // The class has to be the one the record has.
    await journal.recordQuiet(ref, OTHER, { notAbove: [], atMs: 5, sentTo: ["us-east-1"] });

    await journal.save(record, { ...record, sentTo: ["eu-west-1"] }, {});

    expect([sentTo(set), sentTo(set, OTHER)]).toEqual([["eu-west-1"], ["us-east-1"]]);
    // A look that says nothing of it leaves it.
    await journal.recordQuiet(ref, ID, seen);
    expect([sentTo(set), sentTo(set, OTHER)]).toEqual([["eu-west-1"], ["us-east-1"]]);
    expect((await journal.open(ref, ID)).record).toMatchObject({ sentTo: ["eu-west-1"], classification: "eu-only" });
  });
});

it("when a resource was seen last survives a run", async () => {
  const set = await open([toUs]);
  await set.container().results(set.event());
  expect(item(set).seenAt).toBe(new Date(set.clock.nowMs()).toISOString());
});
