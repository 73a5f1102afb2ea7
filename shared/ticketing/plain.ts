import { cut } from "../cut.ts";

/** One line without control characters, line breaks and direction marks: names come from strangers. Pure. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").toWellFormed();
}

/** At most so many UTF-16 units, with a sign that something was cut. Pure. */
export function cutTo(text: string, most: number, sign = "…"): string {
  return text.length <= most ? text : `${cut(text, most - sign.length)}${sign}`;
}

/**
 * A text in which mail programs and telephones find nothing to link: `https[:]//attacker[.]example`, `a[@]b`. Nothing else tells them not to, and a bucket may be named
 * `login.attacker.example`. Pure.
 */
export function withoutLinks(text: string): string {
  return text
    .replace(/(?<=\p{L}):(?=\/\/)/gu, "[:]")
    .replace(/\b(mailto|tel|sms|data|javascript):/giu, "$1[:]")
    .replace(/(?<=[\p{L}\p{N}\p{M}-])([.。．｡])(?=\p{L}{2})/gu, "[.]")
    .replace(/(?<=\S)@(?=\S)/gu, "[@]");
}
