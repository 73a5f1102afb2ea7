import { NormalizedSchema } from "@smithy/core/schema";

export type InputSchema = Parameters<typeof NormalizedSchema.of>[0];

/**
 * What a call's input has wrong by the SDK's own schema of the operation: members that there are not, which the SDK leaves out without a word, members that are missing, and
 * values of another type. Lengths and patterns aren't in these schemas: the sandbox knows them (asff.ts, sns-message.ts).
 *
 * @param schema of the operation's input, as the client exports it: `BatchImportFindingsRequest$`
 */
export function mistakesOf(schema: InputSchema, input: unknown): readonly string[] {
  return mistakesIn(NormalizedSchema.of(schema), input, "");
}

function mistakesIn(schema: NormalizedSchema, value: unknown, at: string): readonly string[] {
  if (value === undefined) return [];
  if (schema.isListSchema())
    return Array.isArray(value)
      ? value.flatMap((each, index) => mistakesIn(schema.getValueSchema(), each, `${at}/${index}`))
      : [`${at} must be a list`];
  if (schema.isMapSchema() || schema.isStructSchema()) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at} must be an object`];
    const entries = Object.entries(value);
    return schema.isMapSchema()
      ? entries.flatMap(([name, each]) => mistakesIn(schema.getValueSchema(), each, `${at}/${name}`))
      : mistakesInStructure(schema, value as Record<string, unknown>, at);
  }
  const isRight = isOfType(schema, value);
  return isRight ? [] : [`${at} must not be ${value === null ? "null" : typeof value}`];
}

function mistakesInStructure(
  schema: NormalizedSchema,
  value: Readonly<Record<string, unknown>>,
  at: string,
): readonly string[] {
  const members = new Map(schema.structIterator());
  // Required members come first; how many there are is the schema's last element, if any are.
  const [, , , , , , count] = schema.getSchema() as readonly unknown[];
  const required = [...members.keys()].slice(0, typeof count === "number" ? count : 0);
  return [
    ...required.filter((name) => value[name] === undefined).map((name) => `${at}/${name} is missing`),
    ...Object.entries(value).flatMap(([name, each]) => {
      const member = members.get(name);
      return member === undefined ? [`${at}/${name} is no member`] : mistakesIn(member, each, `${at}/${name}`);
    }),
  ];
}

function isOfType(schema: NormalizedSchema, value: unknown): boolean {
  if (schema.isStringSchema()) return typeof value === "string";
  if (schema.isNumericSchema()) return typeof value === "number" && Number.isFinite(value);
  if (schema.isBooleanSchema()) return typeof value === "boolean";
  if (schema.isTimestampSchema()) return value instanceof Date;
  return !schema.isBlobSchema() || value instanceof Uint8Array;
}
