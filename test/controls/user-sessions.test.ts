import { DeleteUserPolicyCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { DENIAL_POLICY } from "../../shared/keys/denial-policy.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { ADMINISTRATOR, KEY, OTHER, sessionsStage, TEMPORARY } from "./sessions-stage.ts";

const filler = (length: number) => {
  const document = (text: string) => ({
    Version: "2012-10-17",
    Statement: [{ Sid: text, Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  });
  return document("x".repeat(length - JSON.stringify(document("")).length));
};
const MANAGED = /^arn:aws:iam::111122223333:policy\/cordon\/cordon-revoked-sessions-[0-9a-f]{12}$/;

describe("sessions of a user whose key is known to others", () => {
  it("K7 that were issued before now are denied everything, by a policy that AWS's own revoking writes; the key's own calls and later sessions are not", async () => {
    const set = await sessionsStage();
    const before = await set.session();
    set.sandbox.clock.advance(2_000);
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);

    expect(set.inline()).toEqual({
      [DENIAL_POLICY]: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "CordonAKIAANN1",
            Effect: "Deny",
            Action: "*",
            Resource: "*",
            Condition: { DateLessThan: { "aws:TokenIssueTime": "2030-06-01T00:05:03Z" } },
          },
        ],
      },
    });
    expect(await set.refusalOf(before)).toBe("AccessDenied");
    expect(await set.refusalOf(KEY)).toBeUndefined();
    set.sandbox.clock.advance(5 * 60_000 + 5_000);
    expect(await set.refusalOf(await set.session())).toBeUndefined();
    expect(set.writes()).toEqual(["PutUserPolicy"]);
  });

  it("K7 is told without the full id of the key", async () => {
    const set = await sessionsStage();
    await set.report(set.user);
    const told = JSON.stringify([await set.findingOf(set.user), set.evidence]);
    expect(told).toContain("AKIA...ANN1");
    expect(told).not.toContain(KEY);
  });

  it.each([
    ["a temporary key, which no list has", TEMPORARY],
    ["a key that is deleted by now", "AKIAANNANNANNANNGONE"],
  ])("K7 of %s stay denied, look after look", async (_, key) => {
    const set = await sessionsStage();
    expect(await set.report(set.user, key)).toMatchObject([{ status: "contained" }]);
    set.sandbox.clock.advance(3_600_000);
    expect(await set.look(set.user)).toMatchObject([{ status: "already-contained" }]);
    expect(await set.findingOf(set.user, key)).toMatchObject({ status: "contained", occurrence: 1 });

    const iam = new IAMClient(clientConfig(set.sandbox));
    await iam.send(new DeleteUserPolicyCommand({ UserName: "ann", PolicyName: DENIAL_POLICY }));
    expect(await set.look(set.user)).toMatchObject([{ status: "contained" }]);
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(1);
  });

  it("reported again by the same report nothing is done; by a later one, sessions begun since are denied, too", async () => {
    const set = await sessionsStage();
    const report = { id: "same", at: new Date(set.clock.nowMs()).toISOString() };
    await set.report(set.user, KEY, report);
    set.sandbox.clock.advance(600_000);
    expect(await set.report(set.user, KEY, report)).toMatchObject([{ status: "already-contained" }]);
    const between = await set.session();
    set.sandbox.clock.advance(3_600_000);
    expect(await set.refusalOf(between)).toBeUndefined();
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(between)).toBe("AccessDenied");
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(1);
  });

  it("reported by many findings within the hour are denied at each: that is no tug of war", async () => {
    const set = await sessionsStage();
    for (let reports = 0; reports < 8; reports++) {
      const session = await set.session();
      set.sandbox.clock.advance(360_000);
      expect(await set.report(set.user, KEY, { by: "guardduty" })).toMatchObject([{ status: "contained" }]);
      expect(await set.refusalOf(session)).toBe("AccessDenied");
    }
    expect((await set.findingOf(set.user)).notes).toEqual([]);
  });

  it("reported by AWS's quarantine, which says nothing of which key, are denied for each", async () => {
    const set = await sessionsStage();
    expect(await set.report(set.user, undefined, { by: "aws-quarantine" })).toHaveLength(2);
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(2);
    expect(set.writes()).toEqual(["PutUserPolicy"]);
  });

  it("are not denied for calls of the key's that were denied", async () => {
    const set = await sessionsStage();
    expect(await set.report(set.user, KEY, { by: "cloudtrail" })).toMatchObject([{ status: "compliant" }]);
    expect(set.writes()).toEqual([]);
  });

  it("are observed where no more may be done", async () => {
    const set = await sessionsStage();
    expect(await set.report(set.user, KEY, {}, "observe")).toMatchObject([{ status: "observed" }]);
    expect(set.writes()).toEqual([]);
    // It is remembered, and done once it may be.
    expect(await set.look(set.user)).toMatchObject([{ status: "contained" }]);
  });
});

