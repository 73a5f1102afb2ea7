import { CordonError } from "../errors.ts";
import type { TrailLookup, TrailPage, TrailQuestion } from "../resources/trail-lookup.ts";
import { parseKeyId, roleRef } from "../signals/iam-refs.ts";
import { asObject, asText, type Json } from "../signals/shapes.ts";
import type { Clock, ResourceRef } from "../types.ts";

/** A role that was assumed with a key, or with a session that was begun with it. */
export interface AssumedRole {
  /** It may be of another account. */
  readonly role: ResourceRef;
  readonly times: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What CloudTrail's history tells. */
export interface AssumedRoles {
  /** The one assumed last first. */
  readonly roles: readonly AssumedRole[];
  readonly fromAt: string;
  /** Calls made after it may be missing: they come minutes late. */
  readonly toAt: string;
  /** Why there may be more, in words; empty when all was looked through. */
  readonly missing: readonly string[];
}

/** Where and since when to look. */
export interface AssumedRolesQuestion {
  /** In full. */
  readonly keyId: string;
  readonly account: string;
  /** Where its holder may have called STS, which is regional; its global endpoint is in us-east-1. */
  readonly regions: readonly string[];
  /** Since when the key may be known to others; no longer ago than CloudTrail remembers. */
  readonly sinceMs?: number;
  /** It is over by then. */
  readonly deadlineMs: number;
  /** LookupEvents calls at most. */
  readonly maxPages?: number;
}

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 90 * DAY_MS;
/** A key is reported after it was found: so long before the report it may have been known. */
const BEFORE_MS = 7 * DAY_MS;
/** Two calls a second in each Region, which others share. */
const BETWEEN_MS = 550;
const THROTTLED_MS = 1_100;
const MAX_THROTTLED = 5;
const MAX_PAGES = 60;

/**
 * The roles that a key was used to assume, and those assumed from sessions that it began, by CloudTrail's history in each Region. Reads two pages a second of a Region at most; whatever
 * keeps it from reading on is in `missing`, and what was found until then is told.
 */
export async function findAssumedRoles(
  question: AssumedRolesQuestion,
  trail: TrailLookup,
  clock: Clock,
): Promise<AssumedRoles> {
  const toMs = clock.nowMs();
  const fromMs = Math.max(toMs - REMEMBERED_MS, (question.sinceMs ?? 0) - BEFORE_MS);
  const found = new Map<string, AssumedRole>();
  const missing = new Set<string>();
  const keys = [question.keyId];
  let pages = 0;
  /** When each Region was asked last: the limit is a Region's own. */
  const askedMs = new Map<string, number>();
  // The list grows by the sessions that are found.
  for (let index = 0; index < keys.length; index++) {
    const keyId = keys[index] ?? "";
    for (const region of new Set(question.regions)) {
      for await (const record of recordsOf({ keyId, fromMs, toMs }, region)) {
        const session = parseKeyId(asText(credentialsIn(record)?.accessKeyId));
        if (session !== undefined && !keys.includes(session)) keys.push(session);
        count(found, record);
      }
    }
  }
  const roles = [...found.values()].sort((a, b) => (a.lastAt < b.lastAt ? 1 : -1));
  return { roles, fromAt: iso(fromMs), toAt: iso(toMs), missing: [...missing] };

  async function* recordsOf(ask: TrailQuestion, region: string): AsyncGenerator<Json> {
    let token: string | undefined;
    do {
      const page = await nextPage({ ...ask, ...(token !== undefined && { token }) }, region);
      if (page.kind !== "page") return;
      yield* page.records;
      token = page.token;
    } while (token !== undefined);
  }

  async function nextPage(ask: TrailQuestion, region: string): Promise<TrailPage> {
    for (let throttled = 0; throttled < MAX_THROTTLED; throttled++) {
      const lastMs = askedMs.get(region) ?? Number.NEGATIVE_INFINITY;
      const waitMs = Math.max(0, lastMs + (throttled > 0 ? THROTTLED_MS : BETWEEN_MS) - clock.nowMs());
      if (pages >= (question.maxPages ?? MAX_PAGES)) return over("there was more to read than is read at once");
      if (clock.nowMs() + waitMs + BETWEEN_MS > question.deadlineMs) return over("there was no time to read on");
      if (waitMs > 0) await clock.sleep(waitMs);
      pages++;
      askedMs.set(region, clock.nowMs());
      const page = await askTrail(ask, region);
      if (page.kind === "unreadable") return over(`CloudTrail's history of ${region} can't be read: ${page.reason}`);
      if (page.kind === "page") return page;
    }
    return over(`CloudTrail's history of ${region} is asked too often, by whomever`);
  }

  async function askTrail(ask: TrailQuestion, region: string): Promise<TrailPage> {
    try {
      return await trail.page({ account: question.account, region }, ask);
    } catch (error) {
      // What was found elsewhere must not be lost over it.
      if (!(error instanceof CordonError)) throw error;
      return { kind: "unreadable", reason: error.kind };
    }
  }

  function over(reason: string): TrailPage {
    missing.add(reason);
    return { kind: "unreadable", reason };
  }
}

function credentialsIn(record: Json): Json | undefined {
  return asObject(asObject(record.responseElements)?.credentials);
}

/** Counts a call by which a role was assumed; refused ones assumed none. */
function count(found: Map<string, AssumedRole>, record: Json): void {
  if (record.eventSource !== "sts.amazonaws.com" || record.eventName !== "AssumeRole") return;
  if (record.errorCode !== undefined) return;
  const role = roleRef(asText(asObject(record.requestParameters)?.roleArn));
  const at = asText(record.eventTime);
  if (role === undefined || at === undefined || Number.isNaN(Date.parse(at))) return;
  const known = found.get(role.arn);
  found.set(role.arn, {
    role,
    times: (known?.times ?? 0) + 1,
    firstAt: known === undefined || at < known.firstAt ? at : known.firstAt,
    lastAt: known === undefined || at > known.lastAt ? at : known.lastAt,
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
