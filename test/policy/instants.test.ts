import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseInstant } from "../../shared/policy/language/instants.ts";

describe("a time in a policy", () => {
  it.each([
    ["2026-12-31T23:59:59Z", "2026-12-31T23:59:59.000Z"],
    ["2026-12-31T23:59:59+01:00", "2026-12-31T22:59:59.000Z"],
    ["2026-12-31T23:59:59-05:30", "2027-01-01T05:29:59.000Z"],
    ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000Z"],
    ["2026-01-01T00:00:00+00:59", "2025-12-31T23:01:00.000Z"],
  ])("%s is %s", (text, utc) => {
    expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(utc);
  });

  it.each([
    ["no offset", "2026-12-31T23:59:59"],
    ["no time", "2026-12-31"],
    ["no seconds", "2026-12-31T23:59Z"],
    ["a day that does not exist", "2026-02-30T00:00:00Z"],
    ["29 February of no leap year", "2026-02-29T00:00:00Z"],
    ["a month that does not exist", "2026-13-01T00:00:00Z"],
    ["hour 24", "2026-12-31T24:00:00Z"],
    ["minute 60", "2026-12-31T23:60:00Z"],
    ["a leap second", "2026-12-31T23:59:60Z"],
    ["an offset beyond any", "2026-12-31T23:59:59+15:00"],
    ["an offset of 60 minutes", "2026-12-31T23:59:59+00:60"],
    ["something before it", " 2026-12-31T23:59:59Z"],
    ["something after it", "2026-12-31T23:59:59Z "],
    ["a name of a zone", "2026-12-31T23:59:59 CET"],
    ["small letters", "2026-12-31t23:59:59z"],
  ])("with %s is none", (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it("is the same moment however its offset is written", () => {
    const time = fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(time, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, offset) => {
        const ms = Math.floor(date.getTime() / 1000) * 1000;
        const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const sign = offset < 0 ? "-" : "+";
        const text = `${local}${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
        expect(parseInstant(text)).toBe(ms);
      }),
    );
  });
});
