import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    // Most of what tests make is gone at once: a larger nursery is swept less often.
    execArgv: ["--max-semi-space-size=64"],
    unstubEnvs: true,
    // For the processes that tests start: the sandbox's containers, and the command line.
    env: { NODE_COMPILE_CACHE: "node_modules/.cache/cordon/compiled" },
    // test/support/setup.ts clears up behind each file.
    isolate: false,
    // One more than the cores that there are at least: tests wait for time limits and processes as well, and each worker loads everything anew.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Machines are shared: what takes a second alone may take many.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./test/support/closing-line.ts"],
  },
});
