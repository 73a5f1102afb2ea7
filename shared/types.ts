/**
 * Every noun of Cordon, in the order in which a run meets them:
 *
 *   Signal -> Finding -> Decision -> Plan -> Receipt -> Verification -> Evidence -> Ticket
 *
 * Times are ISO 8601 in UTC (`...At`) unless a name ends in `Ms`, which is milliseconds since the epoch or a duration.
 */

/** One AWS resource. `account` and `region` are the resource's own, never those of a bus that forwarded an event. */
export interface ResourceRef {
  readonly type: string;
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Of an object in a bucket that keeps versions: which of them. Each has tags of its own. */
  readonly version?: string;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Who made a call, as CloudTrail tells it. Any part can be missing: CloudTrail leaves `userIdentity` out at times. */
export interface Principal {
  readonly type: string;
  readonly arn?: string;
  readonly account?: string;
  /** Who began the chain of sessions that it called in (STS SourceIdentity): set once, and never by the session itself. */
  readonly sourceIdentity?: string;
  /** The AWS service that called in the principal's name. */
  readonly invokedBy?: string;
  /** The tool that called (CloudTrail `userAgent`), which tells a pipeline from a person. */
  readonly agent?: string;
}

/** One normalised event: somebody did something to a resource. It only points; live state decides. */
export interface Signal {
  readonly id: string;
  /**
   * `s3`: a notification of S3 itself. `batch`: S3 Batch Operations comes to an object. `decision`: no event of AWS's, but a person's decision. `schedule`: nothing
   * happened, it is time to look. `operator`: somebody invoked the function by hand, to have it look.
   */
  readonly source:
    | "cloudtrail"
    | "config"
    | "s3"
    | "macie"
    | "health"
    | "guardduty"
    | "batch"
    | "decision"
    | "schedule"
    | "operator";
  readonly name: string;
  readonly at: string;
  readonly resource: ResourceRef;
  readonly principal?: Principal;
  /** The AWS request id of the call, by which Cordon recognises its own calls. */
  readonly requestId?: string;
  /** The type of Macie's finding: what it has seen in an object counts beside what Cordon sees itself. */
  readonly macie?: string;
  /** What the call asked for, as CloudTrail tells it. Good for one thing: to notice that live state doesn't show it yet. Never recorded. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** Of an IAM user or role only the name is told: the ARN is as if it had no path, and IAM has to be asked which it is. */
  readonly isNameOnly?: true;
  /** What somebody says of an access key: of `keyId`, and where that is left out of one of the user's. */
  readonly report?: KeyReport;
  /** The full id of the access key it is about, which IAM is asked by. Never recorded or logged: what is kept is `shownKeyId`. */
  readonly keyId?: string;
  /** How the key `keyId` stands now, told of a role that it assumed: nothing of the role's tells whose key that is. */
  readonly keyStatus?: KeyStatus;
  /** AWS denied the call, which `keyId` was used for: nothing was changed, and it counts (shared/keys/denied-bursts.ts). */
  readonly denied?: true;
}

/** Somebody says that a key is known to others, or that it is being tried out. */
export interface KeyReport {
  /** `aws-quarantine`: AWS has attached its quarantine policy to the user. `cloudtrail`: a burst of denied calls. `operator`: by hand. */
  readonly by: "aws-health" | "aws-quarantine" | "guardduty" | "cloudtrail" | "operator";
  /** Of the report: the Health event's ARN, the GuardDuty finding's id ...: the same report twice is one. */
  readonly id: string;
  /** E.g. `AWS_RISK_CREDENTIALS_EXPOSED`, `UnauthorizedAccess:IAMUser/TorIPCaller`, `denied-burst`. */
  readonly type: string;
  readonly at: string;
}

export type Severity = "low" | "medium" | "high" | "critical";

/** What a control may do on its own: the least is `observe`, the most is `enforce`. */
export type Mode = "observe" | "approve" | "enforce";

/** A framework's requirement that a control serves, e.g. `{ framework: "GDPR", reference: "Art. 44" }`. */
export interface Citation {
  readonly framework: string;
  readonly reference: string;
}

/** What moves where. `to` is undefined when the destination's Region could not be told; `toUnknown` then says why. */
export interface TransferFacts {
  readonly kind: "transfer";
  /** False when the part is switched off and moves nothing. */
  readonly active: boolean;
  readonly from: string;
  readonly to?: string;
  readonly toUnknown?: string;
  /** It is unknown because AWS did not answer: nothing is concluded, the event is delivered again. */
  readonly isTransient?: boolean;
  /** The receiving resource, as AWS names it. */
  readonly destination: string;
  readonly destinationAccount?: string;
  /** Only data below this prefix moves. */
  readonly prefix?: string;
  /** Only data that carries all of these tags moves. */
  readonly tags: readonly Tag[];
  /** The key that the copies of KMS-encrypted data get, as the rule names it: the ARN of a key or of an alias. */
  readonly replicaKey?: string;
}

/** AWS would not show the state; nothing may be concluded from it. */
export interface UnreadableFacts {
  readonly kind: "unreadable";
  readonly reason: string;
}

/**
 * Something that has to be so, and whether it is: a rule of Cordon's own is enabled, a Region's events are forwarded. Cordon tells when it is not and changes
 * nothing. The texts stay the same for as long as the matter does: a new text is news.
 */
export interface ConditionFacts {
  readonly kind: "condition";
  readonly holds: boolean;
  readonly expected: string;
  readonly found: string;
  /** What follows from its not holding. */
  readonly consequence: string;
  /** What a person does to put it right. */
  readonly remedy: string;
  /** It is about an account's root user having keys. */
  readonly isAboutKeys?: true;
  /** The journal's, as with `AccessKeyFacts`: what was reported of those keys, for as long as there are any. */
  readonly reported?: KeyReport;
}

/** A rule of the policy's `objects`, and the class that it gives. */
export interface RuleMatch {
  readonly rule: string;
  readonly classification: string;
  /** What of the object it goes by, or why that can't be told. In the policy's words: neither the object's key nor any value of its metadata, tags or content. */
  readonly why: string;
  /** Why it can't be told, where that is not for what was found: nobody can open it (archived, encrypted, of a format that is not read), or Cordon may not read it. */
  readonly hidden?: "unopened" | "denied";
}

/** What a detector found in content: counts, and never a value. */
export interface FoundInContent {
  readonly detector: string;
  readonly matches: number;
  /** How many different values. */
  readonly distinct: number;
  /** Counting different values stopped there: there are at least so many. */
  readonly isDistinctCapped?: true;
  /** Salted hashes of some of them, so that the same value can be recognised and none can be read back. */
  readonly fingerprints: readonly string[];
}

/** What is known of an S3 object that its class rests on. */
export interface ObjectFacts {
  readonly kind: "object";
  /** Rules that apply. */
  readonly matched: readonly RuleMatch[];
  /** Rules of which it can't be told, and which could raise its class. */
  readonly undecided: readonly RuleMatch[];
  readonly found: readonly FoundInContent[];
  /** Of its tags those with a key that some class is recognised by. */
  readonly carried: readonly Tag[];
  /** It has as many tags as S3 takes. */
  readonly isFull: boolean;
  /** What of it was looked at, or why nothing, in words. */
  readonly read: string;
}

export type KeyStatus = "Active" | "Inactive";

/** What is known of an access key of an IAM user that its treatment rests on. */
export interface AccessKeyFacts {
  readonly kind: "access-key";
  /** Which question is judged: how old it is, or whether it is known to others. */
  readonly about: "age" | "exposure";
  /** As it is shown: `AKIA...MPLE`. */
  readonly key: string;
  readonly status: KeyStatus;
  readonly createdAt: string;
  readonly lastUsed:
    | { readonly at: string; readonly service: string; readonly region: string }
    | "never"
    | { readonly unreadable: string };
  /** Cordon itself calls with it. */
  readonly isOwn?: true;
  /** The user's other key, where there is one. */
  readonly other?: {
    readonly key: string;
    readonly status: KeyStatus;
    readonly createdAt: string;
    readonly isOwn?: true;
  };
  /** From the user's tags, by policy's `ownerTags`. */
  readonly owner?: string;
  /**
   * The rest is the journal's, and put in by lifecycle/key-memory.ts: when its owner was warned, when Cordon deactivated it (of `age` only), what was reported of it last
   * (of `exposure` only).
   */
  readonly warnedAt?: string;
  readonly deactivatedAt?: string;
  /** Cordon deactivated it because of that report, and not for its age (of `age` only). */
  readonly deactivatedFor?: KeyReport;
  readonly reported?: KeyReport;
}

/** Whether sessions that somebody may have begun with an exposed key can still be used. */
export interface SessionFacts {
  readonly kind: "sessions";
  /** The exposed key, long-lived or temporary, as it is shown. */
  readonly key: string;
  /** Sessions issued before this time are denied everything; left out: none are. */
  readonly deniedBefore?: string;
  /** Why Cordon can't or may not deny them, in words that stay the same. */
  readonly hindrance?: string;
  /**
   * Whether sessions can still be begun with the key. One that is deleted is `Inactive`, and so is a session's own, which begins none; one of which AWS won't say is `Active`. Left out
   * where nobody has told, as of a role's key at most looks.
   */
  readonly keyStatus?: KeyStatus;
  /** The journal's: when the key was first seen stopped, or, switched on and off unseen, when that was heard. It stopped by then, and stays so. */
  readonly keyOffAt?: string;
  /** The journal's, as with `AccessKeyFacts`. */
  readonly reported?: KeyReport;
}

export type Facts = TransferFacts | UnreadableFacts | ConditionFacts | ObjectFacts | AccessKeyFacts | SessionFacts;

/** A control's judgement of one part of one resource, from live state. */
export interface Finding {
  /** `findingId(control, resource, part)`: the same problem keeps its id for ever. */
  readonly id: string;
  readonly controlId: string;
  readonly resource: ResourceRef;
  /** What within the resource, e.g. the id of a replication rule. */
  readonly part: string;
  readonly title: string;
  readonly facts: Facts;
}

export type DecisionKind = "compliant" | "exempt" | "observe" | "approve" | "contain";

export interface Decision {
  readonly kind: DecisionKind;
  /** The rule of the policy, or the built-in rule, that decided. */
  readonly rule: string;
  readonly reasons: readonly string[];
  readonly policyDigest: string;
  /** Covers the policy and the run-time exception that was considered; without one it is the policy's. */
  readonly digest: string;
  /** What policy cites of the law, besides what the control cites. */
  readonly citations: readonly Citation[];
  readonly explanation: Explanation;
  /** When what lets it be ends, of an exempt matter: it is judged anew then. */
  readonly until?: string;
  /** When it has to be judged anew though nothing may happen to it: a warning is over then. */
  readonly dueAt?: string;
  /** What waits for a person: who may decide (ARNs, in which `*` stands for any letters; empty: whoever may call Cordon), and within how long. */
  readonly approval?: { readonly by: readonly string[]; readonly validMs: number };
}

/**
 * What the matter itself is, before exceptions and modes. `for-a-person`: wrong, and nothing that Cordon changes. `needs-approval`: wrong, and Cordon changes it, on a
 * person's word only, whatever the mode. `announced`: nothing is done about it yet, whatever the mode, and people are told what will be.
 */
export type VerdictKind = "compliant" | "violating" | "undecidable" | "for-a-person" | "needs-approval" | "announced";

/** Why a decision is what it is: enough to answer "why?" years later from the evidence alone. */
export interface Explanation {
  readonly verdict: VerdictKind;
  /** The mode that counted, and the rule that gave it; none where nothing is wrong. */
  readonly mode?: Mode;
  readonly modeRule?: string;
  /** The facts it rests on, by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** Transfers, exceptions and scopes that could have concerned it, in the order of their rules' ids. */
  readonly considered: readonly Consideration[];
  /** So many more were considered than are listed. */
  readonly unlisted?: number;
}

/** One rule that was considered. `unknown`: whether it applies can't be told, which never counts as yes. */
export interface Consideration {
  readonly rule: string;
  readonly applies: "yes" | "no" | "unknown";
  readonly why: string;
}

/** A time-bound, approved waiver of one finding, bound to the facts it was granted on. */
export interface Exception {
  readonly findingId: string;
  readonly reason: string;
  readonly approver: string;
  readonly grantedAt: string;
  readonly expiresAt: string;
  /** `subjectOf(facts)` at the time: a rule that now points elsewhere is another matter. */
  readonly subject: string;
  /** The class of the data at the time: data of a higher class was not meant. "" of what holds no data. */
  readonly classification: string;
  /** Why it was ended before its time. */
  readonly endedBecause?: string;
}

/** Why something is not done now: which limit holds it, whose count that is, and until when. */
export interface Hold {
  readonly limit: "blast-radius" | "flip-guard" | "refused-by-aws" | "brake" | "mode" | "approval";
  /** Whose count it is, or who set the limit. */
  readonly whose: string;
  readonly count?: number;
  readonly most?: number;
  /** When it ends by itself; without it, a person ends it. */
  readonly until?: string;
}

/** What a person has said about a finding, and what came of it. */
export interface Saying {
  readonly action: "approve" | "reject" | "extend" | "roll-back" | "close" | "aware";
  readonly at: string;
  readonly by: string;
  /** How it is known who that is; `not at all`: whoever may invoke the function said so. */
  readonly how: string;
  readonly reason: string;
  readonly outcome: "done" | "refused" | "proposed";
  /** Why it was refused. */
  readonly why?: string;
}

/** A change that waits for a person's word: what would be done, and until when the word is waited for. */
export interface PendingPlan {
  /** Tells this plan from any other, so that a person approves what was shown and nothing else. */
  readonly id: string;
  readonly steps: readonly Step[];
  readonly permissions: readonly string[];
  readonly reversible: string;
  readonly askedAt: string;
  readonly expiresAt: string;
  /** How often nobody has answered in time. */
  readonly unanswered: number;
}

/** One difference between two states: where, what it was, what it is. `undefined` means absent. */
export interface Change {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One call that a plan makes, and what takes it back. */
export interface Step {
  readonly operation: string;
  readonly changes: readonly Change[];
  readonly inverse: { readonly operation: string; readonly changes: readonly Change[] };
}

/** Exact state before and after one run, decided before the first mutating call. `null` is "not configured". */
export interface Plan<State = unknown> {
  readonly kind: "contain" | "roll-back";
  readonly parts: readonly string[];
  readonly before: State;
  readonly after: State;
  readonly steps: readonly Step[];
  /**
   * The harder stop, permitted only where it takes nothing compliant with it; used when AWS denies the first. `isAsHard`: no harder than the first and by another way; used
   * when there is no room for the first, too.
   */
  readonly fallback?: { readonly after: State; readonly steps: readonly Step[]; readonly isAsHard?: true };
  readonly permissions: readonly string[];
  readonly reversible: string;
}

/** What was called, and AWS's answer to it. */
export interface Receipt {
  readonly operation: string;
  readonly requestId: string;
  readonly at: string;
  readonly outcome: "accepted" | "refused";
  readonly error?: string;
}

export type Verification =
  | { readonly kind: "verified"; readonly at: string; readonly reads: number }
  | { readonly kind: "drifted"; readonly at: string; readonly reads: number; readonly differences: readonly Change[] }
  | { readonly kind: "inconclusive"; readonly at: string; readonly reads: number; readonly reason: string };

/** A time in which data could cross. */
export interface ExposureWindow {
  /** When the offending call was made. */
  readonly fromMs: number;
  /** When AWS took the containment. */
  readonly toMs: number;
  /** No more is asked for after it; left out, the port's own limits hold. */
  readonly deadlineMs?: number;
}

/**
 * What may have crossed before a containment: an estimate, never a proof. Numbers and times only; the names of what crossed are personal data
 * themselves.
 */
export interface Exposure {
  /** The window in which data could cross: from the offending call ... */
  readonly from: string;
  /** ... until AWS took the containment. */
  readonly to: string;
  readonly objects: number;
  readonly bytes: number;
  /** When the first of them was written, and the last; left out when there are none. */
  readonly firstAt?: string;
  readonly lastAt?: string;
  /** False when so many were counted before a limit was reached: it is "at least". */
  readonly isAll: boolean;
  /** AWS would not show it: the numbers are 0 because nothing was counted, not because nothing crossed. `basis` says why. */
  readonly isUnreadable?: true;
  /** How it was estimated and in which direction it errs, in words for a ticket. */
  readonly basis: string;
}

/** How a finding stands in the journal. `containing` and `rolling-back` are runs in flight; `waiting` is violating, to be contained later. */
export type FindingStatus =
  | "observed"
  | "awaiting-approval"
  | "containing"
  | "contained"
  | "inconclusive"
  | "waiting"
  | "rolling-back"
  | "exempt"
  | "resolved";

/** What an invocation answers for one finding (docs: DESIGN, "Run from outside"). */
export type ResultStatus =
  | "compliant"
  | "exempt"
  | "observed"
  | "awaiting-approval"
  | "contained"
  | "already-contained"
  | "inconclusive"
  | "refused"
  | "failed"
  | "ignored";

export interface Result {
  readonly findingId: string | null;
  readonly occurrence: number;
  readonly controlId: string;
  readonly resource: Pick<ResourceRef, "arn" | "account" | "region" | "type"> | null;
  readonly decision: DecisionKind | null;
  readonly status: ResultStatus;
  readonly reasons: readonly string[];
  readonly changes: readonly Change[];
  /** It waits for a person because AWS does not let Cordon read it: somebody has to give the right, and to look again before that is of no use. */
  readonly isDenied?: true;
}

/** Time comes from outside, so that tests move it. `sleep` resolves after that many milliseconds of it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}
