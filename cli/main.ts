/**
 * `npm run cordon -- <command>`: Cordon by hand. One file per command; each says in its own words what it needs and what its exit code means.
 *
 * Exit codes: 0 all is well, 1 the command found something wrong, 2 it could not be run: a mistake in arguments or settings, or AWS gave no answer.
 */
import { renderUsage, runCommand } from "citty";
import { describeError } from "../shared/errors.ts";
import { type Command, exitCodes, unknownOptions, withoutColours } from "./command.ts";
import { coverage } from "./coverage.ts";
import { evidenceVerify } from "./evidence-verify.ts";

const commands: readonly Command[] = [coverage, evidenceVerify];

/** Runs one command. Returns its exit code; answers are written to stdout, everything else to stderr. */
export async function main(words: readonly string[]): Promise<number> {
  const command = commands.find(({ name }) => name.split(" ").every((word, index) => words[index] === word));
  const isHelp = words.includes("--help") || words.includes("-h");
  if (command === undefined) {
    if (isHelp || words.length === 0) process.stdout.write(overview());
    else process.stderr.write(`cordon: there is no command "${words.join(" ")}"\n\n${overview()}`);
    return isHelp ? exitCodes.fine : exitCodes.unusable;
  }
  if (isHelp) {
    process.stdout.write(await helpOf(command));
    return exitCodes.fine;
  }
  try {
    const rawArgs = words.slice(command.name.split(" ").length);
    const unknown = unknownOptions(rawArgs, Object.keys(command.definition.args ?? {}));
    if (unknown.length > 0) throw new Error(`found ${unknown.join(", ")}, which this command does not have`);
    const { result } = await runCommand(command.definition, { rawArgs });
    return typeof result === "number" ? result : exitCodes.fine;
  } catch (error) {
    const reason = withoutColours(describeError(error)).replace(/^(CLI)?Error: /, "");
    process.stderr.write(`cordon ${command.name}: ${reason}\nWhat it expects: cordon ${command.name} --help\n`);
    return exitCodes.unusable;
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  return `cordon <command>\n\n${list}\n\nEach tells more of itself: cordon <command> --help\n`;
}

async function helpOf({ definition, notes }: Command): Promise<string> {
  const usage = await renderUsage(definition);
  return `${process.stdout.isTTY ? usage : withoutColours(usage)}\n${notes}\n`;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
