import { RE2JS } from "re2js";
import { conditionLimits } from "./condition-language.ts";

/** As many characters may a pattern come to when its counted repetitions are written out: compiling takes milliseconds then, not seconds. */
const MAX_UNFOLDED_CHARACTERS = 10_000;

/** So large may a pattern's automaton be: each step from state to state counts for itself and the places in the pattern it leads to. */
const MAX_AUTOMATON_SIZE = 150_000;
const SIZE_PER_STEP = 10;

/** RE2's flags for "at the start of the text and of a line". */
const AT_START = { context: () => 5 };
const END_OF_TEXT = -1;
const UNANCHORED = 0;

export type ExaminedPattern =
  | { readonly ok: true; readonly automatonSize: number }
  | { readonly ok: false; readonly message: string };

/** Whether a pattern may be used in a policy: RE2 takes it and it is cheap on every text. Takes milliseconds; pure. */
export function examinePattern(pattern: string): ExaminedPattern {
  const refused = (found: string, expected: string) =>
    ({ ok: false, message: `found a pattern ${found}, expected ${expected}` }) as const;
  if (pattern.length > conditionLimits.patternCharacters)
    return refused(`of ${pattern.length} characters`, `at most ${conditionLimits.patternCharacters}`);
  const unfolded = unfoldedCharacters(pattern);
  if (unfolded > MAX_UNFOLDED_CHARACTERS)
    return refused(`that comes to ${unfolded} characters unfolded`, `at most ${MAX_UNFOLDED_CHARACTERS}: repeat less`);
  try {
    const automatonSize = sizeAutomaton(RE2JS.compile(pattern));
    if (automatonSize <= MAX_AUTOMATON_SIZE) return { ok: true, automatonSize };
    return refused("that needs too many states", "less repetition, smaller classes or a ^ at its start");
  } catch (error) {
    return refused(`that RE2 refuses (${error instanceof Error ? error.message : error})`, "RE2 syntax");
  }
}

/** Texts at whose letters, ends and edges a pattern can match without taking anything in. */
const EDGES = ["", "a 1-\n.a"];

/** Whether a pattern can match where nothing stands, as far as a few texts tell: it would be found in everything. Pure. */
export function findsNothing(pattern: string): boolean {
  return EDGES.some((text) => {
    const matcher = RE2JS.compile(pattern).matcher(text);
    while (matcher.find()) if (matcher.start() === matcher.end()) return true;
    return false;
  });
}

/** Whether patterns are found in texts, each compiled when first used and kept: for patterns of a policy, not of strangers. */
export function createPatternMatcher(): (text: string, pattern: string) => boolean {
  const compiled = new Map<string, RE2JS>();
  return (text, pattern) => {
    const known = compiled.get(pattern) ?? RE2JS.compile(pattern);
    compiled.set(pattern, known);
    return known.test(text);
  };
}

/** An upper bound, from the text alone: a count after a group multiplies the whole, the largest of the others once more. */
function unfoldedCharacters(pattern: string): number {
  let characters = pattern.length;
  let largest = 1;
  for (const [, group, least, most] of pattern.matchAll(/(\))?\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Math.max(1, Number(least), Number(most ?? 0));
    if (group === undefined) largest = Math.max(largest, times);
    else characters *= times;
  }
  return characters * largest;
}

/**
 * RE2 is linear in the text, but each character can cost as much as a new state of its automaton, and there can be exponentially many:
 * `a.{60}b` takes 30 ms on 4,096 characters. So the whole automaton is built here, as far as it is allowed to be large.
 */
function sizeAutomaton(compiled: RE2JS): number {
  const { dfa } = compiled.re2();
  const classes = [0, ...dfa.classBounds, END_OF_TEXT];
  const states = new Set([dfa.start(AT_START, 0)]);
  let size = 0;
  for (const state of states) {
    for (const [index, character] of classes.entries()) {
      const next = dfa.step(state, index, character, UNANCHORED);
      size += next === null ? Number.POSITIVE_INFINITY : SIZE_PER_STEP + next.nfaStates.length;
      if (size > MAX_AUTOMATON_SIZE) return size;
      states.add(next);
    }
  }
  return size;
}
