import { catalogue } from "../controls/catalogue.ts";
import { loadPolicy } from "../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";

/** A policy with where it was taken from. */
export interface PolicyInUse {
  readonly policy: PolicyInForce;
  /** A file, or "built in". */
  readonly from: string;
}

/** What commands that need a policy say of it. */
export const POLICY_SETTINGS = "Policy: --policy, else CORDON_POLICY, else the one that Cordon is built with.";

/**
 * The policy a command goes by.
 *
 * @param file as --policy names it
 * @throws CordonError `misconfigured` with every mistake in it
 */
export async function policyInUse(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PolicyInUse> {
  const named = file ?? (env.CORDON_POLICY?.trim() || undefined);
  return { policy: await loadPolicy(named, catalogue), from: named ?? "built in" };
}
