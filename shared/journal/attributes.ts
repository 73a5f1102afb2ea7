import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/**
 * JSON as the table's attributes; bytes become binary, and members that are `undefined` are left out. Pure.
 *
 * Each event writes some hundred of them. `marshall` of `@aws-sdk/util-dynamodb` does the same for all that JavaScript has, and took a twentieth of a small
 * object's CPU (`npm run bench:classify -- --only objects`); what is read goes through its `unmarshall`.
 *
 * @throws Error for what is no JSON, and for numbers that the table would round
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
export function toAttributes(item: object): Record<string, AttributeValue> {
  const written: Record<string, AttributeValue> = {};
  for (const name in item) {
    const value: unknown = item[name as keyof typeof item];
    if (value !== undefined) written[name] = attribute(value);
  }
  return written;
}

function attribute(value: unknown): AttributeValue {
  switch (typeof value) {
    case "string":
      return { S: value };
    case "number":
      return { N: exact(value) };
    case "boolean":
      return { BOOL: value };
    case "object":
      if (value === null) return { NULL: true };
      if (Array.isArray(value)) return { L: listed(value) };
      if (value instanceof Uint8Array) return { B: value };
      if (isPlain(value)) return { M: toAttributes(value) };
  }
  throw new Error(`the table holds JSON and bytes: found a ${kindOf(value)}`);
}

function listed(values: readonly unknown[]): AttributeValue[] {
  const written: AttributeValue[] = [];
  for (const value of values) if (value !== undefined) written.push(attribute(value));
  return written;
}

function exact(value: number): string {
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  throw new Error(`the table holds numbers up to 2^53 - 1: found ${value}`);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function kindOf(value: unknown): string {
  return typeof value === "object" ? (value?.constructor?.name ?? "object") : typeof value;
}
