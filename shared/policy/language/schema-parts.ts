import * as z from "zod/mini";

/** What every part of the policy's schema is made of (schema.ts). */

/** A form with its description: editors show it, and the reference is made from it. */
export function about<Schema extends z.ZodMiniType>(description: string, schema: Schema): Schema {
  // A copy: the same form means something else in another place.
  const described = schema.clone();
  z.globalRegistry.add(described, { description });
  return described as Schema;
}

export const matching = (pattern: RegExp, error: string) => z.string().check(z.regex(pattern, { error }));
export const text = matching(/\S/, "expected a text that is not empty");
export const name = matching(/^[a-z][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and dashes");

/** A whole number from 1 on. */
export const upTo = (most: number) => {
  const error = `expected a whole number from 1 to ${most}`;
  return z.int({ error }).check(z.gte(1, { error }), z.lte(most, { error }));
};

export const some = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.array(schema).check(z.minLength(1, { error: "expected at least one entry" }));
export const names = some(name);
