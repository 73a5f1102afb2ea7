import type { FindingRecord } from "../shared/journal/journal.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import type { AccessKeyFacts, Change, FindingStatus } from "../shared/types.ts";
import { labelled, toSeconds } from "./text.ts";

/** What is asked for, each part as the function takes it. */
export interface Order {
  readonly findingId: string;
  readonly reason: string;
  readonly hours?: number;
}

/** What a rollback would do, before anybody is asked. */
export interface Preview {
  readonly finding: Pick<FindingRecord, "id" | "title" | "status" | "severity" | "resource" | "classification">;
  /** From what Cordon left to what was there before. */
  readonly puttingBack: readonly Change[];
  /** What follows, and what it can't bring back. */
  readonly consequences: readonly string[];
  readonly exception: {
    readonly reason: string;
    readonly until: string;
    readonly hours: number;
    /** Policy's limit, by the policy this command goes by. */
    readonly mostHours: number;
  };
  /** What the person has to know besides. */
  readonly warnings: readonly string[];
  /** It is of no use to ask. */
  readonly refusal?: string;
}

const HOUR_MS = 3_600_000;
/** Nothing of these is contained, nor can a run be under way that leaves it so. */
const NEVER_CONTAINED: readonly FindingStatus[] = ["observed", "awaiting-approval", "waiting", "resolved"];

/** Pure. */
export function previewOf(finding: FindingRecord, order: Order, policy: ResidencyPolicy, nowMs: number): Preview {
  const { id, title, status, severity, resource, classification, changes, facts, reversible, decision } = finding;
  const { defaultMs, maxMs } = policy.limits.exception;
  const hours = order.hours ?? defaultMs / HOUR_MS;
  const mostHours = maxMs / HOUR_MS;
  const isOther = decision.policyDigest !== policy.digest;
  const tooLong = `${hours} hours are more than the ${mostHours} that policy ${policy.name} allows`;
  const isTooLong = hours > mostHours;
  const { reason } = order;
  const isLetBe = status === "exempt" || status === "rolling-back";
  const warnings = [
    ...(isOther
      ? [
          `the finding was decided by another policy than ${policy.name}, which this command goes by: the limit may be another too (CORDON_POLICY)`,
        ]
      : []),
    ...(isTooLong && isOther ? [`${tooLong}: expect a refusal`] : []),
    ...(status === "exempt" && finding.exception !== undefined
      ? [`it is let be already, until ${toSeconds(finding.exception.expiresAt)}: expect nothing to change`]
      : []),
    ...(status === "contained" || status === "exempt"
      ? []
      : [`it is ${status}: a run is under way, or was not finished`]),
  ];
  const refusal = NEVER_CONTAINED.includes(status)
    ? `the finding is ${status}; only a contained one can be taken back`
    : isTooLong && !isOther
      ? tooLong
      : undefined;
  return {
    finding: { id, title, status, severity, resource, classification },
    // Put back already, its changes are the rollback's.
    puttingBack: isLetBe ? [] : changes.map(inverted),
    consequences: [
      ...(!isLetBe && facts.kind === "transfer" && facts.to !== undefined
        ? [`data of class "${classification}" goes from ${facts.from} to ${facts.to} again`]
        : []),
      ...(!isLetBe && facts.kind === "access-key" ? [keyWorksAgain(facts)] : []),
      reversible,
    ],
    exception: { reason, until: new Date(nowMs + hours * HOUR_MS).toISOString(), hours, mostHours },
    warnings,
    ...(refusal !== undefined && { refusal }),
  };
}

function keyWorksAgain({ key, reported }: AccessKeyFacts): string {
  const known = reported && `: it was reported to be known to others (${reported.type} at ${reported.at})`;
  return `whoever has ${key} can use it again${known ?? ""}`;
}

function inverted({ path, before, after }: Change): Change {
  return { path, ...(after !== undefined && { before: after }), ...(before !== undefined && { after: before }) };
}

/** A preview for people. Pure. */
export function describePreview({ finding, puttingBack, consequences, exception, warnings }: Preview): string {
  const { id, title, status, severity, resource, classification } = finding;
  const value = (each: unknown) => (each === undefined ? "(absent)" : JSON.stringify(each));
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["Finding", [`${id}, ${status}, ${severity}`, title]],
    [
      "Resource",
      [`${resource.arn}, account ${resource.account}, ${resource.region}, class ${classification || "none"}`],
    ],
    [
      "Puts back",
      [
        ...puttingBack.map(({ path, before, after }) => `${path}: ${value(before)} -> ${value(after)}`),
        puttingBack.length > 0
          ? "exactly as it was, as long as nobody has changed it since"
          : "nothing that is known of",
      ],
    ],
    ["Then", consequences],
    [
      "Exception",
      [
        `until ${toSeconds(exception.until)} (${exception.hours} h; policy allows up to ${exception.mostHours} h), contained again after it`,
        `by you: ${exception.reason}`,
      ],
    ],
    ["Mind", warnings],
  ];
  return labelled(rows);
}

/**
 * An order as the function takes it. Pure.
 *
 * @param run the run that was shown, so that a later one is not taken back unseen
 */
export function orderFor(
  { findingId, reason, hours }: Order,
  run: number | undefined,
): Readonly<Record<string, unknown>> {
  return {
    action: "roll-back",
    findingId,
    reason,
    ...(run !== undefined && { run }),
    ...(hours !== undefined && { expiresInHours: hours }),
  };
}
