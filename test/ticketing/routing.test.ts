import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TicketRoute, TicketRules } from "../../shared/policy/tickets.ts";
import { TICKET_DEFAULTS } from "../../shared/policy/tickets.ts";
import { classesOf, holdUntilMs, liesWithin, routesOf } from "../../shared/ticketing/routing.ts";
import { compiled } from "../policy/policy-stage.ts";
import { findingOf } from "../support/finding.ts";

const BASE = compiled();
const placesOf = (name: string) => BASE.classifications.find((each) => each.name === name)?.places ?? [];
const EU = placesOf("personal");

const route = (given: Partial<TicketRoute> = {}): TicketRoute => ({
  id: "a",
  adapter: "webhook",
  liesIn: ["eu"],
  places: EU,
  settings: {},
  ...given,
});
const policyOf = (tickets: Partial<TicketRules>) => ({ ...BASE, tickets: { ...TICKET_DEFAULTS, ...tickets } });
const personal = findingOf({ classification: "personal" });
const idsOf = (routes: readonly TicketRoute[], finding = personal) =>
  routesOf(finding, policyOf({ routes })).map(({ id }) => id);

describe("the routes of a finding", () => {
  it("are none where policy has none", () => {
    expect(routesOf(personal, BASE)).toEqual([]);
    expect(idsOf([])).toEqual([]);
  });

  it("are all that it matches, in the policy's order", () => {
    expect(idsOf([route({ id: "b" }), route({ id: "x", severities: ["low"] }), route({ id: "a" })])).toEqual([
      "b",
      "a",
    ]);
  });

  const { account, region } = personal.resource;
  it.each<[string, Partial<TicketRoute>, boolean]>([
    ["its severity", { severities: ["critical", "high"] }, true],
    ["another severity", { severities: ["critical"] }, false],
    ["its account", { accounts: ["999999999999", account] }, true],
    ["another account", { accounts: ["999999999999"] }, false],
    ["its control", { controls: ["a-control-id"] }, true],
    ["another control", { controls: ["a-control"] }, false],
    ["its Region", { regions: [region] }, true],
    ["another Region", { regions: ["us-west-2"] }, false],
    ["its class", { classifications: ["secret", "personal"] }, true],
    ["another class", { classifications: ["secret"] }, false],
    [
      "all of these",
      { severities: ["high"], accounts: [account], controls: ["a-control-id"], regions: [region] },
      true,
    ],
    ["all but one of these", { severities: ["high"], accounts: [account], controls: ["x"], regions: [region] }, false],
  ])("by %s", (_, named, isMeant) => {
    expect(idsOf([route(named)])).toEqual(isMeant ? ["a"] : []);
  });

  it.each<[string, string, boolean]>([
    ["two classes, one of them named", "secret+personal", true],
    ["a class that can't be told", "unknown", true],
    ["a class that this policy has no longer", "gone", true],
    ["none, for it is not about data", "", false],
  ])("which name a class take data of %s", (_, classification, isMeant) => {
    const ids = idsOf([route({ classifications: ["personal"] })], findingOf({ classification }));
    expect(ids).toEqual(isMeant ? ["a"] : []);
  });
});

describe("a route lies within what a finding's data may be told in", () => {
  it.each<[string, string, readonly string[], boolean]>([
    ["all of it is where the class may live", "personal", EU, true],
    ["some of it is elsewhere", "personal", [...EU, "us-west-2"], false],
    ["all of it is elsewhere", "personal", ["us-west-2"], false],
    ["the class may live anywhere", "public", ["us-west-2"], true],
    ["one of two classes may not live there", "personal+secret", ["eu-west-1"], false],
    ["both classes may live there", "personal+secret", ["eu-central-1"], true],
    ["the class can't be told, and some class may not live there", "unknown", ["eu-west-1"], false],
    ["the class can't be told, and every class may live there", "unknown", ["eu-central-1"], true],
    ["the policy has no such class, and some class may not live there", "gone", ["eu-west-1"], false],
    ["it is not about data", "", ["us-west-2"], true],
  ])("when %s", (_, classification, places, isWithin) => {
    expect(liesWithin({ places }, { classification }, BASE)).toBe(isWithin);
  });

  it("never by one more place, nor by one more class", () => {
    const places = fc.uniqueArray(fc.constantFrom("eu-central-1", "eu-west-1", "us-west-2", "ap-south-1"), {
      minLength: 1,
    });
    const classes = fc.uniqueArray(fc.constantFrom("public", "personal", "secret"), { minLength: 1 });
    fc.assert(
      fc.property(places, classes, (all, names) => {
        if (!liesWithin({ places: all }, { classification: names.join("+") }, BASE)) return;
        for (const place of all)
          for (const name of names) expect(liesWithin({ places: [place] }, { classification: name }, BASE)).toBe(true);
      }),
    );
  });

  it("knows the classes there are", () => {
    expect(classesOf({ classification: "personal+secret" }, BASE)?.map(({ name }) => name)).toEqual([
      "personal",
      "secret",
    ]);
    expect(classesOf({ classification: "" }, BASE)).toEqual([]);
    expect(classesOf({ classification: "unknown" }, BASE)).toBeUndefined();
    expect(classesOf({ classification: "personal+gone" }, BASE)).toBeUndefined();
  });
});

describe("quiet hours", () => {
  const NIGHT = Date.parse("2026-11-27T23:00:00Z");
  const policy = policyOf({ quietHours: { fromMinute: 1_200, toMinute: 420, timeZone: "Europe/Berlin" } });

  it.each(["low", "medium", "high"] as const)("hold what is %s until they are over", (severity) => {
    const finding = findingOf({ severity });
    expect(holdUntilMs(finding, policy, NIGHT)).toBe(Date.parse("2026-11-28T06:00:00Z"));
    expect(holdUntilMs(finding, policy, Date.parse("2026-11-28T06:00:00Z"))).toBeUndefined();
  });

  it("hold nothing that is critical, and nothing where policy has none", () => {
    expect(holdUntilMs(findingOf({ severity: "critical" }), policy, NIGHT)).toBeUndefined();
    expect(holdUntilMs(personal, BASE, NIGHT)).toBeUndefined();
    expect(holdUntilMs(personal, policyOf({}), NIGHT)).toBeUndefined();
  });
});
