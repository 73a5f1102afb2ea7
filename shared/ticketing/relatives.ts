import type { Delivered, Office } from "./deliver.ts";
import type { Matter } from "./desk.ts";
import { LEASE_MS, type Link } from "./link.ts";
import { isOver } from "./next-step.ts";
import { DeliveryError, REFUSED_MS, type Remote } from "./tracker.ts";

/** Two tickets that belong together in a tracker, by what they are about. */
interface Relation {
  readonly child: string;
  readonly parent: string;
}

/** A ticket that is on its way is looked for again after this long, and given up when its relative was told this long ago. */
const COMING_MS = 30_000;
const GIVEN_UP_MS = 3_600_000;

/**
 * Who is whose parent: a group's ticket is that of the findings from its cause that had tickets before there was the group; a storm's is that of its parts, and of the
 * groups that tell them. Pure.
 */
export function relationsOf(matter: Matter): readonly Relation[] {
  const { key, parent, before } =
    matter.kind === "group"
      ? { key: matter.group.key, parent: matter.group.parent, before: matter.group.before }
      : { key: matter.finding.id, parent: matter.finding.parent, before: [] };
  const below = before.map((child) => ({ child, parent: key }));
  return parent === undefined ? below : [{ child: key, parent }, ...below];
}

/**
 * Links a ticket to its relatives in the tracker, each once, as soon as both are there. What can't be linked is told as the ticket itself is: later, or aside with the reason;
 * the group's text names them all the same.
 *
 * Side effects: two writes of the table and what the tracker takes; none where nothing is left to link.
 * @returns undefined when nothing is left to do
 * @throws DeliveryError what the tracker said; CordonError of the table
 */
export async function linkRelatives(
  matter: Matter,
  { key, routeId, related = [] }: Link,
  office: Office,
): Promise<Delivered | "moved" | undefined> {
  const { desk, tracker, nowMs } = office;
  const open = relationsOf(matter).filter((relation) => !related.includes(otherIn(relation, key)));
  if (tracker.linkToParent === undefined || open.length === 0) return undefined;
  const own = (await desk.read(key, routeId))?.link;
  if (own?.remote === undefined) return undefined;
  if (own.leaseUntilMs > nowMs()) return { kind: "later", atMs: own.leaseUntilMs };
  const claimed = await desk.save(own, { ...own, leaseUntilMs: nowMs() + LEASE_MS });
  if (claimed === undefined) return "moved";
  const done = [...(own.related ?? [])];
  let isComing = false;
  let failure: DeliveryError | undefined;
  for (const relation of open) {
    const other = otherIn(relation, key);
    if (done.includes(other)) continue;
    const remote = await remoteOf(other, own, office);
    if (remote === "coming") isComing = true;
    else {
      const [child, parent] = other === relation.child ? [remote, own.remote] : [own.remote, remote];
      failure = child && parent && (await failureIn(() => tracker.linkToParent?.(child, parent)));
      if (failure?.kind === "later") break;
      done.push(other);
      if (failure !== undefined) break;
    }
  }
  await desk.save(claimed, { ...claimed, leaseUntilMs: 0, related: done });
  if (failure !== undefined) throw failure;
  return isComing ? { kind: "later", atMs: nowMs() + COMING_MS } : undefined;
}

function otherIn({ child, parent }: Relation, key: string): string {
  return child === key ? parent : child;
}

/** A relative's ticket; undefined when it has none of its own and gets none. */
async function remoteOf(key: string, own: Link, office: Office): Promise<Remote | "coming" | undefined> {
  const read = await office.desk.read(key, own.routeId);
  const isLate = office.nowMs() - own.notedAtMs >= GIVEN_UP_MS;
  if (read === undefined) return isLate ? undefined : "coming";
  const { matter, link } = read;
  if (link.group !== undefined) return undefined;
  if (link.remote !== undefined) return link.remote;
  const isBegun = link.version > 0 || matter.kind === "group" || office.wants(matter.finding);
  const isEnded =
    matter.kind === "group"
      ? matter.group.over >= matter.group.members
      : isOver(office.ticketFor(matter.finding, matter.version));
  return isBegun && !isEnded && !isLate ? "coming" : undefined;
}

async function failureIn(link: () => Promise<void> | undefined): Promise<DeliveryError | undefined> {
  try {
    await link();
    return undefined;
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    // A right to link that is missing must not hold the route up: tickets matter more than that they are linked.
    const isRefused = error.kind === "later" && error.retryAfterMs === REFUSED_MS;
    return isRefused ? new DeliveryError("never", `${error.message}; the tickets stay unlinked`) : error;
  }
}
