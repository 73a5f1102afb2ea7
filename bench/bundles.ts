import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { bundleOptions } from "../scripts/bundle-options.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
export const MEASURED = "quarantine-replication";

/** A temporary folder with all that the measured processes load. */
export interface Bundles {
  readonly runner: string;
  /** A copy of Cordon's function as it ships, so that a build in between changes nothing. */
  readonly cordon: string;
  /** Bundles the floor with the source of what it sends (floor/source.ts); returns its path. */
  buildFloor(requests: string): Promise<string>;
  remove(): Promise<void>;
}

/** @throws Error when the function isn't built */
export async function openBundles(): Promise<Bundles> {
  const built = join(root, "dist", MEASURED, "index.js");
  if (!existsSync(built)) {
    throw new Error(`dist/${MEASURED}/index.js is missing: run "npm run build" first, or "npm run bench", which does`);
  }
  const folder = await mkdtemp(join(tmpdir(), "cordon-bench-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  await mkdir(join(folder, "cordon"));
  await cp(built, join(folder, "cordon", "index.js"));
  await bundle(folder, "bench/runner.ts", "runner");
  return {
    runner: join(folder, "runner", "index.js"),
    cordon: join(folder, "cordon", "index.js"),
    async buildFloor(requests) {
      await bundle(folder, "bench/floor/handler.ts", "floor", [requestsPlugin(requests)]);
      return join(folder, "floor", "index.js");
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function bundle(folder: string, entry: string, name: string, plugins: Plugin[] = []): Promise<void> {
  const entryPoints = [{ in: join(root, entry), out: `${name}/index` }];
  await build({ ...bundleOptions, absWorkingDir: root, entryPoints, outdir: folder, plugins });
}

/** Puts the recorded requests in the place of the module that has none. */
function requestsPlugin(contents: string): Plugin {
  return {
    name: "recorded-requests",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]bench[\\/]floor[\\/]requests\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}

/** Bytes of each function that is built, and of the floor. */
export async function readSizes(floor: string): Promise<Readonly<Record<string, number>>> {
  // The packaged stack lies there too.
  const names = (await readdir(join(root, "dist")))
    .filter((name) => existsSync(join(root, "dist", name, "index.js")))
    .sort();
  const files = [
    ...names.map((name) => [name, join(root, "dist", name, "index.js")] as const),
    ["floor", floor] as const,
  ];
  return Object.fromEntries(await Promise.all(files.map(async ([name, file]) => [name, (await stat(file)).size])));
}
