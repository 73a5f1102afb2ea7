import { MemoryJournal } from "../../cli/memory-journal.ts";
import { catalogue } from "../../controls/catalogue.ts";
import type { Control } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { findingId } from "../../shared/ids.ts";
import type { EvidenceRecord } from "../../shared/journal/journal.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { reject } from "../../shared/lifecycle/reject.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import { accessKeyRules, ownerBy } from "../../shared/policy/access-keys.ts";
import { DAY_MS } from "../../shared/policy/judge-key-age.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { withoutConditions } from "../../shared/policy/load-policy.ts";
import type { Decider } from "../../shared/policy/may-decide.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { shownKeyId } from "../../shared/shown.ts";
import type {
  AccessKeyFacts,
  KeyReport,
  KeyStatus,
  Mode,
  ResourceRef,
  Result,
  Signal,
  Tag,
} from "../../shared/types.ts";
import { BASE } from "../policy/policy-stage.ts";
import { START_MS } from "../support/events.ts";
import { arnOf, proved } from "./account-in-memory.ts";

/** Keys of AWS's own documentation, and such as these. */
export const OLD = "AKIAIOSFODNN7EXAMPLE";
export const NEW = "AKIAI44QH8DHBEXAMPL2";

export interface HeldKey {
  readonly id: string;
  readonly createdAt: string;
  readonly status: KeyStatus;
  readonly lastUsed: AccessKeyFacts["lastUsed"];
}

interface UserKeys {
  readonly keys: readonly { readonly key: string; readonly createdAt: string; readonly status: KeyStatus }[];
}

export type About = AccessKeyFacts["about"];
const IDS: Readonly<Record<About, string>> = { age: "test-key-is-rotated", exposure: "test-key-is-not-exposed" };

export const daysAgo = (days: number, nowMs = START_MS) => new Date(nowMs - days * DAY_MS).toISOString();

/** A policy with access keys in it, for controls that only tests have. */
export function keyPolicy(accessKeys?: object, more: object = {}): PolicyInForce {
  const known = [...catalogue, ...Object.values(IDS).map((id) => ({ id, title: id, defaultMode: "enforce" as const }))];
  const document = { ...BASE, ...(accessKeys && { accessKeys }), ...more };
  const parsed = parsePolicy(JSON.stringify(document), "p", known);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return withoutConditions(parsed.policy);
}

export const userRef = (path = "/", name = "reporting"): ResourceRef => ({
  type: "AWS::IAM::User",
  arn: `arn:aws:iam::111122223333:user${path}${name}`,
  name,
  account: "111122223333",
  region: "us-east-1",
});

