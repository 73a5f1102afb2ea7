import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    unstubEnvs: true,
    // test/support/setup.ts clears up behind each file.
    isolate: false,
    maxWorkers: 2,
    // Machines are shared: what takes a second alone may take many.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./test/support/closing-line.ts"],
  },
});
