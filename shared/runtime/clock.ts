import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../types.ts";

/** The machine's clock. The one place, with the sandbox's own, where wall time enters. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};
