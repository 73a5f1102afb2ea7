import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { ACCESS_KEY_DEFAULTS, accessKeyRules, ownerBy } from "../../shared/policy/access-keys.ts";
import { readCompiled, writeCompiled } from "../../shared/policy/compiled-file.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { BASE, compiled } from "./policy-stage.ts";

const of = (accessKeys: object) => accessKeyRules(compiled({ ...BASE, accessKeys }));
/** The text in which `accessKeys` stands as given; each mistake with its line in it, and its column. */
const told = (accessKeys: string) => {
  const parsed = parsePolicy(`${JSON.stringify(BASE).slice(0, -1)}, accessKeys:\n${accessKeys}\n}`, "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line - 1}:${column} ${message}`);
};
const SET_BY = "tagsSetBy: { principals: ['arn:aws:iam::*:role/admin'], enforcement: declared }";

describe("access keys in a policy", () => {
  it("left out leave a policy as it was before there were any, with its digest, and the defaults hold", () => {
    const policy = compiled();
    expect(policy).not.toHaveProperty("accessKeys");
    expect(accessKeyRules(policy)).toBe(ACCESS_KEY_DEFAULTS);
    expect(policy.digest).not.toBe(compiled({ ...BASE, accessKeys: {} }).digest);
  });

  it("with nothing said are as by default", () => {
    expect(of({})).toStrictEqual(ACCESS_KEY_DEFAULTS);
  });

  it("come through compilation as they are", () => {
    const policy = compiled({ ...BASE, accessKeys: { warnDays: 20, breakGlass: [{ paths: ["/glass/"] }] } });
    expect(readCompiled(writeCompiled(policy), "p")).toStrictEqual(policy);
  });

  it("K1 K3 have the days that are given, and what follows from them", () => {
    expect(of({ deactivateDays: 45 }).limits).toStrictEqual({
      ...ACCESS_KEY_DEFAULTS.limits,
      warnDays: 35,
      deactivateDays: 45,
    });
    expect(of({ deactivateDays: 5 }).limits).toMatchObject({ warnDays: 1, neverUsedDays: 5 });
    expect(of({ warnDays: 60, neverUsedDays: 14 }).limits).toMatchObject({ warnDays: 60, neverUsedDays: 14 });
  });

  it("K8 have bursts in minutes", () => {
    expect(of({ deniedBursts: { windowMinutes: 5, do: "deactivate" } }).deniedBursts).toStrictEqual({
      count: 50,
      windowMs: 300_000,
      do: "deactivate",
    });
  });

  it("have an owner by the first tag that is there", () => {
    const rules = of({ ownerTags: ["team", "owner"] });
    const tags = [
      { key: "owner", value: "alice" },
      { key: "team", value: "reports" },
    ];
    expect(ownerBy(tags, rules)).toBe("reports");
    expect(ownerBy([{ key: "team", value: "" }, ...tags.slice(0, 1)], rules)).toBe("alice");
    expect(ownerBy([], rules)).toBeUndefined();
  });

  it.each<readonly [string, string, readonly string[]]>([
    [
      "a key that is like no other",
      "{ warnDay: 3 }",
      ['1:3 accessKeys: unknown key "warnDay"; did you mean "warnDays"?'],
    ],
    ["no whole number", "{ warnDays: 1.5 }", ["1:13 accessKeys.warnDays: found 1.5, expected a whole number"]],
    [
      "another word",
      "{ deletion: enforced }",
      ['1:13 accessKeys.deletion: found "enforced", expected "approve" or "enforce"; did you mean "enforce"?'],
    ],
    [
      "a warning after the end",
      "{ warnDays: 91 }",
      ["1:13 found a warning at 91 days, expected at most deactivateDays, which is 90"],
    ],
    [
      "an end before the warning that is given",
      "{ warnDays: 80,\n deactivateDays: 70 }",
      ["1:13 found a warning at 80 days, expected at most deactivateDays, which is 70"],
    ],
    [
      "more for a key that was never used",
      "{ neverUsedDays: 91 }",
      ["1:18 found 91 days for a key that was never used, expected at most deactivateDays, which is 90"],
    ],
    [
      "limits of a service's own that are out of order",
      "{ service: [{ users: { names: [a] }, warnDays: 100 }] }",
      ["1:48 found a warning at 100 days, expected at most deactivateDays, which is 90"],
    ],
    [
      "a path without its end",
      "{ breakGlass: [{ paths: [/glass] }] }",
      [
        '1:26 accessKeys.breakGlass.0.paths.0: found "/glass", expected a path that begins and ends with /, such as /service/',
      ],
    ],
    [
      "users that are anybody",
      "{ breakGlass: [{}] }",
      ["1:16 accessKeys.breakGlass.0: found a mapping, expected paths, names or tags"],
    ],
    [
      "tags that anybody may set",
      "{ breakGlass: [{ tags: [{ key: use, value: glass }] }] }",
      [
        "1:16 accessKeys.breakGlass.0: found a mapping, expected tags and tagsSetBy together: tags that let a key live longer count only when it is known who may set them",
      ],
    ],
    ["nothing wrong", `{ breakGlass: [{ tags: [{ key: use, value: glass }], ${SET_BY} }] }`, []],
  ])("with %s are told so", (_, accessKeys, errors) => {
    expect(told(accessKeys)).toEqual(errors);
  });
});
