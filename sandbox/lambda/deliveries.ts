import { createRandom } from "../sequence.ts";
import type { DeliverySchedule } from "../types.ts";

/** How deliveries go: at once and in order, or as a seed draws them. */
export interface Deliveries {
  /** One delivery at a time in the whole account. */
  readonly isSerial: boolean;
  /** When the copies of a routed event can be received, in ms from now. */
  spread(): readonly number[];
  /** The order in which waiting messages are taken. */
  arrange<Value>(waiting: Value[]): Value[];
  /** How many of at most `max` a batch takes. */
  batchSize(max: number): number;
  /** Which of `count` is next. */
  pick(count: number): number;
  /** Whether a queue forgets that a message was deleted, and gives it once more. */
  isRepeated(): boolean;
}

/** Without a `schedule` nothing is drawn. */
export function createDeliveries(seed: number, schedule: DeliverySchedule | undefined): Deliveries {
  const { duplicates = 0, reorder = false, delayMs: [least, most] = [0, 0], serial = false } = schedule ?? {};
  // Another sequence than the ids': what is drawn here shifts no id.
  const random = createRandom(seed ^ 0x5eed);
  const below = (count: number): number => Math.floor(random() * count);
  const delay = (): number => (most > 0 ? least + below(most - least + 1) : 0);
  return {
    isSerial: serial,
    spread: () => (duplicates > 0 && random() < duplicates ? [delay(), delay()] : [delay()]),
    arrange(waiting) {
      if (!reorder) return waiting;
      const left = [...waiting];
      return waiting.flatMap(() => left.splice(below(left.length), 1));
    },
    batchSize: (max) => (reorder ? 1 + below(max) : max),
    pick: (count) => (serial ? below(count) : 0),
    isRepeated: () => duplicates > 0 && random() < duplicates,
  };
}
