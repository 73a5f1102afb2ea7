import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QuietHours } from "../../shared/policy/tickets.ts";
import { isQuiet, isTimeZone, quietUntilMs, timeZoneNames } from "../../shared/policy/time-of-day.ts";

const at = (time: string) => Date.parse(time);
const minute = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const hours = (from: string, to: string, timeZone = "Europe/Berlin"): QuietHours => ({
  fromMinute: minute(from),
  toMinute: minute(to),
  timeZone,
});
const NIGHT = hours("20:00", "07:00");
const untilOf = (quiet: QuietHours, now: string) => {
  const ms = quietUntilMs(quiet, at(now));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe("quiet hours", () => {
  it.each([
    ["before they begin", NIGHT, "2026-11-27T18:59:59.999Z", undefined],
    ["when they begin", NIGHT, "2026-11-27T19:00:00Z", "2026-11-28T06:00:00.000Z"],
    ["at midnight", NIGHT, "2026-11-27T23:00:00Z", "2026-11-28T06:00:00.000Z"],
    ["just before they end", NIGHT, "2026-11-28T05:59:59.999Z", "2026-11-28T06:00:00.000Z"],
    ["when they end", NIGHT, "2026-11-28T06:00:00Z", undefined],
    ["in summer", NIGHT, "2026-07-01T20:00:00Z", "2026-07-02T05:00:00.000Z"],
    ["in the night that loses an hour", NIGHT, "2026-03-28T22:00:00Z", "2026-03-29T05:00:00.000Z"],
    ["in the night that has one more", NIGHT, "2026-10-24T22:00:00Z", "2026-10-25T06:00:00.000Z"],
    ["within a day", hours("12:00", "14:30"), "2026-11-27T12:00:00Z", "2026-11-27T13:30:00.000Z"],
    ["within a day, before", hours("12:00", "14:30"), "2026-11-27T10:59:00Z", undefined],
    ["within a day, after", hours("12:00", "14:30"), "2026-11-27T13:30:00Z", undefined],
    ["until an hour that is not there", hours("20:00", "02:30"), "2026-03-28T22:00:00Z", "2026-03-29T01:00:00.000Z"],
    ["until an hour that comes twice", hours("20:00", "02:30"), "2026-10-24T22:00:00Z", "2026-10-25T00:30:00.000Z"],
    ["when it comes the second time", hours("20:00", "02:30"), "2026-10-25T01:10:00Z", "2026-10-25T01:30:00.000Z"],
    ["that end as clocks are put back", hours("20:00", "03:00"), "2026-10-24T22:00:00Z", "2026-10-25T02:00:00.000Z"],
    ["from midnight on", hours("00:00", "06:00", "UTC"), "2026-11-27T00:00:00Z", "2026-11-27T06:00:00.000Z"],
    ["until midnight", hours("18:00", "00:00", "UTC"), "2026-11-27T18:00:00Z", "2026-11-28T00:00:00.000Z"],
    [
      "of a zone with half an hour",
      hours("20:00", "07:00", "Asia/Kolkata"),
      "2026-11-27T14:30:00Z",
      "2026-11-28T01:30:00.000Z",
    ],
    ["before 1970", hours("20:00", "07:00", "UTC"), "1969-12-31T21:00:00.500Z", "1970-01-01T07:00:00.000Z"],
  ])("%s", (_, quiet, now, until) => {
    expect(untilOf(quiet, now)).toBe(until);
    expect(isQuiet(quiet, at(now))).toBe(until !== undefined);
  });

  it("end at the first minute that is not quiet by the clocks of the zone, whichever it is and whatever is done to its clocks", () => {
    const zones = [
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "America/Sao_Paulo",
      "UTC",
    ];
    // Around the changes of clocks of two years, and anywhere.
    const days = fc.oneof(
      fc.constantFrom("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31").map(at),
      fc.integer({ min: at("2025-01-01"), max: at("2027-01-01") }),
    );
    const moments = fc
      .tuple(days, fc.integer({ min: 0, max: 2 * 1_440 }))
      .map(([day, minutes]) => Math.floor(day / 60_000) * 60_000 + minutes * 60_000);
    const quiet = fc.record({
      fromMinute: fc.nat(1_439),
      toMinute: fc.nat(1_439),
      timeZone: fc.constantFrom(...zones),
    });
    fc.assert(
      fc.property(quiet, moments, (each, nowMs) => {
        fc.pre(each.fromMinute !== each.toMinute);
        let firstMs = nowMs;
        while (isQuiet(each, firstMs)) firstMs += 60_000;
        expect(quietUntilMs(each, nowMs)).toBe(firstMs === nowMs ? undefined : firstMs);
        expect(quietUntilMs(each, firstMs)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

describe("a time zone", () => {
  it.each(["Europe/Berlin", "UTC", "Asia/Kolkata"])("is %s", (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  it.each(["", "+01:00", "-0100", "Europe", "Europe/Berln", "Middle/Earth", "constructor"])("is not: %s", (name) => {
    expect(isTimeZone(name)).toBe(false);
  });

  it("has a name that people may have meant", () => {
    expect(timeZoneNames()).toContain("Europe/Berlin");
  });
});
