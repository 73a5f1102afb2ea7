import type { BuildOptions } from "esbuild";

// Bundled CommonJS packages call `require` for Node's own modules, which an ESM file does not have.
const REQUIRE_BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** How a Lambda function is bundled: one self-contained ESM file. Whatever is compared with a function is bundled by these too (bench/). */
export const bundleOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  minify: true,
  keepNames: true,
  sourcemap: false,
  mainFields: ["module", "main"],
  banner: { js: REQUIRE_BANNER },
  logLevel: "warning",
} as const satisfies BuildOptions;
