import type { Classified, JournalledClass } from "./classification/classify.ts";
import type { LookThrough } from "./classification/look-through.ts";
import type { PolicyInForce } from "./policy/policy.ts";
import type { AccountCoverage } from "./resources/account-coverage.ts";
import type { CellResources } from "./resources/cell-resources.ts";
import type { CredentialReports } from "./resources/credential-reports.ts";
import type { IamSessions } from "./resources/iam-sessions.ts";
import type { IamUsers, UserKeys } from "./resources/iam-users.ts";
import type { Reading, ResourcePort } from "./resources/port.ts";
import type { RootKeys } from "./resources/root-keys.ts";
import type { S3Buckets } from "./resources/s3-buckets.ts";
import type { S3Objects } from "./resources/s3-objects.ts";
import type { TrailLookup } from "./resources/trail-lookup.ts";
import type {
  Citation,
  Clock,
  Exposure,
  ExposureWindow,
  Finding,
  Mode,
  ResourceRef,
  Severity,
  Signal,
  Tag,
} from "./types.ts";

/** What a control is, without any code of AWS's: EventBridge patterns, roles and the catalogue are made from this. */
export interface ControlMeta {
  /** `<service>-<resource>-<expected-state>` */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /**
   * `cordon`: it judges Cordon's own deployment, and `identity` a user or role with its keys: neither holds classified data. `object`: an object, which has a class of its
   * own. Left out: a bucket's data.
   */
  readonly subject?: "cordon" | "identity" | "object";
  /**
   * What it changes is the course of things and no breach that is stopped: each new object gets its tag. Such changes are no storm, however many they are, and nobody is
   * told of one by a ticket unless a person has to see to it.
   */
  readonly isRoutine?: boolean;
  /** What makes it a violation, in words for a ticket. */
  readonly why: string;
  readonly frameworks: readonly Citation[];
  readonly resourceType: string;
  /** CloudTrail calls that can lead to a violation, by event source. */
  readonly cloudTrail: Readonly<Record<string, readonly string[]>>;
  readonly configTypes: readonly string[];
  /** Other events of AWS services, by EventBridge's source and detail types. */
  readonly notices?: readonly Notice[];
  /** It hears of calls that AWS denied to long-lived keys, those that only read too: by a rule of its own, because such rules are in another state. */
  readonly hearsDenials?: true;
  /** EventBridge patterns in place of those that follow from `cloudTrail`, for what can be told by its name: nobody else's calls are heard then. */
  narrow?(stackName: string): readonly Record<string, unknown>[];
  /** Those of the calls that write the very state this control judges. */
  readonly stateCalls: readonly string[];
  /** IAM actions on customers' resources. `passRoleTo`: services that get a role passed by its writes. */
  readonly iam: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly passRoleTo: readonly string[];
  };
  readonly reversible: string;
  /** Its changes can stop more than data from leaving: past the blast radius they wait for a person (invariant 11). */
  readonly mayBreakApplications?: boolean;
  /** It changes nothing but on a person's word, whatever policy says: the function that runs it may not. */
  readonly onlyByPerson?: true;
  /** The function that runs it, where the sweep has resources looked at again. */
  readonly runBy?: string;
  readonly defaultMode: Mode;
  /** What policy may tell it, by name. */
  readonly parameters?: Readonly<Record<string, ParameterSpec>>;
}

