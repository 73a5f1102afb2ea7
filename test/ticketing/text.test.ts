import { describe, expect, it } from "vitest";
import { cutTo, oneLine, withoutHosts, withoutLinks } from "../../shared/ticketing/text.ts";
import { POISON } from "./some-ticket.ts";

describe("strangers' words", () => {
  it("are cut with a sign, and never within a letter", () => {
    expect(cutTo("short", 20)).toBe("short");
    expect(cutTo("exactly so long", 15)).toBe("exactly so long");
    expect(cutTo("somewhat longer than that", 20)).toBe("somewhat longe [...]");
    expect(cutTo(`${"x".repeat(13)}\u{1f600}${"x".repeat(20)}`, 20)).toBe(`${"x".repeat(13)} [...]`);
  });

  it("are one line without what is not seen", () => {
    expect(oneLine("a\u0000b\u001b[31mred\u202egnp.exe\u2028line\ud800\r\nend")).toBe(
      "a b [31mred gnp.exe line\ufffd  end",
    );
  });

  it.each([
    ["https://attacker.example/login", "https[:]//attacker.example/login"],
    ["7://attacker.example", "7[:]//attacker.example"],
    ["WWW.attacker.example", "WWW[.]attacker.example"],
    ["_www.attacker.example", "_www[.]attacker.example"],
    ["mailto:a@attacker.example", "mailto[:]a[@]attacker.example"],
    ["_mailto:a", "_mailto[:]a"],
    ["javascript:alert(1)", "javascript[:]alert(1)"],
    ["tel:123", "tel[:]123"],
    ["a@_b", "a[@]_b"],
    ["@everyone @all", "[@]everyone [@]all"],
    ["arn:aws:s3:::bucket/key, at 10:00", "arn:aws:s3:::bucket/key, at 10:00"],
    ["personal data: yes, at the hotel: no", "personal data: yes, at the hotel: no"],
  ])("make no link: %s", (given, expected) => {
    expect(withoutLinks(given)).toBe(expected);
    expect(withoutLinks(expected)).toBe(expected);
  });

  it.each([
    ["login.attacker.example", "login[.]attacker[.]example"],
    ["https://attacker。example", "https[:]//attacker[.]example"],
    ["Rules[to-us].Status, 1.5 GB, 10:00:02.000Z.", "Rules[to-us].Status, 1.5 GB, 10:00:02.000Z."],
  ])("are no name of a host to mail programs and telephones: %s", (given, expected) => {
    expect(withoutHosts(given)).toBe(expected);
    expect(withoutHosts(expected)).toBe(expected);
  });

  it.each(POISON)("make no link, whatever they are: %.40s", (poison) => {
    expect(withoutLinks(oneLine(poison))).not.toMatch(/:\/\/|www\.|mailto:|@\w/i);
  });
});
