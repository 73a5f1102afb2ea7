import type { Citation, Mode, Tag } from "../types.ts";
import type { AccessKeyRules } from "./access-keys.ts";
import type { TicketRules } from "./tickets.ts";

/**
 * A residency policy, checked and compiled: what `decide` works on. The YAML form is in `schema.ts`; a compiled policy is plain data, so
 * that the build can put it into a bundle and a cold start parses nothing.
 */
export interface ResidencyPolicy {
  readonly name: string;
  /** SHA-256 of all below; every decision carries it. */
  readonly digest: string;
  /** Every jurisdiction that a rule names, with the Regions and Local Zones in it. */
  readonly jurisdictions: Readonly<Record<string, readonly string[]>>;
  /** From the least to the most restrictive. */
  readonly classifications: readonly Classification[];
  /** What unclassified data is treated as; undefined: nobody has said, so a person decides. */
  readonly unclassified?: string;
  /** Organisational units of each account, the outermost first. */
  readonly units: Readonly<Record<string, readonly string[]>>;
  readonly transfers: readonly Transfer[];
  readonly controls: Readonly<Record<string, ControlRules>>;
  readonly exceptions: readonly PolicyException[];
  readonly limits: Limits;
  /** How objects get a class of their own; left out, an object has its bucket's. */
  readonly objects?: ObjectRules;
  /** How long access keys live; left out, what Cordon has for default holds (access-keys.ts). */
  readonly accessKeys?: AccessKeyRules;
  /** What tickets say, when, and where they go; left out, they go nowhere but to the deployment's own setting (tickets.ts). */
  readonly tickets?: TicketRules;
  /** Who is who, where that does not follow from a principal by itself. */
  readonly people: readonly Person[];
  /** Sessions whose names tell who is in them, as ARNs with `*`: the policy's owner vouches that nobody can choose them. */
  readonly namedSessions: readonly string[];
  /** Every `when:` there is, so that CEL is loaded only where it is needed. */
  readonly expressions: readonly string[];
}

/** A policy with what evaluates its conditions: what a deployment runs on. */
export interface PolicyInForce extends ResidencyPolicy {
  readonly conditions: Conditions;
}

/**
 * Evaluates a `when:` of the policy.
 *
 * @throws Error when it can't be told: a fact it asks for is not known, or the expression fails. Nobody may take that for false.
 */
export type Conditions = (expression: string, context: ConditionContext) => boolean;

/** What a `when:` is told. A fact that is not known is left out; asking for it is an error then (conditions.ts documents each for authors). */
export interface ConditionContext {
  readonly resource: {
    readonly arn: string;
    readonly name: string;
    readonly account: string;
    readonly region: string;
    readonly type: string;
  };
  /** Organisational units of the resource's account, the outermost first. */
  readonly units: readonly string[];
  readonly part: string;
  /** The resource's own tags; left out when they can't be read. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Left out when the class can't be told. */
  readonly classification?: { readonly name: string; readonly rank: number };
  /** Left out where a finding moves no data. Texts are empty where AWS tells nothing. */
  readonly transfer?: {
    readonly from: string;
    /** Left out when the destination's Region is not known. */
    readonly to?: string;
    readonly destination: string;
    /** Left out when AWS does not tell it. */
    readonly destinationAccount?: string;
    readonly prefix: string;
    readonly replicaKey: string;
    /** Only data with all of these tags moves. */
    readonly tags: Readonly<Record<string, string>>;
  };
}

/** A class of data and where it may live. */
export interface Classification {
  readonly name: string;
  /** Higher is more restrictive; unique within a policy. */
  readonly rank: number;
  /** Names of jurisdictions, for people. */
  readonly residency: readonly string[];
  /** Their Regions and Local Zones, for machines. Empty with `anywhere`. */
  readonly places: readonly string[];
  readonly anywhere: boolean;
  /** Resource tags, any of which recognises the class. */
  readonly tags: readonly Tag[];
  /** Who may set these tags; without, anybody's tag counts, for it frees nothing (compile-classifications.ts). */
  readonly setBy?: TrustedSetters;
  /** Some rule lets data of this class go where it doesn't let all data go that this class is stricter than. */
  readonly isFavoured: boolean;
  /** Who may decide that data is of a lower class after all. */
  readonly loweredBy: readonly string[];
  readonly citations: readonly Citation[];
}

