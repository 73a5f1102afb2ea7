import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import type { Heard } from "../fake-server.ts";

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, object>>;
  readonly body?: object;
}

/** The excerpt of GitHub's published description: see excerpt-github-openapi.ts. */
const { operations }: { readonly operations: readonly Operation[] } = JSON.parse(
  readFileSync(new URL("github-openapi.json", import.meta.url), "utf8"),
);
// "Strict" is about the schema's style, not about what it accepts.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const known = operations.map(({ method, path, query, body = {} }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
  query: new Map(Object.entries(query).map(([name, schema]) => [name, ajv.compile(schema)])),
  members: Object.keys((body as { properties?: object }).properties ?? {}),
  validate: ajv.compile(body),
}));

/** What a request has wrong by the description: an operation, a parameter or a member that is not there, or a value that is not taken. */
export function mistakesOf({ method, path, body }: Heard): readonly string[] {
  const { pathname, searchParams } = new URL(path, "http://github");
  const operation = known.find((each) => each.method === method.toLowerCase() && each.pattern.test(pathname));
  if (operation === undefined) return ["no such operation"];
  const wrong = [...searchParams].filter(([name, value]) => {
    const validate = operation.query.get(name);
    return validate === undefined || !(validate(value) || validate(Number(value)));
  });
  const given = body === "" ? {} : JSON.parse(body);
  operation.validate(given);
  return [
    ...wrong.map(([name, value]) => `${name}=${value}`),
    ...Object.keys(given)
      .filter((name) => !operation.members.includes(name))
      .map((name) => `unknown member ${name}`),
    ...(operation.validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
  ];
}
