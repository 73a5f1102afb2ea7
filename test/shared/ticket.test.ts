import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { adaptersFrom } from "../../shared/ticketing/adapters.ts";
import { consoleAdapter } from "../../shared/ticketing/console-adapter.ts";
import { fileAdapter } from "../../shared/ticketing/file-adapter.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";
import type { Exposure } from "../../shared/types.ts";
import { someFinding } from "../ticketing/some-finding.ts";

const finding: FindingRecord = someFinding({
  occurrence: 2,
  firstSeenAt: "2026-03-01T09:00:00.000Z",
  lastSeenAt: "2026-03-01T09:10:00.000Z",
  principal: {
    type: "AssumedRole",
    arn: "arn:aws:sts::111122223333:assumed-role/deploy/ci",
    agent: "[APN/1.0 HashiCorp/1.0 Terraform/1.9.0]",
  },
  run: 2,
  timings: { calledAt: "2026-03-01T09:09:58Z", containedAt: "2026-03-01T09:10:00.000Z" },
  evidence: ["EVIDENCE#00000004#f-0123456789abcdef0123"],
});

const from = "2026-03-01T09:09:58.000Z";
const to = "2026-03-01T09:10:00.000Z";
const exposure: Exposure = {
  from,
  to,
  objects: 1_234,
  bytes: 1_512_345,
  firstAt: from,
  lastAt: "2026-03-01T09:09:59.000Z",
  isAll: true,
  basis: "Estimated from a listing.",
};

