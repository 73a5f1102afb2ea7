import { contentHash } from "../ids.ts";
import type { FindingState } from "../journal/journal.ts";
import type { PendingPlan, Step, VerdictKind } from "../types.ts";
import { differences, invert } from "./difference.ts";
import { planContainment, reversibleOf, WHEN_DONE } from "./plan.ts";
import { canChange, type Judged, type Run, type View } from "./run.ts";

/** What would be done about one finding, were a person to approve it. */
export interface Proposed {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly permissions: readonly string[];
  readonly reversible: string;
}

/**
 * The plans that a person is asked about, by finding. Each has an id made of the part as it is and of what would change, so that a part that has changed since is
 * another plan, and one whose neighbours have changed is the same. None for what moves nothing, can't be read, or is of a control that changes nothing. Pure.
 */
export function proposedPlans<State>(
  run: Run<State>,
  view: View<State>,
  judged: readonly Judged[],
): ReadonlyMap<string, Proposed> {
  const active = judged.filter(hasPlan);
  if (active.length === 0 || !canChange(run) || !view.isReadable) return new Map();
  const { control, ports } = run.cordon;
  const { state } = view.detection;
  const parts = new Set(active.map(({ finding }) => finding.part));
  const { after, steps, permissions } = planContainment(
    control,
    control.port(ports),
    state,
    parts,
    undefined,
    view.classified,
    WHEN_DONE,
  );
  const [step] = steps;
  if (step === undefined) return new Map();
  return new Map(
    active.flatMap(({ finding: { id, part } }) => {
      const changes = differences(state, after, part);
      // To approve what changes nothing would settle nothing.
      if (changes.length === 0) return [];
      const inverse = { ...step.inverse, changes: invert(changes) };
      const plan = [{ operation: step.operation, changes, inverse }];
      const hash = contentHash([differences(null, state, part), step.operation, changes]).slice(0, 12);
      const proposed = { id: hash, steps: plan, permissions, reversible: reversibleOf(control, state, after, [part]) };
      return [[id, proposed] as const];
    }),
  );
}

/**
 * What moves data can be stopped, and an object can be given its tag where nothing stands in the way. A key that nothing sure is known of can be deactivated, and is not
 * deleted for it.
 */
function hasPlan({ finding: { facts }, decision }: Judged): boolean {
  const { verdict } = decision.explanation;
  switch (facts.kind) {
    case "transfer":
      return facts.active;
    case "object":
      return verdict === "violating";
    case "access-key":
      return isKnownWrong(verdict) || (verdict === "undecidable" && facts.status === "Active");
    case "sessions":
      return isKnownWrong(verdict);
    case "condition":
    case "unreadable":
      return false;
  }
}

function isKnownWrong(verdict: VerdictKind): boolean {
  return verdict === "violating" || verdict === "needs-approval";
}

/** The plan as it waits, for the finding's record. Pure. */
export function pendingPlan(
  { changedAtMs, untilMs, unanswered = 0 }: FindingState,
  { id, steps, permissions, reversible }: Proposed,
): PendingPlan | undefined {
  if (untilMs === undefined) return undefined;
  return {
    id,
    steps,
    permissions,
    reversible,
    askedAt: new Date(changedAtMs).toISOString(),
    expiresAt: new Date(untilMs).toISOString(),
    unanswered,
  };
}
