import { DIGIT, kindOf, UPPER, WORD } from "./alphabet.ts";
import type { Normal } from "./tally.ts";
import type { Text } from "./text.ts";

/** What makes a run of digits, or of digits and capitals, a value: how it is written and what it has to fulfil. */
export interface Rule {
  readonly detector: string;
  readonly normal: Normal;
  /** The name of the words or columns of which one has to stand near; without it, the way it is written is enough. */
  readonly evidence?: string;
  /** How long the first run may be, and what follows it: the rule is tried at no other. */
  readonly starts: readonly Start[];
  /** How long the second run is, where it has digits only: most dates are dismissed by it. */
  readonly second?: number;
  /**
   * @param end where the first run ends
   * @returns where the value ends, or -1 when there is none
   */
  match(text: Text, start: number, end: number): number;
}

export interface Start {
  readonly kind: "digits" | "mixed";
  readonly length: number;
  /** Left out: whatever follows. */
  readonly separator?: string;
  /** A mixed run may be capitals only. */
  readonly mayLackDigits?: true;
}

/** Longer runs begin nothing. */
export const MAX_RUN_BYTES = 40;

/**
 * Writes rules as they look: `d` is a digit, `A` a capital, `X` either, everything else itself. `ddd.ddd.ddd-dd` begins with three digits and a dot.
 *
 * @param isValid is given what was matched, a short text
 */
export function ruleOf(detector: string, form: string, isValid: (value: string) => boolean, evidence?: string): Rule {
  const wanted = Uint8Array.from(form, (letter) => letter.charCodeAt(0));
  const separators = new Set(form.replace(/[dAX]/g, ""));
  const isSpaced = separators.has(" ");
  return {
    detector,
    normal: "code",
    ...(evidence !== undefined && { evidence }),
    starts: [startOf(form)],
    ...(secondOf(form) > 0 && { second: secondOf(form) }),
    match(text, start) {
      const { bytes } = text;
      // Asked first: a wall of groups would have every group compared with every form.
      if (isSpaced && isGroupBefore(text, start)) return -1;
      for (let i = 0; i < wanted.length; i++) if (!fits(wanted[i] as number, bytes[start + i] as number)) return -1;
      const end = start + wanted.length;
      if (isSpaced && isGroup(text, end + 1)) return -1;
      return isValid(textOf(bytes, start, end)) ? end : -1;
    },
  };
}

/** The length of a form's second run, if it has digits only; otherwise 0. */
const secondOf = (form: string): number => /^[dAX]+[^dAX](d+)(?![dAX])/.exec(form)?.[1]?.length ?? 0;

/** The first run of a form. */
export function startOf(form: string): Start {
  const [run = ""] = form.match(/^[dAX]+/) ?? [];
  const separator = form[run.length];
  return {
    kind: /^d+$/.test(run) ? "digits" : "mixed",
    length: run.length,
    ...(separator !== undefined && { separator }),
    ...(!run.includes("d") && { mayLackDigits: true as const }),
  };
}

const ANY_DIGIT = 0x64;
const ANY_CAPITAL = 0x41;
const ANY_OF_BOTH = 0x58;

function fits(wanted: number, byte: number): boolean {
  if (wanted === ANY_DIGIT) return kindOf[byte] === DIGIT;
  if (wanted === ANY_CAPITAL) return kindOf[byte] === UPPER && byte < 0x80;
  if (wanted === ANY_OF_BOTH) return kindOf[byte] === DIGIT || (kindOf[byte] === UPPER && byte < 0x80);
  return wanted === byte;
}

const SPACE = 0x20;
const GROUP_BYTES = 4;

/** Four letters or digits by themselves after a space, a digit next to it: one group more of a longer number that is written in groups. */
function isGroup({ bytes }: Text, start: number): boolean {
  if (bytes[start - 1] !== SPACE || kindOf[bytes[start] as number] !== DIGIT) return false;
  for (let i = 1; i < GROUP_BYTES; i++) if (!isWord(bytes[start + i])) return false;
  return !isWord(bytes[start + GROUP_BYTES]);
}

function isGroupBefore({ bytes }: Text, start: number): boolean {
  if (bytes[start - 1] !== SPACE || kindOf[bytes[start - 2] as number] !== DIGIT) return false;
  for (let i = 3; i <= GROUP_BYTES + 1; i++) if (!isWord(bytes[start - i])) return false;
  return !isWord(bytes[start - GROUP_BYTES - 2]);
}

const isWord = (byte: number | undefined): boolean => ((kindOf[byte ?? 0] as number) & WORD) !== 0;

/** A short part as text. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
