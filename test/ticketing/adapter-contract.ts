import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { httpSender } from "../../shared/ticketing/http.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  REFUSED_MS,
  type Remote,
  type Setting,
  type Tracker,
  type TrackerAws,
  type TrackerPorts,
} from "../../shared/ticketing/tracker.ts";
import type { FakeServer } from "./fake-server.ts";
import { POISON, someTicket } from "./some-ticket.ts";

/** A ticket as the vendor's side has it. */
export interface Kept {
  /** The finding's id that it carries. */
  readonly key: string;
  readonly state: "open" | "resolved";
  readonly title: string;
  /** All that a person reads of it, notes included. */
  readonly text: string;
  readonly notes: readonly string[];
}

/** A vendor on loopback: a server that behaves as its documentation says, and what it holds. */
export interface FakeVendor {
  readonly server: FakeServer;
  readonly url: string;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly secret: Readonly<Record<string, string>>;
  kept(): readonly Kept[];
  clear(): void;
  /** What is there can be found only after so many searches: indexes of vendors lag. Left out where there is none. */
  lag?(searches: number): void;
  /** What goes before the request that opens a ticket, such as asking for a token: an empty failure for each. */
  readonly calm?: readonly "none"[];
  /** All tokens it has given out are worth nothing any more; left out where there are none. */
  expireTokens?(): void;
  /** Where the vendor is AWS: how it is called. Its errors don't say when to come again. */
  readonly aws?: TrackerAws;
}

