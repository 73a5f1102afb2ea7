import type {
  Change,
  Citation,
  Decision,
  Exception,
  Exposure,
  Facts,
  Finding,
  FindingStatus,
  Hold,
  KeyReport,
  PendingPlan,
  Plan,
  Principal,
  Receipt,
  ResourceRef,
  Saying,
  Severity,
  Tag,
  Verification,
} from "../types.ts";

/** How one finding stands, as kept with its resource: all that the next run needs to know of it. */
export interface FindingState {
  readonly status: FindingStatus;
  /** Counts passages from compliant to violating, from 1. */
  readonly occurrence: number;
  readonly firstSeenAt: string;
  /** When `status` was reached. */
  readonly changedAtMs: number;
  /** The deciding rule and subject, so that a changed matter is told from the same one seen again. */
  readonly basis: string;
  /** The run that contained it last, or is about to; a rollback takes its plan back. */
  readonly run?: number;
  /** When AWS took a write that was to contain it, newest last; at most `KEPT_CONTAINMENTS`. */
  readonly containedAtMs: readonly number[];
  /**
   * What the last change answered (`shortHash` of the signal's id), and when the look it rests on began: writes of others since then may have been
   * lost. Without a time nobody is suspected.
   */
  readonly claim?: { readonly signal: string; readonly atMs?: number };
  /** The foreign write already told of as having come in between. */
  readonly interleaved?: string;
  /** The containment removed the part instead of switching it off. */
  readonly removed?: boolean;
  /** AWS refused the containment. */
  readonly refused?: boolean;
  /** Told so far by what names nobody, such as a schedule: an event that names somebody is news. */
  readonly isUnnamed?: true;
  readonly exception?: Exception;
  /** When it ends by itself: nobody has decided, an exception is over. The sweep has it looked at then. */
  readonly untilMs?: number;
  /** How often nobody has decided in time. */
  readonly unanswered?: number;
  /** Policy would have it changed, and a storm held it back: it waits for a person, also when the storm is over. */
  readonly isHeld?: true;
  /** It has to be looked at then, though nothing may happen to it: its turn comes, AWS may take what it refused, the brake may be off. */
  readonly lookAtMs?: number;
  /** Who caused it is among the causes kept with its resource: the part as the call wrote it (`partHash`). Written anew, it has another cause. */
  readonly caused?: string;
  /** Seen contained once more, some minutes after it was (invariant 5). */
  readonly isChecked?: true;
  /** People have been told of it, so that they are told how it goes on; of what is routine only what they have to see to. */
  readonly isTold?: true;
  /** Of an access key (lifecycle/key-memory.ts): when its owner was told first that it will be deactivated ... */
  readonly warnedAtMs?: number;
  /** ... when Cordon deactivated it, kept once it is no longer `contained`, and until it is seen active ... */
  readonly deactivatedAtMs?: number;
  /** ... and the report of it that counts. A key that was reported stays so for its life. */
  readonly reported?: KeyReport;
  /** Of the sessions of an exposed key: which key, as it is shown, which live state does not tell; and when it was first seen stopped, kept until it is seen active. */
  readonly key?: string;
  readonly keyOffAtMs?: number;
}

/** Somebody who has written to a resource: what tells who it is (policy/people.ts). */
export interface Cause {
  readonly arn?: string;
  readonly sourceIdentity?: string;
}

/**
 * The resource's item as one control sees it: the unit of locking. Version, lease and class belong to the resource, and so to every control on it;
 * findings and runs under way are the control's own. `version` rises with each write of a run and with nothing else.
 */
export interface ResourceRecord extends ControlRecord {
  readonly controlId: string;
  /** What other controls keep with the same resource; carried along, and looked into for one thing: which key was deactivated as exposed (lifecycle/key-memory.ts). */
  readonly others: Readonly<Record<string, ControlRecord>>;
  readonly resource: ResourceRef;
  readonly version: number;
  /** The journalled class. From a tag it is a ratchet; from policy's default it says how the data was treated so far. */
  readonly classification?: string;
  readonly classSource?: "tag" | "default";
  /** Held by a run until then; 0 when free. The version at the claim is the fencing number. */
  readonly leaseUntilMs: number;
  /** How many runs there have been; the last one's number. */
  readonly runs: number;
  /** Request ids of Cordon's own recent writes here, newest last (invariant 10). */
  readonly ownRequests: readonly string[];
  /** When the look began that was recorded last. */
  readonly seenAt?: string;
}

