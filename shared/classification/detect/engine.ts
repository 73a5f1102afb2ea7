import { createAutomaton } from "./automaton.ts";
import { columnNames } from "./column-names.ts";
import { builtInDetectors } from "./detectors.ts";
import { createDictionary, type Dictionary } from "./dictionary.ts";
import { diseaseCodeRule, diseaseCodeWords, healthTerms } from "./health-terms.ts";
import { ibanRules } from "./iban.ts";
import { accessKeyRule, secretKeyWords } from "./keys.ts";
import { nationalIdRules, nationalIdWords } from "./national-ids.ts";
import { paymentCardRules, paymentCardWords } from "./payment-card.ts";
import { phoneRules, phoneWords } from "./phone.ts";
import { MAX_RUN_BYTES, type Rule } from "./rules.ts";

/** What the pass over a text needs of the chosen detectors, made once for each choice. */
export interface Engine {
  /** By `startIndex`: 0, or the place of what may begin so, in `beside` and `alone`. */
  readonly starts: Uint16Array;
  /** Rules that ask for a word beside the value. */
  readonly beside: readonly (readonly EngineRule[])[];
  readonly alone: readonly (readonly EngineRule[])[];
  /** By the same place, a bit for each length that the run of digits behind the first may have for the rules that stand alone; `ANY_SECOND` when some don't mind. */
  readonly seconds: Int32Array;
  readonly words: Dictionary<Word>;
  readonly evidences: number;
  readonly hasSecretKey: boolean;
  /** The automaton's table where no word stands near that a rule asks for, so that nothing ends at a number of which only such rules speak. */
  readonly far: Uint16Array;
  readonly near: Uint16Array;
}

/** A rule, with its evidence as a number; -1 for none. */
export interface EngineRule extends Rule {
  readonly evidenceIndex: number;
}

/** What a word or phrase means. */
export interface Word {
  readonly evidences: readonly number[];
  readonly isHealthTerm: boolean;
  readonly isColumnName: boolean;
  readonly isSecretKeyName: boolean;
  readonly isKeyBegin: boolean;
}

/** So long a second run is told by its length. */
export const MAX_SECOND_BYTES = 30;
export const ANY_SECOND = 1 << 31;

const SEPARATORS = " -./+)";
const KINDS = 2;
const separatorIndex = new Uint8Array(256);
for (let index = 0; index < SEPARATORS.length; index++) separatorIndex[SEPARATORS.charCodeAt(index)] = index + 1;

/** Where a run's rules are: by its kind (0 digits, 1 digits and capitals), its length and the byte after it. */
export const startIndex = (kind: number, length: number, after: number): number =>
  ((kind * (MAX_RUN_BYTES + 1) + length) << 3) | (separatorIndex[after] as number);

const allRules: readonly Rule[] = [
  ...nationalIdRules,
  diseaseCodeRule,
  ...paymentCardRules,
  ...ibanRules,
  accessKeyRule,
  ...phoneRules,
];

const allWords: readonly (readonly [word: string, evidence: string])[] = [
  ...nationalIdWords,
  ...paymentCardWords.map((word) => [word, "payment-card"] as const),
  ...phoneWords.map((word) => [word, "phone"] as const),
  ...diseaseCodeWords.map((word) => [word, "icd"] as const),
];

const MAX_ENGINES = 16;
const engines = new Map<string, Engine>();

/** The engine of a choice of built-in detectors; the last few are kept. Ids that are not built in are passed over. */
export function engineOf(detectors: ReadonlySet<string>): Engine {
  const chosen = builtInDetectors.filter(({ id }) => detectors.has(id)).map(({ id }) => id);
  const key = chosen.join();
  const known = engines.get(key);
  if (known !== undefined) return known;
  const engine = compile(new Set<string>(chosen));
  if (engines.size === MAX_ENGINES) engines.clear();
  engines.set(key, engine);
  return engine;
}

