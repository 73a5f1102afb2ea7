/** A clock that runs with real time and that tests move. */
export interface SandboxClock {
  /** Epoch milliseconds as this AWS account sees them. */
  now(): number;
  /** Move forward (or back, with a negative number) by `ms` milliseconds. */
  advance(ms: number): void;
  /** Make it `epochMs` now. */
  set(epochMs: number): void;
  /** Milliseconds between real time and this clock; what function containers are shifted by. */
  readonly offsetMs: number;
  /** Call `listener` after each move; returns the call that stops it. */
  onMove(listener: () => void): () => void;
}

/** A clock that stands at `startAt` (epoch ms; real time by default) and goes on from there as real time passes. */
export function createClock(startAt?: number): SandboxClock {
  let offsetMs = startAt === undefined ? 0 : startAt - Date.now();
  const listeners = new Set<() => void>();
  const moveTo = (next: number): void => {
    offsetMs = next;
    for (const listener of listeners) listener();
  };
  return {
    now: () => Date.now() + offsetMs,
    advance: (ms) => moveTo(offsetMs + ms),
    set: (epochMs) => moveTo(epochMs - Date.now()),
    get offsetMs() {
      return offsetMs;
    },
    onMove(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
