import { afterEach, describe, expect, it, vi } from "vitest";
import { HIDDEN } from "../../cli/redact.ts";
import { ticketPreview } from "../../cli/ticket-preview.ts";
import { adapters } from "../../shared/ticketing/adapters/index.ts";
import type { AdapterDefinition, AdapterName } from "../../shared/ticketing/tracker.ts";
import { operator, run, TABLE } from "../support/cli.ts";
import { policyFile } from "../support/policy-file.ts";
import { idOf, journalToRead } from "./journal-stage.ts";

const registry = adapters as Partial<Record<AdapterName, AdapterDefinition>>;
const before = { ...registry };
afterEach(() => {
  vi.unstubAllEnvs();
  for (const name of Object.keys(registry)) delete registry[name as AdapterName];
  Object.assign(registry, before);
});

/** In few words what an adapter is: it asks for a token, and posts the ticket. */
const WEBHOOK: AdapterDefinition = {
  name: "webhook",
  url: { use: "optional", meaning: "where to" },
  secret: { key: "signs it" },
  settings: { team: { type: "text", isRequired: true, meaning: "whose" } },
  make: ({ url = "https://default.example", settings }, { send, credentials }) => ({
    async open({ key, title, body }) {
      await send({ method: "POST", url: `${url}/token`, body: JSON.stringify(await credentials()) });
      if (settings.team === "nobody") throw new Error("there is nobody");
      await send({ method: "POST", url, body: JSON.stringify({ key, title, body, team: settings.team }) });
      return { id: key, state: "open" };
    },
    change: async (remote) => remote,
  }),
};

const journal = journalToRead();
const ID = idOf("contained", "to-us");
const route = { adapter: "webhook", secret: "cordon/tickets/s", settings: { team: "a" } };
const ROUTES = [
  { ...route, id: "elsewhere", liesIn: "us", url: "https://us.example", severities: ["low"] },
  { ...route, id: "here", liesIn: "eu", url: "https://eu.example" },
  { ...route, id: "broken", liesIn: "eu", settings: { team: "nobody" } },
];

/** Somebody who may read a finding and nothing else, and a policy with routes. */
async function open(tickets: object = { routes: ROUTES }) {
  for (const name of Object.keys(registry)) delete registry[name as AdapterName];
  Object.assign(registry, { webhook: WEBHOOK });
  const set = await journal();
  operator(set.sandbox, [["dynamodb:GetItem", TABLE]]);
  vi.stubEnv("CORDON_POLICY", policyFile({ tickets }));
  return set;
}

