import type { FindingRecord } from "../journal/journal.ts";
import { LAW } from "./content/law.ts";
import type { Desk, GroupChange, Matter } from "./desk.ts";
import { causeKey, groupTicket, MOST_NAMED, oneMore, type StormRules } from "./group.ts";
import { LEASE_MS, type Link, trackerKey } from "./link.ts";
import { isOver, LOST_MS, newsOf, nextStep, type TicketTimes } from "./next-step.ts";
import { hasOpenRelations, linkRelatives } from "./relatives.ts";
import type { Ticket } from "./ticket.ts";
import { DeliveryError, type Remote, type Tracker } from "./tracker.ts";

/** One finding, or group, to be told at one route. */
export interface Errand {
  readonly key: string;
  readonly routeId: string;
  /** The queue's id of the message that asks for it; left out where it is asked by hand, and nothing comes again. */
  readonly messageId?: string;
}

export interface Office {
  readonly desk: Desk;
  readonly tracker: Tracker;
  readonly times: TicketTimes;
  readonly storm: StormRules;
  /** Whether policy names this route for a finding. */
  wants(finding: FindingRecord): boolean;
  /** The ticket as this route may have it. */
  ticketFor(finding: FindingRecord, version: number): Ticket;
  /** Who caused it, as this route may know; undefined where it may not, or nobody does. */
  whoFor(finding: FindingRecord): string | undefined;
  /** Until when what is not critical waits: quiet hours. */
  holdUntilMs(ticket: Ticket, nowMs: number): number | undefined;
  nowMs(): number;
  /** Work on the same thing one after the other within this container: what the table would otherwise have to sort out. */
  alone<Outcome>(what: string, work: () => Promise<Outcome>): Promise<Outcome>;
}

/** `later`: the message comes again then; `reason` where that is not the course of things. `follow`: a group that has changed and has to be told, or this ticket once more. */
export type Delivered =
  | { readonly kind: "done"; readonly follow?: string; readonly did?: string }
  | { readonly kind: "later"; readonly atMs: number; readonly reason?: string };

const MAX_ROUNDS = 6;

/**
 * Brings one ticket up to what the table says now, whatever message asked for it: the finding is read, not carried, so that messages may come twice, late, or in any order. One
 * at a time by a lease on the link; an opening is written down before it is begun, so that after a crash the tracker is searched and not asked twice.
 *
 * Side effects: one read and two writes of the table, and what the step takes of the tracker.
 * @throws DeliveryError what the tracker said; CordonError of the table
 */
export async function deliver({ key, routeId, messageId }: Errand, office: Office): Promise<Delivered> {
  const { desk, nowMs } = office;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const read = await desk.read(key, routeId);
    if (read === undefined) return { kind: "done" };
    const { matter, link } = read;
    const ticket =
      matter.kind === "group" ? groupTicket(matter.group) : office.ticketFor(matter.finding, matter.version);
    const isKnown = link.remote !== undefined || link.openingAtMs !== undefined || link.group !== undefined;
    // A ticket that is there is kept true, wherever tickets like it would go now.
    if (!isKnown && matter.kind === "finding" && !office.wants(matter.finding)) return { kind: "done" };
    if (link.leaseUntilMs > nowMs()) return { kind: "later", atMs: link.leaseUntilMs };
    const done =
      link.group === undefined
        ? await carryOn(ticket, link, matter, office, messageId)
        : await tellGroup(ticket, link, office);
    if (done === "moved") continue;
    if (done.kind === "later" || done.follow !== undefined || !hasOpenRelations(matter, link, office)) return done;
    // Linking is a piece of work of its own: this one may have taken its time.
    if (done.did !== undefined) return { ...done, follow: key };
    if (link.remote === undefined) return done;
    const linked = await linkRelatives(matter, link, office);
    if (linked.kind === "linked") return done;
    const waiting = linked.kind === "wait" && (await postponed(linked.link, linked.untilMs, messageId, office));
    if (!waiting || waiting === "moved") continue;
    return waiting.kind === "later" && linked.reason ? { ...waiting, reason: linked.reason } : waiting;
  }
  return { kind: "later", atMs: nowMs() + 1_000 };
}

