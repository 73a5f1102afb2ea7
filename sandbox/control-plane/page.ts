import { ServiceError } from "../errors.ts";

/** One page of a list and the token of the next one, which is the index it begins at. Throws ServiceError `code` for a foreign token. */
export function takePage<T>(
  items: readonly T[],
  token: unknown,
  limit: unknown,
  code: string,
): { items: T[]; next?: string } {
  const start = token === undefined || token === "" ? 0 : Number(token);
  if (!Number.isInteger(start) || start < 0) throw new ServiceError(code, "The pagination token is not valid.", 400);
  const end = start + (Number(limit ?? 0) || 100);
  return { items: items.slice(start, end), ...(end < items.length && { next: String(end) }) };
}
