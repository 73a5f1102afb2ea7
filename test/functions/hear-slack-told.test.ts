import { describe, expect, it } from "vitest";
import { toldOf } from "../../functions/hear-slack/told.ts";
import { objectionTo } from "../../shared/policy/may-decide.ts";
import type { Caller } from "../../shared/policy/people.ts";
import { policyWith } from "../support/stage.ts";

const FINDING = "f-0123456789abcdef0123";
const ANN = "arn:aws:iam::111122223333:user/ann";
const BEN = "arn:aws:iam::111122223333:user/ben";
const UNTOLD = "arn:aws:sts::111122223333:assumed-role/deploy/i-0123456789abcdef0";
const MEMBER = "T012AB3CD/U045EF6GH";
const STRANGER = "T012AB3CD/U0STRANGER";

/** What `decide` says of a press by a member of Slack, in its own words. */
function objection(slack: string, by: readonly string[] | null, known: readonly Caller[]): string {
  const people = [{ name: "ann", principals: [ANN], slack: [MEMBER] }];
  const policy = policyWith({ people, limits: { approvals: { by } } });
  const decider = { kind: "proved", caller: { slack }, how: "a button in Slack" } as const;
  return objectionTo(decider, { known, areAll: known.length > 0 }, policy, false) ?? "";
}

function textOf(status: string, reasons: readonly string[]): string {
  const answer = { results: [{ status, findingId: FINDING, reasons }] };
  return toldOf({ kind: "answered", answer }, FINDING).text;
}

describe("what is told in Slack of a press", () => {
  it.each<[string, string, string]>([
    [
      "who is not among the approvers",
      objection(STRANGER, [ANN, BEN], [{ arn: BEN }]),
      "You are not among those who may decide.",
    ],
    ["who is not mapped", objection(STRANGER, null, [{ arn: BEN }]), "Who is behind your name in Slack can't be told."],
    ["who caused it", objection(MEMBER, null, [{ arn: ANN }]), "Nobody decides about what he caused."],
    ["where the cause can't be told", objection(MEMBER, null, [{ arn: UNTOLD }]), "Who caused it can't be told yet."],
    ["where the cause is not known", objection(MEMBER, null, []), "Who caused it can't be told yet."],
    [
      "after it was settled",
      "the finding is contained; only one that waits for a person can be decided",
      "It is settled already.",
    ],
    ["twice", "this proof has been used already: sign a new one", "This press was heard already."],
    ["for any other reason", `${BEN} owns bucket customer-records`, `cordon explain ${FINDING} says why.`],
  ])("names nobody: by somebody %s", (_, reason, told) => {
    expect(reason).not.toBe("");
    expect(textOf("refused", [reason, `and ${BEN}`])).toBe(`Refused: nothing was done.\n${told}\n${FINDING}`);
  });

  it.each(["contained", "exempt", "failed", "awaiting-approval", "compliant", "inconclusive"])(
    "is the status %s in words, and the finding, without reasons",
    (status) => {
      const text = textOf(status, [`approved by ${ANN}: customer-records`]);
      expect(text).toMatch(new RegExp(`^[^\\n]+\\n${FINDING}$`));
      expect(text).not.toMatch(/arn:|ann|customer/);
    },
  );
});
