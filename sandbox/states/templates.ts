import { isRecord } from "../control-plane/input.ts";
import type { Template } from "./definition.ts";

/** An error of the language itself, as the execution ends with it. */
export class StatesError extends Error {
  readonly code: string;
  constructor(code: string, cause: string) {
    super(cause);
    this.code = code;
  }
}

/** What a path such as `$.list.prefix` leads to. Throws StatesError when it leads nowhere. */
export function follow(path: string, input: unknown): unknown {
  const [root, ...names] = path.split(".");
  const found = names.reduce((value, name) => (isRecord(value) ? value[name] : undefined), input);
  if (root === "$" && found !== undefined) return found;
  throw new StatesError("States.ParameterPathFailure", `The path '${path}' could not be found in the input`);
}

/** A template with its paths filled in. Throws StatesError. */
export function fillIn(template: Template, input: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith(".$") ? [name.slice(0, -2), follow(String(value), input)] : [name, value],
    ),
  );
}
