import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    // test/support/setup.ts clears up behind each file.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    reporters: ["default", "./test/support/closing-line.ts"],
  },
});
