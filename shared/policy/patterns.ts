/** `*` stands for any letters, also for none and across `:` and `/`, as in IAM; `?` for one. */

/** Whether a pattern matches a whole text. Pure; takes at most pattern times text steps, never more. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, position] = [0, 0];
  let [star, resume] = [-1, 0];
  while (position < text.length) {
    const letter = pattern[at];
    if (letter === "*") {
      [star, resume] = [at, position];
      at++;
    } else if (letter === "?" || letter === text[position]) {
      at++;
      position++;
    } else if (star >= 0) {
      // The last star takes one letter more; an earlier one never has to.
      at = star + 1;
      position = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** Whether some text matches both. Pure; quadratic in their lengths. */
export function canBothMatch(one: string, other: string): boolean {
  // reachable[j]: the part of `one` looked at so far and the first j letters of `other` can match the same text.
  let reachable = [true, ...new Array<boolean>(other.length).fill(false)];
  for (let j = 1; j <= other.length; j++) reachable[j] = reachable[j - 1] === true && other[j - 1] === "*";
  for (let i = 0; i < one.length; i++) {
    const letter = one[i] as string;
    const next = [reachable[0] === true && letter === "*"];
    for (let j = 1; j <= other.length; j++) {
      const opposite = other[j - 1] as string;
      const isEither = letter === "*" || opposite === "*";
      const isSame = letter === opposite || letter === "?" || opposite === "?";
      next[j] =
        (isEither && (next[j - 1] === true || reachable[j] === true)) ||
        (!isEither && isSame && reachable[j - 1] === true);
    }
    reachable = next;
  }
  return reachable.at(-1) === true;
}

/** What a pattern's matches all begin with. Pure. */
export function literalPrefix(pattern: string): string {
  return /^[^*?]*/.exec(pattern)?.[0] ?? "";
}

/** Whether a pattern stands for one text only. Pure. */
export function isExact(pattern: string): boolean {
  return literalPrefix(pattern).length === pattern.length;
}

/** How much a pattern says: its letters, an exact one more than any other. Pure. */
export function patternWeight(pattern: string): number {
  return isExact(pattern) ? Number.MAX_SAFE_INTEGER : pattern.replaceAll(/[*?]/g, "").length;
}
