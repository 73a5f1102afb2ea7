import { MemoryJournal } from "../../cli/memory-journal.ts";
import { listenForKeys } from "../../functions/revoke-stale-keys/listen.ts";
import { type ReportedUser, writeCredentialReport } from "../../sandbox/iam/credential-report.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { CredentialReports } from "../../shared/resources/credential-reports.ts";
import type { DeniedSessions, IamSessions } from "../../shared/resources/iam-sessions.ts";
import type { IamUsers, UserKeys } from "../../shared/resources/iam-users.ts";
import type { ResourcePort } from "../../shared/resources/port.ts";
import type { RootKeys } from "../../shared/resources/root-keys.ts";
import { shownKeyId } from "../../shared/shown.ts";
import type { AccessKeyFacts, KeyStatus, ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { caseUserRef } from "../support/iam-cases.ts";

export const ACCOUNT = "111122223333";
const DAY_MS = 86_400_000;
const REPORT_LIVES_MS = 4 * 3_600_000;

export interface Key {
  readonly id: string;
  readonly createdMs: number;
  changedMs: number;
  status: KeyStatus;
  lastUsed: AccessKeyFacts["lastUsed"];
}

export interface User {
  readonly name: string;
  readonly path: string;
  keys: readonly Key[];
}

/** An account's IAM in this process, and what hears of it: functions/revoke-stale-keys without Lambda and without AWS. Time passes only when it is asked to. */
export function functionInMemory(
  users: readonly User[],
  { beforeRead = async () => {} }: { readonly beforeRead?: (name: string) => Promise<void> } = {},
) {
  let nowMs = START_MS;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const journal = new MemoryJournal();
  const userOf = (name: string) => users.find((each) => each.name === name);
  const keysOf = (name: string) => userOf(name)?.keys ?? [];
  const byShown = (name: string, shown: string) => keysOf(name).find(({ id }) => shownKeyId(id) === shown);

  const stateOf = (name: string): UserKeys => ({
    keys: keysOf(name)
      .map(({ id, createdMs, status }) => ({ key: shownKeyId(id), createdAt: isoOf(createdMs), status }))
      .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)),
  });
  const write = (name: string, next: UserKeys) => {
    const user = userOf(name);
    if (user === undefined) throw new Error(`there is no ${name}`);
    user.keys = user.keys.flatMap((key) => {
      const is = next.keys.find((each) => each.key === shownKeyId(key.id));
      if (is === undefined) return [];
      return [{ ...key, status: is.status, changedMs: is.status === key.status ? key.changedMs : nowMs }];
    });
    return { operation: "UpdateAccessKey", requestId: `OWN${nowMs}`, at: isoOf(nowMs), outcome: "accepted" as const };
  };
  const iam: IamUsers = {
    keys: {
      operation: () => "UpdateAccessKey",
      async read({ name }) {
        await beforeRead(name);
        return { kind: "present", state: stateOf(name) };
      },
      write: async ({ name }, next) => write(name, next),
    },
    lastUse: async ({ name }, key) => byShown(name, key)?.lastUsed ?? { unreadable: "the key is gone" },
    keyIds: async ({ name }) => keysOf(name).map(({ id }) => id),
    ownKey: async () => undefined,
    tags: async () => [],
    named: async ({ name }) => refOf(userOf(name)),
    ownerOf: async (id) => users.find(({ keys }) => keys.some((key) => key.id === id))?.name,
    all: async () => users.map(({ name }) => (refOf(userOf(name)) ?? missing(name)).arn),
  };
  const denied = new Map<string, DeniedSessions>();
  const denials: ResourcePort<DeniedSessions> = {
    operation: () => "PutUserPolicy",
    read: async ({ arn }) => ({ kind: "present", state: denied.get(arn) ?? { denied: [] } }),
    async write({ arn }, next) {
      denied.set(arn, next);
      return { operation: "PutUserPolicy", requestId: `OWN${nowMs}`, at: isoOf(nowMs), outcome: "accepted" as const };
    },
  };
  const sessions: IamSessions = {
    users: denials,
    roles: denials,
    roleTags: async () => [],
    roleNamed: async () => undefined,
    whyOwn: async () => undefined,
  };
  const rootKeys: RootKeys = { read: async () => ({ kind: "present", state: { hasKeys: false } }) };
  let report: { readonly atMs: number; readonly csv: Uint8Array } | undefined;
  const reports: CredentialReports = {
    async read() {
      if (report === undefined || nowMs - report.atMs > REPORT_LIVES_MS)
        report = { atMs: nowMs, csv: Buffer.from(writeCredentialReport(ROOT, users.map(reported))) };
      return { kind: "ready", csv: report.csv };
    },
  };
  const earsUnder = (policy: PolicyInForce) =>
    listenForKeys(
      {
        policy,
        clock,
        ports: { s3: undefined as never, users: iam, reports, sessions, rootKeys },
        journal,
        ceiling: { mode: "enforce", reason: "a test" },
        messages: undefined as never,
        accounts: undefined as never,
      },
      { CORDON_STACK: "cordon", AWS_REGION: "eu-central-1" },
    );
  return {
    clock,
    journal,
    keysOf,
    refOf: (name: string): ResourceRef => refOf(userOf(name)) ?? missing(name),
    advance: (days: number) => {
      nowMs += days * DAY_MS;
    },
    /** Somebody other than Cordon changes a key. */
    change(name: string, id: string, change: Partial<Pick<Key, "status" | "lastUsed">>) {
      const user = userOf(name);
      if (user === undefined) return;
      user.keys = user.keys.map((key) => {
        const isSwitched = change.status !== undefined && change.status !== key.status;
        return key.id === id ? { ...key, ...change, ...(isSwitched && { changedMs: nowMs }) } : key;
      });
    },
    /** What a container with that policy hears, and does about each signal. */
    earsUnder,
    /** A container with that policy: all of an event, `each` around each of its signals. */
    container(policy: PolicyInForce, each: (treat: () => Promise<unknown>) => Promise<void>) {
      const ears = earsUnder(policy);
      return async (event: unknown) => {
        for (const parsed of ears.hear(event, ACCOUNT)) {
          if (parsed.kind === "refused") throw new Error(parsed.reason);
          if (parsed.kind === "signal") await each(() => ears.handle(parsed.signal, nowMs + 60_000));
        }
      };
    },
  };
}

const isoOf = (ms: number) => new Date(ms).toISOString();
const refOf = (user: User | undefined) => (user === undefined ? undefined : caseUserRef(user));
const missing = (name: string): never => {
  throw new Error(`there is no ${name}`);
};

const NOBODY = { createdAt: 0, password: undefined, hasMfa: true, keys: [] };
const ROOT: ReportedUser = { ...NOBODY, name: "<root_account>", arn: `arn:aws:iam::${ACCOUNT}:root`, isRoot: true };

function reported(user: User): ReportedUser {
  const keys = user.keys.map(({ id, status, changedMs, lastUsed }) => ({
    id,
    isActive: status === "Active",
    changedAt: changedMs,
    use:
      typeof lastUsed === "object" && "at" in lastUsed
        ? { at: Date.parse(lastUsed.at), service: lastUsed.service, region: lastUsed.region }
        : undefined,
  }));
  return { ...NOBODY, name: user.name, arn: caseUserRef(user).arn, isRoot: false, keys };
}
