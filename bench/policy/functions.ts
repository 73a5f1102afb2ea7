import type { Plugin } from "esbuild";
import { cellEnvironment } from "../../sandbox/index.ts";
import type { Folder } from "../folder.ts";
import type { Contestant } from "../process.ts";

/** An event that no control is for: a function answers that at once, without a call to AWS, once it has read its settings and its policy. */
export const NO_EVENT = {};

/** Bundles a function and gives it the surroundings to start in. */
export async function bundleFunction(
  folder: Folder,
  name: string,
  plugins: Plugin[],
  entry = "functions/quarantine-replication/handler.ts",
): Promise<Contestant> {
  return {
    name,
    runner: await folder.bundle("bench/runner.ts", "runner"),
    bundle: await folder.bundle(entry, name, plugins),
    functionArn: `arn:aws:lambda:eu-central-1:111122223333:function:${name}`,
    environment: {
      AWS_REGION: "eu-central-1",
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      ...cellEnvironment(),
    },
  };
}
