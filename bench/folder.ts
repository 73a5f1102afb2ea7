import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { bundleOptions } from "../scripts/bundle-options.ts";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** A temporary folder for what measured processes load. */
export interface Folder {
  readonly path: string;
  /** Bundles an entry point as functions are bundled; returns the bundle's path. */
  bundle(entry: string, name: string, plugins?: Plugin[]): Promise<string>;
  remove(): Promise<void>;
}

export async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "cordon-bench-"));
  await writeFile(join(path, "package.json"), '{ "type": "module" }\n');
  return {
    path,
    async bundle(entry, name, plugins = []) {
      const entryPoints = [{ in: join(root, entry), out: `${name}/index` }];
      await build({ ...bundleOptions, absWorkingDir: root, entryPoints, outdir: path, plugins });
      return join(path, name, "index.js");
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
