import { AccountClient } from "@aws-sdk/client-account";
import { describe, expect, it } from "vitest";
import { describeRows, rowOf } from "../../cli/coverage-rows.ts";
import { isSame, nameDifferences, only, tellDifference, without } from "../../shared/deployment/compare.ts";
import { placesToCover } from "../../shared/deployment/places.ts";
import type { AccountCoverage, Coverage } from "../../shared/resources/account-coverage.ts";
import { accountCoverageOnAws, logsWrites } from "../../shared/resources/account-coverage-aws.ts";

describe("two ways of writing the same", () => {
  it.each<readonly [string, unknown, unknown]>([
    ["JSON as text", { a: [1, 2] }, '{"a":["2","1"]}'],
    ["one for a list of one", ["sqs:SendMessage"], "sqs:SendMessage"],
    ["lists in another order", [{ a: 1 }, { b: 2 }], [{ b: 2 }, { a: 1 }]],
    ["numbers and booleans as text", { n: 5, on: true }, { n: "5", on: "true" }],
    ["what is empty and what is not there", { a: [], b: {}, c: "", d: null }, {}],
    ["an account's root and its number", { AWS: "arn:aws:iam::111122223333:root" }, { AWS: "111122223333" }],
    ["members in another order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ])("%s", (_, one, other) => expect(isSame(one, other)).toBe(true));

  it.each<readonly [string, unknown, unknown]>([
    ["another value", { State: "ENABLED" }, { State: "DISABLED" }],
    ["false and nothing", { Enabled: true }, {}],
    ["zero and nothing", { n: undefined }, { n: 0 }],
    ["one more of a list", ["a"], ["a", "b"]],
    ["one more member", { a: 1 }, { a: 1, b: 2 }],
    ["a text that says nothing, in an event's place", {}, { Input: "{}" }],
    ["a principal who is everybody", { AWS: "111122223333" }, "*"],
  ])("is not %s", (_, one, other) => expect(isSame(one, other)).toBe(false));
});

describe("what differs, in words", () => {
  it("is told by member, and of lists only what the other lacks", () => {
    const expected = { Statement: [{ Sid: "a" }, { Sid: "b" }] };
    const found = { Statement: [{ Sid: "b" }, { Sid: "c" }] };
    expect(tellDifference(expected, found)).toEqual({
      expected: 'Statement: {"Sid":"a"}',
      found: 'Statement: {"Sid":"c"}',
    });
    expect(tellDifference({ Targets: [{ Id: "queue" }] }, {})).toEqual({
      expected: 'Targets: {"Id":"queue"}',
      found: "Targets: nothing",
    });
  });

  it("is cut where it would fill a ticket", () => {
    expect(tellDifference({}, { Policy: "x".repeat(5_000) }).found.length).toBeLessThan(800);
  });

  it("is told by name alone where values are secret", () => {
    const names = nameDifferences({ E: { A: "1", B: "2" } }, { E: { A: "1", B: "secret", C: "too" } });
    expect(names).toEqual(["B", "C"]);
  });

  it("can be narrowed to what is expected, or to what matters", () => {
    expect(only({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 })).toEqual({ a: { b: "1" } });
    expect(without("X_", { v: { X_A: 1, B: 2 } })).toEqual({ v: { B: 2 } });
  });
});

describe("a trail tells of calls that write", () => {
  const advanced = (...FieldSelectors: { Field: string; Equals?: string[]; NotEquals?: string[] }[]) => ({
    AdvancedEventSelectors: [{ FieldSelectors }],
  });
  const management = { Field: "eventCategory", Equals: ["Management"] };
  it.each([
    ["all management events", { EventSelectors: [{ ReadWriteType: "All", IncludeManagementEvents: true }] }, true],
    ["those that write", { EventSelectors: [{ ReadWriteType: "WriteOnly", IncludeManagementEvents: true }] }, true],
    ["those that read", { EventSelectors: [{ ReadWriteType: "ReadOnly", IncludeManagementEvents: true }] }, false],
    ["data events only", { EventSelectors: [{ ReadWriteType: "All", IncludeManagementEvents: false }] }, false],
    ["all, the newer way", advanced(management), true],
    ["all but those of KMS", advanced(management, { Field: "eventSource", NotEquals: ["kms.amazonaws.com"] }), true],
    ["those that read, the newer way", advanced(management, { Field: "readOnly", Equals: ["true"] }), false],
    ["those of one service", advanced(management, { Field: "eventSource", Equals: ["s3.amazonaws.com"] }), false],
    ["data events, the newer way", advanced({ Field: "eventCategory", Equals: ["Data"] }), false],
    ["nothing", {}, false],
  ] as const)("%s", (_, selectors, expected) => {
    expect(logsWrites(selectors as Parameters<typeof logsWrites>[0])).toBe(expected);
  });
});

describe("where a cell has to hear", () => {
  const home = { account: "111122223333", region: "eu-central-1" };
  const coverage = (regions: Readonly<Record<string, readonly string[]>>): AccountCoverage => ({
    read: () => Promise.reject(new Error("not asked")),
    forget() {},
    leave() {},
    whyLeft: () => undefined,
    async regions(account) {
      const found = regions[account];
      return found === undefined ? { kind: "unreadable", reason: "shut" } : { kind: "present", state: found };
    },
  });
  const told = async (...args: Parameters<typeof placesToCover>) =>
    (await placesToCover(...args)).places.map(({ account, region }) => `${account} ${region}`);

  it("is every enabled Region of its own account, of those it is told of, and of those it has heard", async () => {
    const regions = {
      "111122223333": ["eu-central-1"],
      "444455556666": ["eu-west-1", "us-east-1"],
      "777788889999": ["eu-west-3"],
    };
    const heard = [{ account: "777788889999", region: "eu-west-3", at: "2026-03-01T09:00:00Z" }];
    expect(await told(coverage(regions), home, ["444455556666"], heard)).toEqual([
      "111122223333 eu-central-1",
      "444455556666 eu-west-1",
      "444455556666 us-east-1",
      "777788889999 eu-west-3",
    ]);
  });

  it("is no Region that was disabled, though it was heard once", async () => {
    const heard = [{ account: "111122223333", region: "eu-south-2", at: "2026-03-01T09:00:00Z" }];
    const regions = { "111122223333": ["eu-central-1"] };
    expect(await told(coverage(regions), home, [], heard)).toEqual(["111122223333 eu-central-1"]);
  });

  it("of an account that can't be entered is where it was heard, and home, so that somebody is told", async () => {
    const regions = { "111122223333": ["eu-central-1"] };
    const heard = [{ account: "444455556666", region: "eu-west-1", at: "2026-03-01T09:00:00Z" }];
    expect(await told(coverage(regions), home, ["444455556666", "777788889999"], heard)).toEqual([
      "111122223333 eu-central-1",
      "444455556666 eu-central-1",
      "444455556666 eu-west-1",
      "777788889999 eu-central-1",
    ]);
  });
});

describe("what has to be known of accounts and Regions", () => {
  const home = { account: "111122223333", region: "eu-central-1" };
  const fine: Coverage = {
    readAtMs: 0,
    role: { kind: "not-needed" },
    trails: { kind: "present", state: [{ name: "t", isLogging: true, logsWrites: true }] },
    forwarder: { kind: "not-needed" },
    recorders: { kind: "present", state: [{ name: "r", isRecording: true }] },
    regions: { kind: "present", state: ["eu-central-1"] },
    accounts: { kind: "present", state: "all" },
  };
  const row = (state: Coverage) => {
    const coverage = { read: async () => state, whyLeft: () => undefined } as never;
    return rowOf({ names: { home, partition: "aws", rules: [] }, ports: { coverage } as never }, home);
  };
  const told = async (state: Coverage) => describeRows([await row(state)], 0, false);

  it("is a gap of no column, told in words, when it is not known", async () => {
    expect(await told(fine)).toContain("Nothing is missing.");
    const accounts = { kind: "unreadable", reason: "accounts never heard are not known" } as const;
    const regions = { kind: "unreadable", reason: "AccessDenied account:ListRegions" } as const;
    const { parts } = await row({ ...fine, accounts, regions });
    expect(parts.filter(({ state }) => state === "unknown").map(({ part }) => part)).toEqual(["regions", "accounts"]);
    const text = await told({ ...fine, accounts, regions });
    expect(text).toContain("accounts: accounts never heard are not known");
    expect(text).toContain("regions: AccessDenied account:ListRegions");
    expect(text).not.toContain("Nothing is missing");
  });

  it.each([
    ["an organisation whose accounts are not named", false, "unreadable"],
    ["accounts that are named", true, "present"],
  ])("of %s", async (_, knowsAccounts, kind) => {
    const client = Object.assign(Object.create(AccountClient.prototype), { send: async () => ({}) });
    const clients = { in: async () => client } as never;
    const settings = {
      home,
      partition: "aws",
      busArn: "",
      knowsAccounts,
      expected: () => ({ rules: [], role: { name: "", properties: {} } }),
    };
    const coverage = accountCoverageOnAws(() => clients, settings, {} as never, {
      nowMs: () => 0,
      sleep: async () => {},
    });
    const state = await coverage.read(home);
    expect(state.accounts?.kind).toBe(kind);
    expect(state.regions).toBeDefined();
  });
});
