/**
 * The unexpected, as one closed set of kinds. Expected outcomes are values, not exceptions.
 * `retry` says whether the same call can go well later; a queue then delivers the event again.
 */
export type CordonErrorKind =
  | "misconfigured" // settings or policy: nothing is done until somebody mends them
  | "malformed" // an input that can't be understood
  | "unavailable" // AWS did not answer, or throttled
  | "denied" // AWS refused for good
  | "conflict" // somebody else's write came between
  | "lease-held" // another run works on the same resource
  | "foreign-account"; // a resource of an account that this cell does not serve

const RETRY: Record<CordonErrorKind, boolean> = {
  misconfigured: false,
  malformed: false,
  unavailable: true,
  denied: false,
  conflict: true,
  "lease-held": true,
  "foreign-account": false,
};

/** Raised by Cordon itself, always with a sentence that says what was found, what was expected and what to do. */
export class CordonError extends Error {
  override readonly name = "CordonError";
  readonly kind: CordonErrorKind;
  /** When a retry can help, if that is known. */
  readonly retryAtMs: number | undefined;
  /** AWS said that it did not take the call; otherwise that is not known. */
  readonly isUntaken: boolean;

  constructor(
    kind: CordonErrorKind,
    message: string,
    options: ErrorOptions & { readonly retryAtMs?: number; readonly isUntaken?: boolean } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAtMs = options.retryAtMs;
    this.isUntaken = options.isUntaken ?? false;
  }

  get retry(): boolean {
    return RETRY[this.kind];
  }
}

/** One line for a log, a result or a message: never a stack, never an object. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.name === "CordonError" ? error.message : `${error.name}: ${error.message}`;
  return String(error);
}
