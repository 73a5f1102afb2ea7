import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AgeLimits, chooseUsers, inTurn } from "../../shared/keys/choose-users.ts";
import { parseCredentialReport, type ReportRow } from "../../shared/keys/credential-report.ts";
import { packUsers, parseUserLooks } from "../../shared/signals/look-users.ts";
import { anyText } from "../support/any-text.ts";

const ACCOUNT = "111122223333";
const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOW = Date.parse("2026-03-01T09:00:00Z");
const LIMITS: AgeLimits = { warnDays: 80, deactivateDays: 90, neverUsedDays: 30, deleteAfterDays: 30 };
/** As the live report has them; the documentation lists one more. */
const HEADER =
  "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

const timeOf = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, "+00:00");
const daysAgo = (days: number) => timeOf(NOW - days * DAY);
const NO_KEY = "false,N/A,N/A,N/A,N/A";
const key = (isActive: boolean, changed: string, used = "N/A") =>
  `${isActive},${changed},${used},${used === "N/A" ? "N/A,N/A" : "eu-central-1,s3"}`;
const arnOf = (name: string, path = "/") => `arn:aws:iam::${ACCOUNT}:user${path}${name}`;
const quoted = (cell: string) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const row = (name: string, created: string, keys: readonly string[], path = "/", write = quoted) =>
  `${write(name)},${write(arnOf(name, path))},${created},false,N/A,N/A,N/A,false,${keys[0] ?? NO_KEY},${keys[1] ?? NO_KEY},false,N/A,false,N/A`;
const root = (keys: readonly string[] = []) =>
  `<root_account>,arn:aws:iam::${ACCOUNT}:root,${daysAgo(2000)},not_supported,no_information,not_supported,not_supported,true,${keys[0] ?? NO_KEY},${keys[1] ?? NO_KEY},false,N/A,false,N/A`;
const report = (...rows: readonly string[]) => [HEADER, ...rows].join("\n");
const inPieces = (text: string, size = 1 << 20): readonly Uint8Array[] => {
  const bytes = new TextEncoder().encode(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.slice(n * size, (n + 1) * size));
};
const parse = (text: string, size?: number): readonly ReportRow[] => [
  ...parseCredentialReport(inPieces(text, size), ACCOUNT),
];
const choose = (...rows: readonly string[]) => chooseUsers(parse(report(root(), ...rows)), LIMITS, NOW);