/** Events of an AWS service that a control hears. */
export interface Notice {
  readonly source: string;
  readonly types: readonly string[];
  /** What their detail has to have, as EventBridge's patterns say it; left out, all of these types are heard. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A parameter that a control takes from policy. `accounts`: a list of account ids. */
export interface ParameterSpec {
  readonly type: "accounts";
  /** What it does, and what holds when it is left out. */
  readonly description: string;
}

/** What the policy's language has to know of a control. */
export type KnownControl = Pick<ControlMeta, "id" | "title" | "defaultMode" | "parameters">;

/** The ports a control reads live state through, one per resource type. */
export interface Ports {
  readonly s3: S3Buckets;
  /** Only functions/tag-objects, decide and the command line have these two. */
  readonly objects?: S3Objects;
  readonly lookThrough?: LookThrough;
  /** What the journal knows of a bucket's class, as believed for a minute. */
  readonly classOfBucket?: (bucket: ResourceRef) => Promise<JournalledClass>;
  /** Only functions/revoke-stale-keys, decide and the command line have these two. */
  readonly users?: IamUsers;
  readonly reports?: CredentialReports;
  /** As `users`: what denies the sessions of users and roles, and whether an account's root user has keys. */
  readonly sessions?: IamSessions;
  readonly rootKeys?: RootKeys;
  readonly trail?: TrailLookup;
  /** Only functions/guard-cell and the command line have these two, so that no other function carries their clients. */
  readonly cell?: CellResources;
  readonly coverage?: AccountCoverage;
}

/** What `detect` found: the live state, the evidence of its class, and a finding for each part that policy has to judge. */
export type Detection<State> =
  | {
      readonly kind: "present";
      readonly state: State;
      readonly tags: readonly Tag[] | { readonly unreadable: string };
      /** The class journalled of what the resource lies in: an object's bucket. */
      readonly around?: JournalledClass;
      readonly findings: readonly Finding[];
      /** Not all could be seen: what is not among the findings is not gone. */
      readonly isPartial?: true;
      /** Of a user, where it counts: his access keys as they stand, or why AWS won't say. */
      readonly keys?: Exclude<Reading<UserKeys>, { readonly kind: "absent" }>;
    }
  | (Extract<Reading<State>, { readonly kind: "absent" }> & {
      /** What has taken its place: the version of an object that is current, where none was named. */
      readonly instead?: ResourceRef;
    })
  | Extract<Reading<State>, { readonly kind: "unreadable" }>;

/** What a look is for, besides the resource. */
export interface Asked {
  /** How much is to be read of what is costly to read. */
  readonly policy: PolicyInForce;
  /** What happened; it points, and live state decides. */
  readonly signal: Signal;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** What every control has: what it is about, and how it sees that. */
export interface AnyControl<State> {
  readonly meta: ControlMeta;
  /** Reads live state, and nothing but live state. */
  detect(resource: ResourceRef, ports: Ports, asked: Asked): Promise<Detection<State>>;
  /**
   * Whether live state shows what a call's request says it wrote; undefined when that can't be told. S3 configuration is eventually consistent: a look
   * right after the call may still see what was before it, and find nothing wrong. `roughly` ignores what CloudTrail doesn't tell letter by letter;
   * `exactly` wants no more and no less than was written.
   */
  shows(
    signal: Signal,
    detection: Extract<Detection<State>, { kind: "present" }>,
    how: "at least" | "exactly" | "roughly",
  ): boolean | undefined;
  /** How long what a call is a part of may go on, in milliseconds; undefined: no longer than policy's settle window. Nothing is concluded before. */
  settlesMs?(signal: Signal): number | undefined;
  /**
   * What may have crossed by one part in that time. It reads, and takes its time: never on the way to a containment.
   *
   * @returns undefined when nothing can be told, as of a finding that is about no transfer; `isUnreadable` when AWS refuses, which is never "nothing crossed"
   * @throws CordonError `unavailable` when AWS gave no answer, and as `detect` does when there are no credentials for the account
   */
  exposure?(finding: Finding, ports: Ports, window: ExposureWindow): Promise<Exposure | undefined>;
  /**
   * A finding that the journal knows and live state does not name, as it stands by live state: of a temporary key AWS has no list. Pure. Without it, what live state does
   * not name is gone.
   *
   * @param key `FindingState.key`
   */
  remembered?(seen: Extract<Detection<State>, { kind: "present" }>, resource: ResourceRef, key: string): Finding;
  readonly changes?: "nothing";
}

/** A control that finds and tells, and has no means to change anything. */
export interface WatchingControl<State> extends AnyControl<State> {
  readonly changes: "nothing";
}

/**
 * One rule the product enforces. Planning, applying, verifying, rolling back, journalling and ticketing are written once, for all.
 * `null` as a state means "not configured". All functions but `detect` and `exposure` are pure.
 */
export interface Control<State> extends AnyControl<State> {
  readonly changes?: never;
  /** Where its state is read and written. */
  port(ports: Ports): ResourcePort<State>;
  /**
   * The compliant state nearest to `state`; touches only the offending parts.
   *
   * @param at when it is done (ISO 8601), for a state with a time in it. While a plan waits for a person it is `WHEN_DONE`, so that the plan is the same from look to look
   */
  comply(state: State, offending: ReadonlySet<string>, classified: Classified, at: string): State;
  /**
   * The time to be written into a state with a time in it, where that is not simply now. One change has one time, which has to do for all of these findings.
   *
   * @returns milliseconds since the epoch, not before `nowMs`
   */
  timeFor?(offending: readonly Finding[], nowMs: number): number;
  /** A harder stop for when AWS refuses `comply`'s; undefined when it would take something compliant with it. */
  retreat(state: State, offending: ReadonlySet<string>): State | undefined;
  /**
   * The same stop by another way, for when AWS refuses `comply`'s for want of room or of a right. It touches the same parts and stops no more, so that it holds for whatever was
   * decided or approved.
   */
  otherwise?(state: State, offending: ReadonlySet<string>, at: string): State;
  /** `left` with one part as it was in `before`. */
  restore(left: State, before: State, part: string): State;
  /**
   * Why AWS offers no way back from a change as far as it concerns these parts, in words for plan and ticket; undefined where there is one, as `meta.reversible` says. A plan
   * without a way back says so beforehand, and is not rolled back (invariant 6).
   */
  noWayBack?(before: State, after: State, parts: readonly string[]): string | undefined;
}
