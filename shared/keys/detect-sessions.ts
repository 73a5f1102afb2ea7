import type { Asked, Detection, Ports } from "../control.ts";
import { findingId } from "../ids.ts";
import { KEY_END_SPREADS_MS } from "../policy/judge-key.ts";
import { type Denial, type DeniedSessions, sessionsOf } from "../resources/iam-sessions.ts";
import { usersOf } from "../resources/iam-users.ts";
import type { Reading } from "../resources/port.ts";
import { shownKeyId } from "../shown.ts";
import { IAM_ROLE } from "../signals/iam-refs.ts";
import type { Finding, KeyStatus, ResourceRef, SessionFacts, Signal } from "../types.ts";
import { byKey } from "./denial-policy.ts";

/** Denials, and why Cordon can't or may not change them. */
export interface SessionsState extends DeniedSessions {
  readonly hindrance?: string;
}

/**
 * The sessions of a user or role, a finding for each key that is reported now; those reported before are the journal's (`rememberedSessions`). What hinders Cordon is said in
 * the finding, so that it is remembered whose key was reported.
 *
 * @throws CordonError `unavailable`
 */
export async function detectSessions(
  controlId: string,
  resource: ResourceRef,
  ports: Ports,
  { signal }: Asked,
): Promise<Detection<SessionsState>> {
  const isRole = resource.type === IAM_ROLE;
  const sessions = sessionsOf(ports);
  const reading = await (isRole ? sessions.roles : sessions.users).read(resource);
  if (reading.kind === "absent") return reading;
  const held = isRole ? undefined : await usersOf(ports).keys.read(resource);
  if (held?.kind === "absent") return held;
  const reported = reportedKeys(signal, held);
  // Whose sessions to deny can't be told: that is nobody's all-clear.
  if (reported.kind !== "present") return reported;
  const keys = reported.state;
  if (reading.kind === "unreadable" && keys.length === 0) return reading;
  const [tags, own] = await Promise.all([
    isRole ? sessions.roleTags(resource) : usersOf(ports).tags(resource),
    sessions.whyOwn(resource),
  ]);
  const hindrance = own ?? whyClosed(resource) ?? (reading.kind === "unreadable" ? reading.reason : undefined);
  const denied = reading.kind === "present" ? reading.state.denied : [];
  const seen: Seen = {
    kind: "present",
    state: { denied, ...(hindrance !== undefined && { hindrance }) },
    tags,
    findings: [],
    ...(held !== undefined && { keys: held }),
    ...(reading.kind === "unreadable" && { isPartial: true as const }),
  };
  return { ...seen, findings: keys.map((key) => sessionsFinding(controlId, seen, resource, key, signal.keyStatus)) };
}

type Seen = Extract<Detection<SessionsState>, { readonly kind: "present" }>;

/**
 * One finding by what is denied now. Pure.
 *
 * @param told how the key stands, of a role: a user's own keys are seen
 */
export function sessionsFinding(
  controlId: string,
  { state: { denied, hindrance }, keys }: Seen,
  resource: ResourceRef,
  key: string,
  told?: KeyStatus,
): Finding {
  const keyStatus = keys === undefined ? told : statusIn(keys, key);
  const own = denied.find((each) => each.key === key);
  const facts: SessionFacts = {
    kind: "sessions",
    key,
    ...(own !== undefined && { deniedBefore: own.before }),
    ...(hindrance !== undefined && { hindrance }),
    ...(keyStatus !== undefined && { keyStatus }),
  };
  const title = `Sessions of ${resource.name} that may have been begun with ${key}`;
  return { id: findingId(controlId, resource, key), controlId, resource, part: key, title, facts };
}

/** What is in no list can begin no session: it is deleted, or a session's own. What AWS won't list may. */
function statusIn(keys: NonNullable<Seen["keys"]>, key: string): KeyStatus {
  if (keys.kind === "unreadable") return "Active";
  const isActive = keys.state.keys.some((each) => each.key === key && each.status === "Active");
  return isActive ? "Active" : "Inactive";
}

/** The keys that an event reports, as they are shown: all of the user's, where it doesn't say which. A temporary one is in no list. */
function reportedKeys(
  { report, keyId }: Signal,
  held: Seen["keys"],
): Exclude<Reading<readonly string[]>, { readonly kind: "absent" }> {
  const these = (state: readonly string[]) => ({ kind: "present", state }) as const;
  if (report === undefined) return these([]);
  if (keyId !== undefined) return these([shownKeyId(keyId)]);
  if (held === undefined) return these([]);
  return held.kind === "present" ? these(held.state.keys.map(({ key }) => key)) : held;
}

/** Roles that IAM lets nobody edit. Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html */
function whyClosed({ type, arn }: ResourceRef): string | undefined {
  if (type !== IAM_ROLE) return undefined;
  if (/:role\/aws-reserved\/sso\.amazonaws\.com\/|\/AWSReservedSSO_/.test(arn))
    return "it is a role of IAM Identity Center, which can't be edited in the account: revoke the user's sessions, or put a deny into the permission set, in Identity Center";
  if (/:role\/aws-service-role\//.test(arn))
    return "it is a service-linked role, which only its AWS service uses, and nobody can edit";
  return undefined;
}

/** With each offending key's sessions denied, as far as they were issued before `at`. Never earlier than before. Pure. */
export function denying(
  state: SessionsState,
  offending: ReadonlySet<string>,
  at: string,
  how: Denial["how"] = "inline",
): SessionsState {
  if (state.hindrance !== undefined) return state;
  const added = [...offending].map((key): Denial => {
    const known = state.denied.find((each) => each.key === key);
    const before = known !== undefined && Date.parse(known.before) > Date.parse(at) ? known.before : wholeSecond(at);
    return { key, before, how };
  });
  return withDenials(state, [...state.denied.filter(({ key }) => !offending.has(key)), ...added]);
}

/**
 * The time before which sessions have to have been issued to be denied: the key's end, as far as it is known, with the time that takes to spread; of a key that still works now and that time, until its
 * end is seen. Pure.
 */
export function denialTime(offending: readonly Finding[], nowMs: number): number {
  const times = offending.map(({ facts }) => {
    if (facts.kind !== "sessions") return nowMs;
    if (facts.keyStatus === "Active") return nowMs + KEY_END_SPREADS_MS;
    return facts.keyOffAt === undefined ? nowMs : Date.parse(facts.keyOffAt) + KEY_END_SPREADS_MS;
  });
  return Math.max(nowMs, ...times);
}

/** One key's denial as it was. Pure. */
export function withDenialAsBefore(left: SessionsState, before: SessionsState, part: string): SessionsState {
  const was = before.denied.filter(({ key }) => key === part);
  return withDenials(left, [...left.denied.filter(({ key }) => key !== part), ...was]);
}

function withDenials(state: SessionsState, denied: readonly Denial[]): SessionsState {
  return { ...state, denied: byKey(denied) };
}

/** A session's issue time has whole seconds: rounded up, none of this very second is left out. What is no time stays as it is. */
function wholeSecond(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