/** What one control keeps with a resource. */
export interface ControlRecord {
  readonly findings: Readonly<Record<string, FindingState>>;
  /** A run that was claimed and has not finished. */
  readonly unfinishedRun?: number;
  /** The last run that AWS took: the state it left is what a rollback has to find. */
  readonly leftBy?: number;
  /** The Regions that active parts send data to, contained ones left out, sorted; none for a control that isn't about data. */
  readonly sentTo?: readonly string[];
  /**
   * Everybody whose call on the resource was heard while something was open on it, at most `KEPT_CAUSES`: none of them decides about it. A call writes the whole
   * configuration, so that all of it is his.
   */
  readonly causes?: readonly Cause[];
  /** There were more, or some that no event named: then nobody can be told from them. */
  readonly isCauseLost?: true;
  /** The state in which nothing was wrong when it was seen last (`stateHash`): what offends since then without having changed, a new class or policy has made offend. */
  readonly quiet?: string;
  /** The resource's turn in a storm, when all that offends on it may be contained (blast-radius.ts), and on whose account it waits. */
  readonly turnMs?: number;
  readonly turnCause?: string;
  /** When something was kept last that somebody said who is not proved, and who is proved and may not decide: such sayings are kept at a capped rate. */
  readonly proposedAtMs?: number;
  readonly refusedAtMs?: number;
}

/** Policy can't ask for a longer memory of a tug of war (schema.ts). */
export const KEPT_CONTAINMENTS = 10;
export const KEPT_OWN_REQUESTS = 20;
export const KEPT_CAUSES = 10;
export const KEPT_SAYINGS = 5;
/** Resolved findings kept with the resource, for their occurrence count; an item of the table is bounded. */
export const KEPT_RESOLVED = 50;

/** `unknown`: AWS gave no usable answer to the write. */
export type RunStatus = "claimed" | "unknown" | "verified" | "drifted" | "inconclusive" | "refused" | "abandoned";

/** One attempt to change a resource: written before the first mutating call, finished after the last read. */
export interface RunRecord extends RunOutcome {
  readonly plan: Plan;
  /** The findings treated, with the facts and decisions the plan rests on. */
  readonly judged: readonly { readonly finding: Finding; readonly decision: Decision }[];
  readonly claimedAt: string;
  readonly signalId: string;
}

/** What a run came to. */
export interface RunOutcome {
  readonly number: number;
  readonly status: RunStatus;
  readonly receipts: readonly Receipt[];
  readonly verification?: Verification;
  /** The state left behind is the fallback's, not the plan's own `after`. */
  readonly usedFallback: boolean;
}

/** When each stage was reached; together they are the exposure. */
export interface Timings {
  readonly calledAt?: string;
  readonly heardAt?: string;
  readonly decidedAt?: string;
  readonly containedAt?: string;
  readonly restoredAt?: string;
  readonly verifiedAt?: string;
  /** Seen once more to be as the containment left it, some minutes later. */
  readonly checkedAt?: string;
}

/** A finding as people and trackers read it; the outbox entry of tickets. */
export interface FindingRecord {
  readonly id: string;
  readonly controlId: string;
  readonly controlTitle: string;
  readonly why: string;
  readonly citations: readonly Citation[];
  readonly severity: Severity;
  readonly title: string;
  readonly resource: ResourceRef;
  readonly part: string;
  readonly facts: Facts;
  /** "unknown" when it could not be told; "" when the finding is not about data. */
  readonly classification: string;
  /** The resource's own tags at the time, by which another policy could decide; left out when they could not be read. Nothing of it leaves the table but the owner that it names, in tickets. */
  readonly resourceTags?: readonly Tag[];
  readonly status: FindingStatus;
  readonly occurrence: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly decision: Decision;
  readonly changes: readonly Change[];
  readonly reversible: string;
  readonly notes: readonly string[];
  readonly principal?: Principal;
  readonly signal: { readonly id: string; readonly name: string; readonly source: string };
  readonly run?: number;
  readonly exception?: Exception;
  /** What waits for a person's word. */
  readonly pending?: PendingPlan;
  /** What people have said about it last, newest last. */
  readonly sayings?: readonly Saying[];
  /** Why it is not contained now. */
  readonly holds?: readonly Hold[];
  /** The finding of the storm that it is a part of: one cause, many resources. */
  readonly parent?: string;
  readonly timings: Timings;
  /** What may have crossed before the containment; left out when nobody has looked or nothing can be told. */
  readonly exposure?: Exposure;
  /** Keys of the evidence written with this state. */
  readonly evidence: readonly string[];
  /** The course of things, of which nobody opens a ticket. */
  readonly isQuiet?: true;
}

