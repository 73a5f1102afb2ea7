import { readFile } from "node:fs/promises";
import type { KnownControl } from "../control.ts";
import { CordonError, describeError } from "../errors.ts";
import { builtInPolicy } from "./built-in.ts";
import { readCompiled } from "./compiled-file.ts";
import type { PolicyInForce, ResidencyPolicy } from "./policy.ts";

/**
 * The policy in force: the one compiled in, or the file `CORDON_POLICY` names, as YAML or as `cordon compile` wrote it. The YAML reader is imported only
 * for YAML, CEL only for a policy with conditions.
 *
 * @throws CordonError `misconfigured` with every mistake as file:line:column; a policy that can't be read is never the old one or none
 */
export async function loadPolicy(file: string | undefined, controls: readonly KnownControl[]): Promise<PolicyInForce> {
  return inForce(file === undefined ? builtInPolicy(controls) : await readPolicyFile(file, controls));
}

/**
 * Reads a policy from a file.
 *
 * @throws CordonError `misconfigured`
 */
export async function readPolicyFile(file: string, controls: readonly KnownControl[]): Promise<ResidencyPolicy> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CordonError("misconfigured", `The policy ${file} can't be read: ${describeError(error)}`, {
      cause: error,
    });
  }
  const compiled = readCompiled(text, file);
  if (compiled !== undefined) return compiled;
  const { formatPolicyErrors, parsePolicy } = await import("./language/parse-policy.ts");
  const parsed = parsePolicy(text, file, controls);
  if (parsed.ok) return parsed.policy;
  throw new CordonError(
    "misconfigured",
    `The policy is refused, so nothing is done.\n${formatPolicyErrors(parsed.errors)}`,
  );
}

/** A policy with what evaluates its conditions; CEL is loaded only where there are any. */
export async function inForce(policy: ResidencyPolicy): Promise<PolicyInForce> {
  if (policy.expressions.length === 0) return withoutConditions(policy);
  const { loadConditions } = await import("./conditions/conditions.ts");
  return { ...policy, conditions: await loadConditions(policy) };
}

/** A policy that has no conditions. Its rules never ask for one; should a rule do so, that can't be told. */
export function withoutConditions(policy: ResidencyPolicy): PolicyInForce {
  const conditions = (expression: string): boolean => {
    throw new Error(`nothing evaluates conditions here: ${expression}`);
  };
  return { ...policy, conditions };
}
