import type { Json } from "../signals/shapes.ts";
import type { ResourceRef } from "../types.ts";

/** Which calls are asked for: those signed with one key, in one account and Region. */
export interface TrailQuestion {
  /** In full; it goes nowhere else. */
  readonly keyId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the page before. */
  readonly token?: string;
}

/** Up to fifty calls, the latest first. */
export type TrailPage =
  | {
      readonly kind: "page";
      /** CloudTrail's records; what is none is left out. */
      readonly records: readonly Json[];
      readonly token?: string;
    }
  /** Two calls a second is all that an account may make in a Region, whoever makes them. */
  | { readonly kind: "throttled" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** CloudTrail's history of an account: management events of 90 days, some minutes late. */
export interface TrailLookup {
  /**
   * LookupEvents by AccessKeyId.
   *
   * @throws CordonError `unavailable`, `foreign-account`, `denied`
   */
  page(place: Pick<ResourceRef, "account" | "region">, question: TrailQuestion): Promise<TrailPage>;
}