/** One IAM user with keys, and Cordon's pipeline in this process; time passes only when it is asked to. */
export function userInMemory(
  given: readonly HeldKey[],
  { user = userRef(), tags = [] as readonly Tag[], policy = keyPolicy() } = {},
) {
  let nowMs = START_MS;
  let events = 0;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  let held = [...given];
  const writes: { readonly atMs: number; readonly statuses: Readonly<Record<string, KeyStatus>> }[] = [];
  const journal = new MemoryJournal();
  const evidence: EvidenceRecord[] = [];
  const save = journal.save.bind(journal);
  journal.save = (record, next, entries) => {
    evidence.push(...(entries.evidence ?? []));
    return save(record, next, entries);
  };
  const stateNow = (): UserKeys => ({
    keys: held.map(({ id, createdAt, status }) => ({ key: shownKeyId(id), createdAt, status })),
  });
  const port = {
    operation: () => "UpdateAccessKey",
    read: async () => ({ kind: "present" as const, state: stateNow() }),
    async write(_: ResourceRef, next: UserKeys) {
      held = held.flatMap((key) => {
        const is = next.keys.find((each) => each.key === shownKeyId(key.id));
        return is === undefined ? [] : [{ ...key, status: is.status }];
      });
      writes.push({ atMs: nowMs, statuses: Object.fromEntries(held.map(({ id, status }) => [id, status])) });
      const at = new Date(nowMs).toISOString();
      return { operation: "UpdateAccessKey", requestId: `OWN${writes.length}`, at, outcome: "accepted" as const };
    },
  };

  const factsOf = (about: About, { id, createdAt, status, lastUsed }: HeldKey): AccessKeyFacts => {
    const other = held.find((each) => each.id !== id);
    const owner = ownerBy(tags, accessKeyRules(policy));
    return {
      kind: "access-key",
      about,
      key: shownKeyId(id),
      status,
      createdAt,
      lastUsed,
      ...(other && { other: { key: shownKeyId(other.id), status: other.status, createdAt: other.createdAt } }),
      ...(owner !== undefined && { owner }),
    };
  };

  const controlOf = (about: About): Control<UserKeys> => ({
    meta: {
      id: IDS[about],
      title: IDS[about],
      severity: "high",
      subject: "identity",
      why: "Keys get about.",
      frameworks: [],
      resourceType: "AWS::IAM::User",
      cloudTrail: {},
      configTypes: [],
      stateCalls: ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"],
      iam: { read: ["iam:ListAccessKeys"], write: ["iam:UpdateAccessKey", "iam:DeleteAccessKey"], passRoleTo: [] },
      reversible: "A deactivated key can be activated again.",
      defaultMode: "enforce",
    },
    async detect(resource) {
      const findings = held.map((key) => {
        const facts = factsOf(about, key);
        const id = findingId(IDS[about], resource, facts.key);
        return { id, controlId: IDS[about], resource, part: facts.key, title: `Key ${facts.key}`, facts };
      });
      return { kind: "present", state: stateNow(), tags, findings };
    },
    shows: () => undefined,
    port: () => port,
    comply: ({ keys }, offending) => ({
      keys: keys.flatMap((each) => {
        if (!offending.has(each.key)) return [each];
        return each.status === "Active" ? [{ ...each, status: "Inactive" as const }] : [];
      }),
    }),
    retreat: () => undefined,
    restore: (left, before, part) => ({
      keys: left.keys.map((each) => (each.key === part ? (before.keys.find(({ key }) => key === part) ?? each) : each)),
    }),
    noWayBack: (_, after, parts) =>
      parts.some((part) => after.keys.every(({ key }) => key !== part)) ? "a deleted key can't come back" : undefined,
  });

  const cordonOf = (about: About, mode: Mode = "enforce", its = policy): Cordon<UserKeys, Control<UserKeys>> => ({
    control: controlOf(about),
    policy: its,
    clock,
    ports: {} as never,
    journal,
    ceiling: { mode, reason: `CORDON_MODE=${mode}` },
  });
  const signal = (source: Signal["source"], name: string): Signal => ({
    id: `event-${++events}`,
    source,
    name,
    at: new Date(nowMs).toISOString(),
    resource: user,
  });
  const handle = async (about: About, what: Signal, mode?: Mode, its?: PolicyInForce) =>
    (await handleSignal(what, cordonOf(about, mode, its), nowMs + 25_000)).results;
  const idOf = (about: About, key = OLD) => findingId(IDS[about], user, shownKeyId(key));
  const findingOf = async (about: About, key = OLD) => {
    const found = await journal.readFinding(idOf(about, key));
    if (found === undefined) throw new Error("there is no finding");
    return found;
  };
  const decided =
    <Action extends "approve" | "reject" | "roll-back">(action: Action) =>
    async (about: About, by: string | Decider, key = OLD): Promise<Result> => {
      const finding = await findingOf(about, key);
      const decider = typeof by === "string" ? proved(by) : by;
      const request = { action, finding, reason: "a test", decider };
      const carryOut = { approve, reject, "roll-back": rollBack }[action];
      return carryOut(request, cordonOf(about), nowMs + 25_000);
    };
  return {
    clock,
    writes,
    evidence,
    journal,
    user,
    idOf,
    findingOf,
    cordonOf,
    handle,
    advance: (days: number) => {
      nowMs += days * DAY_MS;
    },
    look: (about: About = "age", mode?: Mode, its?: PolicyInForce) =>
      handle(about, signal("schedule", "Look"), mode, its),
    /** Somebody says that a key is known to others. */
    report: (key: string, more: Partial<KeyReport> = {}, mode?: Mode) => {
      const at = new Date(nowMs).toISOString();
      const report: KeyReport = { by: "aws-health", id: "health-1", type: "AWS_RISK_CREDENTIALS_EXPOSED", at, ...more };
      return handle("exposure", { ...signal("health", report.type), report, keyId: key }, mode);
    },
    /** Somebody other than Cordon switches a key on or off. */
    switch(id: string, status: KeyStatus) {
      held = held.map((key) => (key.id === id ? { ...key, status } : key));
    },
    use(id: string) {
      const lastUsed = { at: new Date(nowMs).toISOString(), service: "s3", region: "eu-central-1" };
      held = held.map((key) => (key.id === id ? { ...key, lastUsed } : key));
    },
    held: (id: string) => held.find((key) => key.id === id),
    statusOf: (id = OLD) => held.find((key) => key.id === id)?.status,
    approve: decided("approve"),
    reject: decided("reject"),
    rollBack: decided("roll-back"),
  };
}

export function keyOf(days: number, more: Partial<HeldKey> = {}): HeldKey {
  return {
    id: OLD,
    createdAt: daysAgo(days),
    status: "Active",
    lastUsed: { at: daysAgo(Math.min(days, 60)), service: "s3", region: "eu-central-1" },
    ...more,
  };
}

export const usedToday: HeldKey["lastUsed"] = { at: daysAgo(0), service: "s3", region: "eu-central-1" };
export { arnOf };
