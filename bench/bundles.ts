import { existsSync } from "node:fs";
import { cp, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { type Folder, openFolder, root } from "./folder.ts";

/** A temporary folder with all that the measured processes load. */
export interface Bundles {
  readonly runner: string;
  /** A copy of Cordon's function as it ships, so that a build in between changes nothing. */
  readonly cordon: string;
  /** Where more that they load can be put. */
  readonly folder: Folder;
  /** Bundles a floor's handler with the source of what it sends (floor/source.ts); returns its path. */
  buildFloor(entry: string, requests: string): Promise<string>;
  remove(): Promise<void>;
}

/** @throws Error when the function isn't built */
export async function openBundles(functionName: string): Promise<Bundles> {
  const built = join(root, "dist", functionName, "index.js");
  if (!existsSync(built)) {
    throw new Error(
      `dist/${functionName}/index.js is missing: run "npm run build" first, or "npm run bench", which does`,
    );
  }
  const folder = await openFolder();
  await mkdir(join(folder.path, "cordon"));
  const cordon = join(folder.path, "cordon", "index.js");
  await cp(built, cordon);
  return {
    runner: await folder.bundle("bench/runner.ts", "runner"),
    cordon,
    folder,
    buildFloor: (entry, requests) => folder.bundle(entry, "floor", [requestsPlugin(requests)]),
    remove: folder.remove,
  };
}

/** Puts the recorded requests in the place of the module that has none. */
function requestsPlugin(contents: string): Plugin {
  return {
    name: "recorded-requests",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]floor[\\/]requests\.ts$/ }, () => ({ contents, loader: "js" }));
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