/** Who may set a tag that widens where data may go, and how that is known (invariant 15). */
export interface TrustedSetters {
  readonly principals: readonly string[];
  /** `declared`: the policy's owner vouches that nobody else can set it. `verify`: live policies have to prove it. */
  readonly enforcement: "declared" | "verify";
}

/** Which matters a rule is about. Left out: any. Within a list any one matches; what is named has to match altogether. */
export interface Scope {
  readonly accounts?: readonly string[];
  readonly units?: readonly string[];
  /** Where the resource lies. */
  readonly regions?: readonly string[];
  readonly classifications?: readonly string[];
  /** Tags that the resource has to carry, all of them. */
  readonly tags?: readonly Tag[];
  /** ARNs, in which `*` stands for any letters and `?` for one. */
  readonly resources?: readonly string[];
  /** Where the data goes: Regions and Local Zones. */
  readonly to?: readonly string[];
  /** CEL. */
  readonly when?: string;
  /** Who may set the tags that this asks for, where that lets data go further. */
  readonly tagsSetBy?: TrustedSetters;
}

/** A control in this policy: a base and narrower scopes, of which the most specific that matches wins. */
export interface ControlRules {
  readonly mode?: Mode;
  readonly parameters: Parameters;
  readonly citations: readonly Citation[];
  /** The most specific first. */
  readonly scopes: readonly ControlScope[];
}

/** Left out, mode and parameters are those of the next wider scope that matches, in the end the base's. */
export interface ControlScope extends Scope {
  readonly id: string;
  readonly mode?: Mode;
  readonly parameters: Parameters;
}

/** What a control can be told (its meta.ts says what it takes). */
export type Parameters = Readonly<Record<string, boolean | number | string | readonly string[]>>;

/** Data may go beyond its residency, on a legal basis and under conditions, all of which have to hold. */
export interface Transfer {
  readonly id: string;
  readonly classifications: readonly string[];
  /** Where from; undefined: from wherever the data may live. */
  readonly from?: readonly string[];
  readonly to: readonly string[];
  readonly basis: LegalBasis;
  readonly conditions: readonly TransferCondition[];
  readonly when?: string;
  readonly tagsSetBy?: TrustedSetters;
  readonly validFromMs?: number;
  readonly validUntilMs?: number;
  readonly citations: readonly Citation[];
}

export interface LegalBasis {
  readonly kind: "adequacy" | "scc" | "bcr" | "derogation";
  /** Where it is written down. */
  readonly document: string;
}

export type TransferCondition =
  | { readonly kind: "trusted-tag"; readonly tag: Tag; readonly setBy: TrustedSetters }
  | { readonly kind: "replica-key"; readonly keys: readonly string[] }
  | { readonly kind: "pseudonymised-prefix"; readonly prefixes: readonly string[] }
  | { readonly kind: "pseudonymised-tag"; readonly tag: Tag; readonly setBy: TrustedSetters }
  | { readonly kind: "approval" };

/** A waiver written into the policy. In force from `grantedAtMs` until, and not including, `expiresAtMs`. */
export interface PolicyException extends Scope {
  readonly id: string;
  readonly control: string;
  readonly parts?: readonly string[];
  readonly reason: string;
  readonly approver: string;
  readonly ticket: string;
  readonly grantedAtMs: number;
  readonly expiresAtMs: number;
}

