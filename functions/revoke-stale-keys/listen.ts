import { control as exposed } from "../../controls/iam-access-key-is-not-exposed/control.ts";
import { control as rotated } from "../../controls/iam-access-key-is-rotated/control.ts";
import type { Control } from "../../shared/control.ts";
import { deniedBursts } from "../../shared/keys/denied-bursts.ts";
import { resolveUser } from "../../shared/keys/resolve-user.ts";
import { sendToQueue } from "../../shared/outbox/own-queue-aws.ts";
import { type Handled, handleSignal } from "../../shared/pipeline.ts";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import type { UserKeys } from "../../shared/resources/iam-users.ts";
import { withoutFinding } from "../../shared/runtime/answer.ts";
import type { Listening } from "../../shared/runtime/handler.ts";
import type { Connection } from "../../shared/runtime/wire.ts";
import { keyEvents } from "../../shared/signals/iam-key-events.ts";
import { ACCOUNT } from "../../shared/signals/iam-refs.ts";
import { ACCOUNT_LOOK } from "../../shared/signals/key-requests.ts";
import { parseLook } from "../../shared/signals/look.ts";
import { parseUserLooks } from "../../shared/signals/look-users.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import type { Parsed } from "../../shared/signals/parsed.ts";
import { partitionOf } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result, Signal } from "../../shared/types.ts";
import { lookThroughAccount } from "./account-look.ts";
import { parseDaily } from "./daily.ts";
import { recentLooks } from "./recent-looks.ts";

type KeyControl = Control<UserKeys>;

/** What a control hears, of both together. */
const CALLS = merged([rotated.meta.cloudTrail, exposed.meta.cloudTrail]);

/** The ears of the function: what is told of a user's keys goes to the controls it concerns, the exposed key before the old one. */
export function listenForKeys(
  { messages, accounts, ...connection }: Connection,
  env: Readonly<Record<string, string | undefined>>,
): Listening {
  const { clock, policy, journal } = connection;
  const stack = env.CORDON_STACK ?? "";
  const partition = partitionOf(env.AWS_REGION ?? "");
  const events = keyEvents(CALLS, { denials: true, partition });
  const looks = recentLooks();
  const bursts = deniedBursts(journal, accessKeyRules(policy).deniedBursts);
  /** A look of the sweep's is for one control. */
  const lookedFor = new WeakMap<Signal, KeyControl>();

  const lookIn = (event: unknown): Parsed | undefined => {
    let ignored: Parsed | undefined;
    for (const control of [rotated, exposed]) {
      const look = parseLook(event, control.meta);
      if (look?.kind === "signal") lookedFor.set(look.signal, control);
      if (look !== undefined && look.kind !== "ignored") return look;
      ignored = look;
    }
    return ignored;
  };
  const concerns = (signal: Signal): readonly KeyControl[] => {
    const one = lookedFor.get(signal);
    if (one !== undefined) return [one];
    if (signal.report !== undefined) return [exposed];
    return signal.source === "schedule" ? [rotated] : [exposed, rotated];
  };
  const look = async (signal: Signal, deadlineMs: number): Promise<Handled> => {
    const resolved = await resolveUser(signal, connection.ports);
    if (resolved.kind === "none") return told(signal, "ignored", resolved.reason);
    const results: Result[] = [];
    const retries: number[] = [];
    let failure: unknown;
    for (const control of concerns(signal)) {
      try {
        const handled = await handleSignal(resolved.signal, { ...connection, control }, deadlineMs);
        results.push(...handled.results);
        if (handled.retryAtMs !== undefined) retries.push(handled.retryAtMs);
      } catch (error) {
        // That one control can't go on keeps the other from nothing.
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return { results, ...(retries.length > 0 && { retryAtMs: Math.min(...retries) }) };
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
      const at = Number.isNaN(Date.parse(signal.at)) ? new Date(nowMs).toISOString() : signal.at;
      if (signal.resource.type === ACCOUNT && signal.name === ACCOUNT_LOOK) {
        const before = looks.covering(signal, nowMs);
        if (before !== undefined) return told(signal, "ignored", `the account was looked through at ${before} already`);
        const send = (bodies: readonly string[]) => sendToQueue(`${stack}-revoke-stale-keys`, bodies);
        const office = { ports: connection.ports, policy, clock, send, look };
        const handled = await lookThroughAccount({ ...signal, at }, office, deadlineMs);
        looks.done(signal, nowMs);
        return handled;
      }
      if (signal.resource.type === ACCOUNT) return told(signal, "ignored", "root's own keys are no user's");
      if (signal.denied !== true) return look(lookedFor.has(signal) ? signal : { ...signal, at }, deadlineMs);
      const report = await bursts.count(signal, nowMs);
      if (report === undefined) return { results: [] };
      const handled = await look({ ...signal, at, report }, deadlineMs);
      bursts.told(report);
      return handled;
    },
  };
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
