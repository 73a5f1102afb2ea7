import type { EvidenceRecord } from "../journal/journal.ts";
import type { Receipt, ResourceRef } from "../types.ts";

/** An event of the Open Cybersecurity Schema Framework, as JSON. */
export type OcsfEvent = Readonly<Record<string, unknown>>;

/** What tells an event from all others: its chain with its number there. */
export interface EventIdentity {
  readonly uid: string;
  readonly sequence: number;
}

const VERSION = "1.8.0";

/**
 * An entry of evidence -> OCSF 1.8.0. What Cordon did or tried to do is a Remediation Activity; all else is a judgement, a Compliance Finding. Pure:
 * the same entry gives the same event, and no clock is asked.
 *
 * | evidence | class | activity | status | compliance |
 * |---|---|---|---|---|
 * | `observed` | 2003 | Create | New | Fail |
 * | `awaiting-approval` | 2003 | Create | New | Fail |
 * | `waiting` | 2003 | Create | In Progress | Fail |
 * | `inconclusive`, `containing`, `rolling-back` | 2003 | Update | In Progress | Warning |
 * | `interleaved-write` | 2003 | Update | New | Warning |
 * | `exempt`, `exception-granted` | 2003 | Update | Suppressed | Other: Exempt |
 * | `contained` (found switched off) | 2003 | Update | Resolved | Pass |
 * | `resolved` | 2003 | Close | Resolved | Pass |
 * | `contained` with a run | 7001 | Isolate | Success | |
 * | `exempt` with a run (rolled back) | 7001 | Restore | Success | |
 * | `awaiting-approval` with a run (refused) | 7001 | by the run | Failure | |
 * | `rollback-not-applied` | 7001 | Restore | Failure | |
 * | `inconclusive` with a run | 7001 | by the run | Unknown | |
 * | any other kind | 2003, or 7001 with a run | Other | Unknown | Unknown |
 *
 * Severity says what OCSF means by it, whether somebody has to act: see `SEVERITY`.
 */
export function ocsfEvent(record: EvidenceRecord, { uid, sequence }: EventIdentity): OcsfEvent {
  const { content, kind, findingId, at } = record;
  const run = content.run as EvidencedRun | null | undefined;
  const isRemediation = (run !== null && run !== undefined) || kind === "rollback-not-applied";
  const severity = SEVERITY[kind] ?? UNKNOWN;
  return {
    ...(isRemediation ? remediation(record, run ?? undefined) : complianceFinding(record)),
    severity_id: severity[0],
    severity: severity[1],
    time: Date.parse(at),
    message: titleOf(record),
    metadata: {
      version: VERSION,
      product: { name: "Cordon", vendor_name: "Cordon" },
      profiles: ["cloud", "osint"],
      uid,
      sequence,
      correlation_uid: findingId,
      event_code: kind,
    },
    cloud: cloudOf(content.resource as Partial<ResourceRef> | undefined),
    // Required by the schema's profile; Cordon has no intelligence of others to add.
    osint: [],
  };
}

/** An identifier of OCSF's with its caption. */
type Coded = readonly [id: number, caption: string];

const UNKNOWN: Coded = [0, "Unknown"];
const SUCCESS: Coded = [1, "Success"];
const FAILURE: Coded = [2, "Failure"];

/** OCSF: informational asks for nothing, low leaves it to the reader, medium wants somebody to act, high at once. */
const SEVERITY: Readonly<Record<string, Coded>> = {
  contained: [1, "Informational"],
  exempt: [1, "Informational"],
  resolved: [1, "Informational"],
  "exception-granted": [1, "Informational"],
  containing: [1, "Informational"],
  "rolling-back": [1, "Informational"],
  observed: [2, "Low"],
  waiting: [3, "Medium"],
  inconclusive: [3, "Medium"],
  "rollback-not-applied": [3, "Medium"],
  "awaiting-approval": [4, "High"],
  "interleaved-write": [4, "High"],
};

interface Judgement {
  readonly activity: Coded;
  readonly status: Coded;
  readonly compliance: Coded;
}

const CREATE: Coded = [1, "Create"];
const UPDATE: Coded = [2, "Update"];
const NEW: Coded = [1, "New"];
const IN_PROGRESS: Coded = [2, "In Progress"];
const RESOLVED: Coded = [4, "Resolved"];
const PASS: Coded = [1, "Pass"];
const WARNING: Coded = [2, "Warning"];
const FAIL: Coded = [3, "Fail"];

