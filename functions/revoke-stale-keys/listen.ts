import type { Ports } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { deniedBursts } from "../../shared/keys/denied-bursts.ts";
import { type Resolved, resolveUser } from "../../shared/keys/resolve-user.ts";
import { sendToQueue } from "../../shared/outbox/own-queue-aws.ts";
import type { Handled } from "../../shared/pipeline.ts";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import { sessionsOf } from "../../shared/resources/iam-sessions.ts";
import type { RootKeys } from "../../shared/resources/root-keys.ts";
import { withoutFinding } from "../../shared/runtime/answer.ts";
import type { Listening } from "../../shared/runtime/handler.ts";
import { inTurn } from "../../shared/runtime/in-turn.ts";
import type { Connection } from "../../shared/runtime/wire.ts";
import { keyEvents } from "../../shared/signals/iam-key-events.ts";
import { ACCOUNT, IAM_ROLE } from "../../shared/signals/iam-refs.ts";
import { ACCOUNT_LOOK } from "../../shared/signals/key-requests.ts";
import { parseLook } from "../../shared/signals/look.ts";
import { parseUserLooks } from "../../shared/signals/look-users.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import type { Parsed } from "../../shared/signals/parsed.ts";
import { partitionOf } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result, Signal } from "../../shared/types.ts";
import { lookThroughAccount } from "./account-look.ts";
import { CONTROLS, exposed, type KeyControl, roleSessions, rootKeys, rotated, userSessions } from "./controls.ts";
import { parseDaily } from "./daily.ts";
import { recentLooks } from "./recent-looks.ts";
import { exposureOf, rolesAssumedWith } from "./roles.ts";
import { handleRoots, handleStray, isOfExposure, settleStray, tellMissingRoles } from "./stray.ts";

/** What the controls hear, all together. */
const CALLS = merged(CONTROLS.map(({ meta }) => meta.cloudTrail));

/** AWS refuses to say whose key it is. */
interface Unknown {
  readonly kind: "unknown";
  readonly reason: string;
}

