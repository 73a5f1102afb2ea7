import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How a process ended, whatever its code. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the repository's root with its own tools first on the PATH, as `npx` does. */
export async function run(
  file: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH: `${ROOT}node_modules/.bin:${PATH}`, HOME, ...environment };
  return new Promise((done) => {
    execFile(file, [...args], { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      done({ code, stdout, stderr: error !== null && stderr === "" ? error.message : stderr });
    });
  });
}

/** The Serverless Framework of this repository. */
export function osls(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return run(`${ROOT}node_modules/.bin/osls`, args, environment);
}
