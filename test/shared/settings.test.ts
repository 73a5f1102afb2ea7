import { describe, expect, it } from "vitest";
import { readSettings } from "../../shared/runtime/settings.ts";

const BASE = { CORDON_TABLE: "cordon", CORDON_MODE: "enforce", AWS_REGION: "eu-central-1" };
const MEMBERS = { CORDON_MEMBER_ROLE: "cordon-member", CORDON_EXTERNAL_ID: "a-cell/of:ours" };

/** What a refusal of these settings says. */
function mistakesIn(env: Readonly<Record<string, string | undefined>>): string {
  try {
    readSettings(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("these settings were accepted");
}

describe("settings", () => {
  it("serve the cell's own account when no other is mentioned", () => {
    expect(readSettings(BASE)).toEqual({ table: "cordon", mode: "enforce" });
  });

  it("take an empty text for one that is not set, as serverless.yml's defaults are", () => {
    const empty = { CORDON_MEMBER_ROLE: "", CORDON_EXTERNAL_ID: " ", CORDON_ACCOUNTS: "", CORDON_REFUSED_QUEUE: "" };

    expect(readSettings({ ...BASE, ...empty })).toEqual({ table: "cordon", mode: "enforce" });
  });

  it.each([
    ["any that lets the cell in", undefined, undefined],
    ["those listed", " 444455556666, 777788889999 ", ["444455556666", "777788889999"]],
  ])("name the members' role with its external id; the members are %s", (_, accounts, listed) => {
    const { membership } = readSettings({ ...BASE, ...MEMBERS, CORDON_ACCOUNTS: accounts });

    expect(membership).toEqual({
      roleName: "cordon-member",
      externalId: "a-cell/of:ours",
      ...(listed && { accounts: listed }),
    });
  });

  it.each([
    ["an ARN for a role's name", { CORDON_MEMBER_ROLE: "arn:aws:iam::444455556666:role/cordon-member" }, /no ARN/],
    ["a role's path", { CORDON_MEMBER_ROLE: "ops/cordon-member" }, /no path/],
    ["a role's name of more than 64 characters", { CORDON_MEMBER_ROLE: "r".repeat(65) }, /CORDON_MEMBER_ROLE/],
    ["a role without external id", { CORDON_EXTERNAL_ID: "" }, /CORDON_EXTERNAL_ID is missing/],
    ["an external id of one character", { CORDON_EXTERNAL_ID: "x" }, /2 to 1224/],
    ["an external id of 1225 characters", { CORDON_EXTERNAL_ID: "x".repeat(1225) }, /2 to 1224/],
    ["an external id with a blank in it", { CORDON_EXTERNAL_ID: "two words" }, /2 to 1224/],
    ["an account that is none", { CORDON_ACCOUNTS: "444455556666,4444" }, /CORDON_ACCOUNTS names "4444"/],
    ["a trailing comma", { CORDON_ACCOUNTS: "444455556666," }, /CORDON_ACCOUNTS names ""/],
  ])("refuse %s", (_, wrong, said) => {
    expect(mistakesIn({ ...BASE, ...MEMBERS, ...wrong })).toMatch(said);
  });

  it("name every mistake at once, and no external id", () => {
    const message = mistakesIn({ CORDON_MODE: "off", CORDON_MEMBER_ROLE: "a b", CORDON_EXTERNAL_ID: "secret words" });

    for (const each of ["CORDON_TABLE", "CORDON_MODE", "AWS_REGION", "CORDON_MEMBER_ROLE", "CORDON_EXTERNAL_ID"])
      expect(message).toContain(each);
    expect(message).not.toContain("secret words");
  });
});
