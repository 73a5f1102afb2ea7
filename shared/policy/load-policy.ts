import { readFile } from "node:fs/promises";
import { CordonError, describeError } from "../errors.ts";
import { builtInPolicy } from "./built-in.ts";
import type { ResidencyPolicy } from "./policy.ts";

/**
 * The policy in force: the one compiled in, or the file `CORDON_POLICY` names. The YAML reader is imported only for the latter.
 *
 * @throws CordonError `misconfigured` with every mistake as file:line:column; a policy that can't be read is never the old one or none
 */
export async function loadPolicy(file: string | undefined, controlIds: readonly string[]): Promise<ResidencyPolicy> {
  if (file === undefined) return builtInPolicy(controlIds);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CordonError(
      "misconfigured",
      `CORDON_POLICY names ${file}, which can't be read: ${describeError(error)}`,
      { cause: error },
    );
  }
  const { formatPolicyErrors, parsePolicy } = await import("./parse-policy.ts");
  const parsed = parsePolicy(text, file, controlIds);
  if (!parsed.ok)
    throw new CordonError(
      "misconfigured",
      `The policy is refused, so nothing is done.\n${formatPolicyErrors(parsed.errors)}`,
    );
  return parsed.policy;
}
