import { afterAll, vi } from "vitest";

// Lambda's runtime is Node 24: a test on another major proves nothing about it.
const major = Number(process.version.slice(1).split(".")[0]);
if (major !== 24)
  throw new Error(
    `The tests run on Node 24, found ${process.version}. Run them by "npm test", which uses the pinned one.`,
  );
// Quiet by default; a failing test can be run with POWERTOOLS_LOG_LEVEL=INFO.
process.env.POWERTOOLS_LOG_LEVEL ??= "SILENT";
process.env.POWERTOOLS_METRICS_DISABLED ??= "true";

// Files of tests share a process, so that the SDK is loaded once: what a file set up there goes with it.
const environment = { ...process.env };
const held = process.env;
afterAll(() => {
  // vitest goes on to take away from the object it began with what it stubs in another's place: a stub would stay for the files that follow.
  if (process.env !== held) throw new Error("A test put another object in process.env's place; expected vi.stubEnv.");
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.resetModules();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
