import * as z from "zod/mini";
import type { AnyControl, Asked, Ports } from "../shared/control.ts";
import { subjectOf } from "../shared/ids.ts";
import { placeOf, places } from "../shared/jurisdictions/places.ts";
import { formProblems } from "../shared/policy/language/form-problems.ts";
import { INSTANT, parseInstant } from "../shared/policy/language/instants.ts";
import { type PolicyError, readYaml } from "../shared/policy/language/parse-policy.ts";
import { type Problem, unknownName } from "../shared/policy/language/problems.ts";
import type { BucketRegion, ReplicationConfiguration } from "../shared/resources/s3-buckets.ts";
import { parseBucketName } from "../shared/signals/s3-bucket-ref.ts";
import type { Exception, ResourceRef } from "../shared/types.ts";
import { type Journalled, NOT_JOURNALLED } from "./judge-event.ts";

/**
 * A world in a file, in place of AWS: what live state would show, and what the journal would know. Field names are those of the sandbox's worlds, which
 * can be read too. Every object is closed: a misspelt key is a mistake, never a wider rule.
 */
const text = z.string().check(z.minLength(1, { error: "expected a text that is not empty" }));
const bucketName = z
  .string()
  .check(z.refine((name) => parseBucketName(name) !== undefined, { error: "expected the name of a bucket, no ARN" }));
const account = z.string().check(z.regex(/^\d{12}$/, { error: "expected an account id of 12 digits, in quotes" }));
const instant = z.string().check(
  z.refine((time) => INSTANT.test(time) && parseInstant(time) !== undefined, {
    error: "expected a time with seconds and an offset, such as 2026-12-31T23:59:59Z",
  }),
);
const tag = z.strictObject({ Key: text, Value: z.string() });
/** Taken as it is: AWS has it, and no control asks for it. */
const whatever = z.optional(z.unknown());

const rule = z.strictObject({
  ID: z.optional(text),
  Priority: z.optional(z.number()),
  Prefix: z.optional(z.string()),
  Filter: z.optional(
    z.strictObject({
      Prefix: z.optional(z.string()),
      Tag: z.optional(tag),
      And: z.optional(z.strictObject({ Prefix: z.optional(z.string()), Tags: z.optional(z.array(tag)) })),
    }),
  ),
  Status: z.enum(["Enabled", "Disabled"]),
  Destination: z.strictObject({
    Bucket: text,
    Account: z.optional(account),
    EncryptionConfiguration: z.optional(z.strictObject({ ReplicaKmsKeyID: z.optional(text) })),
    StorageClass: whatever,
    AccessControlTranslation: whatever,
    ReplicationTime: whatever,
    Metrics: whatever,
  }),
  SourceSelectionCriteria: whatever,
  ExistingObjectReplication: whatever,
  DeleteMarkerReplication: whatever,
});

const bucket = z.strictObject({
  name: bucketName,
  region: text,
  /** Left out: the account of whoever asks. */
  account: z.optional(account),
  tags: z.optional(z.record(text, z.string())),
  /** As GetBucketReplication gives it. */
  replication: z.optional(z.nullable(z.strictObject({ Role: text, Rules: z.array(rule) }))),
  /** What AWS does not show. */
  unreadable: z.optional(z.array(z.enum(["tags", "replication", "region"]))),
  /** The class that the journal has of it, from a tag unless `classSource` says otherwise. */
  classification: z.optional(text),
  classSource: z.optional(z.enum(["tag", "default"])),
  /** A run-time exception for one of its parts. Without `subject` it was granted for what this world shows. */
  exception: z.optional(
    z.strictObject({
      part: text,
      control: z.optional(text),
      reason: text,
      approver: text,
      grantedAt: z.optional(instant),
      expiresAt: instant,
      classification: text,
      subject: z.optional(text),
    }),
  ),
  /** In the sandbox's worlds; no control asks for these. */
  versioning: z.optional(z.boolean()),
  abac: z.optional(z.boolean()),
});

/** The form of a world, for files that hold one among other things; what the form can't say is checked by `worldProblems`. */
export const worldSchema = z.strictObject({ buckets: z.array(bucket) });

export type World = z.infer<typeof worldSchema>;
export type WorldBucket = World["buckets"][number];

export type ParsedWorld =
  | { readonly ok: true; readonly world: World }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Text -> a world, or every mistake in it with its place. Pure.
 *
 * @param text YAML or JSON
 * @param file the name to report mistakes under
 */
export function readWorld(text: string, file: string): ParsedWorld {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  const checked = worldSchema.safeParse(read.content, { reportInput: true });
  if (!checked.success) return read.refused(formProblems(worldSchema, checked.error.issues));
  const problems = worldProblems(checked.data);
  return problems.length > 0 ? read.refused(problems) : { ok: true, world: checked.data };
}

/**
 * What is wrong with a world besides its form: a bucket that is there twice, a Region that is none. Pure.
 *
 * @param at where in a document the world lies
 */
