import type { Finding, Result, ResultStatus } from "../types.ts";
import type { Judged, Run, View } from "./run.ts";

/** What is answered when every part is compliant, or there is none. */
export function compliantResults<State>(run: Run<State>, view: View<State>): readonly Result[] {
  if (view.judged.length > 0) return view.judged.map((each) => resultFor(run, each, "compliant", 0));
  return [resultOf(run, "compliant", ["nothing is configured that could move data"])];
}

/** A result about the resource as a whole. */
export function resultOf<State>(run: Run<State>, status: ResultStatus, reasons: readonly string[]): Result {
  const { arn, account, region, type } = run.signal.resource;
  const controlId = run.cordon.control.meta.id;
  const decision = status === "compliant" ? "compliant" : null;
  return {
    findingId: null,
    occurrence: 0,
    controlId,
    resource: { arn, account, region, type },
    decision,
    status,
    reasons,
    changes: [],
  };
}

/** A result about one finding. */
export function resultFor<State>(
  run: Run<State>,
  { finding, decision }: Judged,
  status: ResultStatus,
  occurrence: number,
  more: { readonly reasons?: readonly string[]; readonly changes?: Result["changes"] } = {},
): Result {
  const reasons = [...decision.reasons, ...(more.reasons ?? [])];
  return {
    ...resultOf(run, status, reasons),
    findingId: finding.id,
    occurrence,
    decision: decision.kind,
    changes: more.changes ?? [],
    ...(status === "awaiting-approval" && isDenied(finding) && { isDenied: true as const }),
  };
}

function isDenied({ facts }: Finding): boolean {
  return (
    facts.kind === "unreadable" ||
    (facts.kind === "object" && facts.undecided.some(({ hidden }) => hidden === "denied"))
  );
}
