import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { Plugin } from "esbuild";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { root } from "../folder.ts";

/** What reads, checks and evaluates what people wrote: the language, and conditions with their engines. No cold start needs any of it. */
const LANGUAGE =
  /[\\/](shared[\\/]policy[\\/](language|conditions)[\\/][\w-]+\.ts|node_modules[\\/](yaml|zod|re2js|@marcbachmann[\\/]cel-js)[\\/].+\.[cm]?js)$/;

/** Whether a module is part of the policy language. Pure. */
export function isLanguage(file: string): boolean {
  return LANGUAGE.test(`/${file}`);
}

/** Compiles a policy in, as scripts/build.ts does. */
export function builtInPlugin(policy: ResidencyPolicy): Plugin {
  const text = JSON.stringify(JSON.stringify(policy));
  return replacing(
    /[\\/]shared[\\/]policy[\\/]built-in\.ts$/,
    `const policy = JSON.parse(${text}); export const builtInPolicy = () => policy;`,
  );
}

/** Leaves the policy language out, for a function that could not read a policy. */
export const withoutLanguagePlugin: Plugin = replacing(
  /[\\/]shared[\\/]policy[\\/](language[\\/]parse-policy|conditions[\\/]conditions)\.ts$/,
  `throw new Error("left out");`,
);

function replacing(filter: RegExp, contents: string): Plugin {
  return { name: "replacing", setup: ({ onLoad }) => onLoad({ filter }, () => ({ contents, loader: "js" })) };
}

/** Has each module of the language say in a global list that it was evaluated. */
export const tracePlugin: Plugin = {
  name: "trace",
  setup({ onLoad }) {
    onLoad({ filter: LANGUAGE }, async ({ path }) => {
      const name = JSON.stringify(relative(root, path));
      const contents = `${await readFile(path, "utf8")}\n;(globalThis.evaluatedModules ??= []).push(${name});`;
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
    });
  },
};
