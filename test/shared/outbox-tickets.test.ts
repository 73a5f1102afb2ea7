import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CordonError } from "../../shared/errors.ts";
import { type AcknowledgeTicket, deliverTickets } from "../../shared/outbox/deliver-tickets.ts";
import type { Emission } from "../../shared/outbox/emissions-aws.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { fileAdapter } from "../../shared/ticketing/file-adapter.ts";
import type { Ticket, TicketAdapter } from "../../shared/ticketing/ticket.ts";
import { START_MS } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";

const emission = (version: number, id = "f-00000000000000000001"): Emission => ({
  sequence: `sequence-${id}-${version}`,
  item: { pk: `FINDING#${id}`, version, record: findingOf({ id, title: `version ${version}` }) },
  source: "",
});

function consumer({ failing = "" } = {}) {
  const done: string[] = [];
  const fail = (step: string) => {
    done.push(step);
    if (step === failing) throw new CordonError("unavailable", "no answer");
  };
  const adapter = (name: string): TicketAdapter => ({
    name,
    put: async ({ key, version }: Ticket) => fail(`${name} ${key.slice(-1)} v${version}`),
  });
  const acknowledge: AcknowledgeTicket = async (id, version) => {
    fail(`acknowledge ${id.slice(-1)} v${version}`);
    return true;
  };
  const adapters = [adapter("one"), adapter("two")];
  const deliver = (...emissions: readonly Emission[]) =>
    deliverTickets(emissions, adapters, acknowledge, () => START_MS, makeLogger("test"));
  return { done, deliver };
}

describe("a ticket leaves the outbox", () => {
  it("once every adapter has it, and one after the other", async () => {
    const { done, deliver } = consumer();
    expect(await deliver(emission(1), emission(2))).toBeUndefined();
    expect(done).toEqual(["one 1 v1", "two 1 v1", "acknowledge 1 v1", "one 1 v2", "two 1 v2", "acknowledge 1 v2"]);
  });

  it.each([
    ["an adapter fails", "two 1 v2", ["one 1 v1", "two 1 v1", "acknowledge 1 v1", "one 1 v2", "two 1 v2"]],
    ["the acknowledgement fails", "acknowledge 1 v1", ["one 1 v1", "two 1 v1", "acknowledge 1 v1"]],
  ])("or comes again with all behind it when %s", async (_, failing, steps) => {
    const { done, deliver } = consumer({ failing });
    const failed = await deliver(emission(1), emission(2), emission(3));
    expect(done).toEqual(steps);
    expect(failed).toBe(emission(Number(failing.at(-1))).sequence);
  });

  it("though the acknowledgement is lost to a newer state, which is on its way", async () => {
    const lost: AcknowledgeTicket = async () => false;
    const failed = await deliverTickets([emission(1)], [], lost, () => START_MS, makeLogger("test"));
    expect(failed).toBeUndefined();
  });

  it.each([
    ["without a finding", { ...emission(1), item: { pk: "FINDING#f" } }],
    ["that can't be read", { ...emission(1), item: undefined }],
  ])("never when it is an item %s, which holds up nothing", async (_, broken) => {
    const { done, deliver } = consumer();
    expect(await deliver(broken, emission(1))).toBeUndefined();
    expect(done).toEqual(["one 1 v1", "two 1 v1", "acknowledge 1 v1"]);
  });
});

describe("the file of a finding", () => {
  const files = () => {
    const folder = mkdtempSync(join(tmpdir(), "cordon-tickets-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const deliver = async (...versions: readonly number[]) => {
      const emissions = versions.map((version) => emission(version));
      const acknowledge: AcknowledgeTicket = async () => true;
      await deliverTickets(emissions, [fileAdapter(folder)], acknowledge, () => START_MS, makeLogger("test"));
      return readFileSync(join(folder, "f-00000000000000000001.md"), "utf8");
    };
    return { deliver };
  };

  it.each([
    ["in order", [1, 2, 10]],
    ["the other way round", [10, 2, 1]],
    ["twice, as after a failure in the middle", [1, 2, 10, 1, 2]],
  ])("shows the newest state when states come %s", async (_, versions) => {
    const { deliver } = files();
    expect(await deliver(...versions)).toContain("version 10");
  });

  it("is written again when the same state comes again", async () => {
    const { deliver } = files();
    expect(await deliver(3)).toBe(await deliver(3));
  });
});
