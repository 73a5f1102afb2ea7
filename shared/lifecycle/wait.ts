import { CHECK_AFTER_MS } from "../journal/due.ts";
import type { FindingState } from "../journal/journal.ts";
import type { Hold, PendingPlan } from "../types.ts";
import type { Leave } from "./blast-radius.ts";
import { type Proposed, pendingPlan, proposedPlans } from "./pending.ts";
import type { Judged, Run, View } from "./run.ts";
import { basisOf, violatingIn } from "./transition.ts";

/** Why a finding that is to be contained is not contained now. */
export interface Wait {
  readonly status: "inconclusive" | "awaiting-approval";
  readonly reason: string;
  /** The event has to be delivered again then. */
  readonly retryAtMs?: number;
  readonly hold?: Hold;
  /** The storm that it is a part of. */
  readonly parent?: string;
  /** What a person is asked about. */
  readonly pending?: PendingPlan;
  /** What is journalled says otherwise and has to be put right. */
  readonly state?: FindingState;
}

/** What has to wait in a storm: its turn, or, where it could break an application, a person's word. Pure but for the clock. */
export function waitsForLeave<State>(
  run: Run<State>,
  view: View<State>,
  wanted: readonly Judged[],
  leave: Exclude<Leave, { readonly kind: "go" }>,
): readonly { readonly judged: Judged; readonly wait: Wait }[] {
  if (leave.kind === "later") return wanted.map((judged) => ({ judged, wait: turnOf(run, judged, leave) }));
  const plans = proposedPlans(run, view, wanted);
  return wanted.map((judged) => ({ judged, wait: questionOf(run, judged, leave, plans.get(judged.finding.id)) }));
}

function turnOf<State>(
  { cordon }: Run<State>,
  judged: Judged,
  leave: Extract<Leave, { readonly kind: "later" }>,
): Wait {
  const { atMs, parent, hold } = leave;
  const { previous } = judged;
  const nowMs = cordon.clock.nowMs();
  const at = new Date(atMs).toISOString();
  const reason = `the blast radius of ${hold.whose} is used up: contained in its turn, at ${at} (storm ${parent})`;
  const isKnown = previous?.status === "waiting" && previous.lookAtMs === atMs + CHECK_AFTER_MS;
  const state = violatingIn(judged, "waiting", nowMs, {
    // Should the message that is to come at its turn get lost.
    lookAtMs: atMs + CHECK_AFTER_MS,
  });
  return { status: "inconclusive", reason, retryAtMs: atMs, hold, parent, ...(!isKnown && { state }) };
}

function questionOf<State>(
  { cordon }: Run<State>,
  judged: Judged,
  { parent, hold }: Extract<Leave, { readonly kind: "ask" }>,
  plan: Proposed | undefined,
): Wait {
  const { previous, finding, decision } = judged;
  const nowMs = cordon.clock.nowMs();
  const reason = `the blast radius of ${hold.whose} is used up, and this could break an application: a person has to approve it (storm ${parent})`;
  const basis = basisOf(finding, decision, plan?.id);
  const isSame = previous?.status === "awaiting-approval" && previous.basis === basis;
  if (isSame && (previous.untilMs ?? Infinity) > nowMs) return { status: "awaiting-approval", reason, hold, parent };
  const untilMs = nowMs + cordon.policy.limits.approvals.validMs;
  const state = violatingIn(judged, "awaiting-approval", nowMs, {
    basis,
    untilMs,
    isHeld: true,
    ...(isSame && { unanswered: (previous.unanswered ?? 0) + 1 }),
  });
  const pending = plan && pendingPlan(state, plan);
  return { status: "awaiting-approval", reason, hold, parent, state, ...(pending !== undefined && { pending }) };
}
