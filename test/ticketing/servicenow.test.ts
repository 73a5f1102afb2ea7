import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { servicenow } from "../../shared/ticketing/adapters/servicenow.ts";
import { inert } from "../../shared/ticketing/adapters/servicenow-text.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { type FakeServiceNow, openServiceNow } from "./fakes/servicenow.ts";
import { mistakesOf } from "./fakes/servicenow-schema.ts";
import { POISON, someTicket } from "./some-ticket.ts";

const OAUTH = { clientId: "5d2c1b3a7f8e4c6d", clientSecret: "only-for-tests-1" };
const BASIC = { user: "svc.cordon", password: "only-for-tests-2" };

adapterContract(servicenow, () => openServiceNow(OAUTH));
adapterContract(servicenow, () => openServiceNow(BASIC));

describe("incidents", () => {
  let vendor: FakeServiceNow;
  beforeAll(async () => {
    vendor = await openServiceNow(BASIC);
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by ServiceNow's published columns").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  const make = (settings = vendor.settings) => trackerOf(servicenow, { ...vendor, settings });
  const fields = () => [...vendor.records.values()][0]?.fields ?? {};
  const set = (values: Record<string, string>) => Object.assign(fields(), values);

  it("carry the finding's id, the group and category of the route, and the weight of the severity", async () => {
    await make().open(someTicket({ severity: "critical" }));
    expect(fields()).toMatchObject({
      correlation_id: "f-0123456789abcdef0123",
      correlation_display: "Cordon",
      assignment_group: "8a4dde73c6112278017a6a4baf547aa7",
      category: "software",
      impact: "1",
      urgency: "1",
    });
  });

  it("keep fields with placeholders up to date, and leave others to people once they are opened", async () => {
    const tracker = make({ urgency: { high: "1" }, fields: { u_account: "{account} {state}", u_tool: "cordon" } });
    const remote = await tracker.open(someTicket());
    expect(fields()).toMatchObject({ urgency: "1", u_account: "111122223333 contained", u_tool: "cordon" });
    set({ urgency: "3", u_tool: "ours", assignment_group: "another" });
    await tracker.change(remote, someTicket({ state: "exempt" }), { kind: "update" });
    expect(fields()).toMatchObject({ urgency: "3", u_tool: "ours", assignment_group: "another" });
    expect(fields()).toMatchObject({ u_account: "111122223333 exempt" });
  });

  it("are refused with a placeholder that there is none of, and the ones there are are named", async () => {
    const opening = make({ fields: { u_tool: "{owner}" } }).open(someTicket());
    await expect(opening).rejects.toMatchObject({
      kind: "never",
      message: expect.stringMatching(/\{owner\}.*\{account\}/),
    });
  });

  it("are resolved with a code and notes, as the data policy of the base system wants it", async () => {
    const remote = await make().open(someTicket());
    await make().change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "The violation is gone." });
    expect(fields()).toMatchObject({
      state: "6",
      close_code: "Solution provided",
      close_notes: "The violation is gone.",
    });
  });

  it("take one call for an update, and two where the state changes", async () => {
    const remote = await make().open(someTicket());
    await make().change(remote, someTicket(), { kind: "update", note: "Again." });
    expect(vendor.server.heard).toHaveLength(2);
    await make().change(remote, someTicket(), { kind: "resolve", note: "Gone." });
    expect(vendor.server.heard).toHaveLength(4);
  });

  it("are left alone once people have closed them, and what can't be reopened is told", async () => {
    const remote = await make().open(someTicket());
    set({ state: "7" });
    const closed = await make().change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
    expect(closed.state).toBe("resolved");
    expect(fields().state).toBe("7");
    const reopening = make().change(closed, someTicket(), { kind: "reopen", note: "Again." });
    await expect(reopening).rejects.toMatchObject({ kind: "gone", message: expect.stringContaining("403") });
    const updating = make().change(closed, someTicket(), { kind: "update", note: "Again." });
    await expect(updating).rejects.toMatchObject({ kind: "gone" });
  });

  it("stay in the state that people have given them, when they are open again already", async () => {
    const remote = await make().open(someTicket());
    set({ state: "3" });
    await make().change({ ...remote, state: "resolved" }, someTicket(), { kind: "reopen", note: "Again." });
    expect(fields().state).toBe("3");
  });

  it("are not taken for the finding's where the account may not search by its id, nor opened where it may not write it", async () => {
    await make().open(someTicket());
    vendor.hidden.add("correlation_id");
    await expect(make().find?.("f-fffffffffffffffffff0")).rejects.toMatchObject({ kind: "never" });
    await expect(make().open(someTicket())).rejects.toMatchObject({ kind: "never" });
  });

  it("tell of a state that was not kept", async () => {
    const remote = await make().open(someTicket());
    vendor.hidden.add("close_code");
    const resolving = make().change(remote, someTicket(), { kind: "resolve", note: "Gone." });
    await expect(resolving).rejects.toMatchObject({ kind: "never", message: expect.stringContaining("Data Policy") });
  });

  it("ask again later where the answer lacks what it must have, as of an instance that sleeps", async () => {
    for (const body of ["<html>Your instance is hibernating</html>", { result: {} }, { result: null }, []]) {
      vendor.server.failNext({ status: 200, body });
      await expect(make().open(someTicket())).rejects.toMatchObject({ kind: "later" });
    }
  });

  it.each([400, 401, 403, 404])(
    "are no fewer for a token that is refused with %i: it is asked for again",
    async (status) => {
      const asking = trackerOf(servicenow, { ...vendor, secret: OAUTH });
      const said = { status, body: { error: "invalid_client" } };
      vendor.server.failNext(said, ...(status === 401 ? [said] : []));
      await expect(asking.open(someTicket())).rejects.toMatchObject({
        kind: "later",
        retryAfterMs: 1_800_000,
        isWide: true,
      });
    },
  );

  it("never say the secret, and say what a secret lacks", async () => {
    const tracker = trackerOf(servicenow, vendor, { credentials: async () => ({ user: "svc.cordon" }) });
    await expect(tracker.open(someTicket())).rejects.toMatchObject({
      kind: "later",
      message: expect.stringContaining("neither clientId"),
    });
  });

  it("keep how to undo it, however long the plan before it is", async () => {
    const long = { heading: "The plan", lines: Array.from({ length: 400 }, (_, at) => `step ${at} of many`) };
    const [first, ...rest] = someTicket().sections;
    await make().open(someTicket({ sections: first === undefined ? [] : [first, long, ...rest] }));
    expect(fields().description).toContain("[... cut: cordon explain f-0123456789abcdef0123]");
    expect(fields().description).toContain("cordon rollback f-0123456789abcdef0123");
  });

  it.each(POISON)("show no markup, link or mention of a stranger's: %.40s", async (poison) => {
    const ticket = someTicket({
      title: `[CONTAINED] ${poison}`,
      sections: [{ heading: "What happened", lines: [poison, `[co`, `de]<a href=x>${poison}[/code]`] }],
    });
    const remote = await make().open(ticket);
    await make().change(remote, ticket, { kind: "resolve", note: poison });
    const [kept] = vendor.kept();
    for (const text of [kept?.title ?? "", kept?.text ?? ""]) {
      const { html, told } = vendor.shown(text);
      expect(html).not.toMatch(/<[a-z!/]/i);
      expect(text).not.toMatch(/<[a-z!/?]|\[\s*\/?\s*code|(?!\n)\p{Cc}|\ud800/iu);
      expect(told).toEqual([]);
    }
  });

  it.each([
    "[code]x[/code]",
    "[CODE]",
    "[ / c o d e ]",
    "[\u00adcode]",
    "[c\ufffdode]",
    "[[code]code]",
    "@[46c6f9efa9fe198101ddf5eed9adf6e7:Somebody]",
    "@ [46c6f9efa9fe198101ddf5eed9adf6e7:Somebody]",
  ])("know %j in any writing", (text) => {
    // What an instance might drop before it looks.
    const dropped = inert(text).replace(/[^\x21-\x7e]/g, "");
    expect(dropped).not.toMatch(/\[\/?code|@\[/i);
  });

  it("read like this", async () => {
    const remote = await make().open(someTicket());
    const told = () => {
      const [kept] = vendor.kept();
      return `${kept?.title}\n\n${kept?.text.trim()}\n`;
    };
    await expect(told()).toMatchFileSnapshot("__texts__/servicenow-contained.txt");
    await make().change(remote, someTicket({ state: "resolved", title: "[RESOLVED] Bucket customer-records" }), {
      kind: "resolve",
      note: "The violation is gone: seen by a look at 2026-11-27T09:00:00.000Z.",
    });
    await expect(told()).toMatchFileSnapshot("__texts__/servicenow-resolved.txt");
    vendor.clear();
    await make().open(
      someTicket({
        title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
        state: "open",
        isWaiting: true,
        sections: [
          { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
          { heading: "What was done", lines: ["Nothing: a person has to decide.", "Who may decide: within 72 hours."] },
          { heading: "How to decide", lines: ["cordon approve f-0123456789abcdef0123"] },
        ],
      }),
    );
    await expect(told()).toMatchFileSnapshot("__texts__/servicenow-waiting.txt");
  });
});

describe("what ServiceNow publishes of its tables", () => {
  const mistakes = (body: unknown, query = "") =>
    mistakesOf({ method: "POST", path: `/api/now/table/incident${query}`, body: JSON.stringify(body) });

  it.each([
    ["is right", {}, []],
    ["is no column", { short_descripton: "a" }, ["/short_descripton is no column"]],
    ["is no text", { impact: 1 }, ["/impact must be a text"]],
    ["would be cut", { short_description: "x".repeat(161) }, ["/short_description would be cut after 160 letters"]],
    ["is no number", { state: "Resolved" }, ["/state must be a number"]],
    ["is no choice", { state: "9" }, ["/state has no choice 9"]],
  ])("tells what %s", (_, more, expected) => {
    expect(mistakes({ short_description: "a", state: "6", impact: "1", ...more })).toEqual(expected);
  });

  it("tells a parameter that there is not, and what is no record", () => {
    expect(mistakes({}, "?sysparm_field=state")).toEqual(["unknown parameter sysparm_field"]);
    expect(mistakes([])).toEqual(["/ must be an object"]);
  });
});
