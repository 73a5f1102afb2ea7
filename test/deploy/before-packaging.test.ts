import { describe, expect, it } from "vitest";
import { type Build, mistakesBeforePackaging } from "../../deploy/before-packaging.ts";
import { type Stack, singleAccount } from "../../deploy/stack.ts";

const PROD = singleAccount("cordon-prod");
const CHOSEN: Build = { policy: "policies/eu-gdpr.yaml", isChosen: true, digest: "d" };

describe("before anything is packaged", () => {
  it("a build with a policy that somebody chose, and no setting out of place, is fine", () => {
    expect(mistakesBeforePackaging("prod", PROD, {}, CHOSEN)).toEqual([]);
    expect(
      mistakesBeforePackaging("prod", PROD, { CORDON_MODE: "enforce", CORDON_TABLE: "cordon-prod" }, CHOSEN),
    ).toEqual([]);
  });

  it("on this machine the sandbox's names and the example policy are fine", () => {
    const env = { CORDON_TABLE: "other", AWS_ENDPOINT_URL: "http://127.0.0.1:4566" };
    expect(mistakesBeforePackaging("local", singleAccount("cordon"), env, { ...CHOSEN, isChosen: false })).toEqual([]);
  });

  it.each<[string, Record<string, string>, Build | undefined, RegExp]>([
    [
      "a mode that no function takes",
      { CORDON_MODE: "enforced" },
      CHOSEN,
      /CORDON_MODE is "enforced": expected observe/,
    ],
    [
      "tickets that no adapter takes",
      { CORDON_TICKETS: "jira" },
      CHOSEN,
      /CORDON_TICKETS has "jira": expected none, console/,
    ],
    ["a table the stack doesn't make", { CORDON_TABLE: "cordon" }, CHOSEN, /CORDON_TABLE is "cordon".*"cordon-prod"/],
    ["the sandbox's queue", { CORDON_REFUSED_QUEUE: "cordon-refused" }, CHOSEN, /CORDON_REFUSED_QUEUE.*unset/],
    ["the sandbox's endpoint", { AWS_ENDPOINT_URL: "http://127.0.0.1:4566" }, CHOSEN, /AWS_ENDPOINT_URL.*unset/],
    ["the example policy by accident", {}, { ...CHOSEN, isChosen: false }, /npm run build -- --policy/],
    ["no build", {}, undefined, /dist\/ has no functions: npm run build/],
  ])("refuses %s", (_, env, build, message) => {
    const mistakes = mistakesBeforePackaging("prod", PROD, env, build);

    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(message);
  });

  it("refuses members that could be heard and not entered", () => {
    const stack: Stack = { ...PROD, accounts: ["444455556666"] };
    expect(mistakesBeforePackaging("prod", stack, {}, CHOSEN)).toEqual([expect.stringContaining("CORDON_MEMBER_ROLE")]);
  });
});
