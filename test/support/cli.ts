import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "citty";
import { build } from "esbuild";
import { afterAll, vi } from "vitest";
import { type Command, exitCodes, unknownOptions } from "../../cli/command.ts";
import type { PolicyDocument, Principal, Sandbox } from "../../sandbox/index.ts";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { describeError } from "../../shared/errors.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";

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
  name = "operator",
): Principal {
  const Statement = statements.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource }));
  const policy: PolicyDocument = { Statement };
  const principal = sandbox.createPrincipal({ type: "IAMUser", name, policies: () => [policy] });
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

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
let bundle: Promise<string> | undefined;

/**
 * Deploys the function that decides, with its URL; it goes by `policy`, as a stage does. It is bundled once a file of tests: from source a container starts three times
 * as slowly.
 */
export async function deployDecide(
  sandbox: Sandbox,
  { conditions: _, ...policy }: ResidencyPolicy & { readonly conditions?: unknown },
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  bundle ??= bundled();
  const file = await bundle;
  const policyFile = join(file, `../policy-${policy.digest}.json`);
  writeFileSync(policyFile, writeCompiled(policy));
  const environment = { ...DECIDE_SETTINGS, CORDON_POLICY: policyFile, ...settings };
  sandbox.deploy({ name: "cordon-decide", bundle: file, environment, timeoutMs: 30_000, hasUrl: true });
}

async function bundled(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "cordon-decide-"));
  folders.push(folder);
  const outfile = join(folder, "index.mjs");
  await build({ ...bundleOptions, minify: false, entryPoints: ["functions/decide/handler.ts"], outfile });
  return outfile;
}
