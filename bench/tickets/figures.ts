import type { Figure } from "../figures.ts";

/** What a burst of findings came to at one tracker. */
export interface Burst {
  readonly what: string;
  readonly findings: number;
  /** Tickets that there are then, and requests that they took. */
  readonly tickets: number;
  readonly requests: number;
  /** Both may be so many at most. */
  readonly mostTickets: number;
  readonly mostRequests: number;
  /** Of deliver-tickets after a tenth of the burst and after all of it, resident. */
  readonly earlyMb: number;
  readonly lateMb: number;
  readonly cpuMsPerFinding: number;
}

/** The most that memory may grow by, from a tenth of the burst to its end. */
export const MEMORY_RATIO = 1.25;
/** Containment's CPU with every tracker down, over the same without trackers. */
export const CPU_RATIO = 1.05;

/** Pure. Counts are exact and judged however few the runs. */
export function isBurstKept({ tickets, requests, mostTickets, mostRequests, earlyMb, lateMb }: Burst): boolean {
  return tickets <= mostTickets && requests <= mostRequests && tickets > 0 && lateMb / earlyMb <= MEMORY_RATIO;
}

export interface TicketsReport {
  readonly bursts: readonly Burst[];
  readonly containment: Figure;
  /** AWS calls of each containment, with every tracker down and without trackers: any other number is an error. */
  readonly calls: number;
}

/** Pure. */
export function areTicketsCounted({ bursts }: TicketsReport): boolean {
  return bursts.every(isBurstKept);
}
