import type { Office } from "./deliver.ts";
import type { Matter } from "./desk.ts";
import { LEASE_MS, type Link } from "./link.ts";
import { isOver } from "./next-step.ts";
import { DeliveryError, type Remote } from "./tracker.ts";

/** Two tickets that belong together in a tracker, by what they are about. */
interface Relation {
  readonly child: string;
  readonly parent: string;
}

/** `wait`: tickets of relatives are on their way, or there was no time for all links; `reason` says which were refused. */
export type Linking =
  | { readonly kind: "linked" | "moved" }
  | { readonly kind: "wait"; readonly link: Link; readonly untilMs: number; readonly reason?: string };

/** A ticket that is on its way is looked for after this long, then after as long as it has been waited for, and no more after GIVEN_UP_MS; should it come later, it is linked with the next news. */
const FIRST_LOOK_MS = 30_000;
const GIVEN_UP_MS = 24 * 3_600_000;
/** No link is begun later: a slow tracker takes as long again for one, and the function has to end of itself. */
const MAX_WORK_MS = 10_000;

/**
 * Who is whose parent: a group's ticket is that of the findings from its cause that had tickets before there was the group; a storm's is that of its parts, and of the
 * groups that tell them. Pure.
 */
function relationsOf(matter: Matter): readonly Relation[] {
  const { key, parent, before } =
    matter.kind === "group"
      ? { key: matter.group.key, parent: matter.group.parent, before: matter.group.before }
      : { key: matter.finding.id, parent: matter.finding.parent, before: [] };
  const below = before.map((child) => ({ child, parent: key }));
  return parent === undefined ? below : [{ child: key, parent }, ...below];
}

/** Whether the tracker may have to be told of relatives. Pure. */
export function hasOpenRelations(matter: Matter, link: Link, { tracker }: Office): boolean {
  return tracker.linkToParent !== undefined && openRelations(matter, link).length > 0;
}

function openRelations(matter: Matter, { key, related = [] }: Link): readonly Relation[] {
  return relationsOf(matter).filter((relation) => !related.includes(otherIn(relation, key)));
}

/**
 * Links a ticket to its relatives in the tracker as soon as both are there. Each is written down before the next is begun; one that is refused is told once and keeps no other
 * from being made. The group's text names them all the same.
 *
 * Side effects: a read for each relative; a request and a write for each link, and one write more.
 * @throws DeliveryError what the tracker said; CordonError of the table
 */
export async function linkRelatives(matter: Matter, link: Link, office: Office): Promise<Linking> {
  const { desk, nowMs } = office;
  const found = await Promise.all(openRelations(matter, link).map((relation) => relativeIn(relation, link, office)));
  const ready = found.filter((each) => typeof each === "object");
  const { comingSinceMs: beforeMs, version: _, ...rest } = link;
  const sinceMs = found.includes("coming") ? (beforeMs ?? nowMs()) : undefined;
  const next = { ...rest, ...(sinceMs !== undefined && { comingSinceMs: sinceMs }) };
  const isIdle = ready.length === 0;
  const begun = isIdle && sinceMs === beforeMs ? link : await desk.save(link, isIdle ? next : leased(next, nowMs()));
  const made = begun && (isIdle ? { link: begun, left: 0 } : await linkAll(begun, ready, office));
  if (made === undefined) return { kind: "moved" };
  const waitMs = made.left > 0 ? 1_000 : sinceMs === undefined ? 0 : waitFor(nowMs() - sinceMs);
  const { reason } = made;
  if (waitMs > 0) return { kind: "wait", link: made.link, untilMs: nowMs() + waitMs, ...(reason && { reason }) };
  if (reason !== undefined) throw new DeliveryError("never", reason);
  return { kind: "linked" };
}

interface Made {
  readonly link: Link;
  /** For which there was no time. */
  readonly left: number;
  /** Which were refused, and why. */
  readonly reason?: string;
}

/** One after the other, under the lease. @returns undefined when somebody else has written the link meanwhile */
async function linkAll(link: Link, ready: readonly Relative[], office: Office): Promise<Made | undefined> {
  const { desk, tracker, nowMs } = office;
  const endMs = nowMs() + MAX_WORK_MS;
  const refusals: string[] = [];
  let left = ready.length;
  let now = link;
  let later: DeliveryError | undefined;
  while (left > 0 && later === undefined && nowMs() < endMs) {
    const { isChild, other, remote } = ready[ready.length - left] as Relative;
    const own = now.remote as Remote;
    const failure = await failureIn(() => tracker.linkToParent?.(isChild ? remote : own, isChild ? own : remote));
    // A right to link that is missing must not hold the route up: tickets matter more than that they are linked.
    if (failure?.kind === "later" && !failure.isOfRight) later = failure;
    else {
      left -= 1;
      if (failure !== undefined) refusals.push(failure.message);
      const saved = await desk.save(now, leased({ ...now, related: [...(now.related ?? []), other] }, nowMs()));
      if (saved === undefined) return undefined;
      now = saved;
    }
  }
  const released = await desk.save(now, { ...now, leaseUntilMs: 0 });
  const reason = refusals.length === 0 ? undefined : `tickets stay unlinked: ${refusals.join("; ")}`;
  if (later !== undefined) throw reason === undefined ? later : later.saying(`${later.message}; ${reason}`);
  return released && { link: released, left, ...(reason !== undefined && { reason }) };
}

function leased<Given extends Omit<Link, "version">>(link: Given, nowMs: number): Given {
  return { ...link, leaseUntilMs: nowMs + LEASE_MS };
}

/** Twice as long each time; 0 when nobody waits any more. */
function waitFor(waitedMs: number): number {
  return waitedMs >= GIVEN_UP_MS ? 0 : Math.max(FIRST_LOOK_MS, waitedMs);
}

function otherIn({ child, parent }: Relation, key: string): string {
  return child === key ? parent : child;
}

interface Relative {
  readonly other: string;
  /** Whether it is the child of the two. */
  readonly isChild: boolean;
  readonly remote: Remote;
}

/** A relative with its ticket; undefined when it has none of its own, and none is to be expected. */
async function relativeIn(relation: Relation, own: Link, office: Office): Promise<Relative | "coming" | undefined> {
  const other = otherIn(relation, own.key);
  const read = await office.desk.read(other, own.routeId);
  // A storm's parts may be heard of before it is.
  if (read === undefined) return "coming";
  const { matter, link } = read;
  if (link.group !== undefined) return undefined;
  if (link.remote !== undefined) return { other, isChild: other === relation.child, remote: link.remote };
  if (matter.kind === "group") return matter.group.over < matter.group.members ? "coming" : undefined;
  const isBegun = link.version > 0 || office.wants(matter.finding);
  return isBegun && !isOver(office.ticketFor(matter.finding, matter.version)) ? "coming" : undefined;
}

async function failureIn(link: () => Promise<void> | undefined): Promise<DeliveryError | undefined> {
  try {
    await link();
    return undefined;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    throw error;
  }
}
