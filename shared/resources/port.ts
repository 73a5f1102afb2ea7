import type { Receipt, ResourceRef } from "../types.ts";

/** What reading live state gives: expected outcomes are values. AWS not answering is a `CordonError` of kind `unavailable`. */
export type Reading<State> =
  | {
      readonly kind: "present";
      readonly state: State;
      /** Which version it is that was read, of a resource that has several. */
      readonly version?: string;
    }
  | { readonly kind: "absent"; readonly reason: string }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * The state of one aspect of one resource type. A control knows this much of AWS and no more. The calls are in `<type>-aws.ts` beside this file
 * (S3: s3-buckets-aws.ts), put in place by runtime/wire.ts.
 */
export interface ResourcePort<State> {
  /** AWS shows at once what it has taken: a write needs no second look, and no read is older than it. */
  readonly isConsistent?: true;
  /** The call that `write` makes for `next`, by its name in the API reference; the last, where it takes several. */
  operation(next: State, from?: State): string;
  /** Live state, never cached. */
  read(resource: ResourceRef): Promise<Reading<State>>;
  /**
   * Replaces the state as a whole; AWS has no compare-and-set here. One mutating call, or one for each part that differs where AWS has a call for each.
   *
   * @param from the state that `next` was made of: where AWS has a call for each part, only those that differ between the two are touched, whatever has come since
   * @returns a receipt of each call, also when AWS refuses for good: then of none after it
   * @throws CordonError `unavailable` when it is not known whether AWS took the call
   */
  write(resource: ResourceRef, next: State, from?: State): Promise<Receipt | readonly Receipt[]>;
}
