import { runCommand } from "citty";
import { vi } from "vitest";
import { type Command, exitCodes, unknownOptions } from "../../cli/command.ts";
import type { PolicyDocument, Principal, Sandbox } from "../../sandbox/index.ts";
import { describeError } from "../../shared/errors.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command of the command line in this process, as cli/main.ts does, with what it says. */
export async function run(command: Command, ...words: readonly string[]): Promise<Said> {
  const said = { out: "", err: "" };
  const listen = (stream: NodeJS.WriteStream, name: "out" | "err") =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const spies = [listen(process.stdout, "out"), listen(process.stderr, "err")];
  try {
    const unknown = unknownOptions(words, Object.keys(command.definition.args ?? {}));
    if (unknown.length > 0) throw new Error(`found ${unknown.join(", ")}, which this command does not have`);
    const { result } = await runCommand(command.definition, { rawArgs: [...words] });
    return { code: Number(result), ...said };
  } catch (error) {
    return { ...said, code: exitCodes.unusable, err: said.err + describeError(error) };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Somebody at a desk, who may do only what `statements` allow; the environment becomes theirs. */
export function operator(
  sandbox: Sandbox,
  statements: readonly (readonly [action: string, resource: string])[],
): Principal {
  const Statement = statements.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource }));
  const policy: PolicyDocument = { Statement };
  const principal = sandbox.createPrincipal({ type: "IAMUser", name: "operator", policies: () => [policy] });
  for (const [name, value] of Object.entries({ ...sandbox.environment(principal), CORDON_TABLE: "cordon" }))
    vi.stubEnv(name, value);
  return principal;
}

/** The table in the sandbox of `stage`. */
export const TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/cordon";

const DECIDE_ARN = "arn:aws:lambda:eu-central-1:111122223333:function:cordon-decide";
/** What it takes to have the function that decides do something. */
export const BY_URL = ["lambda:GetFunctionUrlConfig", "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"].map(
  (action) => [action, DECIDE_ARN] as const,
);
/** The environment of that function. */
export const DECIDE_SETTINGS = {
  CORDON_TABLE: "cordon",
  CORDON_STACK: "cordon",
  CORDON_MODE: "enforce",
  POWERTOOLS_LOG_LEVEL: "SILENT",
};