async function carryOn(
  ticket: Ticket,
  link: Link,
  matter: Matter,
  office: Office,
  messageId: string | undefined,
): Promise<Delivered | "moved"> {
  const { desk, nowMs } = office;
  const step = nextStep(ticket, link, office.times, nowMs());
  if (step.kind === "nothing") {
    if (link.version === 0 || ticket.version <= link.told) return { kind: "done" };
    const { due: _, ...rest } = link;
    return (await desk.save(link, { ...rest, told: ticket.version })) === undefined ? "moved" : { kind: "done" };
  }
  const waitMs = step.kind === "wait" ? step.untilMs : step.kind === "find" ? step.notBeforeMs : 0;
  // That it is over is told at once: somebody may be awake for it.
  const isHeld = step.kind === "open" || (step.kind === "change" && step.change.kind !== "resolve");
  const untilMs = Math.max(waitMs, isHeld ? (office.holdUntilMs(ticket, nowMs()) ?? 0) : 0);
  if (untilMs > nowMs()) return postponed(link, untilMs, messageId, office);
  if (step.kind === "open" && matter.kind === "finding") {
    const joined = await joinGroup(
      ticket,
      step.number > link.number ? { ...link, isCounted: false } : link,
      matter.finding,
      office,
    );
    if (joined !== undefined) return joined;
  }
  const number = step.kind === "open" ? step.number : link.number;
  const { due: _, ...rest } = number === link.number ? link : unrelated(link);
  const claimed = await desk.save(link, {
    ...rest,
    number,
    leaseUntilMs: nowMs() + LEASE_MS,
    isCounted: true,
    ...(step.kind !== "change" && { openingAtMs: nowMs() }),
  });
  if (claimed === undefined) return "moved";
  const named = { ...ticket, key: trackerKey(ticket.key, number) };
  const { openingAtMs: _opening, ...idle } = claimed;
  let begunAtMs: number | undefined;
  try {
    if (step.kind === "change") {
      const remote = await office.tracker.change(link.remote as Remote, named, step.change);
      await desk.save(claimed, { ...told(idle, remote, ticket, nowMs()), ...noted(step.change.note, ticket, nowMs()) });
      return { kind: "done", did: step.change.kind };
    }
    const isLookedFor = step.kind === "find" || isKnownLonger(matter, link);
    const found = isLookedFor ? await office.tracker.find?.(named.key) : undefined;
    if (found !== undefined) {
      // It may tell an older state, and is looked at again as any ticket that is there.
      await desk.save(claimed, {
        ...idle,
        leaseUntilMs: 0,
        remote: found,
        ...(found.state === "resolved" && { resolvedAtMs: nowMs() }),
      });
      return "moved";
    }
    const visibleAtMs = (link.openingAtMs ?? 0) + LOST_MS + (office.tracker.findLagMs ?? 0);
    if (step.kind === "find" && nowMs() < visibleAtMs) {
      // The index may not have it yet: whether there is a ticket can't be told before.
      await desk.save(claimed, { ...claimed, leaseUntilMs: 0, openingAtMs: link.openingAtMs ?? 0 });
      return { kind: "later", atMs: visibleAtMs };
    }
    const isUnwanted = step.kind === "find" && isOver(ticket);
    if (isUnwanted && office.tracker.find !== undefined) {
      await desk.save(claimed, { ...idle, leaseUntilMs: 0, told: ticket.version });
      return { kind: "done" };
    }
    begunAtMs = nowMs();
    const remote = await office.tracker.open(named);
    const opened = { ...told(idle, remote, ticket, nowMs()), ...noted("", ticket, nowMs()) };
    // Where nobody can look whether there is one, it is opened once more to be resolved.
    await desk.save(claimed, isUnwanted ? { ...opened, told: link.told } : opened);
    return isUnwanted ? "moved" : { kind: "done", did: "open" };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const isGone =
      error.kind === "gone" || (error.kind === "never" && step.kind === "change" && step.change.kind === "reopen");
    if (step.kind === "change" && isGone) {
      // Trackers close what was resolved for long, and people take tickets away: then it is told anew, unless it is over.
      const { remote: _remote, ...without } = unrelated(idle);
      const next = { ...without, leaseUntilMs: 0, number: number + 1 };
      const saved = await desk.save(claimed, isOver(ticket) ? { ...next, told: ticket.version } : next);
      if (saved !== undefined) return "moved";
    }
    // Until the tracker says that it took nothing, it may have: what was begun last, or the opening that was looked for.
    const isTaken = begunAtMs !== undefined && !error.isUntaken;
    const open = isTaken ? begunAtMs : link.openingAtMs;
    await desk.save(claimed, {
      ...idle,
      // What the tracker may still be doing has to be over before anything else is asked of it.
      leaseUntilMs: error.isUntaken ? 0 : nowMs() + LOST_MS,
      ...(open !== undefined && { openingAtMs: open }),
    });
    throw error;
  }
}

/** It was told before, as far as can be seen, and the table knows nothing of it: should its link have got lost, the tracker has the ticket. */
function isKnownLonger(matter: Matter, { version }: Link): boolean {
  return version === 0 && matter.kind === "finding" && matter.finding.firstSeenAt !== matter.finding.lastSeenAt;
}

type Unsaved = Omit<Link, "version">;

/** As the link of a ticket that is not there yet: its relatives are linked to another. */
function unrelated<Given extends Unsaved>({
  related: _,
  comingSinceMs: __,
  ...link
}: Given): Omit<Given, "related" | "comingSinceMs"> {
  return link;
}