export function worldProblems({ buckets }: World, at: Problem["path"] = []): readonly Problem[] {
  const seen = new Set<string>();
  return buckets.flatMap(({ name, region, replication, exception, classSource, classification }, index) => {
    const path = (...rest: (string | number)[]) => [...at, "buckets", index, ...rest];
    const problems: Problem[] = [];
    if (seen.has(name))
      problems.push({ path: path("name"), message: `found the bucket "${name}" twice, expected each once` });
    seen.add(name);
    if (placeOf(region)?.code !== region || placeOf(region)?.kind !== "region")
      problems.push({ path: path("region"), message: unknownName("Region", region, REGIONS) });
    const ids = (replication?.Rules ?? []).map((each, rule) => each.ID ?? `#${rule + 1}`);
    for (const [rule, id] of ids.entries()) {
      if (ids.indexOf(id) === rule) continue;
      const message = `found the rule "${id}" twice, expected each once`;
      problems.push({ path: path("replication", "Rules", rule), message });
    }
    if (exception !== undefined && !ids.includes(exception.part))
      problems.push({ path: path("exception", "part"), message: unknownName("part", exception.part, ids) });
    if (classSource !== undefined && classification === undefined)
      problems.push({ path: path("classSource"), message: "found no classification that it could be of" });
    return problems;
  });
}

const REGIONS: readonly string[] = [...places.values()].filter(({ kind }) => kind === "region").map(({ code }) => code);

/** Ports that answer from a world as AWS would. Nothing can be written: `write` throws. Pure, and each answer is a copy. */
export function portsOf({ buckets }: World): Ports {
  const byName = new Map(buckets.map((each) => [each.name, each]));

  /** Why a bucket doesn't answer, in AWS's order: not there, not here, not theirs. */
  const refusal = ({ name, region, account }: ResourceRef): { absent: string } | { denied: string } | undefined => {
    const found = byName.get(name);
    if (found === undefined) return { absent: `the bucket ${name} does not exist` };
    if (found.region !== region)
      return { denied: `PermanentRedirect: the bucket lies in ${found.region} and was asked for in ${region}` };
    if (found.account !== undefined && found.account !== account)
      return { denied: `AccessDenied: the bucket is of account ${found.account} and was asked for in ${account}` };
    return undefined;
  };
  const isShut = (name: string, what: "tags" | "replication" | "region") =>
    byName.get(name)?.unreadable?.includes(what) === true;
  const DENIED = "AccessDenied: Access Denied";

  return {
    s3: {
      replication: {
        operation: (next) => (next === null ? "DeleteBucketReplication" : "PutBucketReplication"),
        async read(ref) {
          const refused = refusal(ref);
          if (refused !== undefined && "absent" in refused) return { kind: "absent", reason: refused.absent };
          const denied = refused?.denied ?? (isShut(ref.name, "replication") ? DENIED : undefined);
          if (denied !== undefined)
            return { kind: "unreadable", reason: `the replication configuration can't be read: ${denied}` };
          const state = byName.get(ref.name)?.replication ?? null;
          return { kind: "present", state: structuredClone(state) as ReplicationConfiguration | null };
        },
        async write() {
          throw new Error("a world in a file is only read, and something was about to write to it");
        },
      },
      async readTags(ref) {
        const refused = refusal(ref);
        if (refused !== undefined)
          return { unreadable: "absent" in refused ? `NoSuchBucket: ${refused.absent}` : refused.denied };
        if (isShut(ref.name, "tags")) return { unreadable: DENIED };
        return Object.entries(byName.get(ref.name)?.tags ?? {}).map(([key, value]) => ({ key, value }));
      },
      async regionOf(name): Promise<BucketRegion> {
        const found = byName.get(name);
        if (found === undefined) return { unknown: `the bucket ${name} does not exist` };
        return isShut(name, "region") ? { unknown: DENIED } : { region: found.region };
      },
      // It names no objects, which is not to say that there are none.
      async countObjects() {
        return { unreadable: "a world in a file says nothing of objects" };
      },
    },
  };
}

/** What a world says that the journal knows of a resource, as one control sees it. Pure. */
export async function journalledIn(
  world: World,
  resource: ResourceRef,
  control: AnyControl<unknown>,
  asked: Asked,
): Promise<Journalled> {
  const found = world.buckets.find(({ name }) => name === resource.name);
  if (found === undefined) return NOT_JOURNALLED;
  const { classification, classSource = "tag", exception } = found;
  const classed = classification === undefined ? {} : { classification, classSource };
  if (exception === undefined || (exception.control ?? control.meta.id) !== control.meta.id)
    return { ...classed, exceptions: {} };
  // What an exception is bound to follows from the facts, and these from the control's own look.
  const detection = await control.detect(resource, portsOf(world), asked);
  const findings = detection.kind === "present" ? detection.findings : [];
  const exceptions: Record<string, Exception> = {};
  for (const { id, part, facts } of findings) {
    if (part !== exception.part) continue;
    const { reason, approver, expiresAt, grantedAt = EVER, subject = subjectOf(facts) ?? "" } = exception;
    const granted = { findingId: id, reason, approver, grantedAt, expiresAt, subject };
    exceptions[id] = { ...granted, classification: exception.classification };
  }
  return { ...classed, exceptions };
}

/** No decision asks when a run-time exception was granted. */
const EVER = "1970-01-01T00:00:00Z";
