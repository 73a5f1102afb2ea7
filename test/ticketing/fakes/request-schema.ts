import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

/** What a value has wrong; nothing for one that is right. */
export type Check = (value: unknown) => readonly string[];

const MAX_TOLD = 6;
const ajv = new Ajv({
  // About the schema's style, not about what it accepts.
  strict: false,
  allErrors: true,
  validateFormats: false,
  // Vendors write patterns without it.
  unicodeRegExp: false,
  // So that an error has the schema and the value that it is about.
  verbose: true,
});

/** A check by one definition of an excerpt of a vendor's published schema, which lies beside this file. */
export function checkByExcerpt(file: string, definition: string): Check {
  return checkBy(new URL(file, import.meta.url), `#/definitions/${definition}`);
}

/** A check by a part of a document. It is read and compiled at first use: most runs need one vendor's. */
export function checkBy(document: URL, pointer: string): Check {
  let validate: ValidateFunction | undefined;
  return (value) => {
    const { href } = document;
    if (ajv.getSchema(href) === undefined) ajv.addSchema(JSON.parse(readFileSync(document, "utf8")), href);
    validate ??= ajv.compile({ $ref: `${href}${pointer}` });
    return validate(value) ? [] : toldOf(validate.errors ?? []);
  };
}

/** Of a choice every way that it is not is told. What is of another `type` was not meant; of the rest what came furthest was. */
function toldOf(errors: readonly ErrorObject[]): readonly string[] {
  const meant = errors.filter((error) => error.keyword !== "anyOf" && !isOfOtherType(error));
  // That something has not the type of another choice says nothing where something else is wrong with it.
  const within = meant.filter((error) => error.instancePath !== "" && !isAboutType(error));
  const candidates = [within, meant, errors].find((each) => each.length > 0) ?? [];
  const depthOf = ({ instancePath }: ErrorObject) => instancePath.split("/").length;
  const deepest = Math.max(...candidates.map(depthOf));
  const told = candidates
    .filter((error) => depthOf(error) === deepest)
    .map(({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`);
  return [...new Set(told)].slice(0, MAX_TOLD);
}

/** Whether it is by the schema of an object that has another `type`. */
function isOfOtherType({ parentSchema, data }: ErrorObject): boolean {
  const { const: only, enum: some = only === undefined ? [] : [only] } = parentSchema?.properties?.type ?? {};
  return some.length > 0 && !some.includes((data as { readonly type?: unknown } | undefined)?.type);
}

function isAboutType({ instancePath, keyword }: ErrorObject): boolean {
  return ["const", "enum"].includes(keyword) && instancePath.endsWith("/type");
}
