import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { findingId } from "../../shared/ids.ts";
import { differences, invert, isSameState } from "../../shared/lifecycle/difference.ts";
import { planContainment, planRollback } from "../../shared/lifecycle/plan.ts";
import type { ResourcePort } from "../../shared/resources/port.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { stage } from "../support/stage.ts";

const UNCLASSED = { kind: "not-applicable", reason: "" } as const;

type State = ReplicationConfiguration | null;

/** Plans need no more of a port than its operations' names. */
const names = {
  operation: (next: State) => (next === null ? "DeleteBucketReplication" : "PutBucketReplication"),
} as ResourcePort<State>;

const DESTINATIONS = ["us-copy", "us-east-copy", "ireland-copy", "frankfurt-copy"] as const;
const OUTSIDE: readonly string[] = ["us-copy", "us-east-copy"];
const text = fc.stringMatching(/^[A-Za-z0-9!_.*'()/-]{1,20}$/);
const tag = fc.record({ Key: text, Value: text });
const status = fc.constantFrom("Enabled" as const, "Disabled" as const);

/** Every field that a V2 rule can have, in the combinations S3 takes. */
const v2Rule = fc
  .record({
    ID: text,
    Status: status,
    filter: fc.oneof(
      fc.record({ Prefix: fc.oneof(fc.constant(""), text) }),
      fc.record({ Tag: tag }),
      fc.record({
        And: fc.record({
          Prefix: text,
          Tags: fc.uniqueArray(tag, { selector: ({ Key }) => Key, minLength: 1, maxLength: 3 }),
        }),
      }),
    ),
    destination: fc.constantFrom(...DESTINATIONS),
    storage: fc.option(fc.constantFrom("STANDARD_IA" as const, "GLACIER" as const), { nil: undefined }),
    markers: status,
    isTimed: fc.boolean(),
    isEncrypted: fc.boolean(),
    existing: fc.option(status, { nil: undefined }),
  })
  .map(({ ID, Status, filter, destination, storage, markers, isTimed, isEncrypted, existing }): ReplicationRule => {
    const hasTags = "Tag" in filter || "And" in filter;
    return {
      ID,
      Status,
      Filter: filter,
      DeleteMarkerReplication: { Status: hasTags ? "Disabled" : markers },
      Destination: {
        Bucket: `arn:aws:s3:::${destination}`,
        ...(storage !== undefined && { StorageClass: storage }),
        ...(isTimed && {
          ReplicationTime: { Status: "Enabled", Time: { Minutes: 15 } },
          Metrics: { Status: "Enabled", EventThreshold: { Minutes: 15 } },
        }),
        ...(isEncrypted && {
          EncryptionConfiguration: { ReplicaKmsKeyID: "arn:aws:kms:eu-west-1:111122223333:key/k" },
        }),
      },
      ...(isEncrypted && { SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: "Enabled" } } }),
      ...(existing !== undefined && { ExistingObjectReplication: { Status: existing } }),
    };
  });