/** How an object gets its class: its bucket's, unless a rule gives it a more restrictive one. */
export interface ObjectRules {
  /** Sorted by id; all that apply count, and the most restrictive wins. */
  readonly rules: readonly ObjectRule[];
  /** Detectors of the policy's own, sorted by id. */
  readonly detectors: readonly OwnDetector[];
  readonly read: ReadBudget;
  /** Keys of tags that Cordon never writes over: a person does. */
  readonly protectedTags: readonly string[];
  /** What is done when somebody lowers an object's class by its tags: `restore` sets the tag again, `ask` waits for a person. */
  readonly onLowered: "restore" | "ask";
  /** What is done where a rule can't be told because an object is not to be opened: `ask` a person about each, or `keep` the class that is certain, and note it. */
  readonly onUnopened: "ask" | "keep";
  /** What has existing objects looked at; left out, S3 Batch Operations. */
  readonly backfill?: BackfillEngine;
}

/** What goes through the objects that a bucket has already, and has each looked at. */
export type BackfillEngine = "batch-operations" | "distributed-map";

/** Gives objects a class. All that it names has to match; of a list any one entry does. */
export interface ObjectRule {
  readonly id: string;
  readonly classification: string;
  /** Names of buckets, in which `*` stands for any letters. */
  readonly buckets?: readonly string[];
  readonly prefixes?: readonly string[];
  /** RE2, found anywhere in the key. */
  readonly keyPattern?: string;
  /** Media types, in which `*` stands for any letters; parameters do not count. */
  readonly contentTypes?: readonly string[];
  /** User-defined metadata: keys without `x-amz-meta-`, in lower case, and values in which `*` stands for any letters. */
  readonly metadata?: readonly Tag[];
  /** The object's own tags. */
  readonly tags?: readonly Tag[];
  readonly content?: ContentRule;
  /** Types of Macie's sensitive-data findings, in which `*` stands for any letters. */
  readonly macie?: readonly string[];
}

/** What has to be found in the content, by any one of the detectors. */
export interface ContentRule {
  readonly detectors: readonly string[];
  /** So many different values at least ... */
  readonly minDistinct: number;
  /** ... and so many matches for each MiB that was looked through, where that is given. */
  readonly minPerMiB?: number;
}

export interface OwnDetector {
  readonly id: string;
  /** RE2. */
  readonly pattern: string;
}

/** How much of an object is read, in bytes: its head, and of a large one samples spread over the rest. */
export interface ReadBudget {
  readonly maxBytes: number;
  readonly headBytes: number;
  readonly samples: number;
  readonly sampleBytes: number;
  /** So much may compressed content come to. */
  readonly maxInflatedBytes: number;
}

/** One who acts under several names: the policy's owner vouches that nobody else can use them. */
export interface Person {
  readonly name: string;
  /** ARNs of principals and sessions, in which `*` stands for any letters. */
  readonly principals: readonly string[];
  readonly sourceIdentities: readonly string[];
  /** Ids of Slack members, as `<workspace>/<member>`. */
  readonly slack: readonly string[];
}

export interface Limits {
  /** After a write, a read equal to the state before it may be stale for this long (S3 configuration is eventually consistent). */
  readonly settleWindowMs: number;
  /** So many containments of one finding within the window are a tug of war: capped and escalated. */
  readonly flips: { readonly count: number; readonly windowMs: number; readonly cappedIntervalMs: number };
  /**
   * More automatic changes than `count` per control, account and causing principal in the window are a storm; controls of critical severity have `reserve` more. In a
   * storm one change is made each `cappedIntervalMs`. It is over once none was wanted for `quietMs`.
   */
  readonly automaticChanges: {
    readonly count: number;
    readonly windowMs: number;
    readonly reserve: number;
    readonly cappedIntervalMs: number;
    readonly quietMs: number;
  };
  readonly exception: { readonly defaultMs: number; readonly maxMs: number };
  /** Who may decide what waits for a person, and how long a decision is waited for. */
  readonly approvals: { readonly by: readonly string[]; readonly validMs: number };
  /** Who may switch the brake; empty: those who may approve. */
  readonly brake: { readonly by: readonly string[] };
}
