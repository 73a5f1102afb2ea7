import { distance } from "fastest-levenshtein";

/** A mistake in a policy, at a path of the document. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Characters into the text at `path`, where the mistake lies within it. */
  readonly offset?: number;
  /** It is the key that is wrong, not what it holds. */
  readonly isKey?: boolean;
  /** Parts of the document that this was concluded from besides its own; when one of them is itself in doubt, so is this. */
  readonly restsOn?: readonly string[];
}

/** One mistake for every so many letters, and two letters exchanged are two. */
const LETTERS_PER_MISTAKE = 3;

/** The known name that an unknown one was probably meant to be. Pure. */
export function nearest(found: string, known: Iterable<string>): string | undefined {
  const most = Math.ceil(found.length / LETTERS_PER_MISTAKE);
  const candidates = [...known]
    .map((name) => ({ name, mistakes: distance(found.toLowerCase(), name.toLowerCase()) }))
    .filter(({ mistakes }) => mistakes <= most)
    // Of equals the one that begins alike: "usa" is "us" sooner than "sa".
    .sort((a, b) => a.mistakes - b.mistakes || alike(found, b.name) - alike(found, a.name));
  return candidates[0]?.name;
}

/** How many letters two words have in common at their beginning. */
function alike(one: string, other: string): number {
  let letters = 0;
  while (letters < one.length && one[letters] === other[letters]) letters++;
  return letters;
}

/** ", did you mean ...?" or nothing. Pure. */
export function didYouMean(found: string, known: Iterable<string>): string {
  const name = nearest(found, known);
  return name === undefined ? "" : `; did you mean "${name}"?`;
}

/** So many names are told; more is no help. */
const TOLD = 12;

/** That `found` is no `what` there is. Pure. */
export function unknownName(what: string, found: string, known: readonly string[]): string {
  const suggestion = didYouMean(found, known);
  const listed = known.length === 0 ? "(none is defined)" : known.slice(0, TOLD).join(", ");
  const rest = known.length > TOLD ? ` and ${known.length - TOLD} more` : "";
  return `unknown ${what} "${found}"${suggestion || `, expected one of: ${listed}${rest}`}`;
}