/** What every adapter does, tried on a vendor that behaves as documented. Further cases of one adapter stand in its own file. */
export function adapterContract(definition: AdapterDefinition, open: () => Promise<FakeVendor>): void {
  const { name } = definition;
  describe(`the adapter ${name}`, () => {
    let vendor: FakeVendor;
    let tracker: Tracker;
    beforeAll(async () => {
      vendor = await open();
    });
    afterAll(() => vendor.server.close());
    beforeEach(() => {
      vendor.clear();
      vendor.server.heard.length = 0;
      tracker = trackerOf(definition, vendor);
    });
    afterEach(() => expect(vendor.server.mistakes.splice(0), "by the vendor's published schema").toEqual([]));
    const only = (): Kept => {
      expect(vendor.kept()).toHaveLength(1);
      return vendor.kept()[0] as Kept;
    };

    it("opens a ticket that carries the finding's id, and says what happened, what was done and how to undo it", async () => {
      const ticket = someTicket();
      const remote = await tracker.open(ticket);
      expect(remote.state).toBe("open");
      const { key, state, title, text } = only();
      expect({ key, state }).toEqual({ key: ticket.key, state: "open" });
      expect(title).toContain("customer-records");
      for (const words of [
        "Rule to-us sends data to us-east-1",
        "Stopped, and verified",
        "cordon rollback f-0123456789abcdef0123",
      ])
        expect(text).toContain(words);
    });

    it("resolves it with what is said about it, opens it again, and brings it up to date, all in one and the same ticket", async () => {
      const ticket = someTicket();
      let remote = await tracker.open(ticket);
      remote = await tracker.change(remote, someTicket({ state: "resolved", version: 4 }), {
        kind: "resolve",
        note: "The violation is gone.",
      });
      expect(remote.state).toBe("resolved");
      expect(only()).toMatchObject({ key: ticket.key, state: "resolved" });
      expect(only().text).toContain("The violation is gone.");
      remote = await tracker.change(remote, someTicket({ occurrences: 2, version: 5 }), {
        kind: "reopen",
        note: "It is there again, occurrence 2.",
      });
      expect(remote.state).toBe("open");
      expect(only()).toMatchObject({ state: "open" });
      expect(only().text).toContain("occurrence 2");
      remote = await tracker.change(remote, someTicket({ title: "[EXEMPT] Bucket customer-records", version: 6 }), {
        kind: "update",
        note: "An exception lets it be.",
      });
      expect(only().text).toContain("An exception lets it be.");
      expect(only().state).toBe("open");
    });

    it.each(["g-0123456789abcdef0123", "f-0123456789abcdef0123-2"])(
      "takes the ticket of a group, and a finding's later one: %s",
      async (key) => {
        await tracker.open(someTicket({ key }));
        expect(only()).toMatchObject({ key, state: "open" });
        if (tracker.find) expect(await tracker.find(key)).toMatchObject({ state: "open" });
      },
    );

    it("changes nothing but notes when the same is done twice", async () => {
      const remote = await tracker.open(someTicket());
      const resolve = () =>
        tracker.change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
      await resolve();
      const once = only();
      await resolve();
      expect({ ...only(), notes: [], text: "" }).toEqual({ ...once, notes: [], text: "" });
    });

    it("finds what it opened, open or resolved, and nothing of another finding", async () => {
      if (!tracker.find) return;
      expect(await tracker.find("f-0123456789abcdef0123")).toBeUndefined();
      const opened = await tracker.open(someTicket());
      expect(await tracker.find("f-0123456789abcdef0123")).toMatchObject({ id: opened.id, state: "open" });
      expect(await tracker.find("f-fffffffffffffffffff0")).toBeUndefined();
      await tracker.change(opened, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
      expect(await tracker.find("f-0123456789abcdef0123")).toMatchObject({ id: opened.id, state: "resolved" });
    });

    it("can be found, or opened again without a second ticket, when the answer to the opening was lost", async () => {
      vendor.server.failNext(...(vendor.calm ?? []), "crash");
      await tracker
        .open(someTicket())
        .catch((error) => expect(error).toMatchObject({ name: "DeliveryError", kind: "later" }));
      const found: Remote | undefined = await tracker.find?.(someTicket().key);
      if (found === undefined) await tracker.open(someTicket());
      expect(new Set(vendor.kept().map(({ key }) => key)).size).toBe(1);
      if (tracker.find || definition.name === "pagerduty") only();
    });

    it.each([
      ["too many requests", { status: 429, headers: { "retry-after": "7" }, body: {} }, "later", 7_000],
      ["a server's fault", { status: 503, body: {} }, "later", undefined],
      ["a dropped connection", "drop", "later", undefined],
      ["an answer that never ends", "slow", "later", undefined],
      ["what it does not take", { status: 400, body: { error: "no such project" } }, "never", undefined],
      ["a right that is missing", { status: 403, body: {} }, "later", REFUSED_MS],
      ["a place that is not there", { status: 404, body: {} }, "gone", undefined],
    ] as const)("tells %s apart", async (_, failure, expected, retryAfterMs) => {
      // AWS names what is not there, such as a topic: that is no ticket.
      const kind = vendor.aws && expected === "gone" ? "never" : expected;
      vendor.server.failNext(...(vendor.calm ?? []), failure);
      // Only what never ends is waited for so briefly: machines are shared, and others' answers may take their time.
      const patience = failure === "slow" ? { send: httpSender({ allowsLoopback: true, timeoutMs: 300 }) } : {};
      const error = await trackerOf(definition, vendor, patience)
        .open(someTicket())
        .then(
          () => undefined,
          (thrown) => thrown,
        );
      expect(error).toBeInstanceOf(DeliveryError);
      expect(error).toMatchObject({
        kind,
        retryAfterMs: vendor.aws && retryAfterMs === 7_000 ? undefined : retryAfterMs,
      });
      // What AWS says of one account and Region says nothing of another's.
      expect(error.isWide).toBe(kind === "later" && definition.name !== "security-hub");
      if (retryAfterMs === REFUSED_MS) expect(error.isUntaken).toBe(true);
      for (const value of Object.values(vendor.secret)) expect(`${error.message}`).not.toContain(value);
    });

    it("asks for a new token once, when the one it has is worth nothing any more", async () => {
      if (!vendor.expireTokens) return;
      await tracker.open(someTicket());
      vendor.expireTokens();
      await tracker.open(someTicket({ key: "f-fffffffffffffffffff0" }));
      expect(vendor.kept()).toHaveLength(2);
    });

    it("tries again in half an hour where its credentials are refused", async () => {
      if (Object.keys(vendor.secret).length === 0) return;
      vendor.server.failNext({ status: 401, body: {} }, { status: 401, body: {} }, { status: 401, body: {} });
      await expect(tracker.open(someTicket())).rejects.toMatchObject({
        ...{ name: "DeliveryError", kind: "later", retryAfterMs: REFUSED_MS, isUntaken: true, isWide: true },
      });
      expect(vendor.server.heard.length).toBeLessThanOrEqual(3);
    });

    it.each(POISON)("is not led astray by names that strangers choose: %.40s", async (poison) => {
      const ticket = someTicket({
        title: `[CONTAINED] Bucket ${poison}`,
        sections: [{ heading: "What happened", lines: [`Rule ${poison} sends data`] }],
        body: `What happened\n  Rule ${poison} sends data`,
        labels: { ...someTicket().labels, resource: `arn:aws:s3:::${poison}` },
      });
      const remote = await tracker.open(ticket);
      await tracker.change(remote, ticket, { kind: "update", note: `Rule ${poison}` });
      await tracker.change(remote, { ...ticket, state: "resolved" }, { kind: "resolve", note: `Rule ${poison}` });
      expect(only().key).toBe(ticket.key);
      expect(only().state).toBe("resolved");
    });
  });
}

/** The adapter as a deployment makes it, speaking to a server on this machine. */
export function trackerOf(
  definition: AdapterDefinition,
  vendor: FakeVendor,
  ports: Partial<TrackerPorts> = {},
): Tracker {
  const { url, settings, secret, aws } = vendor;
  return definition.make(
    {
      id: "route",
      adapter: definition.name,
      url,
      settings,
      ...(Object.keys(secret).length > 0 && { secret: "tracker" }),
    },
    {
      send: httpSender({ allowsLoopback: true }),
      credentials: async () => secret,
      nowMs: () => Date.parse("2026-11-27T09:00:00Z"),
      ...(aws && { aws }),
      ...ports,
    },
  );
}
