/**
 * Read a wildcard pattern: `*` stands for any text, also none; `\*` and `\\` for the characters themselves.
 * Returns what tells whether a text matches, in linear time. Throws Error for two asterisks in a row and for a backslash
 * before anything else, which EventBridge refuses.
 */
export function parseWildcard(pattern: string): (text: string) => boolean {
  const [first = "", ...rest] = readPieces(pattern);
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    // The first place is as good as any later one: it leaves the most room for what follows.
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}

/** The texts between the asterisks. */
function readPieces(pattern: string): string[] {
  const pieces = [""];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    const next = pattern.charAt(i + 1);
    if (character === "*") {
      if (next === "*") throw new Error(`Consecutive wildcard characters at pos ${i}`);
      pieces.push("");
      continue;
    }
    if (character === "\\") {
      if (next !== "*" && next !== "\\") throw new Error(`Invalid escape character at pos ${i}`);
      i += 1;
    }
    pieces[pieces.length - 1] += character === "\\" ? next : character;
  }
  return pieces;
}
