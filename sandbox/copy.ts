/** A deep copy of plain data, as requests and items are: several times as fast as structuredClone, which takes whatever is none of that. */
export function copyOf<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as Value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return structuredClone(value);
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    // An attribute of that name is data, and no prototype.
    if (key === "__proto__") return structuredClone(value);
    copy[key] = copyOf(each);
  }
  return copy as Value;
}
