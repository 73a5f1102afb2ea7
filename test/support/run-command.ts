import { runCommand } from "citty";
import { vi } from "vitest";
import { type Command, withoutColours } from "../../cli/command.ts";
import { describeError } from "../../shared/errors.ts";

/** Runs one command in this process as the command line does, with what it says. Code 2: it threw. */
export async function runOf(command: Command, ...words: readonly string[]) {
  const said = { out: "", err: "" };
  const listen = (stream: NodeJS.WriteStream, name: "out" | "err") =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const spies = [listen(process.stdout, "out"), listen(process.stderr, "err")];
  try {
    const { result } = await runCommand(command.definition, { rawArgs: [...words] });
    return { code: result, ...said };
  } catch (error) {
    return { code: 2, out: said.out, err: `${said.err}${withoutColours(describeError(error))}` };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
