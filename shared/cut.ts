/** The beginning of a text, never half a character: a lone surrogate can be in a JavaScript string, but not in UTF-8, and so in no hash, table or queue. */
export function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
