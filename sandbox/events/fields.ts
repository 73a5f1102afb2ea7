/** What a field of an event can be compared as. Objects and arrays are no values: EventBridge sees their leaves. */
export type Leaf = string | number | boolean | null;

/** Which element of which array a leaf lies in, by the array's number. */
export type Membership = ReadonlyMap<number, number>;

export interface Field {
  value: Leaf;
  membership: Membership;
}

/** The leaves of an event by their path, names joined with dots. An array's elements have the array's path. */
export function readFields(event: unknown): ReadonlyMap<string, readonly Field[]> {
  const fields = new Map<string, Field[]>();
  let arrays = 0;
  const visit = (value: unknown, path: string, membership: Membership): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      value.forEach((element, index) => {
        visit(element, path, new Map([...membership, [array, index]]));
      });
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value))
        visit(member, path === "" ? name : `${path}.${name}`, membership);
    } else if (value !== undefined) {
      const list = fields.get(path) ?? [];
      list.push({ value: value as Leaf, membership });
      fields.set(path, list);
    }
  };
  visit(event, "", new Map());
  return fields;
}

/** Both memberships in one; undefined when they name different elements of one array. */
export function joinMemberships(one: Membership, two: Membership): Membership | undefined {
  for (const [array, index] of two) if ((one.get(array) ?? index) !== index) return undefined;
  return new Map([...one, ...two]);
}
