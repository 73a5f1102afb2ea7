import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

/** What a value has wrong by a definition, each mistake once. */
export type Judge = (definition: string, value: unknown) => readonly string[];

/** Compiled at first use: most tests need none. "Strict" is about a schema's style, not about what it accepts. */
function judgeBy(read: () => object, pathOf: (definition: string) => string): Judge {
  let ajv: Ajv | undefined;
  const known = new Map<string, ValidateFunction>();
  return (definition, value) => {
    ajv ??= new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false }).addSchema(
      read(),
      "published",
    );
    const validate = known.get(definition) ?? ajv.compile({ $ref: `published#/${pathOf(definition)}` });
    known.set(definition, validate);
    validate(value);
    const told = (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${definition}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
    return [...new Set(told)];
  };
}

/** By an excerpt that lies beside this file: see excerpt-types.ts and excerpt-adf-schema.ts. */
export function publishedSchema(name: string): Judge {
  return judgeBy(
    () => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")),
    (definition) => `definitions/${definition}`,
  );
}

/** By components of a description as OpenAPI, wherever it lies. */
export function publishedComponents(file: URL): Judge {
  return judgeBy(
    () => ({ components: JSON.parse(readFileSync(file, "utf8")).components }),
    (definition) => `components/schemas/${definition}`,
  );
}
