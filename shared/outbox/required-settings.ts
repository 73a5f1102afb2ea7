import { CordonError } from "../errors.ts";

/**
 * Settings that a consumer of the outbox can't do without; all that are missing are named at once.
 *
 * @param expected each one's meaning, by its name
 * @throws CordonError `misconfigured`
 */
export function requiredSettings<Name extends string>(
  env: Readonly<Record<string, string | undefined>>,
  expected: Readonly<Record<Name, string>>,
): Readonly<Record<Name, string>> {
  const values = Object.fromEntries(Object.keys(expected).map((name) => [name, env[name]?.trim() ?? ""]));
  const missing = Object.entries<string>(expected).filter(([name]) => values[name] === "");
  if (missing.length === 0) return values as Record<Name, string>;
  const problems = missing.map(([name, meaning]) => `${name} is missing: expected ${meaning}`);
  throw new CordonError("misconfigured", `The environment is not as it has to be. ${problems.join("; ")}.`);
}

export const TABLE_SETTING = { CORDON_TABLE: "the name of Cordon's DynamoDB table" } as const;
