import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { functionDefinitions } from "../deploy/functions.ts";
import { readTemplate, type Template } from "../sandbox/index.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Functions that `npm run build` has not built yet. */
export function missingBundles(): readonly string[] {
  return functionDefinitions
    .map(({ name }) => name)
    .filter((name) => !existsSync(join(ROOT, "dist", name, "index.js")));
}

/**
 * The main stack as `osls package` makes it for a cell with these settings, from the functions that are built. Nothing of the packaging stays.
 *
 * @throws Error with what the Serverless Framework said
 */
export async function packageCell(settings: Readonly<Record<string, string>>): Promise<Template> {
  const folder = await mkdtemp(join(tmpdir(), "cordon-package-"));
  const { PATH = "", HOME = "" } = process.env;
  try {
    const osls = join(ROOT, "node_modules", "osls", "bin", "serverless.js");
    // Of this shell's environment no more than it takes to run: settings of its own would change the stack.
    await promisify(execFile)(process.execPath, [osls, "package", "--package", folder], {
      cwd: ROOT,
      env: { PATH, HOME, ...settings },
    });
    return readTemplate(join(folder, "cloudformation-template-update-stack.json"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
