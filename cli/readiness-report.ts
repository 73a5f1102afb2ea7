import type { FindingRecord } from "../shared/journal/journal.ts";
import type { ReachedState } from "../shared/journal/records.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import type { Mode } from "../shared/types.ts";
import {
  accountsOf,
  causesOf,
  countsBy,
  movesOf,
  pipelineOccurrences,
  type StormOf,
  stormsIn,
  takenBackRow,
} from "./readiness-counts.ts";
import { type History, historyOf, resourceKeyOf } from "./readiness-history.ts";
import {
  type Ceiling,
  ceilingOf,
  isAbove,
  MODES,
  type ModeRule,
  modeRulesOf,
  mostOf,
  type RampedControl,
  rampOf,
} from "./readiness-rules.ts";
import type { Conclusion, ReadinessReport, RuleReport } from "./readiness-shape.ts";
import { concluded } from "./readiness-verdict.ts";

/** What is asked, and what it is held against. */
export interface ReadinessAsked {
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly controls?: readonly string[] | undefined;
  readonly accounts?: readonly string[] | undefined;
  /** The mode to be raised to; left out, each rule's next. */
  readonly to?: Mode | undefined;
  readonly isRevealed: boolean;
  readonly policy: ResidencyPolicy;
  readonly from: string;
  readonly catalogue: readonly RampedControl[];
}

/** The journal's records -> what raising the mode of each rule would have changed. Pure. */
export function readinessOf(
  evidence: readonly ReachedState[],
  findings: readonly FindingRecord[],
  asked: ReadinessAsked,
): ReadinessReport {
  const { policy, catalogue, controls, accounts, nowMs, sinceMs, from } = asked;
  const isMeant = (controlId: string, account: string) =>
    (controls?.includes(controlId) ?? true) && (accounts?.includes(account) ?? true);
  const known = modeRulesOf(policy, catalogue, undefined);
  const history = historyOf(
    evidence.filter(({ controlId, resource }) => isMeant(controlId, resource.account)),
    findings.filter(({ controlId, resource }) => isMeant(controlId, resource.account)),
    known,
    policy,
  );
  // What holds a control holds it in every account.
  const ceilings = new Map(
    catalogue.map((control) => [
      control.id,
      ceilingOf(explanationsOf(control.id, evidence, findings), mostOf(control)),
    ]),
  );
  const storms = stormsIn(history.observed, policy, asked.isRevealed);
  const named = modeRulesOf(policy, catalogue, accounts)
    .filter(({ controlId }) => controls?.includes(controlId) ?? true)
    .map(({ rule }) => rule);
  const recorded = [...history.observed, ...history.contained, ...history.takenBack].flatMap(({ rule }) => rule ?? []);
  const rules = [...new Set([...named, ...recorded])].map((rule) => {
    const controlId = controlOf(rule);
    return ruleReport(rule, { history, storms, asked, ceiling: ceilings.get(controlId), known });
  });
  rules.sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || a.rule.localeCompare(b.rule));
  const counts = Object.fromEntries(
    ORDER.map((verdict) => [verdict, rules.filter((each) => each.verdict === verdict).length] as const),
  );
  const isSeen = history.observed.length + history.contained.length > 0;
  return {
    policy: { name: policy.name, digest: policy.digest, from },
    since: new Date(sinceMs).toISOString(),
    at: new Date(nowMs).toISOString(),
    ok: isSeen && rules.length > 0 && rules.every(({ verdict }) => FINE.includes(verdict)),
    counts,
    rules,
  };
}

const ORDER: readonly Conclusion["verdict"][] = ["not-yet", "ready", "nothing-observed", "reached", "gone"];
const FINE: readonly Conclusion["verdict"][] = ["ready", "reached", "gone"];

function controlOf(rule: string): string {
  return rule.replace(/^(control|default):/, "").replace(/\/.*$/, "");
}

