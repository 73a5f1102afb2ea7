import assert from "node:assert/strict";
import { DeleteObjectCommand, PutObjectCommand, PutObjectRetentionCommand, S3Client } from "@aws-sdk/client-s3";
import type { ObjectView, StackResource } from "../sandbox/index.ts";
import { parseLink } from "../shared/evidence/chain.ts";
import { type EvidenceObject, type Verdict, verifyChain } from "../shared/evidence/verify-chain.ts";
import type { Account } from "./account.ts";
import { archiveOf, chainOf, evidenceBucket, evidenceOf } from "./look.ts";
import type { Teller } from "./tell.ts";

/** The evidence of a finding: where it lies, that nobody can take it away, and that it verifies with nothing but the objects. */
export async function evidenceStory(account: Account, teller: Teller, findingId: string): Promise<void> {
  const { sandbox } = account;
  const [entry] = evidenceOf(sandbox, findingId);
  const object = archiveOf(sandbox).find(({ key }) => key === entry?.archiveKey);
  if (object === undefined) throw new Error(`nothing is archived of ${findingId}`);
  tellObject(teller, object);
  await lockStory(account, teller, object);
  await chainStory(account, teller, object);
}

function tellObject(teller: Teller, { key, body, retention, kmsKeyArn }: ObjectView): void {
  const parsed = parseLink(key, body);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { sequence, previousHash, hash } = parsed.link;
  const event = JSON.parse(body) as Record<string, string>;
  teller.say("object", key);
  teller.say("event", `OCSF class ${event.class_uid} ${event.class_name}: ${event.activity_name}, ${event.status}`);
  teller.say("", event.message ?? "");
  teller.say("chain", `number ${sequence}`, `previous ${previousHash}`, `hash     ${hash}`);
  const until = new Date(retention?.until ?? 0).toISOString();
  teller.say("locked", `${retention?.mode} until ${until}, encrypted with ${kmsKeyArn?.split(":").at(-1)}`);
}

/** The account's administrator tries everything, with the bucket's policy and without it. */
async function lockStory({ sandbox, as }: Account, teller: Teller, object: ObjectView): Promise<void> {
  const admin = as("admin", S3Client);
  const place = { Bucket: evidenceBucket(sandbox), Key: object.key };
  const version = { ...place, VersionId: object.versionId };
  const Retention = { Mode: "COMPLIANCE", RetainUntilDate: new Date(sandbox.clock.now() + 60_000) } as const;
  const remove = () => refusalOf(admin.send(new DeleteObjectCommand(version)));
  const overwrite = () => refusalOf(admin.send(new PutObjectCommand({ ...place, Body: "{}" })));
  const shorten = () => refusalOf(admin.send(new PutObjectRetentionCommand({ ...version, Retention })));

  const byPolicy = { delete: await remove(), overwrite: await overwrite(), unlock: await shorten() };
  const policies = sandbox.registry.list("AWS::S3::BucketPolicy").filter(isAbout(place.Bucket));
  // The sandbox has no DeleteBucketPolicy.
  for (const policy of policies) sandbox.registry.remove(policy);
  const byLock = { delete: await remove(), unlock: await shorten() };
  for (const policy of policies) sandbox.registry.put(policy);

  teller.say("admin", "the account's administrator tries to delete, overwrite and unlock it:");
  teller.say("", ...tellRefusals(byPolicy));
  teller.say("", "and again with the bucket's policy taken away:");
  teller.say("", ...tellRefusals(byLock));
  await teller.check("nobody deletes, overwrites or unlocks evidence: the bucket's policy refuses", () => {
    for (const { code, message } of Object.values(byPolicy)) {
      assert.equal(code, "AccessDenied");
      assert.match(message, /explicit deny in a resource-based policy/);
    }
  });
  await teller.check(
    "without the policy Object Lock refuses all the same, in COMPLIANCE mode to administrators too",
    () => {
      assert.equal(object.retention?.mode, "COMPLIANCE");
      for (const { code, message } of Object.values(byLock)) {
        assert.equal(code, "AccessDenied");
        assert.match(message, /object lock/);
      }
      assert.deepEqual(
        archiveOf(sandbox).filter(({ key }) => key === object.key),
        [object],
      );
    },
  );
}

/** Verified offline; then with one byte changed, and with one entry missing. */
async function chainStory({ sandbox }: Account, teller: Teller, object: ObjectView): Promise<void> {
  const { chain, sequence, hash, objects } = chainOf(sandbox, object.key);
  const verdict = verifyChain(objects);
  teller.say("verify", `${objects.length} objects of ${chain}, and nothing else:`, `  ${describe(verdict)}`);
  teller.say("", "(by hand, of a copy of the bucket: npm run cordon -- evidence verify <folder>)");
  await teller.check("the chain verifies offline, gapless from 1, and ends where the table says", () => {
    assert.deepEqual(verdict, { ok: true, chain, head: { sequence, hash } });
    assert.equal(sequence, objects.length);
  });

  const forged = objects.map(({ key, body }) => ({ key, body: key === object.key ? forge(body) : body }));
  const ofForged = verifyChain(forged);
  teller.say("forged", 'with one byte changed in a copy, "us-west-2" to "us-west-1":', `  ${describe(ofForged)}`);
  const ofShortened = verifyChain(objects.filter(({ key }) => key !== object.key));
  teller.say("removed", "with that entry taken out:", `  ${describe(ofShortened)}`);
  await teller.check("one changed byte, or a missing entry, is found, and the entry named", () => {
    assert.equal(differingBytes(forged, objects), 1);
    const named = [ofForged, ofShortened].map((each) => (each.ok ? "" : `${each.problem} ${each.key}`));
    assert.deepEqual(named, [`edited ${object.key}`, `missing ${object.key}`]);
  });
}

function describe(verdict: Verdict): string {
  if (verdict.ok) return `good: 1 to ${verdict.head.sequence}, ending in ${verdict.head.hash}`;
  return `${verdict.problem}, ${verdict.key.split("/").at(-1)}: ${verdict.reason}`;
}

function forge(body: string): string {
  return body.replace("us-west-2", "us-west-1");
}

function differingBytes(copies: readonly EvidenceObject[], objects: readonly EvidenceObject[]): number {
  const [copy, original] = [copies, objects].map((all) => Buffer.from(all.map(({ body }) => body).join("\n")));
  return [...(original ?? [])].filter((byte, index) => copy?.[index] !== byte).length;
}

function isAbout(bucket: string) {
  return ({ properties }: StackResource): boolean => properties.Bucket === bucket;
}

function tellRefusals(refusals: Readonly<Record<string, Refusal>>): readonly string[] {
  return Object.entries(refusals).map(([attempt, { code, message }]) => {
    const reason = message.replace(
      /^User: .* is not authorized to perform: (\S+) on .*( with an explicit deny .*)$/,
      "$1$2",
    );
    return `  ${attempt.padEnd(10)} ${code}: ${reason}`;
  });
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** How AWS refuses a call; throws when it does not. */
async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const outcome = await call.then(
    () => undefined,
    (error: Error) => ({ code: error.name, message: error.message }),
  );
  if (outcome === undefined) throw new Error("AWS took a call that it had to refuse");
  return outcome;
}