describe("the credential report", () => {
  it("tells of each user when he was made, and of his keys whether they are on, since when at least, and when they were used", () => {
    const text = report(
      root(),
      row("ci", daysAgo(400), [key(true, daysAgo(10), daysAgo(1)), key(false, daysAgo(300))]),
    );
    expect(parse(text)).toEqual([
      { kind: "root", arn: `arn:aws:iam::${ACCOUNT}:root`, hasKeys: false },
      {
        kind: "user",
        arn: arnOf("ci"),
        createdMs: NOW - 400 * DAY,
        hasMore: false,
        keys: [
          { isActive: true, changedMs: NOW - 10 * DAY, lastUsed: NOW - DAY },
          { isActive: false, changedMs: NOW - 300 * DAY, lastUsed: "never" },
        ],
      },
    ]);
  });

  it.each<[string, string, boolean | undefined]>([
    ["none", root(), false],
    ["one", root([key(true, daysAgo(9))]), true],
    ["one that is off", root([key(false, daysAgo(9))]), true],
    ["what nobody knows", root(["perhaps,N/A,N/A,N/A,N/A"]), undefined],
  ])("tells whether root has keys: %s", (_, line, hasKeys) => {
    expect(parse(report(line))).toMatchObject([{ kind: "root", hasKeys }]);
    expect(chooseUsers(parse(report(line)), LIMITS, NOW).rootHasKeys).toBe(hasKeys);
  });

  it.each<[string, string, string]>([
    ["a plain name", "ci", "/"],
    ["a path", "ci", "/teams/platform/"],
    ["commas", "a,b=c", "/x,y/"],
    ["quotes in the path", "ci", '/"quoted"/'],
  ])("reads %s, whether AWS quotes it or not", (_, name, path) => {
    for (const write of [quoted, (cell: string) => cell, (cell: string) => `"${cell.replaceAll('"', '""')}"`])
      expect(parse(report(row(name, daysAgo(5), [], path, write)))).toMatchObject([
        { kind: "user", arn: arnOf(name, path) },
      ]);
  });

  it("is found by the names of its columns, in any order and however many", () => {
    const swap = (line: string) => line.split(",").reverse().join(",");
    const text = [
      `${swap(HEADER)},additional_credentials_info`,
      `${swap(row("ci", daysAgo(5), []))},1 more: ListAccessKeys`,
    ];
    expect(parse(text.join("\r\n"))).toMatchObject([{ kind: "user", arn: arnOf("ci"), hasMore: true }]);
    expect(parse(report().replace("access_key_2_active", "other"))).toMatchObject([
      { kind: "unreadable", reason: expect.stringContaining("without access_key_2_active") },
    ]);
    expect(parse("")).toMatchObject([{ kind: "unreadable" }]);
  });

  it("in whatever pieces it comes, says the same", () => {
    const text = `\ufeff${report(root(), row("jürgen,1", daysAgo(5), []), row("b", daysAgo(9), [key(true, daysAgo(9))]))}\n`;
    for (const size of [1, 7, 64, 1000]) expect(parse(text, size)).toEqual(parse(text));
  });

  const line = fc.oneof(
    anyText({ maxLength: 300 }),
    fc.constantFrom(
      '"',
      ",",
      '","',
      '"'.repeat(999),
      "x".repeat(20_000),
      ",".repeat(30_000),
      "<root_account>",
      row("ci", "soon", []),
    ),
    fc.tuple(fc.nat(400), fc.string({ maxLength: 3 })).map(([at, text]) => {
      const good = row("victim", daysAgo(5), [key(true, daysAgo(200))]);
      return good.slice(0, at) + text + good.slice(at + 1);
    }),
  );
  it("of anything, every line ends in a row or in words, and no line takes another with it", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(line, { maxLength: 8 }), (before, after) => {
        const good = row("stale", daysAgo(400), [key(true, daysAgo(200))]);
        const rows = parse(report(...before, good, ...after), 500);
        const lines = [...before, good, ...after].join("\n").split("\n");
        expect(rows).toHaveLength(lines.filter((each) => each.replace(/\r$/, "") !== "").length);
        expect(chooseUsers(rows, LIMITS, NOW).due).toContain(arnOf("stale"));
      }),
      { numRuns: 150 },
    );
  });
});

