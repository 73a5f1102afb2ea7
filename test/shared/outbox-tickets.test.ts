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

const idOf = (number: number) => `f-${String(number).padStart(20, "0")}`;

/** A tracker that takes every finding's tickets but one's. */
function refusing(refused: string) {
  const put: string[] = [];
  const adapter: TicketAdapter = {
    name: "tracker",
    put: async ({ key, version }) => {
      if (key === refused) throw new Error("400 Bad Request");
      put.push(`${key} v${version}`);
    },
  };
  const deliver = (...emissions: readonly Emission[]) =>
    deliverTickets(
      emissions,
      [adapter],
      async () => true,
      () => START_MS,
      makeLogger("test"),
    );
  return { put, deliver };
}

describe("a ticket leaves the outbox", () => {
  it("once every adapter has it, and one after the other", async () => {
    const { done, deliver } = consumer();
    expect(await deliver(emission(1), emission(2))).toEqual([]);
    expect(done).toEqual(["one 1 v1", "two 1 v1", "acknowledge 1 v1", "one 1 v2", "two 1 v2", "acknowledge 1 v2"]);
  });

  it.each([
    ["an adapter fails", "two 1 v2", ["one 1 v1", "two 1 v1", "acknowledge 1 v1", "one 1 v2", "two 1 v2"], [2, 3]],
    ["the acknowledgement fails", "acknowledge 1 v1", ["one 1 v1", "two 1 v1", "acknowledge 1 v1"], [1, 2, 3]],
  ])("or comes again with its finding's later states when %s", async (_, failing, steps, left) => {
    const { done, deliver } = consumer({ failing });
    const answer = await deliver(emission(1), emission(2), emission(3));
    expect(done).toEqual(steps);
    expect(answer).toEqual(left.map((version) => emission(version).sequence));
  });

  it("though another finding's is refused for good: only what is that finding's is held up", async () => {
    const refused = idOf(0);
    const others = Array.from({ length: 19 }, (_, index) => idOf(index + 1));
    const { put, deliver } = refusing(refused);

    const left = await deliver(emission(1, refused), ...others.map((id) => emission(1, id)), emission(2, refused));

    expect(put).toEqual(others.map((id) => `${id} v1`));
    expect(left).toEqual([emission(1, refused).sequence, emission(2, refused).sequence]);
  });

  it("in the order of its finding's states, whatever lies between them", async () => {
    const { put, deliver } = refusing("none");
    const [one, two] = [idOf(1), idOf(2)];
    await deliver(emission(1, one), emission(4, two), emission(2, one), emission(5, two), emission(3, one));
    expect(put.filter((each) => each.startsWith(one))).toEqual([1, 2, 3].map((version) => `${one} v${version}`));
    expect(put.filter((each) => each.startsWith(two))).toEqual([4, 5].map((version) => `${two} v${version}`));
  });

  it("though the acknowledgement is lost to a newer state, which is on its way", async () => {
    const lost: AcknowledgeTicket = async () => false;
    const failed = await deliverTickets([emission(1)], [], lost, () => START_MS, makeLogger("test"));
    expect(failed).toEqual([]);
  });

  it.each([
    ["without a finding", { ...emission(1), item: { pk: "FINDING#f" } }],
    ["that can't be read", { ...emission(1), item: undefined }],
  ])("never when it is an item %s, which holds up nothing", async (_, broken) => {
    const { done, deliver } = consumer();
    expect(await deliver(broken, emission(1))).toEqual([]);
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
