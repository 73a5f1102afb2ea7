/**
 * `npm run build [-- --policy <file>]`: functions/<name>/handler.ts -> dist/<name>/index.js, one self-contained ESM file each, with the
 * policy compiled in; and the command line -> dist/cordon/main.js, the package's `bin`. A policy with mistakes stops the build.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { build, type Plugin } from "esbuild";
import { catalogue } from "../controls/catalogue.ts";
import { DEFAULT_POLICY_FILE } from "../shared/policy/built-in.ts";
import { formatPolicyErrors, parsePolicy } from "../shared/policy/language/parse-policy.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import { bundleOptions } from "./bundle-options.ts";

const root = new URL("..", import.meta.url);

async function compiledPolicy(file: string): Promise<ResidencyPolicy> {
  const text = await readFile(file, "utf8").catch((error: Error) =>
    stop(`The policy ${file} can't be read: ${error.message}`),
  );
  const parsed = parsePolicy(text, file, catalogue);
  return parsed.ok ? parsed.policy : stop(`The policy is refused.\n${formatPolicyErrors(parsed.errors)}`);
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Puts the compiled policy in the place of the module that would read it from its file. */
function policyPlugin(policy: string): Plugin {
  return {
    name: "compiled-policy",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]shared[\\/]policy[\\/]built-in\.ts$/ }, () => ({
        contents: `const policy = JSON.parse(${JSON.stringify(policy)}); export const builtInPolicy = () => policy;`,
        loader: "js",
      }));
    },
  };
}

const USAGE = `npm run build [-- --policy <file>]

Bundles functions/<name>/handler.ts into dist/<name>/index.js, with the policy compiled in (${DEFAULT_POLICY_FILE} by default).
What is to be deployed has to be built with --policy: for any stage but local, packaging refuses the default.
`;

function readArguments(): { readonly policy?: string } {
  try {
    const options = { policy: { type: "string" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ options });
    if (values.help !== true) return values;
    process.stdout.write(USAGE);
  } catch (error) {
    stop(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
  process.exit(0);
}

async function main(): Promise<void> {
  const values = readArguments();
  process.chdir(new URL(".", root).pathname);
  const file = values.policy ?? DEFAULT_POLICY_FILE;
  const policy = await compiledPolicy(file);
  const functions = (await readdir("functions", { withFileTypes: true })).filter((entry) => entry.isDirectory());
  await rm("dist", { recursive: true, force: true });
  const started = performance.now();
  const result = await build({
    entryPoints: functions.map(({ name }) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: "dist",
    ...bundleOptions,
    metafile: true,
    plugins: [policyPlugin(JSON.stringify(policy))],
  });
  await build({
    entryPoints: [{ in: "cli/main.ts", out: "main" }],
    outdir: "dist/cordon",
    ...bundleOptions,
    // Most commands need a few of the SDK's clients, and none needs all.
    splitting: true,
    plugins: [policyPlugin(JSON.stringify(policy))],
  });
  await writeFile("dist/cordon/package.json", '{ "type": "module" }\n');
  for (const { name } of functions) {
    await mkdir(`dist/${name}`, { recursive: true });
    await writeFile(`dist/${name}/package.json`, '{ "type": "module" }\n');
  }
  // What is packaged later says by this what it deploys (deploy/before-packaging.ts).
  const about = { policy: file, isChosen: values.policy !== undefined, digest: policy.digest };
  await writeFile("dist/build.json", `${JSON.stringify(about)}\n`);
  for (const [output, { bytes }] of Object.entries(result.metafile.outputs))
    process.stdout.write(`${output}  ${Math.round(bytes / 1024)} KB\n`);
  process.stdout.write(
    `built ${functions.length} functions with policy ${file} in ${Math.round(performance.now() - started)} ms\n`,
  );
}

await main();
