import { randomBytes } from "node:crypto";
import type { JournalledClass } from "../classification/classify.ts";
import { lookThroughWith } from "../classification/look-through.ts";
import type { Control, KnownControl, Ports } from "../control.ts";
import type { Journal } from "../journal/journal.ts";
import { BUCKET_TAGS_CACHE_MS } from "../resources/s3-objects.ts";
import { s3ObjectsOnAws } from "../resources/s3-objects-aws.ts";
import type { Clock } from "../types.ts";
import { systemClock } from "./clock.ts";
import { type Connection, connect, type MorePorts, type Wired } from "./wire.ts";

/** The ports to objects and their content. Fingerprints are salted anew in each container unless the deployment gives a secret. */
export const withObjects: MorePorts = (clients, clock, { readTags }, journal) => ({
  objects: s3ObjectsOnAws(clients, clock, readTags),
  lookThrough: lookThroughWith(SALT, clock),
  classOfBucket: cachedClass(clock, journal),
});

const MAX_CACHED = 1_000;

/** The class that the journal has of a bucket, whichever control has seen it: one read a minute. */
function cachedClass(clock: Clock, journal: Journal): NonNullable<Ports["classOfBucket"]> {
  const cache = new Map<string, { readonly known: JournalledClass; readonly untilMs: number }>();
  return async (bucket) => {
    const key = `${bucket.account} ${bucket.arn}`;
    const cached = cache.get(key);
    if (cached !== undefined && clock.nowMs() < cached.untilMs) return cached.known;
    const { classification, classSource } = (await journal.open(bucket, "")).record;
    const known = { classification, classSource };
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, { known, untilMs: clock.nowMs() + BUCKET_TAGS_CACHE_MS });
    return known;
  };
}

const SALT = randomBytes(32).toString("hex");

/** `connect` with the ports to objects. Throws CordonError `misconfigured`. */
export function connectWithObjects(
  env: Readonly<Record<string, string | undefined>>,
  controls: readonly KnownControl[],
  clock: Clock = systemClock,
): Promise<Connection> {
  return connect(env, controls, clock, withObjects);
}

/** `connectWithObjects` for one control. */
export async function wireWithObjects<State>(
  env: Readonly<Record<string, string | undefined>>,
  control: Control<State>,
  controls: readonly KnownControl[],
): Promise<Wired<State>> {
  const { messages, accounts, ...connection } = await connectWithObjects(env, controls);
  return { cordon: { ...connection, control }, messages, accounts };
}