describe("a user for emergencies", () => {
  it("waits for a person, with the same plan from look to look; approved, sessions of before that are denied", async () => {
    const policy = { accessKeys: { breakGlass: [{ names: ["ann"] }] } };
    const set = await sessionsStage({}, { policy });
    expect(await set.report(set.user, TEMPORARY)).toMatchObject([{ status: "awaiting-approval" }]);
    const asked = await set.findingOf(set.user, TEMPORARY);
    expect(asked.pending?.steps).toMatchObject([
      {
        operation: "PutUserPolicy",
        changes: [{ path: "denied[ASIA...ANN3]", after: { before: "(when it is done)" } }],
      },
    ]);
    set.sandbox.clock.advance(7_200_000);
    await set.look(set.user);
    expect((await set.findingOf(set.user, TEMPORARY)).pending?.id).toBe(asked.pending?.id);

    const before = await set.session();
    set.sandbox.clock.advance(1_000);
    expect(await set.approve(set.user, TEMPORARY, asked.pending?.id)).toMatchObject({ status: "contained" });
    expect(await set.refusalOf(before)).toBe("AccessDenied");
  });
});

describe("no room for another inline policy", () => {
  const full = { inline: { theirs: filler(2_000) } };

  it("K7 has a managed policy of Cordon's attached instead, and taken away whole", async () => {
    const set = await sessionsStage(full);
    const before = await set.session();
    set.sandbox.clock.advance(2_000);
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(before)).toBe("AccessDenied");
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR, expect.stringMatching(MANAGED)]);
    expect(set.inline()).toEqual(full.inline);
    expect(await set.findingOf(set.user)).toMatchObject({
      notes: [expect.stringContaining("the same was done by another way")],
    });

    expect(await set.rollBack(set.user)).toMatchObject({ status: "exempt" });
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR]);
    expect(await set.refusalOf(before)).toBeUndefined();
    expect(set.sandbox.registry.list("AWS::IAM::ManagedPolicy", { account: "111122223333" })).toEqual([]);
  });

  it("is so, too, where an organisation denies inline policies, and for a person's approval", async () => {
    const set = await sessionsStage({}, { policy: { accessKeys: { breakGlass: [{ names: ["ann"] }] } } });
    await set.report(set.user);
    set.sandbox.deny({ action: "iam:PutUserPolicy", resource: "ann" });
    expect(await set.approve(set.user)).toMatchObject({ status: "contained" });
    expect(set.sandbox.user("ann").attached).toHaveLength(2);
  });

  it("leaves nothing where none can be attached either, and asks a person", async () => {
    const attached = Array.from({ length: 10 }, (_, index) => `arn:aws:iam::aws:policy/AmazonPolicy${index}`);
    const set = await sessionsStage({ ...full, attached });
    expect(await set.report(set.user)).toMatchObject([{ status: "awaiting-approval" }]);
    expect(set.sandbox.user("ann").attached).toEqual(attached);
    expect(set.sandbox.registry.list("AWS::IAM::ManagedPolicy", { account: "111122223333" })).toEqual([]);
    expect(await set.findingOf(set.user)).toMatchObject({ severity: "critical", status: "awaiting-approval" });
  });

  it("a second key's is put beside the first, in another way", async () => {
    const set = await sessionsStage({ inline: { theirs: filler(1_800) } });
    await set.report(set.user, KEY);
    set.sandbox.clock.advance(3_600_000);
    await set.report(set.user, OTHER);
    set.sandbox.clock.advance(3_600_000);
    await set.report(set.user, TEMPORARY);
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(1);
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR, expect.stringMatching(MANAGED)]);
    await set.rollBack(set.user, OTHER);
    await set.rollBack(set.user, TEMPORARY);
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR]);
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(1);
  });
});

describe("what is not Cordon's to change", () => {
  it.each([
    ["a policy of that name that says something else", filler(200)],
    [
      "Cordon's policy with a statement more",
      { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] },
    ],
  ])("%s is a person's, who is told whose sessions go on", async (_, document) => {
    const set = await sessionsStage({ inline: { [DENIAL_POLICY]: document } });
    expect(await set.report(set.user)).toMatchObject([{ status: "awaiting-approval" }]);
    expect(set.writes()).toEqual([]);
    expect(await set.findingOf(set.user)).toMatchObject({
      decision: {
        rule: "built-in:out-of-reach",
        reasons: expect.arrayContaining([expect.stringContaining("not as Cordon writes it")]),
      },
    });
    expect(await set.approve(set.user)).toMatchObject({ status: "refused" });

    // Once it is gone, what was reported is remembered.
    const iam = new IAMClient(clientConfig(set.sandbox));
    await iam.send(new DeleteUserPolicyCommand({ UserName: "ann", PolicyName: DENIAL_POLICY }));
    expect(await set.look(set.user)).toMatchObject([{ status: "contained" }]);
  });

  it("the user that Cordon works as is not locked out", async () => {
    const set = await sessionsStage();
    Object.assign(process.env, set.sandbox.environment(set.sandbox.principalOf(KEY)));
    const { AwsClients } = await import("../../shared/aws/clients.ts");
    const { iamSessionsOnAws } = await import("../../shared/resources/iam-sessions-aws.ts");
    const its = iamSessionsOnAws(new AwsClients(), set.clock);
    expect(await its.whyOwn(set.user)).toContain("Cordon itself works with this user's keys");
    expect(await its.whyOwn(set.role)).toBeUndefined();
  });

  it("a user that is gone is nobody's", async () => {
    const set = await sessionsStage();
    const stranger = { ...set.user, arn: "arn:aws:iam::111122223333:user/bob", name: "bob" };
    expect(await set.report(stranger)).toMatchObject([{ status: "ignored" }]);
  });

  it("what others put on the user in the meantime stays, and does not keep a rollback from being exact", async () => {
    const set = await sessionsStage();
    await set.report(set.user);
    const iam = new IAMClient(clientConfig(set.sandbox));
    const theirs = filler(300);
    await iam.send(
      new PutUserPolicyCommand({ UserName: "ann", PolicyName: "theirs", PolicyDocument: JSON.stringify(theirs) }),
    );
    expect(await set.rollBack(set.user)).toMatchObject({ status: "exempt" });
    expect(set.inline()).toEqual({ theirs });
  });
});

