import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { outboxStage } from "../support/outbox-stage.ts";
import { policyFile } from "../support/policy-file.ts";

const batch = (Records: unknown[]) => ({ Records }) as never;

async function ticketStage() {
  const set = await outboxStage();
  const folder = mkdtempSync(join(tmpdir(), "cordon-tickets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv("CORDON_TICKETS", `file:${folder}`);
  const tickets = () => readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return { ...set, tickets };
}

describe("open-tickets", () => {
  it("acknowledges what every adapter has, and evidence is none of its business", async () => {
    const set = await ticketStage();
    await set.write("orders-eu", ["to-us", "to-brazil"]);

    const answer = await (await set.container("open-tickets"))(batch(set.take()));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(set.tickets()).toHaveLength(2);
    expect(set.waiting("tickets")).toEqual([]);
    expect(set.waiting("archive")).toHaveLength(2);
    for (const item of set.table.items().filter(({ entity }) => entity === "finding")) {
      expect(item.ticketedAt).toMatch(/^\d{4}-/);
    }
  });

  it("does not acknowledge a finding that was written since", async () => {
    const set = await ticketStage();
    await set.write("orders-eu", ["to-us"], { title: "older" });
    const older = set.take();
    await set.write("orders-eu", ["to-us"], { title: "newer" });
    const newer = set.take();
    const openTickets = await set.container("open-tickets");

    await openTickets(batch(older));
    expect(set.waiting("tickets")).toHaveLength(1);

    await openTickets(batch(newer));
    expect(set.waiting("tickets")).toEqual([]);
    expect(set.tickets()[0]).toContain("newer");
  });

  it("shows the newest state though an older one comes after it", async () => {
    const set = await ticketStage();
    await set.write("orders-eu", ["to-us"], { title: "older" });
    await set.write("orders-eu", ["to-us"], { title: "newer" });
    const findings = set.take().filter(({ dynamodb }) => dynamodb?.NewImage?.entity?.S === "finding");

    await (await set.container("open-tickets"))(batch(findings.reverse()));

    expect(findings).toHaveLength(2);
    expect(set.tickets()).toHaveLength(1);
    expect(set.tickets()[0]).toContain("newer");
    expect(set.waiting("tickets")).toEqual([]);
  });

  it("asks for the record again when it can't be acknowledged", async () => {
    const set = await ticketStage();
    await set.write("orders-eu");
    const records = set.take();
    set.sandbox.faults.inject({ operation: "UpdateItem", kind: "server-error", times: 3 });
    const openTickets = await set.container("open-tickets");

    const failed = await openTickets(batch(records));
    const answer = await openTickets(batch(records));

    expect(failed.batchItemFailures).toHaveLength(1);
    expect(answer.batchItemFailures).toEqual([]);
    expect(set.waiting("tickets")).toEqual([]);
    expect(set.tickets()).toHaveLength(1);
  });

  it.each([
    ["where nobody else is told", undefined, [], 1],
    ["not at all where policy names a tracker, whoever it is for", undefined, ["low"], 0],
    ["where it is asked for, besides", "console", ["low"], 1],
  ] as const)("prints a ticket %s", async (_, setting, severities, expected) => {
    const set = await ticketStage();
    vi.stubEnv("CORDON_TICKETS", setting);
    const routes = severities.length === 0 ? [] : [{ id: "hub", adapter: "security-hub", liesIn: ["eu"], severities }];
    vi.stubEnv("CORDON_POLICY", policyFile({ tickets: { routes } }));
    set.sandbox.createQueue("cordon-tickets-security-hub");
    const printed = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await set.write("orders-eu", ["to-us"]);
    const answer = await (await set.container("open-tickets"))(batch(set.take()));
    const texts = printed.mock.calls.map(([text]) => String(text));
    printed.mockRestore();
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(texts.filter((text) => text.includes("[CONTAINED]"))).toHaveLength(expected);
    expect(set.waiting("tickets")).toEqual([]);
  });

  it("says what is missing when CORDON_TABLE is not set", async () => {
    const set = await ticketStage();
    delete process.env.CORDON_TABLE;
    const openTickets = await set.container("open-tickets");
    await expect(openTickets(batch([]))).rejects.toThrow(/CORDON_TABLE is missing: expected the name/);
  });
});
