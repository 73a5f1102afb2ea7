#!/usr/bin/env node
/**
 * `npm run cordon -- <command>`: Cordon by hand. One file per command; each says in its own words what it needs and what its exit code means.
 *
 * Exit codes: 0 all is well, 1 the command found something wrong, 2 it could not be run: a mistake in arguments or settings, or AWS gave no answer.
 */
import { renderUsage, runCommand } from "citty";
import { describeError } from "../shared/errors.ts";
import { type Command, exitCodes, unknownOptions, withoutColours } from "./command.ts";
import { compile } from "./compile.ts";
import { coverage } from "./coverage.ts";
import { diff } from "./diff.ts";
import { evidenceVerify } from "./evidence-verify.ts";
import { test } from "./test.ts";
import { validate } from "./validate.ts";

const commands: readonly Command[] = [validate, test, diff, compile, coverage, evidenceVerify];

/** npm prints two lines of its own before the answer unless it is told not to. */
const PIPING = "To pipe the answer: npm run --silent cordon -- <command> --json";

/** Runs one command. Returns its exit code; answers are written to stdout, everything else to stderr. */
export async function main(words: readonly string[]): Promise<number> {
  const command = commands.find(({ name }) => name.split(" ").every((word, index) => words[index] === word));
  const isHelp = words.includes("--help") || words.includes("-h");
  if (command === undefined) {
    const [group] = words;
    const ofGroup = commands.filter(({ name }) => name.startsWith(`${group} `));
    const help = overview(ofGroup.length > 0 ? ofGroup : commands);
    if (isHelp || words.length === 0) process.stdout.write(help);
    else if (words.length === 1 && ofGroup.length > 0) process.stderr.write(help);
    else process.stderr.write(`cordon: there is no command "${words.join(" ")}"\n\n${help}`);
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

function overview(shown: readonly Command[]): string {
  const width = Math.max(...shown.map(({ name }) => name.length));
  const list = shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  return `cordon <command>\n\n${list}\n\nEach tells more of itself: cordon <command> --help\n${PIPING}\n`;
}

async function helpOf({ definition, notes }: Command): Promise<string> {
  const usage = await renderUsage(definition);
  return `${process.stdout.isTTY ? usage : withoutColours(usage)}\n${notes}\n${PIPING}\n`;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
