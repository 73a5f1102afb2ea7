import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTemplate } from "./stack/read-template.ts";
import type { Deployment, Template } from "./stack/template.ts";
import type { Sandbox } from "./types.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PACKAGED = join(ROOT, "dist", "package", "cloudformation-template-update-stack.json");
/** What the packaged template is made from, besides the controls' metadata, which seldom changes. */
const SOURCES = ["deploy", "serverless.yml"];

/** Names of a cell in the sandbox: those of the `local` stage in serverless.yml. */
export const CELL = { table: "cordon", refusedQueue: "cordon-refused", bus: "cordon" } as const;

/** What the functions get told, as serverless.yml does; `more` and what is set already come first. */
export function cellEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    CORDON_TABLE: CELL.table,
    CORDON_MODE: "enforce",
    CORDON_REFUSED_QUEUE: CELL.refusedQueue,
    ...more,
  };
}

let packaged: Template | undefined;

/** The template that `osls package` has written for `npm run assemble`. Throws Error when there is none, or an older one than what it is made from. */
export function packagedTemplate(): Template {
  // Looked at once a process: what is packaged during a test run doesn't change it half-way.
  packaged ??= readPackaged();
  return structuredClone(packaged);
}

function readPackaged(): Template {
  const advice = 'run "npm run assemble" first, which builds and packages';
  if (!existsSync(PACKAGED)) throw new Error(`There is no packaged template: ${advice}`);
  const packagedAt = statSync(PACKAGED).mtimeMs;
  const newer = SOURCES.flatMap((name) => filesIn(join(ROOT, name))).find(
    (file) => statSync(file).mtimeMs > packagedAt,
  );
  if (newer !== undefined)
    throw new Error(`The packaged template is older than ${newer.slice(ROOT.length)}: ${advice}`);
  return readTemplate(PACKAGED);
}

/** Functions of the packaged template, by their bundle's folder, that `npm run build` has not built yet. */
export function missingBundles(only?: readonly string[]): readonly string[] {
  return bundledFunctions().filter((name) => (only ?? [name]).includes(name) && !existsSync(bundleOf(name)));
}

/** The cell as it is packaged, in the sandbox's own account and Region; `only` leaves other functions out. */
export function deployCell(
  sandbox: Sandbox,
  environment: Record<string, string>,
  only?: readonly string[],
): Deployment {
  return sandbox.deployTemplate(packagedTemplate(), {
    stackName: "cordon-local",
    environment,
    ...(only && { only }),
  });
}

/** The packaged functions by the folder of their bundle. */
function bundledFunctions(): readonly string[] {
  return Object.values(packagedTemplate().Resources)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .map(({ Properties }) => basename(dirname(String(Properties?.Handler))));
}

function bundleOf(name: string): string {
  return join(ROOT, "dist", name, "index.js");
}

function filesIn(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter(({ name }) => /\.c?[tj]s$/.test(name))
    .map((entry) => join(entry.parentPath, entry.name));
}
