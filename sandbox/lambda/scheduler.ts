import type { SandboxClock } from "../clock.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Trigger } from "./trigger.ts";

const MAX_DRAIN_ROUNDS = 10_000;

export interface SchedulerContext {
  clock: SandboxClock;
  deliveries: Deliveries;
  triggers(): readonly Trigger[];
  /** Move the clock without firing schedules. */
  moveTo(epochMs: number): void;
}

/** Starts deliveries as soon as they can be made, and knows when nothing is going on any more. */
export interface Scheduler {
  /** Start what can be delivered now. */
  pump(): void;
  /** Keep `settle` waiting while `work` is under way. */
  during<Value>(work: () => Promise<Value>): Promise<Value>;
  settle(): Promise<void>;
  drain(): Promise<void>;
  close(): void;
}

export function createScheduler({ clock, deliveries, triggers, moveTo }: SchedulerContext): Scheduler {
  const waiters = new Set<() => void>();
  let direct = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const nextAt = (): number | undefined => {
    const times = triggers().flatMap((trigger) => trigger.nextAt() ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  };
  const isDelivering = (): boolean => triggers().some(({ active }) => active > 0);
  const start = (trigger: Trigger): void => {
    void trigger.deliver().finally(wake);
  };
  const pump = (): void => {
    if (isClosed) return;
    if (deliveries.isSerial) {
      const ready = isDelivering() ? [] : triggers().filter((trigger) => trigger.isReady());
      const next = ready[deliveries.pick(ready.length)];
      if (next) start(next);
    } else {
      for (const trigger of triggers()) while (trigger.isReady()) start(trigger);
    }
    clearTimeout(timer);
    // Whether anything may be polled takes a look at every policy.
    if (clock.isStanding) return;
    const next = nextAt();
    // Real time redelivers too, only that tests rarely wait for it.
    if (next !== undefined && next > clock.now()) {
      timer = setTimeout(pump, Math.min(next - clock.now() + 1, 2 ** 31 - 1));
      timer.unref();
    }
  };
  const wake = (): void => {
    pump();
    for (const waiter of waiters) waiter();
    waiters.clear();
  };
  const isActive = (): boolean => direct > 0 || isDelivering();
  const settle = async (): Promise<void> => {
    for (;;) {
      pump();
      // A call that is just coming in may bring an event: give it a turn before calling it quiet.
      await new Promise<void>((next) => setImmediate(next));
      if (!isActive()) {
        pump();
        if (!isActive()) return;
      }
      await new Promise<void>((waiter) => waiters.add(waiter));
    }
  };
  const stopListening = clock.onMove(pump);

  return {
    pump,
    settle,
    async during(work) {
      direct += 1;
      try {
        return await work();
      } finally {
        direct -= 1;
        wake();
      }
    },
    async drain() {
      for (let round = 0; round < MAX_DRAIN_ROUNDS; round++) {
        await settle();
        const next = nextAt();
        if (next === undefined) return;
        if (next > clock.now()) moveTo(next);
      }
      throw new Error(`The sandbox is not drained after ${MAX_DRAIN_ROUNDS} redeliveries: something feeds itself`);
    },
    close() {
      isClosed = true;
      stopListening();
      clearTimeout(timer);
      for (const waiter of waiters) waiter();
    },
  };
}