/** The ears of the function: what is told of a user's keys goes to the controls it concerns, what stops an exposed key before all else. */
export function listenForKeys(
  { messages, accounts, ...connection }: Connection,
  env: Readonly<Record<string, string | undefined>>,
): Listening {
  const { clock, policy, journal, ports } = connection;
  const stack = env.CORDON_STACK ?? "";
  const region = env.AWS_REGION ?? "";
  const partition = partitionOf(region);
  const events = keyEvents(CALLS, { denials: true, partition });
  const looks = recentLooks();
  const bursts = deniedBursts(journal, accessKeyRules(policy).deniedBursts);
  /** A look of the sweep's is for one control. */
  const lookedFor = new WeakMap<Signal, KeyControl>();

  const lookIn = (event: unknown): Parsed | undefined => {
    let ignored: Parsed | undefined;
    for (const control of CONTROLS) {
      const look = parseLook(event, control.meta);
      if (look?.kind === "signal") lookedFor.set(look.signal, control);
      if (look !== undefined && look.kind !== "ignored") return look;
      ignored = look;
    }
    return ignored;
  };

  /** One event, by the controls it is for: that one of them can't go on keeps the others from nothing. */
  const handleBy = async (
    controls: readonly KeyControl[],
    signal: Signal,
    deadlineMs: number,
    seen: Ports = ports,
  ): Promise<Handled> => {
    const results: Result[] = [];
    const retries: number[] = [];
    let failure: unknown;
    for (const control of controls) {
      try {
        const handled = await control.handle(signal, { ...connection, ports: seen }, deadlineMs);
        results.push(...handled.results);
        if (handled.retryAtMs !== undefined) retries.push(handled.retryAtMs);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return { results, ...(retries.length > 0 && { retryAtMs: Math.min(...retries) }) };
  };

  const officeUntil = (deadlineMs: number) => ({
    journal,
    policy,
    clock,
    lookAtRoot: (signal: Signal) => handleBy([rootKeys], signal, deadlineMs),
  });

  const lookAtUser = async (signal: Signal, deadlineMs: number): Promise<Handled> => {
    const office = officeUntil(deadlineMs);
    const resolved = await resolve(signal);
    if (resolved.kind !== "user") {
      const whose = resolved.kind === "none" ? "nobody" : "unknown";
      if (isOfExposure(signal)) return handleStray(signal, { whose, why: resolved.reason }, office);
      return told(signal, signal.report ? "refused" : "ignored", resolved.reason);
    }
    const one = lookedFor.get(signal);
    const controls = one === undefined ? concerns(signal) : [one];
    // Events name a user in several ways: by a key, by a name without its path. The turns by an event's own resource, within which this one is waited for, have other names.
    const handled = await inTurn(`user ${resolved.signal.resource.arn}`, () =>
      treatUser(resolved.signal, controls, deadlineMs),
    );
    // By the event as it was told, which is how it was told of before.
    if (isOfExposure(signal)) await settleStray(signal, resolved.signal.resource.arn, office);
    return handled;
  };

  /** AWS refuses to say whose a key is for want of a right, and just so of a key that no user of the account has: a person is told, for no further delivery would tell more. */
  const resolve = async (signal: Signal): Promise<Resolved | Unknown> => {
    try {
      return await resolveUser(signal, ports);
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind !== "denied" || !isOfExposure(signal)) throw error;
      return { kind: "unknown", reason: error.message };
    }
  };

  const treatUser = async (signal: Signal, controls: readonly KeyControl[], deadlineMs: number): Promise<Handled> => {
    const handled = await handleBy(controls, signal, deadlineMs);
    const exposure = await exposureOf(signal, userSessions.meta.id, journal);
    const roles = await rolesAssumedWith(exposure, { ports, policy, clock, region }, deadlineMs);
    const results = [...handled.results];
    for (const each of roles?.signals ?? []) {
      try {
        await accounts.credentialsFor(each.resource.account);
        results.push(...(await handleBy([roleSessions], each, deadlineMs)).results);
      } catch (error) {
        if (!(error instanceof CordonError) || error.retry) throw error;
        results.push(...told(each, "refused", error.message).results);
      }
    }
    if (roles !== undefined)
      results.push(...(await tellMissingRoles(exposure, roles.missing, officeUntil(deadlineMs))));
    return { ...handled, results };
  };

  /** A role of which a call tells by its name. */
  const lookAtRole = async ({ isNameOnly: _, ...signal }: Signal, deadlineMs: number): Promise<Handled> => {
    const resource = await sessionsOf(ports).roleNamed(signal.resource);
    if (resource === undefined) return told(signal, "ignored", `there is no role ${signal.resource.name}`);
    return handleBy([roleSessions], { ...signal, resource }, deadlineMs);
  };

  return {
    clock,
    messages,
    accounts,
    hear: (event, ownAccount) =>
      parseDaily(event, stack, { own: ownAccount, members: env.CORDON_ACCOUNTS, partition }) ??
      parseUserLooks(event) ??
      asList(lookIn(event)) ??
      parseSignals(event, { ...events, ownAccount }),
    async handle(signal, deadlineMs) {
      const nowMs = clock.nowMs();
      if (lookedFor.has(signal)) {
        const isUsers = signal.resource.type !== ACCOUNT && signal.resource.type !== IAM_ROLE;
        return isUsers
          ? lookAtUser(signal, deadlineMs)
          : handleBy([lookedFor.get(signal) ?? rootKeys], signal, deadlineMs);
      }
      const at = Number.isNaN(Date.parse(signal.at)) ? new Date(nowMs).toISOString() : signal.at;
      const timed = { ...signal, at };
      if (signal.resource.type === ACCOUNT && signal.name === ACCOUNT_LOOK) {
        const before = looks.covering(signal, nowMs);
        if (before !== undefined) return told(signal, "ignored", `the account was looked through at ${before} already`);
        const lookAtRoot = (hasNone: boolean) =>
          handleBy([rootKeys], timed, deadlineMs, hasNone ? { ...ports, rootKeys: WITHOUT_ROOT_KEYS } : ports);
        const send = (bodies: readonly string[]) => sendToQueue(`${stack}-revoke-stale-keys`, bodies);
        const look = { ports, policy, clock, send, look: lookAtUser, lookAtRoot };
        const handled = await lookThroughAccount(timed, look, deadlineMs);
        looks.done(signal, nowMs);
        return handled;
      }
      if (signal.resource.type === ACCOUNT)
        return isOfExposure(timed)
          ? handleRoots(timed, officeUntil(deadlineMs))
          : handleBy([rootKeys], timed, deadlineMs);
      if (signal.resource.type === IAM_ROLE && signal.report === undefined) return lookAtRole(timed, deadlineMs);
      if (signal.denied !== true) return lookAtUser(timed, deadlineMs);
      const report = await bursts.count(signal, nowMs);
      if (report === undefined) return { results: [] };
      const handled = await lookAtUser({ ...timed, report }, deadlineMs);
      bursts.told(report);
      return handled;
    },
  };
}

/** What the credential report has said a moment ago. */
const WITHOUT_ROOT_KEYS: RootKeys = { read: async () => ({ kind: "present", state: { hasKeys: false } }) };

/** What is known to others is stopped: the key, and what was begun with it. Denied calls alone prove nothing of sessions; of a call on a user's policies only they are concerned. */
function concerns({ report, source, name }: Signal): readonly KeyControl[] {
  if (report?.by === "cloudtrail") return [exposed];
  if (report !== undefined) return [exposed, userSessions];
  if (source === "schedule") return [rotated];
  if (source === "cloudtrail")
    return CONTROLS.filter(({ meta }) => meta.resourceType === rotated.meta.resourceType && hears(meta, name));
  return [exposed, rotated];
}

function hears({ cloudTrail }: KeyControl["meta"], name: string): boolean {
  return Object.values(cloudTrail).some((names) => names.includes(name));
}

function told(signal: Signal, status: Result["status"], reason: string): Handled {
  return { results: [withoutFinding(rotated.meta.id, signal.resource, status, reason)] };
}

const asList = (parsed: Parsed | undefined) => (parsed === undefined ? undefined : [parsed]);

function merged(
  all: readonly Readonly<Record<string, readonly string[]>>[],
): Readonly<Record<string, readonly string[]>> {
  const sources = new Set(all.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...sources].map((source) => [source, [...new Set(all.flatMap((each) => each[source] ?? []))]]),
  );
}