describe("a run that dies", () => {
  it.each([
    ["before its policy is attached", "AttachUserPolicy"],
    ["before the policy that it takes the place of is deleted", "DeletePolicy"],
    ["while it puts its policy", "PutUserPolicy"],
  ])("%s is taken up, and what it leaves is whole", async (_, operation) => {
    const set = await sessionsStage({ inline: { theirs: filler(2_000) } });
    await set.report(set.user, KEY);
    set.sandbox.clock.advance(86_400_000);
    const before = await set.session();
    set.sandbox.clock.advance(2_000);
    const mend = set.sandbox.faults.inject({ operation, kind: "server-error", times: 7 });
    await set.report(set.user, OTHER).catch(() => undefined);
    mend();
    for (let looks = 0; looks < 2; looks++) {
      set.sandbox.clock.advance(3_600_000);
      await set.look(set.user).catch(() => undefined);
    }
    expect(await set.findingOf(set.user, OTHER)).toMatchObject({ status: "contained" });
    expect(await set.refusalOf(before)).toBe("AccessDenied");
    expect(set.inline()).toEqual({ theirs: filler(2_000) });
    expect(await set.rollBack(set.user, OTHER)).toMatchObject({ status: "exempt" });
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR, expect.stringMatching(MANAGED)]);
  });

  it.each([
    ["some minutes later", 300_000],
    ["an hour later", 3_600_000],
  ])(
    "between creating its policy and attaching it has that policy made anew %s, and leaves none behind",
    async (_, laterMs) => {
      const set = await sessionsStage({ inline: { theirs: filler(2_000) } });
      const before = await set.session();
      set.sandbox.clock.advance(2_000);
      const mend = set.sandbox.faults.inject({ operation: "AttachUserPolicy", kind: "server-error", times: 20 });
      await set.report(set.user).catch(() => undefined);
      mend();
      const policies = () => set.sandbox.registry.list("AWS::IAM::ManagedPolicy", { account: "111122223333" });
      expect(policies()).toHaveLength(1);
      expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR]);
      set.sandbox.clock.advance(laterMs);
      await set.look(set.user);
      expect(await set.refusalOf(before)).toBe("AccessDenied");
      expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR, policies()[0]?.arn]);
      expect(policies()).toHaveLength(1);
      expect(await set.rollBack(set.user)).toMatchObject({ status: "exempt" });
      expect(policies()).toEqual([]);
    },
  );

  it("between putting a denial anew and taking the last one's policy away leaves no doubt of which counts", async () => {
    const set = await sessionsStage({ inline: { theirs: filler(2_000) } });
    await set.report(set.user);
    const iam = new IAMClient(clientConfig(set.sandbox));
    await iam.send(new DeleteUserPolicyCommand({ UserName: "ann", PolicyName: "theirs" }));
    set.sandbox.clock.advance(86_400_000);
    const before = await set.session();
    set.sandbox.clock.advance(2_000);
    const mend = set.sandbox.faults.inject({ operation: "DetachUserPolicy", kind: "server-error", times: 7 });
    await set.report(set.user).catch(() => undefined);
    mend();
    set.sandbox.clock.advance(3_600_000);
    expect(await set.look(set.user)).toMatchObject([{ status: "already-contained" }]);
    expect(await set.refusalOf(before)).toBe("AccessDenied");
    // The run's own rollback puts back what was before it: the first report's denial.
    expect(await set.rollBack(set.user)).toMatchObject({ status: "exempt" });
    expect(Object.keys(set.inline())).toEqual([]);
    expect(set.sandbox.user("ann").attached).toEqual([ADMINISTRATOR, expect.stringMatching(MANAGED)]);
  });
});

describe("a read that is a write behind", () => {
  it("is waited for, and nothing is done twice", async () => {
    const set = await sessionsStage();
    set.sandbox.stale({ user: "ann", operation: "GetUserPolicy", times: 2 });
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);
    expect(set.writes()).toEqual(["PutUserPolicy"]);
  });
});