describe("of the users are looked at", () => {
  it.each<[string, readonly string[], "due" | "unsure" | undefined, number?]>([
    ["nobody without keys", [], undefined],
    ["whose key was last changed 79 days ago", [key(true, daysAgo(79), daysAgo(1))], "due"],
    ["not yet one of 78 days", [key(true, daysAgo(78), daysAgo(1))], undefined, 78],
    ["whose key of 19 days was never used", [key(true, daysAgo(19))], "due"],
    ["not yet one of 18 days", [key(true, daysAgo(18))], undefined, 18],
    [
      "in turn a user who has rotated his key: it may be an older one, switched on again",
      [key(true, daysAgo(3), daysAgo(1))],
      "unsure",
    ],
    ["whose key is off for 29 days", [key(false, daysAgo(29), daysAgo(40))], "due"],
    ["whose key was switched off today and may be old", [key(false, daysAgo(0), daysAgo(40))], "due"],
    ["whose second key is due", [key(true, daysAgo(3), daysAgo(1)), key(true, daysAgo(300))], "due"],
    ["whose key has no time", [key(true, "N/A", daysAgo(1))], "due"],
    ["whose key has a time to come", [key(true, daysAgo(-3), daysAgo(1))], "due", 1],
    ["whose key is neither on nor off", [`maybe,${daysAgo(1)},N/A,N/A,N/A`], "due", 1],
    ["whose key is gone and was used", [`false,N/A,${daysAgo(3)},N/A,N/A`], "due", 10],
  ])("%s", (_, keys, answer, userDays = 1000) => {
    const chosen = choose(row("ci", daysAgo(userDays), keys));
    expect(chosen.due).toEqual(answer === "due" ? [arnOf("ci")] : []);
    expect(chosen.unsure).toEqual(answer === "unsure" ? [arnOf("ci")] : []);
  });

  it("all, where a limit is shorter than the report may be old", () => {
    const rows = parse(report(row("ci", daysAgo(5), [])));
    expect(chooseUsers(rows, { ...LIMITS, deleteAfterDays: 1 }, NOW).due).toEqual([arnOf("ci")]);
    expect(chooseUsers(rows, { ...LIMITS, neverUsedDays: 5 }, NOW).due).toEqual([arnOf("ci")]);
  });

  it("so many rows can't be read, and it is said", () => {
    expect(choose("nonsense", "<root_account>,arn:aws:iam::999900001111:root").unreadable).toBe(2);
    expect(choose(row("ci", daysAgo(5), []).replaceAll(ACCOUNT, "999900001111")).unreadable).toBe(1);
  });

  it("few of 5,000, and in a moment", () => {
    const rows = Array.from({ length: 5_000 }, (_, n) =>
      row(`user-${n}`, daysAgo(n % 70), [key(true, daysAgo(n % 70), daysAgo(0.5))]),
    );
    const chosen = choose(...rows, row("stale", daysAgo(400), [key(true, daysAgo(200))]));
    expect(chosen).toMatchObject({ due: [arnOf("stale")], unsure: [], rootHasKeys: false, unreadable: 0 });
    expect(chosen.known.size).toBe(5_001);
  });

  it("the unsure once each in so many days, about as many a day", () => {
    const arns = Array.from({ length: 700 }, (_, n) => arnOf(`user-${n}`));
    const days = Array.from({ length: 7 }, (_, n) => inTurn(arns, 7, NOW + n * DAY));
    expect(days.flat().sort()).toEqual([...arns].sort());
    for (const day of days) expect(day.length).toBeGreaterThan(60);
  });
});

/** A key as it is, and what a judge by age makes of it; written from the design, apart from the code that chooses. */
interface LiveKey {
  readonly createdMs: number;
  readonly changes: readonly number[];
  readonly usedMs: number | undefined;
  /** Switched once more between the report and the look. */
  readonly isSwitchedSince: boolean;
  readonly isOnAtReport: boolean;
  /** Cordon switched it off then, by the journal. */
  readonly byCordonMs: number | undefined;
}

function isTreated({ createdMs, usedMs, byCordonMs, ...key }: LiveKey, limits: AgeLimits, atMs: number): boolean {
  const isOn = key.isOnAtReport !== key.isSwitchedSince;
  const days = (atMs - createdMs) / DAY;
  const { warnDays, deactivateDays, neverUsedDays, deleteAfterDays } = limits;
  if (isOn)
    return (
      days >= warnDays || (usedMs === undefined && days >= Math.max(0, neverUsedDays - (deactivateDays - warnDays)))
    );
  if (byCordonMs !== undefined) return (atMs - byCordonMs) / DAY >= deleteAfterDays;
  return days >= deactivateDays + deleteAfterDays && (usedMs === undefined || (atMs - usedMs) / DAY >= deleteAfterDays);
}