const UNDER_WAY: Judgement = { activity: UPDATE, status: IN_PROGRESS, compliance: WARNING };
const WAIVED: Judgement = { activity: UPDATE, status: [3, "Suppressed"], compliance: [99, "Exempt"] };

const JUDGEMENTS: Readonly<Record<string, Judgement>> = {
  observed: { activity: CREATE, status: NEW, compliance: FAIL },
  "awaiting-approval": { activity: CREATE, status: NEW, compliance: FAIL },
  waiting: { activity: CREATE, status: IN_PROGRESS, compliance: FAIL },
  inconclusive: UNDER_WAY,
  containing: UNDER_WAY,
  "rolling-back": UNDER_WAY,
  "interleaved-write": { activity: UPDATE, status: NEW, compliance: WARNING },
  exempt: WAIVED,
  "exception-granted": WAIVED,
  contained: { activity: UPDATE, status: RESOLVED, compliance: PASS },
  resolved: { activity: [3, "Close"], status: RESOLVED, compliance: PASS },
};

function complianceFinding(record: EvidenceRecord): OcsfEvent {
  const { kind, controlId, findingId, content } = record;
  const otherwise: Judgement = { activity: [99, kind], status: UNKNOWN, compliance: UNKNOWN };
  const { activity, status, compliance } = JUDGEMENTS[kind] ?? otherwise;
  const resource = content.resource as Partial<ResourceRef> | undefined;
  return {
    ...classOf({ uid: 2003, name: "Compliance Finding", category: [2, "Findings"] }, activity, status),
    finding_info: { uid: findingId, title: titleOf(record), types: [controlId] },
    compliance: { control: controlId, status_id: compliance[0], status: compliance[1] },
    ...(resource?.arn !== undefined && {
      resources: [{ uid: resource.arn, name: resource.name, type: resource.type, region: resource.region }],
    }),
  };
}

/** What of a run the mapping reads (`evidenceOf` in shared/lifecycle/records.ts). */
interface EvidencedRun {
  readonly number: number;
  readonly kind: string;
  readonly receipts: readonly Receipt[];
}

const ACTIVITY_OF_RUN: Readonly<Record<string, Coded>> = { contain: [1, "Isolate"], "roll-back": [3, "Restore"] };

const RESULT: Readonly<Record<string, Coded>> = {
  contained: SUCCESS,
  exempt: SUCCESS,
  "awaiting-approval": FAILURE,
  "rollback-not-applied": FAILURE,
};

function remediation({ kind, key, content }: EvidenceRecord, run: EvidencedRun | undefined): OcsfEvent {
  const activity = ACTIVITY_OF_RUN[run?.kind ?? "roll-back"] ?? [99, run?.kind ?? kind];
  const resource = content.resource as Partial<ResourceRef> | undefined;
  const call = run?.receipts.find(({ outcome }) => outcome === "accepted") ?? run?.receipts.at(-1);
  return {
    ...classOf(
      { uid: 7001, name: "Remediation Activity", category: [7, "Remediation"] },
      activity,
      RESULT[kind] ?? UNKNOWN,
    ),
    // A run of a resource has a number of its own; a rollback that came to nothing may have none.
    command_uid: run === undefined ? key : `${resource?.arn ?? key}#${run.number}`,
    ...(call !== undefined && {
      api: {
        operation: call.operation,
        request: { uid: call.requestId },
        ...(call.error !== undefined && { response: { error: call.error } }),
      },
    }),
  };
}

function classOf(
  { uid, name, category }: { readonly uid: number; readonly name: string; readonly category: Coded },
  activity: Coded,
  status: Coded,
): OcsfEvent {
  return {
    category_uid: category[0],
    category_name: category[1],
    class_uid: uid,
    class_name: name,
    activity_id: activity[0],
    activity_name: activity[1],
    type_uid: uid * 100 + activity[0],
    type_name: `${name}: ${activity[0] === 99 ? "Other" : activity[1]}`,
    status_id: status[0],
    status: status[1],
  };
}

/** Where the customer's resource lies. */
function cloudOf(resource: Partial<ResourceRef> | undefined): OcsfEvent {
  return {
    provider: "AWS",
    ...(resource?.account !== undefined && {
      account: { uid: resource.account, type_id: 10, type: "AWS Account" },
    }),
    ...(resource?.region !== undefined && { region: resource.region }),
  };
}

/** The finding's title; entries about several findings say what they note. */
function titleOf({ content, kind, findingId }: EvidenceRecord): string {
  const { title } = (content.finding ?? {}) as { readonly title?: unknown };
  if (typeof title === "string") return title;
  return typeof content.note === "string" ? content.note : `${kind} of ${findingId}`;
}