/** One entry of evidence: content, and the hash that seals it. */
export interface EvidenceRecord {
  readonly key: string;
  readonly findingId: string;
  readonly controlId: string;
  readonly occurrence: number;
  readonly kind: string;
  readonly at: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** SHA-256 of the content's canonical JSON (RFC 8785). */
  readonly contentHash: string;
}

/** A switch in the table that holds every run to observing. */
export interface Brake {
  readonly reason: string;
  readonly by: string;
  readonly at?: string;
}

/** More automatic changes than policy lets through in one scope: a control, an account, a causing principal. */
export interface Storm {
  /** Counts the storms of a scope; changes are counted anew after each. */
  readonly generation: number;
  readonly isOn: boolean;
  /** When a change was wanted last. */
  readonly lastAtMs: number;
  /** The end of the line: the next turn that nobody has taken. */
  readonly nextAtMs?: number;
  /** The finding that tells of it. */
  readonly findingId: string;
}

/** What one transaction writes besides the resource's item. */
export interface Entries {
  /** The run claimed by this write, with its plan. */
  readonly claimedRun?: RunRecord;
  /** The run that this write finishes. */
  readonly finishedRun?: RunOutcome;
  readonly findings?: readonly FindingRecord[];
  readonly evidence?: readonly EvidenceRecord[];
}

/** A class to be journalled, with the classes it may replace: its own and those of lower rank, by today's policy; and where data of it is sent. */
export interface SeenClass {
  readonly classification?: string;
  readonly classSource?: "tag" | "default";
  readonly notAbove: readonly string[];
  /** As the control's record has it; left out, what is journalled stays. */
  readonly sentTo?: readonly string[];
  readonly quiet?: string;
}

/** What the container remembers of a resource without asking. */
export interface Known {
  readonly version: number;
  readonly classification?: string;
  readonly classSource?: "tag" | "default";
  readonly openFindings: number;
}

/**
 * Cordon's memory: conditional writes only, so that of two runs one wins. The journal owns idempotency.
 * Every method throws CordonError `unavailable` when the table gives no usable answer.
 */
export interface Journal {
  /** No call. */
  known(resource: ResourceRef, controlId: string): Known;
  /**
   * One update: records class, Region and time of a resource on which nothing is wrong, and where it sends data, unless the journal knows better (a
   * higher class, a finding that is not resolved, a run at work).
   *
   * @returns false when the journal knew better; nothing was written then
   */
  recordQuiet(resource: ResourceRef, controlId: string, seen: SeenClass & { readonly atMs: number }): Promise<boolean>;
  /** One read: the resource's record (an empty one when there is none), the brake, and the storm of a scope, on or over. */
  open(
    resource: ResourceRef,
    controlId: string,
    scope?: string,
  ): Promise<{ readonly record: ResourceRecord; readonly brake?: Brake; readonly storm?: Storm }>;
  /** One update: counts an automatic change and returns how many there have been in the current window. */
  count(scope: string, windowMs: number, nowMs: number): Promise<number>;
  /** One update: a storm begins, unless one of this generation or a later one has. */
  beginStorm(scope: string, storm: Omit<Storm, "isOn">): Promise<void>;
  /**
   * One update, or two: takes the next turn in a storm, `intervalMs` after the one before.
   *
   * @returns when it is; undefined when there is no storm of this generation any more
   */
  takeTurn(
    scope: string,
    turn: { readonly generation: number; readonly nowMs: number; readonly intervalMs: number },
  ): Promise<number | undefined>;
  /**
   * One update: the storm is over.
   *
   * @param unlessSinceMs leave it when a change was wanted after this time
   * @returns since when nothing was wanted, if it is not over
   */
  endStorm(scope: string, generation: number, unlessSinceMs?: number): Promise<number | undefined>;
  /** One update: uses a proof of who somebody is up. False when it had been used before. */
  useProof(proof: string, untilMs: number): Promise<boolean>;
  /** One update: puts the brake on, or takes it off. */
  switchBrake(brake: Brake & { readonly isOn: boolean }): Promise<void>;
  /**
   * One transaction: `next` in place of `record`, with its entries, all or nothing.
   *
   * @returns `next` with its new version
   * @throws CordonError `conflict` when the record has moved since it was read
   */
  save(record: ResourceRecord, next: ResourceRecord, entries: Entries): Promise<ResourceRecord>;
  /** One read: the class journalled of a resource, whichever control has seen it. */
  readClass(resource: ResourceRef): Promise<Pick<ResourceRecord, "classification" | "classSource">>;
  readRun(resource: ResourceRef, number: number): Promise<RunRecord | undefined>;
  readFinding(id: string): Promise<FindingRecord | undefined>;
}
