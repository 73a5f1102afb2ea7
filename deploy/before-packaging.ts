import { adaptersFrom } from "../shared/ticketing/adapters.ts";
import { environmentOf, type Stack } from "./stack.ts";

/** What `npm run build` says of the bundles in dist/. */
export interface Build {
  /** The policy's file, and whether somebody named it. */
  readonly policy: string;
  readonly isChosen: boolean;
  readonly digest: string;
}

/** The stage of this machine: tests, demo and sandbox. */
const LOCAL = "local";
const MODES = ["observe", "approve", "enforce"];

/**
 * What would be deployed by mistake: a setting that no function takes, names that the stack doesn't have, the sandbox's environment, somebody else's policy. All
 * of it at once; none where there is nothing to say. Pure.
 *
 * @param build undefined when there is none
 */
export function mistakesBeforePackaging(
  stage: string,
  stack: Stack,
  env: Readonly<Record<string, string | undefined>>,
  build: Build | undefined,
): readonly string[] {
  const { CORDON_MODE, CORDON_TICKETS } = environmentOf(stack, env);
  const mistakes: string[] = [];
  if (!MODES.includes(CORDON_MODE ?? ""))
    mistakes.push(`CORDON_MODE is "${CORDON_MODE}": expected ${MODES.join(", ")}`);
  try {
    adaptersFrom(CORDON_TICKETS);
  } catch (error) {
    mistakes.push((error as Error).message);
  }
  if (stack.accounts.length > 0 && stack.member === undefined)
    mistakes.push(
      "CORDON_ACCOUNTS names members, and CORDON_MEMBER_ROLE is not set: the cell could hear them and do nothing",
    );
  return stage === LOCAL ? mistakes : [...mistakes, ...mistakesBeforeDeploying(stage, stack, env, build)];
}

function mistakesBeforeDeploying(
  stage: string,
  { name }: Stack,
  env: Readonly<Record<string, string | undefined>>,
  build: Build | undefined,
): readonly string[] {
  const mistakes: string[] = [];
  const named = { CORDON_TABLE: name, CORDON_REFUSED_QUEUE: `${name}-refused` };
  for (const [variable, expected] of Object.entries(named)) {
    const value = env[variable];
    if (value && value !== expected)
      mistakes.push(
        `${variable} is "${value}", and the stack makes "${expected}": unset it, or source no sandbox.env here`,
      );
  }
  if (/^https?:\/\/(127\.|localhost)/.test(env.AWS_ENDPOINT_URL ?? ""))
    mistakes.push(`AWS_ENDPOINT_URL is ${env.AWS_ENDPOINT_URL}, this very machine: unset it for the stage "${stage}"`);
  if (build === undefined) mistakes.push("dist/ has no functions: npm run build -- --policy <file>");
  else if (!build.isChosen)
    mistakes.push(
      `the functions in dist/ have the example ${build.policy} compiled in, as sandbox, demo and tests build them: npm run build -- --policy <file>, with that one or your own, and package at once`,
    );
  return mistakes;
}
