import { describe, expect, it } from "vitest";
import type { FindingState } from "../../shared/journal/journal.ts";
import { remembering, withMemory } from "../../shared/lifecycle/key-memory.ts";
import { stateOf, transition } from "../../shared/lifecycle/transition.ts";
import { shownKeyId } from "../../shared/shown.ts";
import type { AccessKeyFacts, Finding, KeyReport, KeyStatus, SessionFacts, Signal } from "../../shared/types.ts";
import { decisionOf, findingOf, policyOf, transferTo } from "../policy/policy-stage.ts";
import { START_MS } from "../support/events.ts";
import { daysAgo, OLD, userRef } from "./keys-in-memory.ts";

const KEY: AccessKeyFacts = {
  kind: "access-key",
  about: "exposure",
  key: shownKeyId(OLD),
  status: "Active",
  createdAt: daysAgo(50),
  lastUsed: "never",
};
const HEALTH: KeyReport = { by: "aws-health", id: "h1", type: "AWS_RISK_CREDENTIALS_EXPOSED", at: daysAgo(2) };
const BURST: KeyReport = { by: "cloudtrail", id: "b1", type: "denied-burst", at: daysAgo(1) };
const QUARANTINE: KeyReport = { by: "aws-quarantine", id: "q1", type: "AWSCompromisedKeyQuarantineV3", at: daysAgo(0) };
const about = (facts: Finding["facts"]) => findingOf(facts, { resource: userRef(), part: shownKeyId(OLD) });
const signal = (report?: Signal["report"], keyId = OLD): Signal => ({
  id: "s",
  source: "health",
  name: "n",
  at: daysAgo(0),
  resource: userRef(),
  ...(report !== undefined && { report, keyId }),
});
const known = (more: Partial<FindingState> = {}): FindingState => ({ ...stateOf(undefined, START_MS), ...more });
const reportedOf = ({ facts }: Finding) => (facts.kind === "access-key" ? facts.reported : undefined);

describe("what is remembered of a key's report", () => {
  it.each<readonly [string, KeyReport | undefined, KeyReport | undefined, KeyReport | undefined]>([
    ["is nothing while there is none", undefined, undefined, undefined],
    ["is the first", undefined, HEALTH, HEALTH],
    ["is what the journal has", HEALTH, undefined, HEALTH],
    ["is no weaker one", HEALTH, BURST, HEALTH],
    ["is a weightier one", BURST, HEALTH, HEALTH],
    ["is one that names the key, though it is older", QUARANTINE, HEALTH, HEALTH],
    ["is no quarantine that comes later", HEALTH, QUARANTINE, HEALTH],
    ["is a later one", HEALTH, { ...HEALTH, id: "h2", at: daysAgo(1) }, { ...HEALTH, id: "h2", at: daysAgo(1) }],
    ["is no older one that comes again", HEALTH, { ...HEALTH, id: "h0", at: daysAgo(3) }, HEALTH],
    ["is the same one as it was first", HEALTH, { ...HEALTH, at: daysAgo(1) }, HEALTH],
    ["is of now where its time can't be read", undefined, { ...HEALTH, at: "then" }, { ...HEALTH, at: daysAgo(0) }],
  ])("%s", (_, before, heard, expected) => {
    const previous = before && known({ reported: before });
    const seen = withMemory(about(KEY), previous, signal(heard), START_MS);
    expect(reportedOf(seen)).toEqual(expected);
  });

  it("is of that key alone", () => {
    const other = signal(HEALTH, "AKIAI44QH8DHBEXAMPL2");
    expect(reportedOf(withMemory(about(KEY), undefined, other, START_MS))).toBeUndefined();
  });

  it("concerns how old it is in no way", () => {
    const aged = withMemory(about({ ...KEY, about: "age" }), undefined, signal(HEALTH), START_MS);
    expect(reportedOf(aged)).toBeUndefined();
  });
});

describe("when a key was deactivated", () => {
  const facts = { ...KEY, about: "age", status: "Inactive" } as const;
  const seen = (previous: FindingState | undefined) => withMemory(about(facts), previous, signal(), START_MS).facts;

  it.each<readonly [string, FindingState | undefined, string | undefined]>([
    ["is not known of what the journal doesn't know", undefined, undefined],
    [
      "is when AWS took Cordon's write",
      known({ status: "contained", containedAtMs: [START_MS - 5_000] }),
      daysAgo(5_000 / 86_400_000),
    ],
    [
      "is when it was seen, should a crash have kept the write from being recorded",
      known({ status: "contained" }),
      daysAgo(0),
    ],
    [
      "is not known of one that was given back and that somebody has switched off",
      known({ status: "exempt", containedAtMs: [START_MS - 5_000] }),
      undefined,
    ],
  ])("%s", (_, previous, expected) => {
    expect((seen(previous) as AccessKeyFacts).deactivatedAt).toBe(expected);
  });

  it("is forgotten once it is active again", () => {
    const state = known({ deactivatedAtMs: START_MS });
    const decision = { kind: "compliant", rule: "r" } as const;
    expect(remembering(state, about({ ...facts, status: "Active" }), decision, START_MS)).not.toHaveProperty(
      "deactivatedAtMs",
    );
  });
});

describe("a finding that is about no key", () => {
  it("has nothing of a key's memory", async () => {
    const finding = findingOf(transferTo("us-west-2"));
    const state = known();
    expect(withMemory(finding, known({ reported: HEALTH }), signal(), START_MS)).toBe(finding);
    expect(remembering(state, finding, decisionOf(await policyOf()), START_MS)).toBe(state);
  });
});

describe("sessions of an exposed key", () => {
  it("keep when the key was first seen stopped, whatever else is as it was, until it is seen to work", () => {
    const its: SessionFacts = { kind: "sessions", key: shownKeyId(OLD), reported: HEALTH };
    const asked = { kind: "approve", rule: "built-in:break-glass" } as Parameters<typeof transition>[2];
    const look = (state: FindingState | undefined, keyStatus: KeyStatus, nowMs: number) => {
      const finding = withMemory(about({ ...its, keyStatus }), state, signal(), nowMs);
      return transition(state, finding, asked, nowMs).next ?? state;
    };
    const working = look(undefined, "Active", START_MS);
    expect(working?.keyOffAtMs).toBeUndefined();
    const off = look(working, "Inactive", START_MS + 1);
    expect(look(off, "Inactive", START_MS + 2)).toMatchObject({ keyOffAtMs: START_MS + 1, occurrence: 1 });
    const again = look(off, "Active", START_MS + 3);
    expect(again?.keyOffAtMs).toBeUndefined();
    expect(look(again, "Inactive", START_MS + 4)?.keyOffAtMs).toBe(START_MS + 4);
  });

  it("that are denied already stay watched, and are denied anew after another report", () => {
    const denied: SessionFacts = { kind: "sessions", key: shownKeyId(OLD), deniedBefore: daysAgo(1), reported: HEALTH };
    const compliant = { kind: "compliant", rule: "built-in:inactive" } as Parameters<typeof transition>[2];
    const step = transition(undefined, about(denied), compliant, START_MS);
    expect(step).toMatchObject({
      status: "already-contained",
      occurrence: 1,
      next: { status: "contained", reported: HEALTH },
    });
    expect(transition(step.next, about(denied), compliant, START_MS)).toEqual({
      status: "already-contained",
      occurrence: 1,
    });
    const again = signal({ ...HEALTH, id: "h2", at: daysAgo(0) });
    expect(withMemory(about(denied), step.next, again, START_MS).facts).toMatchObject({ reported: { id: "h2" } });
  });
});
