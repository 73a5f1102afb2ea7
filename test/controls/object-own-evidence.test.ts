import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import { evidenceStore } from "../../deploy/evidence-store.ts";
import { singleAccount } from "../../deploy/stack.ts";
import { overlooksEvidence } from "../../shared/deployment/evidence-bucket.ts";
import { wireWithObjects } from "../../shared/runtime/wire-objects.ts";
import { lookEvent } from "../../shared/signals/look.ts";
import { s3BucketRef, s3ObjectRef } from "../../shared/signals/s3-bucket-ref.ts";
import { eventBridge, objectRecord, sqs } from "../support/events.ts";
import { stage } from "../support/stage.ts";

/** Each tag leaves evidence, which is an object as well: were it tagged in its turn, it would go on for ever. */

const EVIDENCE = "cordon-evidence-111122223333-eu-central-1";
const KEY = "2026/03/01/entry.json";
const ENV = { CORDON_STACK: "cordon", AWS_REGION: "eu-central-1" };

async function open(name: string, env: Readonly<Record<string, string>> = ENV) {
  const set = await stage(control, {
    world: {
      buckets: [{ name, region: "eu-central-1", tags: { "data-residency": "eu-only" } }],
      objects: [{ bucket: name, key: KEY, body: "{}" }],
    },
  });
  const container = set.container({ overlooks: overlooksEvidence(env) });
  const tags = () => set.sandbox.objects(name)[0]?.tags;
  return { ...set, container, tags };
}

const created = (bucket: string) =>
  eventBridge({ bucket: { name: bucket }, object: { key: KEY }, "request-id": "R" }, "Object Created", "aws.s3");

function look(bucket: string) {
  const ref = s3BucketRef(bucket, "111122223333", "eu-central-1");
  const object = ref && s3ObjectRef(ref, KEY);
  if (object === undefined) throw new Error(`${bucket} is no bucket`);
  return lookEvent(control.meta.id, object, "2026-03-01T09:00:00Z");
}

describe("an object of Cordon's own evidence", () => {
  it.each([
    ["S3's own event", created(EVIDENCE)],
    ["CloudTrail", objectRecord(EVIDENCE, KEY, { name: "PutObject" })],
    ["a look, as by S3 Batch Operations", look(EVIDENCE)],
  ])("is overlooked when it is heard of by %s: nothing is called, and nothing written", async (_, event) => {
    const set = await open(EVIDENCE);
    set.sandbox.clearCalls();
    const results = await set.container.results(event);
    expect(results).toMatchObject([{ status: "ignored", reasons: [expect.stringContaining("own evidence")] }]);
    expect(set.sandbox.calls).toEqual([]);
    const { batchItemFailures } = await set.container.send(sqs(event));
    expect(batchItemFailures).toEqual([]);
    expect(set.sandbox.calls).toEqual([]);
    expect(set.tags()).toEqual({});
  });

  it("is known by the bucket that the environment names, too", async () => {
    const set = await open("kept-elsewhere", { ...ENV, CORDON_EVIDENCE_BUCKET: "kept-elsewhere" });
    const [result] = await set.container.results(created("kept-elsewhere"));
    expect(result?.status).toBe("ignored");
  });

  it("is overlooked by the function as it is wired", async () => {
    const env = { ...ENV, CORDON_TABLE: "cordon", CORDON_MODE: "observe", CORDON_POLICY: "policies/eu-gdpr.yaml" };
    const { overlooks } = await wireWithObjects(env, control, catalogue);
    const bucket = s3BucketRef(EVIDENCE, "111122223333", "eu-central-1");
    const object = bucket && s3ObjectRef(bucket, KEY);
    expect(object && overlooks?.(object, "111122223333")).toContain("own evidence");
  });

  it.each([
    "cordon-evidence-444455556666-eu-central-1",
    "cordon-evidence-111122223333-eu-west-1",
    "cordon-evidence-111122223333-eu-central-1-copy",
    "other-evidence-111122223333-eu-central-1",
  ])("is not what lies in %s: whoever calls a bucket so gets no object past Cordon", async (bucket) => {
    const set = await open(bucket);
    const [result] = await set.container.results(created(bucket));
    expect(result?.status).toBe("contained");
  });

  it("is known by the very name that the stack gives its bucket, and the bucket lets nobody tag", () => {
    const { EvidenceBucket, EvidenceBucketPolicy } = evidenceStore(singleAccount("cordon"));
    const properties = (resource: unknown) => (resource as { readonly Properties: Record<string, unknown> }).Properties;
    const { BucketName } = properties(EvidenceBucket) as { readonly BucketName: { readonly "Fn::Sub": string } };
    const name = BucketName["Fn::Sub"].replace(/\$\{AWS::AccountId\}/, "111122223333");
    expect(name.replace(/\$\{AWS::Region\}/, "eu-central-1")).toBe(EVIDENCE);
    const text = JSON.stringify(properties(EvidenceBucketPolicy));
    for (const action of ["PutObjectTagging", "PutObjectVersionTagging", "DeleteObjectTagging"])
      expect(text).toContain(`"s3:${action}"`);
  });
});
