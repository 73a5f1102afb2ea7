import { describe, expect, it } from "vitest";
import { applyPlan } from "../../shared/lifecycle/apply.ts";
import type { Plan, Receipt } from "../../shared/types.ts";

const resource = {
  type: "AWS::IAM::User",
  arn: "arn:aws:iam::111122223333:user/ann",
  name: "ann",
  account: "111122223333",
  region: "us-east-1",
};

/** A plan of which AWS refuses the first call with that code. */
async function applied(code: string, fallback: Plan<string>["fallback"]) {
  const plan: Plan<string> = {
    kind: "contain",
    parts: [],
    before: "before",
    after: "first",
    steps: [],
    permissions: [],
    reversible: "",
    ...(fallback !== undefined && { fallback }),
  };
  const stored: Receipt[] = [];
  const port = {
    operation: () => "Put",
    read: async () => ({ kind: "present" as const, state: "before" }),
    async write(_: unknown, next: string): Promise<Receipt> {
      const call = { operation: "Put", requestId: "", at: "" };
      return next === "first" ? { ...call, outcome: "refused", error: code } : { ...call, outcome: "accepted" };
    },
  };
  const result = await applyPlan(plan, resource, port, async (refusal) => void stored.push(refusal));
  return { kind: result.kind, stored: stored.length };
}

const HARDER = { after: "other", steps: [] };
const AS_HARD = { ...HARDER, isAsHard: true as const };

describe("what AWS refuses", () => {
  it.each([
    ["AccessDenied", HARDER, "accepted"],
    ["LimitExceededException", HARDER, "refused"],
    ["MalformedPolicyDocument", HARDER, "refused"],
    ["AccessDenied", AS_HARD, "accepted"],
    ["LimitExceededException", AS_HARD, "accepted"],
    ["MalformedPolicyDocument", AS_HARD, "refused"],
    ["LimitExceededException", undefined, "refused"],
  ] as const)("with %s, and %o to fall back on, is %s", async (code, fallback, kind) => {
    // The refusal is stored before the other way is tried, and only then.
    expect(await applied(code, fallback)).toEqual({ kind, stored: kind === "accepted" ? 1 : 0 });
  });
});