/** The lines below a heading. */
function sectionOf(body: string, heading: string): readonly string[] {
  const section = body.split("\n\n").find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return section
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

describe("a ticket's text", () => {
  it("of a containment", async () => {
    const { title, body } = ticketOf(finding);
    await expect(`${title}\n\n${body}\n`).toMatchFileSnapshot("../snapshots/ticket-contained.txt");
  });

  it("of what needs a decision", async () => {
    const { title, body } = ticketOf({
      ...finding,
      status: "awaiting-approval",
      severity: "critical",
      decision: {
        ...finding.decision,
        kind: "approve",
        approval: { by: ["arn:aws:iam::*:role/data-owner"], validMs: 72 * 3_600_000 },
      },
      changes: [],
      notes: ["AWS refused the change (AccessDenied)"],
    });
    await expect(`${title}\n\n${body}\n`).toMatchFileSnapshot("../snapshots/ticket-needs-a-decision.txt");
  });

  it("names anybody who has not caused it where policy names nobody who decides", () => {
    const approval = { by: [], validMs: 3_600_000 };
    const { body } = ticketOf({ ...finding, status: "awaiting-approval", decision: { ...finding.decision, approval } });
    expect(body).toContain("Who may decide: anybody who may call Cordon and has not caused it; within 1 hours.");
  });

  it("of an observed finding says that nothing was done", () => {
    const { title, body } = ticketOf({ ...finding, status: "observed", changes: [] });
    expect(title).toMatch(/^\[OBSERVED\]/);
    expect(body).toContain("Nothing: this control only observes here.");
  });

  it("T4 of an object tells what was looked at, counts and no values, and what a person can do", () => {
    const reason = "it has ten tags: somebody has to take one of them away";
    const found = [{ detector: "iban", matches: 3, distinct: 2, fingerprints: ["0f1e2d"] }];
    const { body } = ticketOf({
      ...finding,
      status: "awaiting-approval",
      facts: { kind: "object", matched: [], undecided: [], found, carried: [], isFull: true, read: "all of its text" },
      decision: {
        ...finding.decision,
        kind: "approve",
        reasons: [reason, "another"],
        explanation: { ...finding.decision.explanation, verdict: "for-a-person" },
      },
    });
    expect(sectionOf(body, "What was looked at")).toEqual(["all of its text", "found 3 x iban (2 different)"]);
    expect(sectionOf(body, "What to do")).toEqual([reason]);
    expect(body).not.toContain("0f1e2d");
  });

  it("K1 K7 of a key tells what would stop, who owns it, and that a warning is one", () => {
    const facts = {
      kind: "access-key",
      about: "age",
      key: "AKIA...MPLE",
      status: "Active",
      createdAt: "2026-01-01T00:00:00.000Z",
      lastUsed: { at: "2026-02-28T00:00:00.000Z", service: "s3", region: "eu-central-1" },
      owner: "team-reports",
      reported: { by: "guardduty", id: "finding-1", type: "a-type", at: "2026-03-01T00:00:00.000Z" },
    } as const;
    const explanation = { ...finding.decision.explanation, verdict: "announced" as const };
    const decision = { ...finding.decision, kind: "observe" as const, explanation };
    const { title, body } = ticketOf({ ...finding, status: "observed", changes: [], facts, decision });
    expect(title).toMatch(/^\[WARNING\]/);
    expect(sectionOf(body, "What was done")).toEqual(["Nothing yet: this tells what will be."]);
    expect(sectionOf(body, "What was looked at")).toEqual([
      "key AKIA...MPLE, active, created 2026-01-01T00:00:00.000Z, used last at 2026-02-28T00:00:00.000Z, for s3 in eu-central-1",
      "owner by the user's tags: team-reports",
      "reported by guardduty at 2026-03-01T00:00:00.000Z: a-type (finding-1)",
    ]);
    const deleted = ticketOf({ ...finding, facts: { ...facts, status: "Inactive" }, reversible: "it can't come back" });
    expect(sectionOf(deleted.body, "How to undo it")).toEqual(["it can't come back"]);
  });

  it("tells what may have crossed before the containment, and that it is an estimate", () => {
    expect(sectionOf(ticketOf({ ...finding, exposure }).body, "What may have crossed")).toEqual([
      "Data could cross from 2026-03-01T09:09:58.000Z to 2026-03-01T09:10:00.000Z.",
      "An estimate: 1,234 objects, 1.5 MB (1,512,345 bytes)",
      "first written 2026-03-01T09:09:58.000Z, last 2026-03-01T09:09:59.000Z",
      "Estimated from a listing.",
    ]);
  });

  it("says nothing of what may have crossed where nobody has looked", () => {
    expect(ticketOf(finding).body).not.toContain("crossed");
  });

  it.each([
    [{ isAll: false }, "An estimate: at least 1,234 objects, 1.5 MB (1,512,345 bytes)"],
    [{ objects: 1, bytes: 1 }, "An estimate: 1 object, 1 byte"],
    [{ objects: 2, bytes: 999 }, "An estimate: 2 objects, 999 bytes"],
    [{ objects: 2, bytes: 1_000 }, "An estimate: 2 objects, 1.0 kB (1,000 bytes)"],
    [{ objects: 2, bytes: 999_950 }, "An estimate: 2 objects, 1.0 MB (999,950 bytes)"],
    [{ objects: 2, bytes: 5e12 }, "An estimate: 2 objects, 5.0 TB (5,000,000,000,000 bytes)"],
  ])("tells how much may have crossed: %j", (more, line) => {
    expect(ticketOf({ ...finding, exposure: { ...exposure, ...more } }).body).toContain(`  ${line}\n`);
  });

  it("tells of no object that may have crossed as such, and gives no times for none", () => {
    const { firstAt, lastAt, ...none } = { ...exposure, objects: 0, bytes: 0 };
    expect(sectionOf(ticketOf({ ...finding, exposure: none }).body, "What may have crossed")).toEqual([
      expect.stringMatching(/^Data could cross/),
      "An estimate: 0 objects, 0 bytes",
      "Estimated from a listing.",
    ]);
  });

  it("gives no number where nothing could be read", () => {
    const basis = "It is not known what crossed: the bucket's objects can't be listed (AccessDenied: no).";
    const unreadable: Exposure = { from, to, objects: 0, bytes: 0, isAll: false, isUnreadable: true, basis };
    expect(sectionOf(ticketOf({ ...finding, exposure: unreadable }).body, "What may have crossed")).toEqual([
      expect.stringMatching(/^Data could cross/),
      basis,
    ]);
  });

  it.each([
    "observed",
    "awaiting-approval",
    "containing",
    "contained",
    "inconclusive",
    "waiting",
    "rolling-back",
    "exempt",
    "resolved",
  ] as const)("can be written for a finding that is %s", (status) => {
    const ticket = ticketOf({ ...finding, status });
    expect(ticket.key).toBe(finding.id);
    expect(ticket.body).not.toContain("undefined");
  });

  it("carries no line breaks, control characters or direction marks from the names of strangers", () => {
    const evil = `x\u202egnp.exe\r\nResolved\u0007\u2028by admin`;
    const { title, body } = ticketOf({
      ...finding,
      title: evil,
      principal: { type: "IAMUser", arn: evil, agent: evil },
      notes: [evil],
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(title).not.toMatch(/[\u0000-\u001f\u202a-\u202e\u2028\u2029]/);
    for (const line of body.split("\n")) {
      expect(line).not.toMatch(/^Resolved/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      expect(line).not.toMatch(/[\u0000-\u001f\u202a-\u202e\u2028\u2029]/);
    }
  });
});

describe("adapters", () => {
  it("the file adapter keeps one file a finding, replaced as a whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cordon-tickets-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const adapter = fileAdapter(folder);
    await adapter.put(ticketOf(finding));
    await adapter.put(ticketOf({ ...finding, occurrence: 3 }));
    expect(readdirSync(folder)).toEqual([`${finding.id}.md`]);
    expect(readFileSync(join(folder, `${finding.id}.md`), "utf8")).toContain("occurrences: 3");
  });

  it("the file adapter writes nowhere but into its folder", async () => {
    await expect(fileAdapter(tmpdir()).put({ ...ticketOf(finding), key: "../../outside" })).rejects.toThrow(
      "not a finding's id",
    );
  });

  it("the console adapter prints the text", async () => {
    let printed = "";
    await consoleAdapter((text) => {
      printed += text;
    }).put(ticketOf(finding));
    expect(printed).toContain("[CONTAINED]");
  });

  it("a setting that is wrong is refused, naming every mistake", () => {
    expect(() => adaptersFrom("console,jira,file:")).toThrow(
      '"jira", "file:": expected none, console or file:<folder>',
    );
    expect(adaptersFrom("console, file:/tmp/x").map(({ name }) => name)).toEqual(["console", "file"]);
    expect(adaptersFrom("none")).toEqual([]);
  });

  it.each([
    ["nothing", undefined, 0, ["console"]],
    ["nothing, and policy names a tracker", undefined, 1, []],
    ["an empty text, and policy names a tracker", "", 1, []],
    ["console, and policy names a tracker", "console", 1, ["console"]],
  ] as const)(
    "where CORDON_TICKETS says %s, whole tickets are printed if nobody else has them",
    (_, setting, routes, names) => {
      expect(adaptersFrom(setting, routes).map(({ name }) => name)).toEqual(names);
    },
  );
});
