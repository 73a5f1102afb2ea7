import type { Cause, Conclusion, RuleReport } from "./readiness-shape.ts";
import { counted, toSeconds } from "./text.ts";

/**
 * Whether a rule can be raised, by what raising it would have changed. In approve nothing is changed, so that only what people have taken back speaks
 * against it. Pure.
 *
 * @param byPipelines so many would have been changed under a pipeline
 */
export function concluded(
  facts: Omit<RuleReport, keyof Conclusion>,
  byPipelines: number,
  sinceMs: number,
): Omit<Conclusion, "ramp"> {
  const { mode, observed } = facts;
  if (mode.now === null) {
    if (observed.stillSo === 0) return { verdict: "gone", reasons: ["the policy at hand has no such rule"] };
    const many = counted(observed.stillSo, "occurrence");
    return {
      verdict: "not-yet",
      reasons: [
        `the policy at hand has no such rule, and ${many} still stands so: it is not known which rule has it now`,
      ],
    };
  }
  if (mode.to === null) return { verdict: "reached", reasons: [] };
  const reasons = mode.to === "approve" ? takenBackReasons(facts) : reasonsAgainst(facts, byPipelines);
  if (reasons.length > 0) return { verdict: "not-yet", reasons };
  if (observed.occurrences > 0) return { verdict: "ready", reasons: [] };
  const since = toSeconds(new Date(sinceMs).toISOString());
  return { verdict: "nothing-observed", reasons: [`nothing was observed since ${since}: that proves nothing`] };
}

function reasonsAgainst(facts: Omit<RuleReport, keyof Conclusion>, byPipelines: number): readonly string[] {
  const { would, contained, storms, causedBy } = facts;
  const pipelines = causedBy.filter(({ isPipeline, contain }) => isPipeline && contain > 0);
  const again = causedBy.reduce((sum, each) => sum + each.again, 0);
  const because = would.waitBecause.map((each) => `${each.because}: ${each.occurrences}`).join(", ");
  return [
    ...(would.wait > 0
      ? [`${would.wait} would have waited for a person (${because}): settle the policy for them first`]
      : []),
    ...takenBackReasons(facts),
    ...(byPipelines > 0
      ? [
          `${byPipelines} would have been changed under a pipeline, which sets ${byPipelines === 1 ? "it" : "them"} again with its next run: change its source first (${named(pipelines)})`,
        ]
      : []),
    ...(again > 0 ? [`${again} had ended, and the same principal brought ${again === 1 ? "it" : "them"} back`] : []),
    ...(contained.againBySame > 0
      ? [`${contained.againBySame} of what was contained was switched on again by the same principal: talk to it first`]
      : []),
    ...storms.map(
      ({ who, account, from, changes, limit, windowMinutes }) =>
        `${changes} changes on account of ${who} in ${account} within ${windowMinutes} minutes from ${toSeconds(from)}, of which limits.automaticChanges.count lets ${limit} through: the rest would have been a storm and held back`,
    ),
  ];
}

/** So many are named; the others are among those that caused it. */
const NAMED = 3;

function named(pipelines: readonly Cause[]): string {
  const names = pipelines.slice(0, NAMED).map(({ who, tools }) => `${who} by ${tools.join(", ")}`);
  return [...names, ...(pipelines.length > NAMED ? [`and ${pipelines.length - NAMED} more`] : [])].join("; ");
}

function takenBackReasons({ takenBack }: Pick<RuleReport, "takenBack">): readonly string[] {
  if (takenBack.length === 0) return [];
  const rolledBack = takenBack.filter(({ how }) => how === "rolled-back").length;
  const exempted = takenBack.length - rolledBack;
  const what = [
    ...(rolledBack > 0 ? [`${rolledBack} ${rolledBack === 1 ? "was" : "were"} rolled back`] : []),
    ...(exempted > 0 ? [`${exempted} ${exempted === 1 ? "was" : "were"} granted an exception`] : []),
  ];
  return [`${what.join(" and ")} since: see to the exceptions, for they end`];
}
