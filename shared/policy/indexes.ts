import type { ControlScope, PolicyException, ResidencyPolicy, Transfer } from "./policy.ts";
import { RuleIndex } from "./rule-index.ts";

/** A policy's rules, ready to be asked for. Made once for each policy, and of it only what is asked for. */
export class Indexes {
  readonly #policy: ResidencyPolicy;
  readonly #scopes = new Map<string, RuleIndex<ControlScope>>();
  readonly #exceptions = new Map<string, RuleIndex<PolicyException>>();
  readonly #transfers = new Map<string, ReadonlyMap<string, readonly Transfer[]>>();

  constructor(policy: ResidencyPolicy) {
    this.#policy = policy;
  }

  /** The narrower scopes of a control, the most specific first. */
  scopes(controlId: string): RuleIndex<ControlScope> {
    return remembered(this.#scopes, controlId, () => new RuleIndex(this.#policy.controls[controlId]?.scopes ?? []));
  }

  exceptions(controlId: string): RuleIndex<PolicyException> {
    return remembered(
      this.#exceptions,
      controlId,
      () => new RuleIndex(this.#policy.exceptions.filter(({ control }) => control === controlId)),
    );
  }

  /** The transfers of a class of data to a place, by id. */
  transfers(classification: string, to: string): readonly Transfer[] {
    const byPlace = remembered(this.#transfers, classification, () =>
      byDestination(this.#policy.transfers.filter(({ classifications }) => classifications.includes(classification))),
    );
    return byPlace.get(to) ?? [];
  }
}

const indexes = new WeakMap<ResidencyPolicy, Indexes>();

/** The policy's indexes. Pure but for keeping them. */
export function indexesOf(policy: ResidencyPolicy): Indexes {
  const known = indexes.get(policy);
  if (known !== undefined) return known;
  const made = new Indexes(policy);
  indexes.set(policy, made);
  return made;
}

function byDestination(transfers: readonly Transfer[]): ReadonlyMap<string, readonly Transfer[]> {
  const byPlace = new Map<string, Transfer[]>();
  for (const transfer of transfers) {
    for (const to of transfer.to) remembered(byPlace, to, () => []).push(transfer);
  }
  return byPlace;
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