function told(link: Unsaved, remote: Remote, { version }: Ticket, nowMs: number): Unsaved {
  const { resolvedAtMs: _, ...rest } = link;
  return {
    ...rest,
    remote,
    leaseUntilMs: 0,
    told: version,
    ...(remote.state === "resolved" && { resolvedAtMs: nowMs }),
  };
}

/** What people were told, if they were. */
function noted(note: string | undefined, ticket: Ticket, notedAtMs: number): Partial<Link> {
  return note === undefined ? {} : { news: newsOf(ticket), occurrences: ticket.occurrences, notedAtMs };
}

/** One message comes again then; what else happens meanwhile is told with it, and other messages are done. */
async function postponed(
  link: Link,
  untilMs: number,
  messageId: string | undefined,
  { desk, nowMs }: Office,
): Promise<Delivered | "moved"> {
  if (messageId === undefined) return { kind: "later", atMs: untilMs };
  const { atMs = 0, messageId: carrier } = link.due ?? {};
  const isCarried = atMs > nowMs() && atMs <= untilMs;
  // The carrier itself may come early: it may have died before it could be put off.
  if (isCarried) return carrier === messageId ? { kind: "later", atMs } : { kind: "done" };
  const saved = await desk.save(link, { ...link, due: { atMs: untilMs, messageId } });
  return saved === undefined ? "moved" : { kind: "later", atMs: untilMs };
}

/** Whether a finding that has no ticket yet is told by its group's; undefined: it gets its own. */
async function joinGroup(
  ticket: Ticket,
  link: Link,
  finding: FindingRecord,
  { desk, storm, nowMs, whoFor, alone }: Office,
): Promise<Delivered | "moved" | undefined> {
  if (link.isCounted === true) return undefined;
  const causeId = causeKey(finding);
  return alone(`cause ${causeId} ${link.routeId}`, async () => {
    // What is a part of a storm already is told with the others at once.
    const rules = finding.parent === undefined ? storm : { ...storm, count: 0 };
    const known = await desk.readCause(causeId, link.routeId);
    const cause = oneMore(known, causeId, rules, nowMs(), ticket.key);
    if (cause === known) return undefined;
    if (!(await desk.saveCause(causeId, link.routeId, cause))) return "moved";
    if (cause.group === undefined) return undefined;
    const { labels, severity, title, updatedAt: at, version } = ticket;
    const who = whoFor(finding);
    const what = `${finding.controlTitle}: account ${labels.account}${who === undefined ? "" : `, by ${who}`}`;
    const law = ticket.sections.filter(({ heading }) => heading === LAW).flatMap(({ lines }) => lines);
    const group = {
      ...{ key: cause.group, routeId: link.routeId, labels, severity, what, law },
      before: cause.own.slice(0, MOST_NAMED),
      ...(finding.parent !== undefined && { parent: finding.parent }),
    };
    const isNamed = cause.count <= storm.count + MOST_NAMED;
    const change: GroupChange = {
      group,
      ...(isNamed && { named: `${title} (${ticket.key})` }),
      members: 1,
      over: 0,
      at,
    };
    const saved = await desk.save(
      link,
      { ...link, group: cause.group, groupAtMs: nowMs(), isOver: false, told: version },
      change,
    );
    return saved === undefined ? "moved" : { kind: "done", follow: cause.group, did: "join" };
  });
}

/** A member's news is its group's. */
async function tellGroup(
  ticket: Ticket,
  link: Link,
  { desk, alone, storm, nowMs }: Office,
): Promise<Delivered | "moved"> {
  const { group: key = "", routeId, isOver: wasOver = false, told: before } = link;
  if (ticket.version <= before) return { kind: "done", follow: key };
  const isNowOver = isOver(ticket);
  if (wasOver && !isNowOver && nowMs() - (link.groupAtMs ?? 0) > storm.windowMs) {
    // Long after the storm it is a matter of its own.
    const { group: _group, groupAtMs: _at, isOver: _over, isCounted: _counted, ...own } = link;
    await desk.save(link, own);
    return "moved";
  }
  const { labels, severity, updatedAt: at } = ticket;
  const change: GroupChange = {
    group: { key, routeId, labels, severity, what: "", law: [], before: [] },
    members: 0,
    over: isNowOver === wasOver ? 0 : isNowOver ? 1 : -1,
    at,
  };
  const next = { ...link, isOver: isNowOver, told: ticket.version };
  const isCounted = change.over !== 0;
  const saved = await alone(`group ${key} ${routeId}`, () => desk.save(link, next, isCounted ? change : undefined));
  return saved === undefined ? "moved" : { kind: "done", ...(isCounted && { follow: key }) };
}
