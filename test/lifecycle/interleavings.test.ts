import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CordonError } from "../../shared/errors.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { extend } from "../../shared/lifecycle/extend.ts";
import { reject } from "../../shared/lifecycle/reject.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { Mode, Signal } from "../../shared/types.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, configurationOf, PART, proved, type Write } from "./account-in-memory.ts";

const BUCKETS = ["orders", "letters"] as const;
/** Who may decide; the developer may, too, as long as he has caused nothing. */
const APPROVERS = ["developer", "owner"];
const MODES: readonly Mode[] = ["observe", "approve", "enforce"];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const policies = Object.fromEntries(
  MODES.map((mode) => [
    mode,
    policyWith({
      controls: { "s3-replication-stays-in-jurisdiction": { mode } },
      limits: {
        automaticChanges: { count: 2, windowMinutes: 60, cappedIntervalSeconds: 30, quietMinutes: 20 },
        approvals: { by: APPROVERS.map(arnOf), validHours: 2 },
        exceptions: { defaultHours: 1, maxDays: 1 },
      },
    }),
  ]),
) as Record<Mode, PolicyInForce>;

type Step =
  | { readonly kind: "put"; readonly bucket: string; readonly by: string; readonly to: "us-copy" | "nowhere" | "off" }
  | { readonly kind: "deliver"; readonly which: number }
  | { readonly kind: "look"; readonly bucket: string }
  | { readonly kind: "approve" | "reject" | "extend" | "roll-back"; readonly bucket: string; readonly by: string }
  | { readonly kind: "brake"; readonly isOn: boolean }
  | { readonly kind: "policy"; readonly mode: Mode }
  | { readonly kind: "ceiling"; readonly mode: Mode }
  | { readonly kind: "wait"; readonly ms: number };

const bucket = fc.constantFrom(...BUCKETS);
const writer = fc.constantFrom("developer", "developer", "owner");
const decider = fc.constantFrom("owner", "owner", "developer", "officer");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      bucket,
      by: writer,
      to: fc.constantFrom("us-copy" as const, "us-copy" as const, "nowhere" as const, "off" as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("look" as const), bucket }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("approve" as const, "reject" as const, "extend" as const, "roll-back" as const),
      bucket,
      by: decider,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("brake" as const), isOn: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy" as const), mode: fc.constantFrom(...MODES) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("ceiling" as const),
      mode: fc.constantFrom("observe" as const, "enforce" as const, "enforce" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1_000, 31_000, 6 * MINUTE_MS, 61 * MINUTE_MS, 3 * HOUR_MS),
    }),
  },
);

/** How often each kind of step has led to a change: a property of stories in which nothing happens would hold of anything. */
const changes: Partial<Record<Step["kind"], number>> = {};