function compile(chosen: ReadonlySet<string>): Engine {
  const evidences = new Map<string, number>();
  const indexOf = (evidence: string): number => {
    const index = evidences.get(evidence) ?? evidences.size;
    evidences.set(evidence, index);
    return index;
  };
  const rules = allRules
    .filter(({ detector }) => chosen.has(detector))
    .map((rule): EngineRule => ({ ...rule, evidenceIndex: rule.evidence === undefined ? -1 : indexOf(rule.evidence) }));
  const words = createDictionary(wordsOf(chosen, evidences));
  const indexed = indexStarts(rules);
  const { starts, beside, alone, seconds } = indexed;
  const automatonFor = (isNear: boolean): Uint16Array =>
    createAutomaton({
      words: words.firstWords,
      hasEmail: chosen.has("email"),
      hasPhone: chosen.has("phone"),
      maxRunBytes: MAX_RUN_BYTES,
      hasRule(run, length, after) {
        const place = starts[startIndex(run === "digits" ? 0 : 1, length, after)] as number;
        const list = [...(alone[place] ?? []), ...(isNear ? (beside[place] ?? []) : [])];
        return run === "capitals" ? list.some((rule) => mayLackDigits(rule, length)) : list.length > 0;
      },
      secondRuns(length, after) {
        const place = starts[startIndex(0, length, after)] as number;
        const bits = seconds[place] as number;
        if ((bits & ANY_SECOND) !== 0 || (isNear && (beside[place]?.length ?? 0) > 0)) return undefined;
        return Array.from({ length: MAX_SECOND_BYTES }, (_, second) => second).filter(
          (second) => (bits >>> second) & 1,
        );
      },
    }).table;
  return {
    ...indexed,
    words,
    evidences: evidences.size,
    hasSecretKey: chosen.has("aws-secret-key"),
    far: automatonFor(false),
    near: automatonFor(true),
  };
}

const mayLackDigits = ({ starts }: EngineRule, length: number): boolean =>
  starts.some((start) => start.length === length && start.mayLackDigits === true);

function indexStarts(rules: readonly EngineRule[]): Pick<Engine, "starts" | "beside" | "alone" | "seconds"> {
  const starts = new Uint16Array((KINDS * (MAX_RUN_BYTES + 1)) << 3);
  const beside: EngineRule[][] = [[]];
  const alone: EngineRule[][] = [[]];
  for (const rule of rules) {
    for (const { kind, length, separator } of rule.starts) {
      const first = startIndex(kind === "digits" ? 0 : 1, length, 0);
      for (let after = 0; after <= SEPARATORS.length; after++) {
        if (separator !== undefined && after !== SEPARATORS.indexOf(separator) + 1) continue;
        if (starts[first + after] === 0) {
          starts[first + after] = beside.push([]) - 1;
          alone.push([]);
        }
        const list = (rule.evidenceIndex < 0 ? alone : beside)[starts[first + after] as number];
        if (list !== undefined && !list.includes(rule)) list.push(rule);
      }
    }
  }
  const seconds = Int32Array.from(alone, (list) =>
    list.reduce((bits, { second }) => bits | (second === undefined ? ANY_SECOND : 1 << second), 0),
  );
  return { starts, beside, alone, seconds };
}

function wordsOf(chosen: ReadonlySet<string>, evidences: ReadonlyMap<string, number>): Map<string, Word> {
  const words = new Map<string, Word>();
  const none: Word = {
    evidences: [],
    isHealthTerm: false,
    isColumnName: false,
    isSecretKeyName: false,
    isKeyBegin: false,
  };
  const add = (word: string, more: Partial<Word>): void =>
    void words.set(word, { ...(words.get(word) ?? none), ...more });
  for (const [word, evidence] of allWords) {
    const index = evidences.get(evidence);
    if (index !== undefined) add(word, { evidences: [...(words.get(word)?.evidences ?? []), index] });
  }
  if (chosen.has("health-term")) for (const term of healthTerms) add(term, { isHealthTerm: true });
  if (chosen.has("column-name")) for (const name of columnNames) add(name, { isColumnName: true });
  if (chosen.has("aws-secret-key")) for (const name of secretKeyWords) add(name, { isSecretKeyName: true });
  if (chosen.has("private-key")) add("begin", { isKeyBegin: true });
  return words;
}
