import type { Summary } from "../figures.ts";
import { median, quantile } from "../statistics.ts";
import type { Cold } from "./cold.ts";
import type { Decisions } from "./decisions.ts";
import type { Evaluated } from "./evaluated.ts";

/** One figure of the policy, and what it has to be. */
export interface PolicyFigure extends Summary {
  readonly what: string;
  readonly unit: string;
  /** `atLeast` or `atMost` this; without one the figure is for information. */
  readonly limit?: { readonly atLeast: number } | { readonly atMost: number };
  /** Counted and not timed: judged however few the runs. */
  readonly isExact?: true;
}

const DECISIONS_PER_SECOND = 20_000;
/** Of the time of a decision by 10,000 rules over that by 10. */
const GROWTH = 3;
const LOAD_MS = 40;

/** What the measurements come to. Pure. */
export function policyFigures(decisions: Decisions, cold: Cold, evaluated: Evaluated): readonly PolicyFigure[] {
  return [...figuresOfDecisions(decisions), ...figuresOfCold(cold, evaluated)];
}

function figuresOfDecisions({ usual, growing, open }: Decisions): readonly PolicyFigure[] {
  const [smallest, largest] = [growing[0], growing.at(-1)];
  const ratios = (smallest?.perSecond ?? []).map((rate, round) => rate / (largest?.perSecond[round] ?? Number.NaN));
  return [
    figure("100 rules, 10 exceptions, 10 conditions", "decisions per CPU second", usual.perSecond, {
      atLeast: DECISIONS_PER_SECOND,
    }),
    ...growing.map(({ size, perSecond }) =>
      figure(`a decision by ${counted(size)} rules`, "us CPU", perSecond.map(asUs)),
    ),
    figure(`${counted(largest?.size ?? 0)} rules over ${counted(smallest?.size ?? 0)}`, "ratio", ratios, {
      atMost: GROWTH,
    }),
    figure("a decision by 1,000 rules that all can match", "us CPU", open.perSecond.map(asUs)),
  ];
}

function figuresOfCold(cold: Cold, { builtIn }: Evaluated): readonly PolicyFigure[] {
  return [
    {
      ...figure("cold: modules of the language evaluated", "modules", [builtIn.length], { atMost: 0 }),
      isExact: true,
    },
    figure("cold: policy compiled in", "ms", cold.builtIn),
    figure("cold: 200 rules from a compiled file", "ms", cold.compiled, { atMost: LOAD_MS }),
    figure("cold: the same with 10 conditions", "ms", cold.conditions),
    figure("cold: 200 rules from YAML", "ms", cold.yaml),
    figure("cold: function, import to first answer", "ms", cold.shipped),
    figure("cold: the same without the language in its bundle", "ms", cold.without),
  ];
}

function figure(
  what: string,
  unit: string,
  values: readonly number[],
  limit?: NonNullable<PolicyFigure["limit"]>,
): PolicyFigure {
  const quartiles = [quantile(values, 0.25), quantile(values, 0.75)] as const;
  return { what, unit, value: median(values), quartiles, ...(limit !== undefined && { limit }) };
}

const asUs = (perSecond: number): number => 1_000_000 / perSecond;

const counted = (count: number): string => count.toLocaleString("en");

/** Whether a figure keeps its limit; true when there is none. One that is no number keeps none. Pure. */
export function isPolicyKept({ value, limit }: PolicyFigure): boolean {
  if (limit === undefined) return true;
  return "atLeast" in limit ? value >= limit.atLeast : value <= limit.atMost;
}