/** Tells a story, and holds every change that Cordon makes against what was allowed at that moment. */
async function tell(steps: readonly Step[], first: Mode): Promise<void> {
  const account = accountInMemory();
  const { journal, writes, clock } = account;
  let policy = policies[first];
  let mode: Mode = "enforce";
  let isBraked = false;
  const events: Signal[] = [];
  /** Who made a bucket what it is, once the event of it was delivered: what was heard of him before counts as well, which only makes Cordon refuse more. */
  const heard = new Map<string, string>();
  const writer = new Map<string, Signal>();

  for (const each of steps) {
    const made = writes.length;
    const before = "bucket" in each ? await account.findingOf(each.bucket) : undefined;
    const outcome = await perform(each);
    for (const write of writes.slice(made)) assertAllowed(each, write, before, outcome);
  }

  async function perform(each: Step): Promise<string> {
    const cordon = account.cordonOf(policy, mode);
    try {
      switch (each.kind) {
        case "put": {
          const to = each.to === "off" ? "us-copy" : each.to;
          const signal = account.put(
            each.bucket,
            each.by,
            configurationOf(each.to === "off" ? "Disabled" : "Enabled", to),
          );
          events.push(signal);
          writer.set(each.bucket, signal);
          heard.delete(each.bucket);
          return "";
        }
        case "deliver": {
          const signal = events[events.length - 1 - each.which];
          if (signal === undefined) return "";
          await account.handle(signal, cordon);
          const { name } = signal.resource;
          if (writer.get(name) === signal) heard.set(name, signal.principal?.arn ?? "");
          return "";
        }
        case "look":
          await account.handle(account.look(each.bucket), cordon);
          return "";
        case "brake":
          isBraked = each.isOn;
          await journal.switchBrake({ isOn: each.isOn, reason: "r", by: "b" });
          return "";
        case "policy":
          policy = policies[each.mode];
          return "";
        case "ceiling":
          mode = each.mode;
          return "";
        case "wait":
          account.advance(each.ms);
          return "";
        default: {
          const finding = await account.findingOf(each.bucket);
          if (finding === undefined) return "";
          const request = { finding, reason: "because", decider: proved(each.by) };
          const untilMs = clock.nowMs() + HOUR_MS;
          const deadlineMs = account.deadlineMs();
          const result =
            each.kind === "approve"
              ? await approve({ ...request, action: "approve" }, cordon, deadlineMs)
              : each.kind === "reject"
                ? await reject({ ...request, action: "reject" }, cordon, deadlineMs)
                : each.kind === "extend"
                  ? await extend({ ...request, action: "extend", untilMs }, cordon, deadlineMs)
                  : await rollBack({ ...request, action: "roll-back" }, cordon, deadlineMs);
          return result.status;
        }
      }
    } catch (error) {
      if (!(error instanceof CordonError) || !error.retry) throw error;
      return "retry";
    }
  }

  function assertAllowed(
    each: Step,
    { before, after, bucket: name }: Write,
    finding: Awaited<ReturnType<typeof account.findingOf>>,
    outcome: string,
  ): void {
    changes[each.kind] = (changes[each.kind] ?? 0) + 1;
    const changed = (after?.Rules ?? []).filter(
      ({ ID, Status }) => before?.Rules?.find((rule) => rule.ID === ID)?.Status !== Status,
    );
    expect(
      changed.map(({ ID }) => ID),
      "nothing but the offending rule is touched",
    ).toEqual([PART]);
    expect({ ...after, Rules: after?.Rules?.map(({ Status: _, ...rule }) => rule) }).toEqual({
      ...before,
      Rules: before?.Rules?.map(({ Status: _, ...rule }) => rule),
    });
    const status = changed[0]?.Status;
    if (each.kind === "roll-back") {
      expect(status).toBe("Enabled");
      expect(mode).not.toBe("observe");
      expect(APPROVERS).toContain(each.by);
      expect(heard.get(name)).not.toBe(arnOf(each.by));
      expect(finding?.status).toBe("contained");
      return;
    }
    expect(status, "by itself, Cordon only ever switches off").toBe("Disabled");
    expect({ isBraked, mode }, "neither the brake nor the deployment's mode forbids it").toEqual({
      isBraked: false,
      mode: "enforce",
    });
    if (each.kind === "approve") {
      expect(policy).not.toBe(policies.observe);
      expect(APPROVERS).toContain(each.by);
      expect(heard.get(name)).not.toBe(arnOf(each.by));
      expect(finding?.status).toBe("awaiting-approval");
      expect(Date.parse(finding?.pending?.expiresAt ?? ""), "the question had not expired").toBeGreaterThan(
        clock.nowMs() - 10_000,
      );
      expect(["contained", "retry"]).toContain(outcome);
      return;
    }
    expect(["deliver", "look"]).toContain(each.kind);
    expect(policy, "policy lets it change by itself").toBe(policies.enforce);
    const to = before?.Rules?.find(({ ID }) => ID === PART)?.Destination?.Bucket;
    expect(to, "what can't be decided is never changed by itself").toBe("arn:aws:s3:::us-copy");
    const exception = finding?.exception;
    const isExempt =
      exception !== undefined && finding?.status === "exempt" && Date.parse(exception.expiresAt) > clock.nowMs();
    expect(isExempt, "no exception was in force").toBe(false);
  }
}

describe("whatever happens in whatever order", () => {
  it("no change is made that policy, brake, mode, expiry and the approver's identity did not allow at that moment", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 8, maxLength: 40 }),
        fc.constantFrom<Mode>("approve", ...MODES),
        tell,
      ),
      { numRuns: 1_500 },
    );
    for (const kind of ["deliver", "look", "approve", "roll-back"] as const)
      expect(changes[kind] ?? 0, `stories in which ${kind} changes something`).toBeGreaterThan(3);
  }, 60_000);
});
