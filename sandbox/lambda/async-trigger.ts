import type { Trigger, TriggerContext } from "./trigger.ts";

/** Lambda tries twice again, after a minute and after two more. */
const RETRY_DELAYS_MS = [60_000, 120_000];

/** Events a function is invoked with by EventBridge or SNS, one at a time each, in any order. */
export interface AsyncTrigger extends Trigger {
  add(event: unknown): void;
}

export function createAsyncTrigger(context: TriggerContext): AsyncTrigger {
  const { clock } = context;
  const waiting: { event: unknown; attempts: number; at: number }[] = [];
  let active = 0;
  return {
    add: (event) => void waiting.push({ event, attempts: 0, at: clock.now() }),
    get active() {
      return active;
    },
    isReady: () => active < context.limit() && waiting.some(({ at }) => at <= clock.now()),
    async deliver() {
      const index = waiting.findIndex(({ at }) => at <= clock.now());
      const [next] = waiting.splice(index, index < 0 ? 0 : 1);
      if (!next) return;
      active += 1;
      const result = await context.invoke(next.event);
      active -= 1;
      if (result.ok) return;
      const delayMs = RETRY_DELAYS_MS[next.attempts];
      const reason = `${result.error.type}: ${result.error.message}`;
      const attempts = next.attempts + 1;
      if (delayMs !== undefined) waiting.push({ ...next, attempts, at: clock.now() + delayMs });
      else context.bury({ at: clock.now(), body: JSON.stringify(next.event), receiveCount: attempts, reason });
    },
    nextAt: () => (waiting.length > 0 ? Math.min(...waiting.map(({ at }) => at)) : undefined),
  };
}
