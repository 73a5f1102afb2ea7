import { ServiceError } from "../errors.ts";

/** A parsed request, in the SDK's own shape. */
export type Input = Record<string, unknown>;

/** A member that has to be there. Throws a ServiceError with `code`. */
export function requireText(input: Input, member: string, code = "ValidationException"): string {
  const value = input[member];
  if (typeof value === "string" && value !== "") return value;
  const at = member.charAt(0).toLowerCase() + member.slice(1);
  throw new ServiceError(
    code,
    `1 validation error detected: Value at '${at}' failed to satisfy constraint: Member must not be null`,
    400,
  );
}

/** A member that may be missing. */
export function readText(input: Input, member: string): string | undefined {
  const value = input[member];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A list's elements; none when it is missing. */
export function readList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a value has members. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text as an object. Throws a ServiceError with `code` for anything else. */
export function parseObject(text: string, code: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ServiceError(code, `The JSON text can't be read: ${String(error)}`, 400);
  }
  if (!isRecord(value)) throw new ServiceError(code, "A JSON object is expected", 400);
  return value;
}
