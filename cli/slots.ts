/** So much work at a time and no more: whoever brings more waits until there is room, so that nothing piles up in memory. */
export class Slots {
  readonly #limit: number;
  readonly #busy = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Begins a piece of work as soon as there is room, and doesn't wait for its end.
   *
   * @throws what an earlier piece of work threw
   */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#busy.size >= this.#limit) await Promise.race(this.#busy);
    if (this.#failure !== undefined) throw this.#failure.error;
    const mine: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#busy.delete(mine));
    this.#busy.add(mine);
  }

  /**
   * Waits for everything that was begun.
   *
   * @throws the first error of it
   */
  async end(): Promise<void> {
    await Promise.all(this.#busy);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
