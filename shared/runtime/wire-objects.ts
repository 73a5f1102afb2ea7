import { randomBytes } from "node:crypto";
import { lookThroughWith } from "../classification/look-through.ts";
import type { Control, KnownControl, Ports } from "../control.ts";
import { overlooksEvidence } from "../deployment/evidence-bucket.ts";
import type { Journal } from "../journal/journal.ts";
import { remembered } from "../resources/remember.ts";
import { BUCKET_TAGS_CACHE_MS } from "../resources/s3-objects.ts";
import { s3ObjectsOnAws } from "../resources/s3-objects-aws.ts";
import type { Clock } from "../types.ts";
import { systemClock } from "./clock.ts";
import { connect, type MorePorts, type Wired } from "./wire.ts";

/** The ports to objects and their content. Fingerprints are salted anew in each container unless the deployment gives a secret. */
export const withObjects: MorePorts = (clients, clock, { readTags }, journal) => ({
  objects: s3ObjectsOnAws(clients, clock, readTags),
  lookThrough: lookThroughWith(SALT, clock),
  classOfBucket: journalledClass(clock, journal),
});

/** The class that the journal has of a bucket, whichever control has seen it: one read a minute. */
function journalledClass(clock: Clock, journal: Journal): NonNullable<Ports["classOfBucket"]> {
  return remembered((bucket) => journal.readClass(bucket), { clock, ms: BUCKET_TAGS_CACHE_MS });
}

const SALT = randomBytes(32).toString("hex");

/** `connect` for one control, with the ports to objects. Throws CordonError `misconfigured`. */
export async function wireWithObjects<State>(
  env: Readonly<Record<string, string | undefined>>,
  control: Control<State>,
  controls: readonly KnownControl[],
): Promise<Wired<State>> {
  const { messages, accounts, ...connection } = await connect(env, controls, systemClock, withObjects);
  return { cordon: { ...connection, control }, messages, accounts, overlooks: overlooksEvidence(env) };
}
