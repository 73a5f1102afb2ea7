/** What stands in the place of a secret. */
const HIDDEN = "(secret)";
/** Tokens come and go; the oldest are worth nothing any more. */
const MOST = 60;
/** Something so short is found in any text: it is hidden only where it stands by itself. */
const SHORT = 6;
/** A shorter beginning of a secret at the end of a text that was cut tells nothing. */
const MIN_PART = 4;
/** By their names, whatever their values are: AWS quotes a request whose signature it refuses. */
const HEADERS =
  /\b(authorization|x-amz-security-token)(["'\\]*\s*[:=]\s*["'\\]*)(?:(?:bearer|basic|token)\s+)?[^\s"'\\,;]+/gi;

export interface KnownSecrets {
  learn(secret: string): void;
  /** A text without the secrets, in whatever form a server gives them back: as they are, escaped, encoded, with other spaces; and without the beginning of one at its end. */
  hide(text: string): string;
}

/** Remembers secrets so that no text tells them. */
export function knownSecrets(): KnownSecrets {
  const secrets = new Set<string>();
  let forms: readonly string[] | undefined;
  return {
    learn(secret) {
      if (secret.trim() === "") return;
      const isKnown = secrets.delete(secret);
      // Last, as what is used is not given up.
      secrets.add(secret);
      if (isKnown) return;
      const [oldest] = secrets;
      if (secrets.size > MOST && oldest !== undefined) secrets.delete(oldest);
      forms = undefined;
    },
    hide(text) {
      // The longest first, for one may be part of another.
      forms ??= [...new Set([...secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length);
      const named = text.replace(HEADERS, `$1$2${HIDDEN}`);
      if (forms.length === 0) return named;
      const whole = named.replace(new RegExp(forms.map(patternOf).join("|"), "gu"), HIDDEN);
      return withoutBeginning(whole, forms);
    },
  };
}

/** A secret as a server may have it in an answer. */
function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).filter(({ length }) => length >= 16);
  const path = URL.canParse(secret) ? new URL(secret).pathname : "";
  return [secret, ...lines, ...(path.length > 1 ? [path, path.split("/").at(-1) ?? ""] : [])]
    .flatMap((form) => [form, form.replace(/\s+/g, " ").trim()])
    .flatMap((form) => [
      form,
      inJson(form),
      inJson(inJson(form)),
      inUrl(form),
      inForm(form),
      inHtml(form),
      inBase64(form),
    ])
    .filter((form) => form !== "");
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function inForm(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

function inHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function inBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64").replace(/=+$/, "");
}

function patternOf(form: string): string {
  const literal = form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return form.length < SHORT ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
}

/** Texts are cut where they are too long, and so is what is in them. */
function withoutBeginning(text: string, forms: readonly string[]): string {
  const end = /[\s)\]}"'.]*$/.exec(text)?.index ?? text.length;
  // What closes the text may be part of the secret.
  for (const at of [text.length, end])
    for (const form of forms)
      for (let length = Math.min(form.length - 1, at); length >= MIN_PART; length--)
        if (text.endsWith(form.slice(0, length), at)) return `${text.slice(0, at - length)}${HIDDEN}${text.slice(at)}`;
  return text;
}
