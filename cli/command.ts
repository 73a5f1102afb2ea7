import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from "citty";

/** What a command's exit code says. */
export const exitCodes = { fine: 0, wrong: 1, unusable: 2 } as const;

/** One command of the command line. */
export interface Command {
  /** The words that call it. */
  readonly name: string;
  readonly summary: string;
  /** What there is to know besides its arguments: settings, exit codes. */
  readonly notes: string;
  readonly definition: CommandDef;
}

/**
 * A command from its parts.
 *
 * @param takesMore any number of words may follow its arguments; they are in `args._`
 * @param run does it and gives the exit code; what it throws is told as a mistake in arguments or settings
 */
export function command<const Args extends ArgsDef>(
  { name, summary, notes }: Omit<Command, "definition">,
  args: Args,
  run: (args: ParsedArgs<Args>) => Promise<number>,
  { takesMore = false }: { readonly takesMore?: boolean } = {},
): Command {
  const meta = { name: `cordon ${name}`, description: summary };
  const taken = Object.values(args).filter(({ type }) => type === "positional").length;
  const definition = defineCommand({
    meta,
    args,
    run: ({ args }) => {
      const extra = args._.slice(taken);
      if (extra.length > 0 && !takesMore)
        throw new Error(
          `found ${extra.join(", ")} besides; expected ${taken || "no"} argument${taken === 1 ? "" : "s"}`,
        );
      return run(args);
    },
  });
  return { name, summary, notes, definition: definition as unknown as CommandDef };
}

/** Options among `words` that a command does not have; citty would pass over a misspelt one, and do something else than was meant. Pure. */
export function unknownOptions(words: readonly string[], known: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  const options = (end < 0 ? words : words.slice(0, end)).filter((word) => word.startsWith("-") && word !== "-");
  return options.filter((word) => !known.includes(word.replace(/^--?/, "").replace(/=.*$/s, "")));
}

/** Text as it is where nobody sees colours. Pure. */
export function withoutColours(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "");
}
