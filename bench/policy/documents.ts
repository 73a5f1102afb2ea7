import { catalogue } from "../../controls/catalogue.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { CELL_CONTROL, CONTROL, DATA_OWNER, OTHER_CLASSES, UNITS } from "./cast.ts";
import { CLASSES, CORE_RULES, coreRules, TERMS } from "./core-rules.ts";
import { otherExceptions, otherRules, scopesByTag } from "./other-rules.ts";

/** How large a policy is to be. */
export interface PolicySize {
  /** Transfers and scopes, at least `CORE_RULES`. */
  readonly rules: number;
  /** At least one. */
  readonly exceptions: number;
  /** Whether ten of the rules have a condition in CEL. */
  readonly isConditional?: boolean;
}

/** A policy as its authors write it, of a realistic mix; of all its rules the findings meet `CORE_RULES` and one exception. Pure and deterministic. */
export function policyDocument({ rules, exceptions, isConditional = false }: PolicySize): object {
  const core = coreRules(isConditional);
  const others = otherRules(rules - CORE_RULES);
  return {
    ...BASE,
    organizationalUnits: { ...BASE.organizationalUnits, ...others.units },
    transfers: [...core.transfers, ...others.transfers],
    controls: {
      ...BASE.controls,
      [CONTROL]: { mode: "enforce", scopes: [...core.scopes, ...others.scopes] },
    },
    exceptions: [...core.exceptions, ...otherExceptions(exceptions - core.exceptions.length)].map((exception) => ({
      control: CONTROL,
      ...TERMS,
      ...exception,
    })),
  };
}

/** A policy all of whose rules can match a resource whose tags can't be read. Pure and deterministic. */
export function openDocument(rules: number): object {
  return { ...BASE, controls: { ...BASE.controls, [CONTROL]: { mode: "observe", scopes: scopesByTag(rules) } } };
}

/**
 * Compiles a document as `cordon compile` does.
 *
 * @throws Error with every mistake in it
 */
export function compileDocument(document: object): ResidencyPolicy {
  const parsed = parsePolicy(JSON.stringify(document), "generated", catalogue);
  if (!parsed.ok) throw new Error(`a generated policy is refused:\n${formatPolicyErrors(parsed.errors.slice(0, 10))}`);
  return parsed.policy;
}

const unitEntries = Object.entries(UNITS).map(([name, accounts]) => [name, { parent: "company", accounts }]);

const BASE = {
  version: 1,
  name: "generated",
  classifications: [
    ...CLASSES,
    ...OTHER_CLASSES.map((name, index) => ({
      name,
      rank: 100 + index,
      residency: ["eu"],
      recognisedBy: [{ tag: { key: "class", value: name } }],
      setBy: DATA_OWNER,
    })),
  ],
  unclassified: { treatAs: "personal" },
  organizationalUnits: { company: {}, ...Object.fromEntries(unitEntries) },
  controls: { [CELL_CONTROL]: { mode: "approve" } },
};
