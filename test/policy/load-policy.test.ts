import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { CordonError } from "../../shared/errors.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { loadPolicy, readPolicyFile, withoutConditions } from "../../shared/policy/load-policy.ts";
import type { ConditionContext } from "../../shared/policy/policy.ts";
import { BASE, CONTROL, compiled, shipped } from "./policy-stage.ts";

const context: ConditionContext = {
  resource: { arn: "a", name: "crm", account: "1", region: "r", type: "t" },
  units: [],
  part: "p",
};

function file(text: string, name = "policy.yaml"): string {
  const folder = mkdtempSync(join(tmpdir(), "cordon-policy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function refused(promise: Promise<unknown>): Promise<CordonError> {
  const error = await promise.then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CordonError)) throw error;
  expect(error).toMatchObject({ kind: "misconfigured", retry: false });
  return error;
}

describe("the policy in force", () => {
  it("is the one compiled in, which from source is the shipped one", async () => {
    expect((await loadPolicy(undefined, catalogue)).name).toBe("eu-gdpr");
  });

  it("is the file's, as YAML or compiled, the same by its digest, with its conditions", async () => {
    const source = shipped("us-multi.yaml");
    const yaml = await loadPolicy(file(source), catalogue);
    const { conditions: _, ...plain } = yaml;
    const json = await loadPolicy(file(writeCompiled(plain), "policy.json"), catalogue);
    expect(json.digest).toBe(yaml.digest);
    for (const policy of [yaml, json]) {
      const [expression = ""] = policy.expressions;
      expect(policy.conditions(expression, context)).toBe(true);
      expect(policy.conditions(expression, { ...context, resource: { ...context.resource, name: "payroll-1" } })).toBe(
        false,
      );
    }
  });

  it("without conditions evaluates none", async () => {
    const policy = await loadPolicy(file(shipped("eu-gdpr.yaml")), catalogue);
    expect(() => policy.conditions("true", context)).toThrow("nothing evaluates conditions here: true");
    expect(() => withoutConditions(compiled()).conditions("true", context)).toThrow(
      "nothing evaluates conditions here: true",
    );
  });

  it("knows every condition of its transfers, exceptions and scopes, each once", () => {
    const exception = {
      id: "e",
      control: CONTROL,
      reason: "r",
      approver: "a",
      ticket: "t",
      grantedAt: "2026-01-01T00:00:00Z",
      expiresAt: "2026-01-02T00:00:00Z",
    };
    const policy = compiled({
      ...BASE,
      transfers: [
        {
          id: "t",
          classifications: ["personal"],
          to: ["us"],
          basis: { kind: "scc", document: "d" },
          when: 'part == "t"',
        },
      ],
      exceptions: [
        { ...exception, when: 'part == "e"' },
        { ...exception, id: "f", when: 'part == "t"' },
      ],
      controls: { [CONTROL]: { scopes: [{ id: "s", when: 'part == "s"', mode: "observe" }] } },
    });
    expect(policy.expressions).toEqual(['part == "e"', 'part == "s"', 'part == "t"']);
  });
});

describe("a policy file is refused, and nothing is done", () => {
  it("when it can't be read", async () => {
    expect((await refused(loadPolicy("/nowhere.yaml", catalogue))).message).toMatch(
      /^The policy \/nowhere\.yaml can't be read: .*ENOENT/,
    );
  });

  it("when it is wrong, with every mistake", async () => {
    const name = file(shipped("eu-gdpr.yaml").replace("rank: 50", "rank: x"));
    expect((await refused(loadPolicy(name, catalogue))).message).toBe(
      `The policy is refused, so nothing is done.\n${name}:24:11: classifications.1.rank: found "x", expected a number`,
    );
  });

  it.each<readonly [string, (text: string) => string, string]>([
    [
      "altered",
      (text) => text.replace('"anywhere":false', '"anywhere":true'),
      "its content is not what its digest says",
    ],
    [
      "altered in its digest",
      (text) => text.replace(/"digest":"./, '"digest":"x'),
      "its content is not what its digest says",
    ],
    ["cut off", (text) => text.slice(0, 500), "found no JSON, it may be cut off"],
    [
      "made for another version",
      (text) => text.replace("cordon-policy/3", "cordon-policy/2"),
      'found format "cordon-policy/2", expected "cordon-policy/3"',
    ],
    ["emptied", () => '{"format":"cordon-policy/3"}', "its content is not what its digest says"],
  ])("when it was compiled and then %s", async (_, change, reason) => {
    const name = file(change(writeCompiled(compiled())), "policy.json");
    expect((await refused(readPolicyFile(name, catalogue))).message).toBe(
      `The compiled policy ${name} is refused, so nothing is done: ${reason}. Compile it again: cordon compile <policy.yaml>`,
    );
  });
});