describe("cordon ticket preview", () => {
  it("shows the text that every adapter has, and by which routes it goes", async () => {
    await open();
    for (const words of [[], ["--adapter", "text"]]) {
      const { code, out, err } = await run(ticketPreview, ID, ...words);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out.split("\n").slice(0, 5)).toEqual([
        "As text, by no route of the policy's. It goes by here, broken.",
        "",
        expect.stringMatching(/^\[CONTAINED\] Replication rule "to-us"/),
        "",
        "Summary",
      ]);
      expect(out).toContain(`  cordon rollback ${ID} --reason "..."`);
    }
  });

  it("shows what an adapter would send, by its first route; credentials stand as names", async () => {
    await open();
    const { code, out } = await run(ticketPreview, ID, "--adapter", "webhook", "--route", "here");
    expect(code).toBe(0);
    expect(out).toContain(
      "As webhook, by route here. It goes by here, broken.\nBefore it: POST https://eu.example/token\n\nPOST https://eu.example\n",
    );
    expect(out).toContain(`\n  "key": "${ID}",\n  "title": "[CONTAINED] Replication rule`);
    expect((await run(ticketPreview, ID, "--adapter", "webhook")).out).toContain("As webhook, by route elsewhere,");
  });

  it("is by a route as that route may have it", async () => {
    await open();
    const { out } = await run(ticketPreview, ID, "--route", "elsewhere");
    expect(out).toContain("As webhook, by route elsewhere, which lies where not all of it may go.");
    expect(out).toContain("left out for this route (it lies in us): resource, principals, changes, reasons");
    expect(out).not.toContain("to-us");
    const text = await run(ticketPreview, ID, "--route", "elsewhere", "--adapter", "text");
    expect(text.out).toContain("As text, by route elsewhere, which lies");
    expect(text.out).toContain("\n  left out for this route (it lies in us): resource");
    expect(text.out).not.toContain("POST");
  });

  it("makes up what an adapter needs where policy has no route for it", async () => {
    await open({});
    const { out } = await run(ticketPreview, ID, "--adapter", "webhook");
    expect(out).toContain("As webhook, by no route of the policy's. It goes by no route of the policy.");
    expect(out).toContain('"team": "<team>"');
    expect(out).toContain("POST https://default.example\n");
  });

  it("tells until when it is held", async () => {
    // Whatever time it is, one of the two is on.
    const [day, night] = [
      { from: "06:00", to: "18:00" },
      { from: "18:00", to: "06:00" },
    ];
    const said = [];
    for (const hours of [day, night]) {
      await open({ routes: ROUTES, quietHours: { ...hours, timeZone: "UTC" } });
      said.push((await run(ticketPreview, ID)).out.split("\n")[0]);
    }
    const held = said.filter((line) => /, not before \d{4}-\d\d-\d\dT(06|18):00:00\.000Z\.$/.test(line ?? ""));
    expect(held).toHaveLength(1);
  });

  it("says the same as JSON", async () => {
    await open();
    const { code, out } = await run(ticketPreview, ID, "--route", "here", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      adapter: "webhook",
      route: "here",
      goesBy: ["here", "broken"],
      heldUntil: null,
      isWhole: true,
      ticket: { key: ID, state: "contained" },
      requests: [
        { isTicket: false, body: '{"key":"<key>"}' },
        { method: "POST", url: "https://eu.example", isTicket: true },
      ],
    });
  });

  it("says why an adapter came no further", async () => {
    await open();
    const { code, out } = await run(ticketPreview, ID, "--route", "broken");
    expect([code, out]).toEqual([1, expect.stringContaining("It went no further: there is nobody")]);
  });

  it("hides who it was unless it is asked to reveal all", async () => {
    await open();
    const hidden = await run(ticketPreview, ID, "--route", "here");
    expect(hidden.out).toContain(HIDDEN);
    const revealed = await run(ticketPreview, ID, "--route", "here", "--reveal");
    expect(revealed.out).toMatch(/Seen by PutBucketReplication \(cloudtrail\) of arn:aws:\S+\/developer/);
    expect(hidden.out).not.toMatch(/\/developer/);
  });

  it.each([
    ["a route that there is not", ["--route", "her"], '--route: unknown route "her"; did you mean "here"?'],
    [
      "an adapter that is misspelt",
      ["--adapter", "webhok"],
      '--adapter: found "webhok"; did you mean "webhook"?, expected text or one of',
    ],
    [
      "an adapter that the route does not have",
      ["--route", "here", "--adapter", "slack"],
      "--adapter: found slack, expected text or webhook: the route here has that",
    ],
  ])("refuses %s", async (_, words, said) => {
    await open();
    const { code, out, err } = await run(ticketPreview, ID, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  it("refuses an adapter that this build does not have, and a finding that there never was", async () => {
    await open();
    const { github: _, ...others } = registry;
    for (const name of Object.keys(registry)) delete registry[name as AdapterName];
    Object.assign(registry, others);
    expect((await run(ticketPreview, ID, "--adapter", "github")).err).toContain(
      '--adapter: unknown adapter "github", expected one of: text',
    );
    expect((await run(ticketPreview, "f-00000000000000000000")).err).toContain(
      "there is no finding f-00000000000000000000",
    );
    expect((await run(ticketPreview, "x")).err).toContain("expected a finding's id");
  });
});
