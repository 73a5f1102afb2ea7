import type { Mode, Tag } from "../types.ts";

/**
 * A residency policy, checked and compiled: what `decide` works on. The YAML form is in `schema.ts`; a compiled policy is plain data, so
 * that the build can put it into a bundle and a cold start parses nothing.
 */
export interface ResidencyPolicy {
  readonly name: string;
  /** SHA-256 of the policy's content; every decision carries it. */
  readonly digest: string;
  /** From the least to the most restrictive. */
  readonly classifications: readonly Classification[];
  /** What unclassified data is treated as; undefined: nobody has said, so a person decides. */
  readonly unclassified?: string;
  readonly trustedTags: readonly TrustedTag[];
  readonly modes: Readonly<Record<string, Mode>>;
  readonly limits: Limits;
}

/** A class of data and where it may live. */
export interface Classification {
  readonly name: string;
  /** Higher is more restrictive; unique within a policy. */
  readonly rank: number;
  /** Names of jurisdictions, for people. */
  readonly residency: readonly string[];
  /** Their Regions, for machines. Empty with `anywhere`. */
  readonly regions: readonly string[];
  readonly anywhere: boolean;
  /** Bucket tags, any of which recognises the class. */
  readonly tags: readonly Tag[];
  readonly citations: readonly string[];
}

/** A tag that widens where tagged data may go, once it is trusted (invariant 15). */
export interface TrustedTag {
  readonly id: string;
  readonly tag: Tag;
  readonly classifications: readonly string[];
  readonly jurisdictions: readonly string[];
  readonly regions: readonly string[];
  /** Principals who may set the tag. */
  readonly setBy: readonly string[];
  /** `declared`: the policy's owner vouches that nobody else can set it. `verify`: live policies have to prove it. */
  readonly enforcement: "declared" | "verify";
}

export interface Limits {
  /** After a write, a read equal to the state before it may be stale for this long (S3 configuration is eventually consistent). */
  readonly settleWindowMs: number;
  /** So many containments of one finding within the window are a tug of war: capped and escalated. */
  readonly flips: { readonly count: number; readonly windowMs: number; readonly cappedIntervalMs: number };
  /** So many automatic changes per control, account and causing principal in the window are a storm. */
  readonly automaticChanges: { readonly count: number; readonly windowMs: number };
  readonly exception: { readonly defaultMs: number; readonly maxMs: number };
}
