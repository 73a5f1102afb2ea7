/** The process that decides: bundled like a function (bundles.ts), on one thread. Not to be imported but for its types. */
import { catalogue } from "../../controls/catalogue.ts";
import { decide } from "../../shared/policy/decide.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { answerTasks } from "./answering.ts";
import { DECISION_KINDS, type Examined, examine, type Kinds } from "./examine.ts";
import { type Situation, situationsFor } from "./situations.ts";

/** Policies to decide by, one after the other in each round, and back in the next. */
export interface DecisionsTask {
  readonly policies: readonly { readonly file: string; readonly about: Parameters<typeof situationsFor>[1] }[];
  /** Rounds that come first and don't count. */
  readonly warmUp: number;
  readonly rounds: number;
  /** Of each policy in each round. */
  readonly roundMs: number;
}

/** What deciding by one policy came to. */
export interface Decided extends Examined {
  /** Decisions a second by round. */
  readonly perSecond: readonly number[];
}

async function measure({ policies, warmUp, rounds, roundMs }: DecisionsTask): Promise<readonly Decided[]> {
  const all = await Promise.all(
    policies.map(async ({ file, about }) => {
      const policy = await loadPolicy(file, catalogue);
      const situations = situationsFor(policy, about);
      return { policy, situations, perSecond: [] as number[], ...examine(situations, policy) };
    }),
  );
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const { policy, situations, kinds, perSecond } of round % 2 === 0 ? all : all.toReversed()) {
      const rate = decideFor(roundMs, situations, policy, kinds);
      if (round >= warmUp) perSecond.push(rate);
    }
  }
  return all.map(({ perSecond, kinds, rules, conditions }) => ({ perSecond, kinds, rules, conditions }));
}

/**
 * Decisions a second, of CPU time of all threads: what else the machine does costs none of it, and collecting garbage beside does. Their kinds are counted and
 * compared, so that no decision can be left out for nobody looking at it.
 */
function decideFor(forMs: number, situations: readonly Situation[], policy: PolicyInForce, expected: Kinds): number {
  const kinds: Kinds = {};
  let passes = 0;
  const startedMs = performance.now();
  const before = process.cpuUsage();
  do {
    for (const { finding, context } of situations) {
      const { kind } = decide(finding, policy, context);
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    passes++;
  } while (performance.now() - startedMs < forMs);
  const { user, system } = process.cpuUsage(before);
  for (const kind of DECISION_KINDS) {
    const [found, wanted] = [kinds[kind] ?? 0, (expected[kind] ?? 0) * passes];
    if (found !== wanted) throw new Error(`expected ${wanted} times ${kind}, found ${found}`);
  }
  return (passes * situations.length * 1_000_000) / (user + system);
}

answerTasks(measure);