describe("the choice misses nobody", () => {
  const limits = fc
    .record({
      warnDays: fc.integer({ min: 2, max: 200 }),
      more: fc.nat(30),
      neverUsedDays: fc.integer({ min: 1, max: 90 }),
      deleteAfterDays: fc.integer({ min: 1, max: 90 }),
    })
    .map(({ more, ...rest }) => ({ ...rest, deactivateDays: rest.warnDays + more }));
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const sample = fc.record({
    reportMs: fc.integer({ min: NOW - 4 * HOUR, max: NOW }),
    atMs: fc.oneof(fc.integer({ min: NOW, max: NOW + 28 * HOUR - 1 }), fc.constant(NOW + 28 * HOUR - 1)),
    limits,
    /** How much older than a limit the key is when it is looked at. */
    limit: fc.constantFrom<keyof AgeLimits>("warnDays", "deactivateDays", "neverUsedDays", "deleteAfterDays"),
    olderDays: fc.oneof(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.double({ min: -20, max: 200, noNaN: true })),
    userOlderDays: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 200, noNaN: true })),
    changes: fc.array(part, { maxLength: 3 }),
    used: fc.option(part, { nil: undefined }),
    usedSince: fc.boolean(),
    isSwitchedSince: fc.boolean(),
    isOnAtReport: fc.boolean(),
    isByCordon: fc.boolean(),
  });

  it("whom any rule on age would treat until the next look but one, whatever was switched when", () => {
    fc.assert(
      fc.property(sample, ({ reportMs, atMs, limits, ...each }) => {
        const seconds = (ms: number) => Math.floor(ms / 1000) * 1000;
        const createdMs = seconds(Math.min(reportMs, atMs - (limits[each.limit] + each.olderDays) * DAY));
        const userMs = seconds(createdMs - each.userOlderDays * DAY);
        const between = (from: number, part: number) => Math.floor((from + (reportMs - from) * part) / 1000) * 1000;
        // A key that is off was switched off.
        const changes = [...each.changes, ...(each.isOnAtReport ? [] : [0.5])]
          .map((part) => between(createdMs, part))
          .sort((a, b) => a - b);
        const changedMs = changes.at(-1) ?? createdMs;
        const usedMs = each.used === undefined ? undefined : between(createdMs, each.used);
        const isOff = !each.isOnAtReport;
        const live: LiveKey = {
          createdMs,
          changes,
          usedMs: each.usedSince ? NOW : usedMs,
          isSwitchedSince: each.isSwitchedSince,
          isOnAtReport: each.isOnAtReport,
          byCordonMs: isOff && each.isByCordon ? changedMs : undefined,
        };
        const line = row("it", timeOf(userMs), [
          key(each.isOnAtReport, timeOf(changedMs), usedMs === undefined ? undefined : timeOf(usedMs)),
        ]);
        const { due, unsure } = chooseUsers(parse(report(root(), line)), limits, NOW);

        const isChosen = due.length + unsure.length > 0;
        const isMissed = isTreated(live, limits, atMs) && !isChosen;
        expect(isMissed && { live, limits }).toBe(false);
        // By what the report says at once, when its time is the key's own.
        if (isTreated(live, limits, atMs) && changedMs === createdMs) expect(due).toHaveLength(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("messages that have users looked at", () => {
  const arn = fc
    .tuple(fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,64}$/), fc.constantFrom("/", "/team/", `/${'"'.repeat(500)}/`))
    .map(([name, path]) => arnOf(name, path));

  it("hold all of them, ten and 200 KB at most, and are understood", () => {
    fc.assert(
      fc.property(fc.uniqueArray(arn, { maxLength: 250 }), (arns) => {
        const messages = packUsers(arns, "2026-03-01T09:00:00.000Z");
        const heard = messages.flatMap((message) => {
          expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(200_000);
          return parseUserLooks(JSON.parse(JSON.stringify(message))) ?? [];
        });
        expect(heard.map((each) => (each.kind === "signal" ? each.signal.resource.arn : each))).toEqual(arns);
      }),
      { numRuns: 20 },
    );
  });

  it.each<[string, unknown, string | undefined]>([
    ["another event", { source: "aws.s3" }, undefined],
    ["no users", { users: [], dueAt: "2026-03-01T09:00:00Z" }, "refused"],
    ["more than it takes", { users: Array(101).fill(arnOf("a")), dueAt: "2026-03-01T09:00:00Z" }, "refused"],
    ["no time", { users: [arnOf("a")] }, "refused"],
    ["no user", { users: ["arn:aws:iam::111122223333:role/admin"], dueAt: "2026-03-01T09:00:00Z" }, "refused"],
    ["one user", { users: [arnOf("a"), arnOf("a")], dueAt: "2026-03-01T09:00:00Z" }, "signal"],
  ])("of %s: what comes of it", (_, detail, kind) => {
    const event = kind === undefined ? detail : { source: "cordon.keys", "detail-type": "Cordon Users Look", detail };
    expect(parseUserLooks(event)?.map((each) => each.kind)).toEqual(kind && [kind]);
  });
});
