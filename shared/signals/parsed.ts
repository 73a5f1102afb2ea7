import type { Signal } from "../types.ts";

/** What became of one event: heard, understood but of no concern here, or not understood. */
export type Parsed =
  | { readonly kind: "signal"; readonly signal: Signal }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };
