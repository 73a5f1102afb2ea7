import type { Logger } from "@smithy/types";

/**
 * The SDK's logger, with what a client warns of itself and nothing of single calls. Before each of those, the SDK makes a copy of what was sent and answered, for a log that
 * nobody keeps: 7 % of all CPU. Left out, `info` and `error` are not called at all.
 */
const logger = {
  trace() {},
  debug() {},
  warn: (...content: unknown[]) => console.warn(...content),
} as unknown as Logger;

/**
 * What every SDK client is made with. One call may take this long. Containment is worth more than patience: a call that hangs is given up while there
 * is time left to try again within the same invocation.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  retryMode: "standard" as const,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 4_000, throwOnRequestTimeout: true },
  logger,
};
