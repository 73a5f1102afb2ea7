import { DeleteUserPolicyCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DENIAL_POLICY, parseDenials } from "../../shared/keys/denial-policy.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { ADMINISTRATOR, KEY, OTHER, sessionsStage, TEMPORARY } from "./sessions-stage.ts";

const key = fc.constantFrom(KEY, OTHER, TEMPORARY);
const story = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("report" as const), key }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("roll-back" as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("look" as const) }) },
    // From hardly any to so much that no denial has room beside it.
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("theirs" as const), length: fc.integer({ min: 100, max: 2_000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("taken away" as const) }) },
  ),
  { minLength: 3, maxLength: 9 },
);

describe("whatever is reported and rolled back, in whatever order", () => {
  it("sessions issued before the newest report are denied, what was rolled back is as it was, and nothing of another's policies changes", async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const set = await sessionsStage({}, { isShared: true });
        const iam = new IAMClient({ ...clientConfig(set.sandbox), region: "us-east-1" });
        const UserName = "ann";
        const theirs = new Map<string, unknown>();
        const reportedMs = new Map<string, number>();
        try {
          for (const step of steps) {
            // Longer than Cordon remembers a tug of war, and counts changes.
            set.sandbox.clock.advance(86_400_000);
            if (step.kind === "look") await set.look(set.user);
            if (step.kind === "theirs") {
              const document = policyOf(step.length);
              const text = JSON.stringify(document);
              const put = new PutUserPolicyCommand({ UserName, PolicyName: "theirs", PolicyDocument: text });
              if (
                await iam.send(put).then(
                  () => true,
                  () => false,
                )
              )
                theirs.set("theirs", document);
            }
            if (step.kind === "taken away" && DENIAL_POLICY in set.inline()) {
              await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: DENIAL_POLICY }));
              await set.look(set.user);
            }
            if (step.kind === "report") {
              const session = await set.session();
              set.sandbox.clock.advance(2_000);
              reportedMs.set(step.key, set.clock.nowMs());
              await set.report(set.user, step.key);
              expect(await set.refusalOf(session)).toBe("AccessDenied");
            }
            if (step.kind === "roll-back" && reportedMs.has(step.key)) {
              const { status } = await set.rollBack(set.user, step.key);
              if (status === "exempt") reportedMs.delete(step.key);
            }
            const { denied, others, attached } = stateOf(set);
            for (const [id, ms] of reportedMs) {
              const own = denied.find((each) => id.startsWith(each.key.slice(0, 4)) && id.endsWith(each.key.slice(-4)));
              expect(Date.parse(own?.before ?? "")).toBeGreaterThanOrEqual(ms);
            }
            expect(others).toEqual(Object.fromEntries(theirs));
            expect(attached).toEqual([ADMINISTRATOR]);
          }
          for (const id of reportedMs.keys()) {
            set.sandbox.clock.advance(86_400_000);
            expect(await set.rollBack(set.user, id)).toMatchObject({ status: "exempt" });
          }
        } finally {
          await set.close();
        }
      }),
      { numRuns: 12 },
    );
  });
});

function stateOf(set: Awaited<ReturnType<typeof sessionsStage>>) {
  const { [DENIAL_POLICY]: inline, ...others } = set.inline();
  const { attached } = set.sandbox.user("ann");
  const managed = attached.filter((arn) => arn.includes("/cordon/"));
  const texts = managed.map((arn) => {
    const found = set.sandbox.registry
      .list("AWS::IAM::ManagedPolicy", { account: "111122223333" })
      .find((each) => each.arn === arn);
    return JSON.stringify(found?.properties.PolicyDocument);
  });
  const denied = [
    ...(inline === undefined ? [] : (parseDenials(JSON.stringify(inline), "inline") ?? [])),
    ...texts.flatMap((text) => parseDenials(text, "managed") ?? []),
  ];
  return { denied, others, attached: attached.filter((arn) => !managed.includes(arn)) };
}

function policyOf(length: number) {
  const document = (Sid: string) => ({
    Version: "2012-10-17",
    Statement: [{ Sid, Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  });
  return document("x".repeat(Math.max(0, length - JSON.stringify(document("")).length)));
}
