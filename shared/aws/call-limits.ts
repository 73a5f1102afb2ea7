/**
 * What every SDK client is made with. One call may take this long. Containment is worth more than patience: a call that hangs is given up while there
 * is time left to try again within the same invocation.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  retryMode: "standard" as const,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 4_000, throwOnRequestTimeout: true },
};
