import { CordonError } from "../errors.ts";
import type { Mode } from "../types.ts";

/** A function's settings, from its environment. */
export interface Settings {
  readonly table: string;
  readonly mode: Mode;
  /** The queue for events that can't be understood; without it they stay in the source queue and end in its DLQ. */
  readonly refusedQueue?: string;
  /** A policy file that replaces the one compiled in. */
  readonly policyFile?: string;
}

const MODES: readonly Mode[] = ["observe", "approve", "enforce"];

/**
 * Reads the settings; a mistake must not be found one deployment at a time, so all are named at once.
 *
 * @throws CordonError `misconfigured`
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const required = (name: string, meaning: string): string => {
    const value = env[name]?.trim() ?? "";
    if (value === "") problems.push(`${name} is missing: expected ${meaning}`);
    return value;
  };
  const table = required("CORDON_TABLE", "the name of Cordon's DynamoDB table");
  const text = required("CORDON_MODE", `the most that may be done: ${MODES.join(", ")}`);
  required("AWS_REGION", "the Region of the cell, e.g. eu-central-1");
  const mode = MODES.find((each) => each === text);
  if (mode === undefined && text !== "")
    problems.push(`CORDON_MODE is "${text.slice(0, 40)}": expected ${MODES.join(", ")}`);
  if (mode === undefined || problems.length > 0) {
    throw new CordonError(
      "misconfigured",
      `The environment is not as it has to be, so nothing is done. ${problems.join("; ")}.`,
    );
  }
  const refusedQueue = env.CORDON_REFUSED_QUEUE?.trim();
  const policyFile = env.CORDON_POLICY?.trim();
  return { table, mode, ...(refusedQueue && { refusedQueue }), ...(policyFile && { policyFile }) };
}
