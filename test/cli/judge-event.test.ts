import { describe, expect, it } from "vitest";
import {
  judgeEvent,
  judgeLook,
  type LookOptions,
  lookAtEvent,
  type Outcome,
  triedControls,
} from "../../cli/judge-event.ts";
import { journalledIn, portsOf, readWorld, type World } from "../../cli/world.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { CordonError } from "../../shared/errors.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { type Case, casesOf, eventOf } from "../support/cases.ts";
import { cloudTrailRecord, eventBridge, START_MS, sqs } from "../support/events.ts";
import { policyWith } from "../support/stage.ts";

const { id } = control.meta;
const ENFORCED = { controls: { [id]: { mode: "enforce" } } };

function worldOf(document: unknown): World {
  const read = readWorld(JSON.stringify(document), "world");
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.world;
}

function optionsFor(
  world: World,
  policy: PolicyInForce = policyWith(ENFORCED),
): LookOptions & { policy: PolicyInForce } {
  return {
    controls: [control],
    ports: portsOf(world),
    policy,
    nowMs: START_MS,
    journalled: (resource, its, asked) => journalledIn(world, resource, its, asked),
  };
}

async function outcomesOf(event: unknown, world: World, policy?: PolicyInForce): Promise<readonly Outcome[]> {
  const all = await judgeEvent(event, optionsFor(world, policy));
  return all.flatMap(({ outcomes }) => outcomes);
}

/** `part: decision by rule`, of everything that was judged. */
async function decisionsOf(event: unknown, world: World, policy?: PolicyInForce): Promise<readonly string[]> {
  const outcomes = await outcomesOf(event, world, policy);
  return outcomes.flatMap((outcome) =>
    outcome.kind === "judged"
      ? outcome.judged.map(({ finding, decision }) => `${finding.part}: ${decision.kind} by ${decision.rule}`)
      : [`${outcome.kind}: ${outcome.reason}`],
  );
}

const bucket = (more: Record<string, unknown> = {}) => ({
  name: "orders",
  region: "eu-central-1",
  tags: { "data-residency": "eu-only" },
  replication: {
    Role: "arn:aws:iam::111122223333:role/replication",
    Rules: [{ ID: "out", Status: "Enabled", Destination: { Bucket: "arn:aws:s3:::copies" } }],
  },
  ...more,
});
const WORLD = worldOf({ buckets: [bucket(), { name: "copies", region: "us-east-1" }] });
const EVENT = cloudTrailRecord("orders");

describe("an event judged by hand", () => {
  it.each(casesOf(id).map((each) => [`${each.scenario}: ${each.title}`, each] as const))(
    "is decided as the deployed function decides it: %s",
    async (_, each: Case) => {
      const decisions = await decisionsOf(eventOf(each), worldOf(each.world), policyWith(ENFORCED, each.policy));
      const wanted = Object.entries(each.expect.findings).map(
        ([part, { decision, rule }]) => `${part}: ${decision} by ${rule}`,
      );
      expect([...decisions].sort()).toEqual(wanted.sort());
    },
  );

  it("is understood in any wrapper, each message by itself", async () => {
    const decision = "out: contain by classification:eu-only";
    expect(await decisionsOf(eventBridge(EVENT), WORLD)).toEqual([decision]);
    expect(await decisionsOf(sqs(eventBridge(EVENT), "{", EVENT), WORLD)).toEqual([
      decision,
      expect.stringMatching(/^refused: SQS body is not JSON/),
      decision,
    ]);
  });

  it.each<readonly [string, unknown, string]>([
    ["ignored", cloudTrailRecord("orders", { errorCode: "AccessDenied" }), "failed with AccessDenied"],
    ["refused", { some: "thing" }, "expected an EventBridge event"],
    ["absent", cloudTrailRecord("nobody"), "the bucket nobody does not exist"],
  ])("can be %s, with the reason", async (kind, event, reason) => {
    expect(await outcomesOf(event, WORLD)).toEqual([
      expect.objectContaining({ kind, reason: expect.stringContaining(reason) }),
    ]);
  });

  it("is told as failed where AWS gives no answer, and ends everything where the settings are wrong", async () => {
    const failing = (kind: "unavailable" | "foreign-account" | "misconfigured") => {
      const { s3 } = portsOf(WORLD);
      const read = async () => {
        throw new CordonError(kind, "no answer");
      };
      return judgeEvent(EVENT, {
        ...optionsFor(WORLD),
        ports: { s3: { ...s3, replication: { ...s3.replication, read } } },
      });
    };
    for (const kind of ["unavailable", "foreign-account"] as const)
      expect(await failing(kind)).toMatchObject([{ outcomes: [{ kind: "failed", error: kind, reason: "no answer" }] }]);
    await expect(failing("misconfigured")).rejects.toThrow("no answer");
  });

  it("takes a journalled class for what it is: a ratchet", async () => {
    const lowered = (more: object) =>
      decisionsOf(
        EVENT,
        worldOf({
          buckets: [bucket({ tags: { "data-residency": "public" }, ...more }), { name: "copies", region: "us-east-1" }],
        }),
      );
    expect(await lowered({})).toEqual(["out: compliant by classification:public"]);
    expect(await lowered({ classification: "eu-only" })).toEqual(["out: contain by classification:eu-only"]);
    expect(await lowered({ classification: "eu-only", classSource: "default" })).toEqual([
      "out: approve by built-in:unclassified",
    ]);
  });

  it("takes a run-time exception for as long and for what it was granted", async () => {
    const exception = {
      part: "out",
      reason: "r",
      approver: "dpo",
      expiresAt: "2026-03-01T09:00:01Z",
      classification: "eu-only",
    };
    const excepted = (more: object) =>
      decisionsOf(
        EVENT,
        worldOf({
          buckets: [bucket({ exception: { ...exception, ...more } }), { name: "copies", region: "us-east-1" }],
        }),
      );
    expect(await excepted({})).toEqual([expect.stringMatching(/^out: exempt by exception:f-/)]);
    for (const more of [{ expiresAt: "2026-03-01T09:00:00Z" }, { subject: "elsewhere" }, { classification: "public" }])
      expect(await excepted(more)).toEqual(["out: contain by classification:eu-only"]);
  });

  it("is held by a ceiling, and by none unless it is given one", async () => {
    const ceiling = { mode: "observe", reason: "a test" } as const;
    const [held] = (await judgeEvent(EVENT, { ...optionsFor(WORLD), ceiling })).flatMap(({ outcomes }) => outcomes);
    expect(held).toMatchObject({
      judged: [{ decision: { kind: "observe", explanation: { mode: "observe", modeRule: "a test" } } }],
    });
  });

  it("can be looked at once and judged by several policies", async () => {
    const [seen] = await lookAtEvent(EVENT, optionsFor(WORLD));
    const [look] = seen?.looks ?? [];
    if (look === undefined) throw new Error("nothing was looked at");
    const kinds = ["enforce", "approve", "observe"].map((mode) => {
      const outcome = judgeLook(control, look, {
        policy: policyWith({ controls: { [id]: { mode } } }),
        nowMs: START_MS,
      });
      return outcome.kind === "judged" ? outcome.judged[0]?.decision.kind : outcome.kind;
    });
    expect(kinds).toEqual(["contain", "approve", "observe"]);
  });

  it("is tried with the controls of customers' data that can change something", () => {
    expect(triedControls).toContain(control);
    for (const { meta, changes } of triedControls) {
      expect("subject" in meta).toBe(false);
      expect(changes).toBeUndefined();
    }
  });
});