/** V1 has a prefix in place of the filter, no priority, and one destination for all rules. */
const v1Rules = fc
  .tuple(
    fc.constantFrom(...DESTINATIONS),
    fc.uniqueArray(fc.record({ ID: text, Prefix: text, Status: status }), {
      selector: ({ ID }) => ID,
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([destination, rules]): ReplicationRule[] =>
    rules.map((rule) => ({ ...rule, Destination: { Bucket: `arn:aws:s3:::${destination}` } })),
  );

const v2Rules = fc
  .uniqueArray(v2Rule, { selector: ({ ID }) => ID, minLength: 1, maxLength: 6 })
  .map((rules) => rules.map((rule, index) => ({ ...rule, Priority: index + 1 })));

const configuration = fc
  .oneof(v1Rules, v2Rules)
  .map((Rules): ReplicationConfiguration => ({ Role: "arn:aws:iam::111122223333:role/replication", Rules }));

const NOW = "2030-01-01T00:00:00Z";

/** A configuration and some of its enabled rules. */
const offending = configuration.chain((before) => {
  const enabled = (before.Rules ?? []).filter(({ Status }) => Status === "Enabled").map(({ ID }) => ID ?? "");
  return fc.record({ before: fc.constant(before), parts: fc.subarray(enabled) });
});

describe("plans of any replication configuration", () => {
  it("change the status of what offends, and nothing else", () => {
    fc.assert(
      fc.property(offending, ({ before, parts }) => {
        const plan = planContainment<State>(control, names, before, new Set(parts), new Set(parts), UNCLASSED, NOW);
        const changed = differences(before, plan.after);
        expect(changed).toEqual(
          parts.length === 0
            ? []
            : expect.arrayContaining(
                parts.map((id) => ({ path: `Rules[${id}].Status`, before: "Enabled", after: "Disabled" })),
              ),
        );
        expect(changed).toHaveLength(parts.length);
      }),
    );
  });

  it("do not touch the state they are made from", () => {
    fc.assert(
      fc.property(offending, ({ before, parts }) => {
        const kept = structuredClone(before);
        planContainment<State>(control, names, before, new Set(parts), new Set(parts), UNCLASSED, NOW);
        expect(before).toEqual(kept);
      }),
    );
  });

  it("come back exactly when every part is rolled back, in any order", () => {
    fc.assert(
      fc.property(
        offending.chain(({ before, parts }) =>
          fc.record({ before: fc.constant(before), parts: fc.shuffledSubarray(parts, { minLength: parts.length }) }),
        ),
        ({ before, parts }) => {
          const plan = planContainment<State>(control, names, before, new Set(parts), new Set(parts), UNCLASSED, NOW);
          for (const start of [plan.after, plan.fallback?.after]) {
            if (start === undefined || parts.length === 0) continue;
            const end = parts.reduce<State>(
              (left, part) => planRollback<State>(control, names, left, before, part).after,
              start,
            );
            expect(isSameState(end, before)).toBe(true);
          }
        },
      ),
    );
  });

  it("delete the whole only when every enabled rule offends", () => {
    fc.assert(
      fc.property(offending, ({ before, parts }) => {
        const plan = planContainment<State>(control, names, before, new Set(parts), new Set(parts), UNCLASSED, NOW);
        const enabled = (before.Rules ?? []).filter(({ Status }) => Status === "Enabled");
        expect(plan.fallback !== undefined).toBe(enabled.every(({ ID }) => parts.includes(ID ?? "")));
        expect(
          planContainment<State>(control, names, before, new Set(parts), undefined, UNCLASSED, NOW).fallback,
        ).toBeUndefined();
      }),
    );
  });

  it("name each step's inverse, which undoes it", () => {
    fc.assert(
      fc.property(offending, ({ before, parts }) => {
        for (const step of planContainment<State>(
          control,
          names,
          before,
          new Set(parts),
          new Set(parts),
          UNCLASSED,
          NOW,
        ).steps) {
          expect(invert(step.inverse.changes)).toEqual(step.changes);
        }
      }),
    );
  });
});

describe("differences", () => {
  it("are none between a configuration and itself in another order", () => {
    fc.assert(
      fc.property(
        configuration.chain((before) =>
          fc.record({
            before: fc.constant(before),
            rules: fc.shuffledSubarray(before.Rules ?? [], { minLength: before.Rules?.length ?? 0 }),
          }),
        ),
        ({ before, rules }) => {
          expect(differences(before, { ...before, Rules: rules })).toEqual([]);
        },
      ),
    );
  });

  it("are found wherever two configurations are not the same", () => {
    fc.assert(
      fc.property(configuration, configuration, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        if (!isSame) expect(differences(one, other).length).toBeGreaterThan(0);
        expect(differences(one, other)).toHaveLength(differences(other, one).length);
      }),
    );
  });
});

describe("any configuration, through the account", () => {
  it("has exactly its offending rules switched off, and comes back as it was", async () => {
    const buckets = [
      { name: "us-copy", region: "us-west-2", versioning: true },
      { name: "us-east-copy", region: "us-east-1", versioning: true },
      { name: "ireland-copy", region: "eu-west-1", versioning: true },
      { name: "frankfurt-copy", region: "eu-central-1", versioning: true },
    ];
    const set = await stage(control, { world: { buckets } });
    const container = set.container();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(configuration, async (replication) => {
        round++;
        const name = `bucket-${round}`;
        const world = {
          buckets: [
            { name, region: "eu-central-1", versioning: true, tags: { "data-residency": "eu-only" }, replication },
          ],
        };
        set.sandbox.createBucket(world.buckets[0] ?? { name });
        const before = set.sandbox.bucket(name).replication;

        await container.results(cloudTrailRecord(name));

        const isFreed = ({ Filter }: ReplicationRule) =>
          [Filter?.Tag, ...(Filter?.And?.Tags ?? [])].some(
            (each) => each?.Key === "Sovereignty" && each.Value === "Global",
          );
        const wrong = (replication.Rules ?? []).filter(
          (rule) =>
            rule.Status === "Enabled" &&
            !isFreed(rule) &&
            OUTSIDE.some((each) => rule.Destination?.Bucket?.endsWith(`:${each}`)),
        );
        const after = set.sandbox.bucket(name).replication;
        const expected = (before?.Rules ?? []).map((rule) =>
          wrong.some(({ ID }) => ID === rule.ID) ? { ...rule, Status: "Disabled" } : rule,
        );
        expect(after).toEqual({ ...before, Rules: expected });

        for (const { ID } of wrong) {
          const ref = s3BucketRef(name, "111122223333", "eu-central-1");
          if (ref === undefined) throw new Error(`${name} is no bucket's name`);
          expect((await container.rollBack(findingId(control.meta.id, ref, ID ?? ""))).status).toBe("exempt");
        }
        expect(set.sandbox.bucket(name).replication).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});
