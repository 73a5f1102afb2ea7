import { readFileSync } from "node:fs";
import type { KnownControl } from "../control.ts";
import { CordonError } from "../errors.ts";
import { formatPolicyErrors, parsePolicy } from "./language/parse-policy.ts";
import type { ResidencyPolicy } from "./policy.ts";

/** The file the build compiles in unless it is told another (`npm run build -- --policy <file>`). */
export const DEFAULT_POLICY_FILE = "policies/eu-gdpr.yaml";

/**
 * The policy compiled into the bundle. The build replaces this module by one that returns the compiled policy as data; run from source, it
 * reads the default file.
 */
export function builtInPolicy(controls: readonly KnownControl[]): ResidencyPolicy {
  const file = new URL(`../../${DEFAULT_POLICY_FILE}`, import.meta.url);
  const parsed = parsePolicy(readFileSync(file, "utf8"), DEFAULT_POLICY_FILE, controls);
  if (!parsed.ok) throw new CordonError("misconfigured", formatPolicyErrors(parsed.errors));
  return parsed.policy;
}
