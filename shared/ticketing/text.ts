/** What stands where something was cut. ASCII, as subjects of mails and text messages are. */
const SIGN = " [...]";

/**
 * One line of what people and strangers have named, without what is not seen: control characters, line breaks, direction marks, halves of letters. What is markup to one
 * tracker only, its adapter takes out. Pure.
 */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** Text of at most so many letters (UTF-16 units), with a sign where something was cut. Pure. */
export function cutTo(text: string, most: number, sign = SIGN): string {
  if (text.length <= most) return text;
  // Half of a pair is no letter.
  return text.slice(0, Math.max(0, most - sign.length)).replace(/[\ud800-\udbff]$/, "") + sign;
}

/** For who makes links of bare addresses and offers no way to stop it: `https[:]//`, `www[.]`, `mailto[:]`, `name[@]host`, `[@]all`. Done twice it changes nothing. Pure. */
export function withoutLinks(text: string): string {
  return text
    .replace(/:(?=\/\/)/g, "[:]")
    .replace(/(www)\./gi, "$1[.]")
    .replace(/(?<![\p{L}\p{N}])(mailto|tel|sms|data|javascript):(?=\S)/giu, "$1[:]")
    .replace(/@(?=[\p{L}\p{N}])|(?<=\S)@(?=[^\s\]])/gu, "[@]");
}

/**
 * The same for mail programs and telephones, to which any name with a dot in it is an address: `attacker[.]example`. A bucket may be named
 * `login.attacker.example`. Pure.
 */
export function withoutHosts(text: string): string {
  return withoutLinks(text).replace(/(?<=[\p{L}\p{N}\p{M}-])[.。．｡](?=\p{L}{2})/gu, "[.]");
}
