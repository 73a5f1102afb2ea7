import type { FindingRecord } from "../../shared/journal/journal.ts";
import { deliver, type Errand, type Office } from "../../shared/ticketing/deliver.ts";
import type { Desk, GroupChange, Matter } from "../../shared/ticketing/desk.ts";
import type { Cause, Group } from "../../shared/ticketing/group.ts";
import { type Link, newLink } from "../../shared/ticketing/link.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";
import { DeliveryError, type Remote, refusedFor, type Tracker } from "../../shared/ticketing/tracker.ts";
import { someFinding } from "./some-finding.ts";

/** How a tracker fails at a request: before it does anything, after it has done all, long after we have given it up (`lost-late`), or in the middle of us. */
export type Trouble =
  | "none"
  | "gone"
  | "lost-late"
  | "busy"
  | "lost-before"
  | "lost-after"
  | "refused"
  | "forbidden"
  | "unproved"
  | "death-before"
  | "death-after";

/** The container is gone: nothing after this runs. */
export class Death extends Error {}

export interface Kept {
  key: string;
  state: "open" | "resolved";
  title: string;
  notes: string[];
  openedAtMs: number;
}

/** A table, a tracker, a queue and a clock in memory: all that a ticket needs. */
export function openTown({ canFind = true, storm = { count: 5, windowMs: 600_000 }, lagMs = 0 } = {}) {
  const findings = new Map<string, { finding: FindingRecord; version: number }>();
  const links = new Map<string, Link>();
  const groups = new Map<string, Group>();
  const causes = new Map<string, Cause>();
  const tickets: Kept[] = [];
  /** Keys of tickets that are linked, child and parent, as often as it was asked for. */
  const joined: string[] = [];
  const troubles: Trouble[] = [];
  const town = {
    ...{ nowMs: Date.parse("2026-11-27T09:00:00Z"), calls: 0, deaths: [] as number[], writes: 0 },
    /** How long the tracker takes for a link, and the longest piece of work there was. */
    ...{ linkMs: 0, longestMs: 0, receives: 0, reasons: [] as string[] },
  };
  /** Any write of the table can be the last thing that happens. */
  const mayDie = () => {
    if (town.deaths.includes(++town.writes)) throw new Death();
  };

  const desk: Desk = {
    async read(key, routeId) {
      const link = links.get(`${key} ${routeId}`) ?? newLink(key, routeId);
      const group = groups.get(`${key} ${routeId}`);
      const known = findings.get(key);
      const matter: Matter | undefined = group
        ? { kind: "group", group }
        : known && { kind: "finding", finding: known.finding, version: known.version };
      return matter && structuredClone({ matter, link });
    },
    async save(link, next, change) {
      mayDie();
      const at = `${link.key} ${link.routeId}`;
      if ((links.get(at)?.version ?? 0) !== link.version) return undefined;
      const saved = structuredClone({ ...next, version: link.version + 1 });
      links.set(at, saved);
      if (change) count(change);
      mayDie();
      return structuredClone(saved);
    },
    readCause: async (causeId, routeId) => structuredClone(causes.get(`${causeId} ${routeId}`)),
    async saveCause(causeId, routeId, next) {
      mayDie();
      const at = `${causeId} ${routeId}`;
      if ((causes.get(at)?.version ?? 0) !== next.version - 1) return false;
      causes.set(at, structuredClone(next));
      return true;
    },
  };
  function count({ group, named, members, over, at }: GroupChange): void {
    const id = `${group.key} ${group.routeId}`;
    const was: Group = groups.get(id) ?? { ...group, members: 0, over: 0, version: 0, lastAt: at, some: [] };
    groups.set(id, {
      ...was,
      members: was.members + members,
      over: was.over + over,
      version: was.version + 1,
      lastAt: at,
      some: named === undefined ? was.some : [...was.some, named],
    });
  }

  /** What a tracker does after we have given it up, and when. */
  let belated: { readonly atMs: number; readonly work: () => unknown }[] = [];
  let effectMs = 0;
  const catchUp = (untilMs = town.nowMs) => {
    for (const { atMs, work } of belated.filter((each) => each.atMs <= untilMs)) {
      effectMs = atMs;
      work();
    }
    belated = belated.filter(({ atMs }) => atMs > untilMs);
  };
  async function asked<Answer>(work: () => Answer): Promise<Answer> {
    town.calls++;
    catchUp();
    const trouble = troubles.shift() ?? "none";
    if (trouble === "death-before") throw new Death();
    if (trouble === "busy") throw new DeliveryError("later", "busy", { retryAfterMs: 7_000, isUntaken: true });
    if (trouble === "gone") throw new DeliveryError("gone", "there is no such ticket");
    if (trouble === "lost-late") {
      belated.push({ atMs: town.nowMs + 20_000, work });
      throw new DeliveryError("later", "no answer");
    }
    if (trouble === "forbidden") throw refusedFor("no such right", { isOfRight: true });
    if (trouble === "unproved") throw refusedFor("the token is refused");
    if (trouble === "refused") throw new DeliveryError("never", "no such project");
    if (trouble === "lost-before") throw new DeliveryError("later", "no answer");
    effectMs = town.nowMs;
    const answer = work();
    if (trouble === "lost-after") throw new DeliveryError("later", "no answer");
    if (trouble === "death-after") throw new Death();
    return answer;
  }
  const remoteOf = (ticket: Kept): Remote => ({ id: String(tickets.indexOf(ticket)), state: ticket.state });
  const tracker: Tracker = {
    ...(canFind && {
      find: (key) =>
        asked(() => {
          const found = tickets.find((each) => each.key === key && each.openedAtMs + lagMs <= town.nowMs);
          return found && remoteOf(found);
        }),
      findLagMs: lagMs,
    }),
    open: ({ key, title }) =>
      asked(() => {
        // A tracker that can't be searched takes the same opening twice and makes one ticket of it.
        const same = canFind ? undefined : tickets.find((each) => each.key === key);
        const ticket: Kept = same ?? { key, state: "open", title, notes: [], openedAtMs: effectMs };
        if (same === undefined) tickets.push(ticket);
        ticket.state = "open";
        return remoteOf(ticket);
      }),
    change: ({ id }, { title }, { kind, note }) =>
      asked(() => {
        const ticket = tickets[Number(id)] as Kept;
        ticket.title = title;
        if (kind === "resolve") ticket.state = "resolved";
        if (kind === "reopen") ticket.state = "open";
        if (note !== undefined) ticket.notes.push(note);
        return remoteOf(ticket);
      }),
    linkToParent: (child, parent) =>
      asked(() => {
        town.nowMs += town.linkMs;
        joined.push(`${tickets[Number(child.id)]?.key} < ${tickets[Number(parent.id)]?.key}`);
      }),
  };
  const office: { -readonly [Name in keyof Office]: Office[Name] } = {
    desk,
    tracker,
    times: { quietMs: 3_600_000, reopenMs: 30 * 86_400_000 },
    storm,
    wants: () => true,
    ticketFor: (finding, version) => ticketOf(finding, version),
    whoFor: ({ principal }) => principal?.arn,
    holdUntilMs: () => undefined,
    nowMs: () => town.nowMs,
    alone: (_, work) => work(),
  };

  /** Messages with the time they come at. */
  const queue: { readonly errand: Errand; atMs: number }[] = [];
  let messages = 0;
  const send = (key: string, routeId = "r") =>
    void queue.push({ errand: { key, routeId, messageId: `m-${messages++}` }, atMs: town.nowMs });
  return Object.assign(town, {
    office,
    tickets,
    joined,
    troubles,
    groups,
    links,
    queue,
    send,
    /** A finding is written, and its message sent. */
    write(given: Partial<FindingRecord> & { readonly id: string }) {
      const version = (findings.get(given.id)?.version ?? 0) + 1;
      const was = findings.get(given.id)?.finding ?? someFinding();
      const lastSeenAt = new Date(town.nowMs).toISOString();
      const firstSeenAt = version === 1 ? lastSeenAt : was.firstSeenAt;
      findings.set(given.id, { finding: { ...was, firstSeenAt, lastSeenAt, ...given }, version });
      send(given.id);
    },
    /** Has the queue deliver one message that is due; what fails comes again. */
    async step(pick = 0): Promise<void> {
      const due = queue.filter(({ atMs }) => atMs <= town.nowMs);
      const message = due[pick % Math.max(1, due.length)];
      if (message === undefined) return;
      const beganMs = town.nowMs;
      town.receives += 1;
      try {
        const delivered = await deliver(message.errand, office);
        town.longestMs = Math.max(town.longestMs, town.nowMs - beganMs);
        if (delivered.kind === "later") {
          if (delivered.reason !== undefined) town.reasons.push(delivered.reason);
          message.atMs = delivered.atMs;
          return;
        }
        if (delivered.follow !== undefined) send(delivered.follow);
        queue.splice(queue.indexOf(message), 1);
      } catch (error) {
        if (error instanceof DeliveryError && error.message.startsWith("tickets stay unlinked")) {
          // Put aside with the reason; what else is refused comes again here, as somebody would send it again.
          town.reasons.push(error.message);
          queue.splice(queue.indexOf(message), 1);
        } else if (error instanceof DeliveryError) message.atMs = town.nowMs + (error.retryAfterMs ?? 5_000);
        else if (error instanceof Death) message.atMs = town.nowMs + 10_000;
        else throw error;
      }
    },
    /** Lets time go by until the queue is empty and nothing waits any more. */
    async settle(): Promise<void> {
      for (let round = 0; queue.length > 0; round++) {
        if (round > 20_000) throw new Error(`not settled: ${JSON.stringify(queue.slice(0, 3))}`);
        town.nowMs = Math.max(town.nowMs, Math.min(...queue.map(({ atMs }) => atMs)));
        await this.step();
      }
      catchUp(Number.POSITIVE_INFINITY);
    },
  });
}
