/** Numbers that look random and are the same each time for the same seed (mulberry32). */
export interface Random {
  /** From 0 up to and without `below`. */
  below(below: number): number;
  pick<T>(list: readonly T[]): T;
  digits(count: number): string;
  letters(count: number, alphabet: string): string;
  /** True once in so many times. */
  oneIn(count: number): boolean;
}

export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const letters = (count: number, alphabet: string): string => {
    let text = "";
    for (let i = 0; i < count; i++) text += alphabet.charAt(below(alphabet.length));
    return text;
  };
  return {
    below,
    pick: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    digits: (count) => letters(count, "0123456789"),
    letters,
    oneIn: (count) => below(count) === 0,
  };
}
