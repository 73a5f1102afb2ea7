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
  /** Whether it stands still between moves. */
  readonly isStanding: boolean;
  /** Call `listener` after each move; returns the call that stops it. */
  onMove(listener: () => void): () => void;
}

/**
 * A clock that stands at `startAt` (epoch ms; real time by default) and goes on from there as real time passes, or, `isStanding`,
 * only moves by hand: then how fast this machine is makes no difference.
 */
export function createClock(startAt = Date.now(), isStanding = false): SandboxClock {
  let epoch = startAt;
  let setAt = Date.now();
  const listeners = new Set<() => void>();
  const now = (): number => (isStanding ? epoch : epoch + Date.now() - setAt);
  const moveTo = (next: number): void => {
    epoch = next;
    setAt = Date.now();
    for (const listener of listeners) listener();
  };
  return {
    now,
    isStanding,
    advance: (ms) => moveTo(now() + ms),
    set: moveTo,
    get offsetMs() {
      return now() - Date.now();
    },
    onMove(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
