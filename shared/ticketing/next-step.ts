import { shortHash } from "../ids.ts";
import { LAW } from "./content/law.ts";
import type { Link } from "./link.ts";
import type { Ticket } from "./ticket.ts";
import type { Change } from "./tracker.ts";

/** What is to be done about a ticket. */
export type Step =
  | { readonly kind: "nothing" }
  /** A note so soon would be one too many: what has happened is told together, then. */
  | { readonly kind: "wait"; readonly untilMs: number }
  /** Whether there is one is not known. */
  | { readonly kind: "find"; readonly notBeforeMs: number }
  | { readonly kind: "open"; readonly number: number }
  | { readonly kind: "change"; readonly change: Change };

export interface TicketTimes {
  /** At most one note in so long, unless the state changes. */
  readonly quietMs: number;
  /** The same problem within so long opens the same ticket again. */
  readonly reopenMs: number;
}

/** A request that nobody waits for any more is over by then: what it has opened can be found. */
export const LOST_MS = 30_000;

/** A ticket that nobody has to do anything about any more. Pure. */
export function isOver({ state }: Pick<Ticket, "state">): boolean {
  return state === "resolved" || state === "exempt";
}

/** A finding's state and what its ticket is known to say -> what is done next. Pure. */
export function nextStep(ticket: Ticket, link: Link, { quietMs, reopenMs }: TicketTimes, nowMs: number): Step {
  const { remote, openingAtMs, number } = link;
  if (openingAtMs !== undefined) return { kind: "find", notBeforeMs: openingAtMs + LOST_MS };
  // Delivered twice, or an older state after a newer one.
  if (ticket.version <= link.told) return { kind: "nothing" };
  if (remote === undefined) {
    // What was over before anybody had heard of it is in the evidence.
    return isOver(ticket) ? { kind: "nothing" } : { kind: "open", number };
  }
  if (remote.state === "resolved") {
    if (isOver(ticket)) return { kind: "nothing" };
    if (nowMs - (link.resolvedAtMs ?? 0) > reopenMs) return { kind: "open", number: number + 1 };
    return { kind: "change", change: { kind: "reopen", note: noteOf(ticket) } };
  }
  if (isOver(ticket)) return { kind: "change", change: { kind: "resolve", note: noteOf(ticket) } };
  if (newsOf(ticket) !== link.news) return { kind: "change", change: { kind: "update", note: noteOf(ticket) } };
  const quietUntilMs = link.notedAtMs + quietMs;
  if (nowMs < quietUntilMs) return { kind: "wait", untilMs: quietUntilMs };
  const isMore = ticket.occurrences !== link.occurrences;
  // It has come back: should somebody have closed the ticket by hand, it is opened again.
  return { kind: "change", change: isMore ? { kind: "reopen", note: noteOf(ticket) } : { kind: "update" } };
}

/** What people want to hear of at once when it changes; that it was seen once more is not among it. Pure. */
export function newsOf({ state, severity, isWaiting, title, sections }: Ticket): string {
  const headline = /^\[[^\]]*\]/.exec(title)?.[0] ?? "";
  // That somebody has confirmed to be aware, and until when the law gives time.
  const law = sections.filter(({ heading }) => heading === LAW).flatMap(({ lines }) => lines);
  return [state, severity, isWaiting ? "waiting" : "", headline, law.length > 0 ? shortHash(law.join("\n")) : ""].join(
    " ",
  );
}

const TOLD = ["What was done", "Notes"];
const MAX_LINES = 20;

/** A change in a few lines: what became of it, how often it has come, and the evidence. Pure. */
export function noteOf({ title, sections, occurrences, updatedAt }: Ticket): string {
  const lines = sections.filter(({ heading }) => TOLD.includes(heading)).flatMap((section) => section.lines);
  const evidence = sections.flatMap((section) => section.lines).filter((line) => line.startsWith("evidence: "));
  return [title, ...lines.slice(0, MAX_LINES), `occurrence ${occurrences}, last seen ${updatedAt}`, ...evidence].join(
    "\n",
  );
}
