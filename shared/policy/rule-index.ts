import { isExact, literalPrefix } from "./patterns.ts";
import type { Scope } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** Rules, by their place in the list, under the values of one part of their scope. */
type Shelf = Map<string, number[]>;

/**
 * Rules by what they are about, so that a decision looks at those that can match and at no others, however many there are. Each rule stands once, under
 * the part of its scope that tells most rules apart.
 */
export class RuleIndex<Rule extends Scope> {
  readonly #rules: readonly Rule[];
  readonly #arns: Shelf = new Map();
  readonly #prefixes: Shelf = new Map();
  readonly #accounts: Shelf = new Map();
  readonly #units: Shelf = new Map();
  readonly #tags: Shelf = new Map();
  readonly #classes: Shelf = new Map();
  readonly #destinations: Shelf = new Map();
  readonly #regions: Shelf = new Map();
  readonly #others: number[] = [];
  /** The lengths of the prefixes there are, each once. */
  readonly #lengths: readonly number[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    for (const [index, rule] of rules.entries()) this.#shelve(rule, index);
    this.#lengths = [...new Set([...this.#prefixes.keys()].map(({ length }) => length))];
  }

  /** Every rule that may be about the subject, and hardly any other, in the order in which they were given. Pure. */
  candidates({ finding: { resource, facts }, units, tags, classes, transfer }: Subject): readonly Rule[] {
    const found: number[] = [...this.#others];
    const take = (shelf: Shelf, key: string) => {
      if (shelf.size > 0) for (const index of shelf.get(key) ?? []) found.push(index);
    };
    // What is not known could be anything.
    const takeAny = (shelf: Shelf) => {
      for (const indexes of shelf.values()) for (const index of indexes) found.push(index);
    };
    take(this.#arns, resource.arn);
    for (const length of this.#lengths) take(this.#prefixes, resource.arn.slice(0, length));
    take(this.#accounts, resource.account);
    for (const unit of units) take(this.#units, unit);
    take(this.#regions, resource.region);
    if (this.#tags.size > 0) {
      if (tags === undefined) takeAny(this.#tags);
      else for (const [key, value] of tags) take(this.#tags, tagKey(key, value));
    }
    if (classes === undefined) takeAny(this.#classes);
    else for (const { name } of classes) take(this.#classes, name);
    if (transfer?.to !== undefined) take(this.#destinations, transfer.to);
    else if (transfer !== undefined || facts.kind === "unreadable") takeAny(this.#destinations);
    if (found.length < 2) return found.flatMap((index) => this.#rules[index] ?? []);
    // A rule stands under each of its values, so that it can be met twice.
    return [...new Set(found)].sort((a, b) => a - b).flatMap((index) => this.#rules[index] ?? []);
  }

  #shelve({ resources, accounts, units, tags, classifications, to, regions }: Rule, index: number): void {
    const put = (shelf: Shelf, keys: readonly string[]) => {
      for (const key of keys) {
        const standing = shelf.get(key);
        if (standing === undefined) shelf.set(key, [index]);
        else if (standing.at(-1) !== index) standing.push(index);
      }
    };
    const [tag] = tags ?? [];
    if (resources?.every(isExact)) put(this.#arns, resources);
    else if (accounts !== undefined) put(this.#accounts, accounts);
    else if (tag !== undefined) put(this.#tags, [tagKey(tag.key, tag.value)]);
    else if (resources !== undefined) put(this.#prefixes, resources.map(literalPrefix));
    else if (classifications !== undefined) put(this.#classes, classifications);
    else if (to !== undefined) put(this.#destinations, to);
    else if (units !== undefined) put(this.#units, units);
    else if (regions !== undefined) put(this.#regions, regions);
    else this.#others.push(index);
  }
}

function tagKey(key: string, value: string): string {
  return JSON.stringify([key, value]);
}
