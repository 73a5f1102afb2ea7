#!/usr/bin/env node
/**
 * `npm run cordon -- <command>`: Cordon by hand. One file per command; each says in its own words what it needs and what its exit code means.
 *
 * Exit codes: 0 all is well, 1 the command found something wrong, 2 it could not be run: a mistake in arguments or settings, or AWS gave no answer.
 */
import { renderUsage, runCommand } from "citty";
import { describeError } from "../shared/errors.ts";
import { didYouMean } from "../shared/policy/language/problems.ts";
import { type Command, exitCodes, unknownOptions, withoutColours } from "./command.ts";

/** Every command by the words that call it; only the one that is called is loaded, and the SDK's clients with it. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  validate: async () => (await import("./validate.ts")).validate,
  test: async () => (await import("./test.ts")).test,
  diff: async () => (await import("./diff.ts")).diff,
  explain: async () => (await import("./explain.ts")).explain,
  replay: async () => (await import("./replay.ts")).replay,
  compile: async () => (await import("./compile.ts")).compile,
  findings: async () => (await import("./findings.ts")).findings,
  readiness: async () => (await import("./readiness.ts")).readiness,
  where: async () => (await import("./where.ts")).where,
  approve: async () => (await import("./decisions.ts")).approve,
  reject: async () => (await import("./decisions.ts")).reject,
  extend: async () => (await import("./decisions.ts")).extend,
  aware: async () => (await import("./decisions.ts")).aware,
  close: async () => (await import("./decisions.ts")).close,
  brake: async () => (await import("./brake.ts")).brake,
  rollback: async () => (await import("./rollback.ts")).rollback,
  "ticket preview": async () => (await import("./ticket-preview.ts")).ticketPreview,
  backfill: async () => (await import("./backfill.ts")).backfill,
  coverage: async () => (await import("./coverage.ts")).coverage,
  "evidence verify": async () => (await import("./evidence-verify.ts")).evidenceVerify,
  catalogue: async () => (await import("./catalogue.ts")).catalogue,
};

/** npm prints two lines of its own before the answer unless it is told not to. */
const PIPING = "To pipe the answer: npm run --silent cordon -- <command> --json";

/** Runs one command. Returns its exit code; answers are written to stdout, everything else to stderr. */
export async function main(words: readonly string[]): Promise<number> {
  const names = Object.keys(commands);
  const called = names.find((name) => name.split(" ").every((word, index) => words[index] === word));
  const isHelp = words.includes("--help") || words.includes("-h");
  const command = called === undefined ? undefined : await commands[called]?.();
  if (command === undefined) {
    const [group] = words;
    const ofGroup = names.filter((name) => name.startsWith(`${group} `));
    const help = await overview(ofGroup.length > 0 ? ofGroup : names);
    if (isHelp || words.length === 0) process.stdout.write(help);
    else if (words.length === 1 && ofGroup.length > 0) process.stderr.write(help);
    else
      process.stderr.write(
        `cordon: there is no command "${words.join(" ")}"${didYouMean(words[0] ?? "", names)}\n\n${help}`,
      );
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

async function overview(names: readonly string[]): Promise<string> {
  const shown = (await Promise.all(names.map((name) => commands[name]?.()))).filter((each) => each !== undefined);
  const width = Math.max(...shown.map(({ name }) => name.length));
  const list = shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  return `cordon <command>\n\n${list}\n\nEach tells more of itself: cordon <command> --help\n${PIPING}\n`;
}

async function helpOf({ definition, notes }: Command): Promise<string> {
  const usage = await renderUsage(definition);
  return `${process.stdout.isTTY ? usage : withoutColours(usage)}\n${notes}\n${PIPING}\n`;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
