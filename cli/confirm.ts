import { createInterface } from "node:readline/promises";

/** Where a question is asked and answered; a person is there when both are terminals. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Asks a person, on stderr, so that stdout stays the answer's. Only "y" or "yes" is yes.
 *
 * @throws Error when there is nobody to ask
 */
export async function confirmed(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (input.isTTY !== true || output.isTTY !== true)
    throw new Error("found no terminal to ask on; expected one, or --yes to do it without asking");
  const lines = createInterface({ input, output });
  try {
    // The end of input is no yes.
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