/** In the order of time. */
function explanationsOf(id: string, evidence: readonly ReachedState[], findings: readonly FindingRecord[]) {
  const all = [
    ...evidence.map(({ controlId, at, decision }) => ({ controlId, at, explanation: decision?.explanation })),
    ...findings.map(({ controlId, lastSeenAt, decision }) => ({
      controlId,
      at: lastSeenAt,
      explanation: decision.explanation,
    })),
  ];
  return all
    .filter(({ controlId }) => controlId === id)
    .sort((one, other) => one.at.localeCompare(other.at))
    .flatMap(({ explanation }) => explanation ?? []);
}

interface Matter {
  readonly history: History;
  readonly storms: readonly StormOf[];
  readonly asked: ReadinessAsked;
  readonly ceiling: Ceiling | undefined;
  readonly known: readonly ModeRule[];
}

function ruleReport(rule: string, { history, storms, asked, ceiling, known }: Matter): RuleReport {
  const { policy, catalogue, isRevealed, nowMs } = asked;
  const controlId = controlOf(rule);
  const inPolicy = known.find((each) => each.rule === rule);
  const control = catalogue.find(({ id }) => id === controlId);
  const mode = modeOf(inPolicy, ceiling, control === undefined ? "enforce" : mostOf(control), asked.to);
  const observed = history.observed.filter((each) => each.rule === rule);
  const contained = history.contained.filter((each) => each.rule === rule);
  const takenBack = history.takenBack.filter(
    (each) => each.rule === rule || (each.rule === undefined && each.state.controlId === controlId),
  );
  const waiting = observed.filter(({ would }) => would === "wait");
  const times = observed.map(({ state }) => state.at).sort();
  const stillSo = observed.filter(({ now }) => now === "observed" || now === "awaiting-approval").length;
  const facts = {
    rule,
    controlId,
    scope: inPolicy?.scope ?? (rule.includes("/") ? rule.slice(rule.indexOf("/") + 1) : null),
    mode,
    observed: {
      occurrences: observed.length,
      resources: new Set(observed.map(({ state }) => resourceKeyOf(state.resource))).size,
      firstAt: times[0] ?? null,
      lastAt: times.at(-1) ?? null,
      now: countsBy(observed, ({ now }) => now),
      stillSo,
      byOtherPolicy: observed.filter(({ state }) => state.decision?.policyDigest !== policy.digest).length,
    },
    would: {
      contain: observed.length - waiting.length,
      wait: waiting.length,
      waitBecause: Object.entries(countsBy(waiting, ({ because }) => because)).map(([because, occurrences]) => ({
        because,
        occurrences,
      })),
    },
    accounts: accountsOf(observed, takenBack),
    moves: movesOf(observed),
    causedBy: causesOf(observed, isRevealed),
    takenBack: takenBack.map((each) => takenBackRow(each, nowMs, isRevealed)),
    contained: {
      occurrences: contained.length,
      again: contained.filter(({ again }) => again !== undefined).length,
      againBySame: contained.filter(({ again }) => again === "same").length,
    },
    storms: storms.filter(({ rules }) => rules.has(rule)).map(({ rules: _, ...storm }) => storm),
  };
  const ramp = inPolicy !== undefined && mode.to !== null ? rampOf(inPolicy, mode.to, ceiling) : [];
  return { ...facts, ...concluded(facts, pipelineOccurrences(observed), asked.sinceMs), ramp };
}

function modeOf(
  inPolicy: ModeRule | undefined,
  ceiling: Ceiling | undefined,
  most: Mode,
  asked: Mode | undefined,
): RuleReport["mode"] {
  if (inPolicy === undefined) return { now: null, byPolicy: null, heldBy: null, to: null };
  const { mode: byPolicy } = inPolicy;
  const isHeld = ceiling !== undefined && isAbove(byPolicy, ceiling.mode);
  const now = isHeld ? ceiling.mode : byPolicy;
  const next = MODES[MODES.indexOf(now) + 1];
  const wanted = asked !== undefined && isAbove(asked, most) ? most : (asked ?? next);
  const to = wanted !== undefined && isAbove(wanted, now) && !isAbove(wanted, most) ? wanted : null;
  return { now, byPolicy, heldBy: isHeld ? ceiling.by : null, to };
}
