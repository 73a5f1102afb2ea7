import * as z from "zod/mini";
import { KEPT_CONTAINMENTS } from "../journal/journal.ts";

/**
 * The form of a policy file. Every object is closed: a misspelt key is an error, never silently without effect.
 * Loaded only where YAML is read (the build, the command line, an override at run time), never for an ordinary event.
 */
const name = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,62}$/, { error: "expected lower-case letters, digits and dashes" }));
const region = z
  .string()
  .check(
    z.regex(/^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/, { error: "expected an AWS Region such as eu-central-1 (no globs)" }),
  );
const text = z.string().check(z.minLength(1, { error: "expected a text that is not empty" }));
const tag = z.strictObject({ key: text, value: z.string() });
const upTo = (most: number) => {
  const error = `expected a whole number from 1 to ${most}`;
  return z.int({ error }).check(z.gte(1, { error }), z.lte(most, { error }));
};
const mode = z.enum(["observe", "approve", "enforce"]);
const some = <Schema extends z.core.$ZodType>(schema: Schema) =>
  z.array(schema).check(z.minLength(1, { error: "expected at least one entry" }));

const jurisdiction = z.strictObject({ title: z.optional(text), regions: some(region) });

const classification = z.strictObject({
  name,
  rank: z.int(),
  residency: z.union([z.literal("anywhere"), some(name)], { error: 'expected "anywhere" or a list of jurisdictions' }),
  recognisedBy: z.optional(z.array(z.strictObject({ bucketTag: tag }))),
  citations: z.optional(z.array(text)),
});

const trustedTag = z.strictObject({
  id: name,
  tag,
  classifications: some(name),
  jurisdictions: some(name),
  setBy: some(text),
  enforcement: z.enum(["declared", "verify"]),
});

/**
 * Waits are bounded by how long the queue keeps delivering (deploy/functions.ts), so that what waits is still contained; a tug of war is
 * remembered for `KEPT_CONTAINMENTS` rounds.
 */
const limits = z.strictObject({
  settleWindowSeconds: z.optional(upTo(600)),
  flips: z.optional(
    z.strictObject({ count: upTo(KEPT_CONTAINMENTS), windowMinutes: upTo(1440), cappedIntervalSeconds: upTo(600) }),
  ),
  automaticChanges: z.optional(z.strictObject({ count: upTo(100_000), windowMinutes: upTo(1440) })),
  exceptions: z.optional(z.strictObject({ defaultHours: upTo(8760), maxHours: upTo(8760) })),
});

export const policySchema = z.strictObject({
  version: z.literal(1),
  name,
  description: z.optional(text),
  jurisdictions: z.record(name, jurisdiction),
  // The journal compares a class with all below it in one condition, which takes a hundred names.
  classifications: some(classification).check(z.maxLength(50, { error: "expected at most 50 entries" })),
  unclassified: z.optional(z.strictObject({ treatAs: name })),
  trustedTags: z.optional(z.array(trustedTag)),
  controls: z.optional(z.record(name, z.strictObject({ mode }))),
  limits: z.optional(limits),
});

export type PolicyDocument = z.infer<typeof policySchema>;
