import type { ReachedState } from "../shared/journal/records.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import { type Observed, resourceKeyOf, type TakenBack } from "./readiness-history.ts";
import { identityOf, nameOf, toolOf } from "./readiness-principals.ts";
import type { Cause, RuleReport, Storm, TakenBackRow } from "./readiness-shape.ts";
import { HIDDEN, redactText } from "./redact.ts";

/** Counts by a key, the most frequent first. */
export function countsBy<Each>(all: readonly Each[], keyOf: (each: Each) => string): Readonly<Record<string, number>> {
  const groups = [...Map.groupBy(all, keyOf)].map(([key, { length }]) => [key, length] as const);
  return Object.fromEntries(groups.sort(([a, many], [b, more]) => more - many || a.localeCompare(b)));
}

/** In which accounts, the most concerned first. Pure. */
export function accountsOf(observed: readonly Observed[], takenBack: readonly TakenBack[]): RuleReport["accounts"] {
  const of = ({ state }: { readonly state: ReachedState }) => state.resource.account;
  return Object.keys(countsBy([...observed, ...takenBack], of)).map((account) => {
    const here = observed.filter((each) => of(each) === account);
    const contain = here.filter(({ would }) => would === "contain").length;
    return {
      account,
      occurrences: here.length,
      contain,
      wait: here.length - contain,
      takenBack: takenBack.filter((each) => of(each) === account).length,
    };
  });
}

/** Where data went, the most frequent way first. Pure. */
export function movesOf(observed: readonly Observed[]): RuleReport["moves"] {
  const transfers = observed.flatMap(({ state: { facts } }) => (facts?.kind === "transfer" ? [facts] : []));
  return Object.entries(countsBy(transfers, ({ from, to = "" }) => `${from} ${to}`)).map(([move, occurrences]) => {
    const [from = "", to = ""] = move.split(" ");
    return { from, to: to === "" ? null : to, occurrences };
  });
}

/** By who they are, and only then named: two people whose names are hidden are still two. Pure. */
export function causesOf(observed: readonly Observed[], isRevealed: boolean): readonly Cause[] {
  const groups = [...Map.groupBy(observed, ({ state }) => identityOf(state.principal))];
  return groups
    .map(([, caused]): Cause => {
      const tools = caused.map(({ state }) => (state.principal === undefined ? undefined : toolOf(state.principal)));
      return {
        who: nameOf(caused[0]?.state.principal, isRevealed),
        tools: [...new Set(tools.flatMap((tool) => tool?.name ?? []))].sort(),
        isPipeline: tools.some((tool) => tool?.isPipeline === true),
        occurrences: caused.length,
        contain: caused.filter(({ would }) => would === "contain").length,
        again: caused.filter(({ isAgain }) => isAgain).length,
      };
    })
    .sort((one, other) => other.occurrences - one.occurrences || one.who.localeCompare(other.who));
}

/** What enforcing would change under a pipeline, which sets it again. Pure. */
export function pipelineOccurrences(observed: readonly Observed[]): number {
  return observed.filter(
    ({ would, state: { principal } }) => would === "contain" && principal !== undefined && toolOf(principal).isPipeline,
  ).length;
}

/** For a reader: why, and by whom, only where it may be revealed. Pure. */
export function takenBackRow(
  { rule, how, state, reason, by, expiresAt }: TakenBack,
  nowMs: number,
  isRevealed: boolean,
): TakenBackRow {
  const { findingId, resource, part, at } = state;
  return {
    how,
    findingId,
    resource: resource.name,
    account: resource.account,
    part: part === undefined ? null : isRevealed ? part : redactText(part),
    at,
    expiresAt: expiresAt ?? null,
    isInForce: expiresAt !== undefined && nowMs < Date.parse(expiresAt),
    reason: isRevealed ? reason : HIDDEN,
    by: isRevealed ? by : HIDDEN,
    isRuleKnown: rule !== undefined,
  };
}

/** A storm with the rules it would have come by. */
export interface StormOf extends Storm {
  readonly rules: ReadonlySet<string>;
}

/** As contain() counts: one for each change of a resource, by control, account and who caused it, in windows of the clock. Pure. */
export function stormsIn(
  observed: readonly Observed[],
  { limits }: Pick<ResidencyPolicy, "limits">,
  isRevealed: boolean,
): readonly StormOf[] {
  const { count: limit, windowMs } = limits.automaticChanges;
  const changed = observed.filter(({ would }) => would === "contain");
  const windows = Map.groupBy(changed, ({ state: { controlId, resource, principal, at } }) =>
    JSON.stringify([controlId, resource.account, identityOf(principal), Math.floor(Date.parse(at) / windowMs)]),
  );
  return [...windows.values()].flatMap((group): StormOf[] => {
    const changes = new Set(group.map(({ state }) => `${resourceKeyOf(state.resource)} ${state.at}`)).size;
    const first = group[0]?.state;
    if (changes <= limit || first === undefined) return [];
    return [
      {
        who: nameOf(first.principal, isRevealed),
        account: first.resource.account,
        from: new Date(Math.floor(Date.parse(first.at) / windowMs) * windowMs).toISOString(),
        changes,
        limit,
        windowMinutes: windowMs / 60_000,
        rules: new Set(group.map(({ rule }) => rule)),
      },
    ];
  });
}
