import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Folder } from "../folder.ts";
import { handleOnce } from "../process.ts";
import { policyDocument } from "./documents.ts";
import { writePolicy } from "./files.ts";
import { bundleFunction, NO_EVENT } from "./functions.ts";
import { builtInPlugin, tracePlugin } from "./plugins.ts";

/** The modules of the policy language that a container evaluates up to its first answer, by the policy it is given. */
export interface Evaluated {
  readonly builtIn: readonly string[];
  readonly compiled: readonly string[];
  readonly conditions: readonly string[];
  readonly yaml: readonly string[];
}

/**
 * Runs the function with every module of the language telling when it is evaluated.
 *
 * @throws Error when they tell nothing where YAML is read: then that none is evaluated elsewhere would say nothing either
 */
export async function traceEvaluated(folder: Folder, builtIn: ResidencyPolicy): Promise<Evaluated> {
  const size = { rules: 20, exceptions: 2 };
  const plain = await writePolicy(folder, "traced", policyDocument(size));
  const conditional = await writePolicy(folder, "conditional", policyDocument({ ...size, isConditional: true }));
  const plugins = [builtInPlugin(builtIn), tracePlugin];
  const traced = await bundleFunction(folder, "traced", plugins, "bench/policy/traced-function.ts");
  const evaluated = async (policy?: string): Promise<readonly string[]> => {
    const environment = { ...traced.environment, ...(policy !== undefined && { CORDON_POLICY: policy }) };
    return (await handleOnce({ ...traced, environment }, NO_EVENT)).result as readonly string[];
  };
  const yaml = await evaluated(plain.yaml.file);
  if (yaml.length === 0)
    throw new Error("reading YAML evaluated no module of the policy language: the trace is broken");
  return {
    builtIn: await evaluated(),
    compiled: await evaluated(plain.compiled.file),
    conditions: await evaluated(conditional.compiled.file),
    yaml,
  };
}
