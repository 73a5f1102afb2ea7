import { DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { whyOwnPrincipal } from "../../shared/deployment/own-principals.ts";
import { DENIAL_POLICY } from "../../shared/keys/denial-policy.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { cloudTrailRecord, eventBridge } from "../support/events.ts";
import { KEY, OTHER, sessionsStage } from "./sessions-stage.ts";

describe("sessions of a role that was assumed with a key known to others", () => {
  it("K7 are denied on a person's word, whatever policy says, and the plan tells who is affected", async () => {
    const set = await sessionsStage();
    const before = await set.assume();
    set.sandbox.clock.advance(2_000);
    expect(await set.report(set.role)).toMatchObject([{ decision: "approve", status: "awaiting-approval" }]);
    expect(set.writes()).toEqual([]);
    const asked = await set.findingOf(set.role);
    expect(asked).toMatchObject({
      decision: { rule: "access-keys:role-sessions" },
      pending: { steps: [{ operation: "PutRolePolicy", changes: [{ path: "denied[AKIA...ANN1]" }] }] },
    });
    expect(asked.decision.reasons.join()).toContain("everybody who uses the role is affected");
    expect(asked.pending?.reversible).toContain("everybody who uses the role is affected");

    set.sandbox.clock.advance(60_000);
    expect(await set.approve(set.role, KEY, asked.pending?.id)).toMatchObject({ status: "contained" });
    expect(await set.refusalOf(before)).toBe("AccessDenied");
    set.sandbox.clock.advance(60_000);
    expect(await set.refusalOf(await set.assume())).toBeUndefined();
    expect(await set.look(set.role)).toMatchObject([{ status: "already-contained" }]);
    expect(set.writes()).toEqual(["PutRolePolicy"]);

    expect(await set.rollBack(set.role)).toMatchObject({ status: "exempt" });
    expect(await set.denialOnRole()).toBeUndefined();
    expect(await set.refusalOf(before)).toBeUndefined();
  });

  it("are asked about again when the denial is taken away", async () => {
    const set = await sessionsStage();
    await set.report(set.role);
    await set.approve(set.role);
    const iam = new IAMClient(clientConfig(set.sandbox));
    set.sandbox.clock.advance(3_600_000);
    await iam.send(new DeleteRolePolicyCommand({ RoleName: "deployer", PolicyName: DENIAL_POLICY }));
    expect(await set.look(set.role)).toMatchObject([{ status: "awaiting-approval" }]);
  });

  it.each(["/", "/teams/build/"])(
    "are asked about again at the call that takes the denial away, of a role in %s",
    async (path) => {
      const set = await sessionsStage({}, { roleArn: `arn:aws:iam::111122223333:role${path}deployer` });
      await set.report(set.role);
      await set.approve(set.role);
      set.sandbox.clock.advance(3_600_000);
      const iam = new IAMClient(clientConfig(set.sandbox));
      await iam.send(new DeleteRolePolicyCommand({ RoleName: "deployer", PolicyName: DENIAL_POLICY }));
      const call = (policyName: string) =>
        eventBridge({
          ...cloudTrailRecord("none", { name: "DeleteRolePolicy", region: "us-east-1", atMs: set.clock.nowMs() }),
          eventSource: "iam.amazonaws.com",
          requestParameters: { roleName: "deployer", policyName },
        });
      expect(await set.hearEvent(call("somebody-else's"))).toEqual([]);
      expect(await set.hearEvent(call(DENIAL_POLICY))).toMatchObject([{ status: "awaiting-approval" }]);
      expect(await set.findingOf(set.role)).toMatchObject({ status: "awaiting-approval", occurrence: 2 });
    },
  );

  it("of two keys are two matters, and one rolled back leaves the other's denied", async () => {
    const set = await sessionsStage();
    for (const key of [KEY, OTHER]) {
      await set.report(set.role, key);
      await set.approve(set.role, key);
      set.sandbox.clock.advance(3_600_000);
    }
    await set.rollBack(set.role, OTHER);
    expect(await set.denialOnRole()).toMatchObject({ Statement: [{ Sid: "CordonAKIAANN1" }] });
  });

  it.each([
    [
      "of Identity Center's",
      "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef",
      "Identity Center",
    ],
    [
      "of a service's own",
      "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
      "service-linked",
    ],
    ["of the cell's stack", "arn:aws:iam::111122223333:role/cordon-decide-eu-central-1", "Cordon's own"],
    ["that the cell assumes in members", "arn:aws:iam::111122223333:role/cordon-member", "Cordon's own"],
  ])("of a role %s are a person's to end, with the reason", async (_, roleArn, reason) => {
    const set = await sessionsStage({}, { roleArn, own: { stack: "cordon", memberRole: "cordon-member" } });
    expect(await set.report(set.role)).toMatchObject([{ status: "awaiting-approval" }]);
    const { decision, pending } = await set.findingOf(set.role);
    expect(decision.rule).toBe("built-in:out-of-reach");
    expect(decision.reasons.join()).toContain(reason);
    expect(pending).toBeUndefined();
    expect(await set.approve(set.role)).toMatchObject({ status: "refused" });
    expect(set.writes()).toEqual([]);
  });
});

describe("who Cordon is", () => {
  const role = (name: string) => ({
    type: "AWS::IAM::Role",
    arn: `arn:aws:iam::111122223333:role/service/${name}`,
    name,
    account: "111122223333",
    region: "us-east-1",
  });
  const caller = "arn:aws:sts::111122223333:assumed-role/worker/a-session";

  it.each([
    ["the role it works in, whatever its path", role("worker"), {}, true],
    ["a role whose name begins alike", role("worker-2"), {}, false],
    ["a role of its stack", role("cordon-sweep-eu-central-1"), { stack: "cordon" }, true],
    ["a role of another stack", role("cordon-sweep-eu-central-1"), { stack: "cell" }, false],
    ["its member role", role("acts"), { memberRole: "acts" }, true],
  ])("%s", (_, resource, own, expected) => {
    expect(whyOwnPrincipal(resource, { caller, ...own }) !== undefined).toBe(expected);
  });
});
