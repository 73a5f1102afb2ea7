/**
 * Check digits by the published rules, written for this corpus alone: what the detectors use is never asked, so that a mistake there shows.
 */

const digitsOf = (text: string): readonly number[] => [...text].map(Number);

export function weighted(text: string, weights: readonly number[]): number {
  return digitsOf(text).reduce((sum, digit, index) => sum + digit * (weights[index % weights.length] ?? 0), 0);
}

/** Luhn (ISO/IEC 7812-1): the digit that completes the text. */
export function luhnDigit(text: string): string {
  const sum = digitsOf(text)
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = index % 2 === 0 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return String((10 - (sum % 10)) % 10);
}

/** ISO 7064, MOD 11,10. */
export function mod11And10Digit(text: string): string {
  let product = 10;
  for (const digit of digitsOf(text)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}

/** ISO 7064, MOD 97-10, as IBANs use it: the two check digits of a country and a basic account number. */
export function ibanCheck(country: string, account: string): string {
  const rearranged = [...`${account}${country}00`].map((letter) => Number.parseInt(letter, 36)).join("");
  return String(98n - (BigInt(rearranged) % 97n)).padStart(2, "0");
}

/** CPF, both digits of nine. */
export function cpfDigits(nine: string): string {
  const digit = (text: string): string => {
    const rest = (digitsOf(text).reduce((sum, each, index) => sum + each * (text.length + 1 - index), 0) * 10) % 11;
    return String(rest % 10);
  };
  const first = digit(nine);
  return first + digit(nine + first);
}

/** CNPJ, both digits of twelve. */
export function cnpjDigits(twelve: string): string {
  const digit = (text: string, weights: readonly number[]): string => {
    const rest = weighted(text, weights) % 11;
    return String(rest < 2 ? 0 : 11 - rest);
  };
  const first = digit(twelve, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  return first + digit(twelve + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
}

/** Estonia and Lithuania: two rounds of weights. */
export function balticDigit(ten: string): string {
  const first = weighted(ten, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (first < 10) return String(first);
  return String((weighted(ten, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10);
}

const ODD = "1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23".split(" ").map(Number);

/** Codice fiscale: odd places count by a table of their own. */
export function codiceFiscaleLetter(fifteen: string): string {
  const sum = [...fifteen].reduce((total, letter, index) => {
    const value = /\d/.test(letter) ? Number(letter) : letter.charCodeAt(0) - 65;
    return total + (index % 2 === 0 ? (ODD[value] ?? 0) : value);
  }, 0);
  return String.fromCharCode(65 + (sum % 26));
}

export const dniLetter = (number: number): string => "TRWAGMYFPDXBNJZSQVHLCKE".charAt(number % 23);

export const hetuLetter = (nine: string): string => "0123456789ABCDEFHJKLMNPRSTUVWXY".charAt(Number(nine) % 31);

/** Ireland: weights 8 to 2, a second letter counts nine times its place. */
export function ppsLetter(seven: string, second = ""): string {
  const extra = second === "" ? 0 : (second.charCodeAt(0) - 64) * 9;
  return "WABCDEFGHIJKLMNOPQRSTUV".charAt((weighted(seven, [8, 7, 6, 5, 4, 3, 2]) + extra) % 23);
}
