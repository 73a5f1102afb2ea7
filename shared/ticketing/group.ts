import { contentHash } from "../ids.ts";
import type { FindingRecord } from "../journal/journal.ts";
import type { Severity } from "../types.ts";
import { LAW } from "./content/law.ts";
import type { Section, Ticket, TicketLabels } from "./ticket.ts";

/** Findings that came at once from one cause, at one route: told by one ticket. */
export interface Group {
  readonly key: string;
  readonly routeId: string;
  readonly labels: TicketLabels;
  /** The highest of its members'. */
  readonly severity: Severity;
  /** What they have in common, in one line. */
  readonly what: string;
  readonly members: number;
  /** Members that nobody has to do anything about any more. */
  readonly over: number;
  /** Counts its changes. */
  readonly version: number;
  readonly lastAt: string;
  /** The first few. */
  readonly some: readonly string[];
  /** Findings from the same cause that had tickets of their own before there was the group. */
  readonly before: readonly string[];
  /** The storm's finding that they are parts of, if Cordon has opened one. */
  readonly parent?: string;
  /** What the law asks for, as the first of them told it. */
  readonly law: readonly string[];
}

/** Tickets that were opened from one cause lately, at one route. */
export interface Cause {
  readonly version: number;
  readonly startedAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
  /** The group that tells what comes beyond. */
  readonly group?: string;
  /** Findings that have tickets of their own: who is among them is not counted again. */
  readonly own: readonly string[];
}

export interface StormRules {
  /** So many tickets from one cause are opened within the window; what comes beyond is told by one more. */
  readonly count: number;
  readonly windowMs: number;
}

/** So many members are named in the group's ticket. */
export const MOST_NAMED = 20;

/** What findings have in common that came at once: the control, the account, and who did it. Pure. */
export function causeKey({ controlId, resource, principal }: FindingRecord): string {
  const who = principal?.arn ?? principal?.invokedBy ?? "";
  return contentHash(["tickets", controlId, resource.account, who]).slice(0, 20);
}

/**
 * One more from a cause -> the cause as it is then, whose `group` says who tells it; undefined: it has a ticket of its own. The same cause for a finding that is counted already,
 * by a container that has died since or is at it: it has a ticket of its own, too. Pure.
 */
export function oneMore(
  cause: Cause | undefined,
  causeId: string,
  { count, windowMs }: StormRules,
  nowMs: number,
  finding: string,
): Cause {
  const version = (cause?.version ?? 0) + 1;
  const isOld =
    cause === undefined || nowMs - (cause.group === undefined ? cause.startedAtMs : cause.lastAtMs) > windowMs;
  if (!isOld && cause.own.includes(finding)) return cause;
  const next: Cause = isOld
    ? { version, startedAtMs: nowMs, lastAtMs: nowMs, count: 1, own: [] }
    : { ...cause, version, lastAtMs: nowMs, count: cause.count + 1 };
  if (next.group !== undefined) return next;
  if (next.count <= count) return { ...next, own: [...next.own, finding] };
  return { ...next, group: `g-${contentHash([causeId, next.startedAtMs]).slice(0, 20)}` };
}

/** The ticket that tells a group. Pure. */
export function groupTicket({
  key,
  labels,
  severity,
  what,
  members,
  over,
  version,
  lastAt,
  some,
  law,
  before,
  parent,
}: Group): Ticket {
  const open = members - over;
  const more = members - some.length;
  const sections: readonly Section[] = [
    {
      heading: "What happened",
      lines: [
        `${members} findings came at once from one cause: ${what}.`,
        open === 0 ? "None of them is open any more." : `${open} of them are open.`,
        "They have no tickets of their own, so that nobody is paged for each.",
        ...(before.length > 0 ? [`From the same cause, with tickets of their own: ${before.join(", ")}.`] : []),
      ],
    },
    {
      heading: "The first of them",
      lines: [...some.map((line) => `- ${line}`), ...(more > 0 ? [`and ${more} more`] : [])],
    },
    ...(law.length > 0 ? [{ heading: LAW, lines: law }] : []),
    {
      heading: "What to do",
      lines: [
        `cordon findings --control ${labels.control} --account ${labels.account} lists all of them, those that wait for a decision too; cordon explain <finding> says what became of one`,
        "cordon rollback --since 2h --dry-run shows what could be taken back together",
      ],
    },
    { heading: "Facts", lines: [`group ${key}, control ${labels.control}, account ${labels.account}, last ${lastAt}`] },
  ];
  const state = open === 0 ? "resolved" : "open";
  return {
    key,
    finding: key,
    title: `[${open === 0 ? "RESOLVED" : "MANY AT ONCE"}] ${what}`,
    severity,
    state,
    body: sections.map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n")).join("\n\n"),
    sections,
    labels,
    isWaiting: false,
    ...(parent !== undefined && { parent }),
    occurrences: members,
    updatedAt: lastAt,
    version,
  };
}
