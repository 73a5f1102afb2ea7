import { defineConfig } from "vitest/config";

/**
 * The tests that mutants of shared/policy are held against: they need no sandbox and no bundle. The properties would kill some more, each at the price of a
 * thousand policies; the examples have to be enough. Times mean nothing in mutated code.
 */
export default defineConfig({
  test: {
    include: ["test/policy/**/*.test.ts"],
    exclude: ["test/policy/{properties,hostile,many-rules,condition-limits}.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "threads",
    testTimeout: 30_000,
  },
});
