import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { httpSender } from "../../shared/ticketing/http.ts";
import { makeTracker } from "../../shared/ticketing/make-tracker.ts";
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
  /** Keys of the tickets that it shows linked to another, child and parent; left out where it knows no such thing. */
  linked?(): readonly (readonly [child: string, parent: string])[];
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

    it("is linked to the ticket that tells its storm, once, and both stay as they are", async () => {
      expect(vendor.linked === undefined).toBe(tracker.linkToParent === undefined);
      if (vendor.linked === undefined) return;
      const child = await tracker.open(someTicket());
      const parent = await tracker.open(someTicket({ key: "g-0123456789abcdef0123" }));
      const states = () => vendor.kept().map(({ key, state, title }) => [key, state, title]);
      const before = states();
      for (const _ of [1, 2]) await tracker.linkToParent?.(child, parent);
      // A note of it may be there twice.
      const pairs = new Set(vendor.linked().map((pair) => pair.join(" < ")));
      expect([...pairs]).toEqual(["f-0123456789abcdef0123 < g-0123456789abcdef0123"]);
      expect(states()).toEqual(before);
      vendor.server.failNext({ status: 503, body: {} });
      await expect(tracker.linkToParent?.(child, parent)).rejects.toMatchObject({
        name: "DeliveryError",
        kind: "later",
      });
    });

    it("leaves a parent alone that people have given it, where it can have one only", async () => {
      if (!["github", "servicenow"].includes(name)) return;
      const child = await tracker.open(someTicket());
      const theirs = await tracker.open(someTicket({ key: "f-00000000000000000001" }));
      const ours = await tracker.open(someTicket({ key: "g-0123456789abcdef0123" }));
      await tracker.linkToParent?.(child, theirs);
      await tracker.linkToParent?.(child, ours);
      expect(vendor.linked?.()).toEqual([["f-0123456789abcdef0123", "f-00000000000000000001"]]);
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
      const error = await failureOf(trackerOf(definition, vendor, patience).open(someTicket()));
      expect(error).toMatchObject({
        kind,
        retryAfterMs: vendor.aws && retryAfterMs === 7_000 ? undefined : retryAfterMs,
      });
      // What AWS says of one account and Region says nothing of another's.
      expect(error?.isWide).toBe(kind === "later" && definition.name !== "security-hub");
      if (retryAfterMs === REFUSED_MS) expect(error?.isUntaken).toBe(true);
      for (const value of Object.values(vendor.secret)) expect(error?.message).not.toContain(value);
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

    it("tells no secret, whatever a server gives back of what it was asked, and in one line", async () => {
      if (vendor.aws) return;
      const { secret, calm = [] } = vendor;
      const failures = fc.record({
        status: fc.constantFrom(200, 400, 401, 403, 404, 422, 429, 500),
        echoes: fc.integer({ min: 0, max: 320 }).map((length) => "no\u001b[31m\n".repeat(50).slice(0, length)),
        as: fc.constantFrom("json" as const, "text" as const, "html" as const),
      });
      await fc.assert(
        fc.asyncProperty(failures, fc.integer({ min: 0, max: calm.length }), async (failure, before) => {
          vendor.server.heard.length = 0;
          vendor.server.failNext(...calm.slice(0, before), failure, failure);
          const error = await failureOf(trackerOf(definition, vendor).open(someTicket()));
          expect(error?.cause).toBeUndefined();
          const reason = error?.message ?? "";
          vendor.server.mend();
          const sent = vendor.server.heard.flatMap(({ headers }) =>
            `${headers.authorization ?? ""}`.split(" ").slice(1),
          );
          for (const part of [...Object.values(secret), ...sent].flatMap(partsOf)) expect(reason).not.toContain(part);
          expect(reason).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        }),
        { numRuns: 25 },
      );
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

/** Why it failed; undefined where it did not. Everything but a DeliveryError fails the test. */
async function failureOf(work: Promise<unknown>): Promise<DeliveryError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    throw error;
  }
}

/** What nobody may read of a secret: any ten letters of it, but for what any address begins with. */
function partsOf(secret: string): readonly string[] {
  const told = secret.replace(/^https?:\/\/[^/]+/, "").replace(/^-+BEGIN PRIVATE KEY-+/, "");
  return Array.from({ length: Math.max(0, told.length - 9) }, (_, at) => told.slice(at, at + 10));
}

/** The adapter as a deployment makes it, speaking to a server on this machine. */
export function trackerOf(
  definition: AdapterDefinition,
  vendor: FakeVendor,
  ports: Partial<TrackerPorts> = {},
): Tracker {
  const { url, settings, secret, aws } = vendor;
  return makeTracker(
    definition,
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
