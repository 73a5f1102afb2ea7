import { conditionFunctions, conditionVariables } from "../shared/policy/conditions/condition-language.ts";
import type { JsonSchema } from "../shared/policy/language/json-schema.ts";
import { adapters } from "../shared/ticketing/adapters/index.ts";
import type { AdapterDefinition } from "../shared/ticketing/tracker.ts";

const INTRODUCTION = `# Policy reference

Written by \`npm run generate\` from the schema that checks policies (shared/policy/language/schema.ts). [policy.md](policy.md) explains the language by
example; editors know all of this from [policy.schema.json](policy.schema.json).

Every mapping is closed: a key that is not listed here is an error. Times are RFC 3339 with seconds and an offset, such as \`2026-12-31T23:59:59Z\`.
`;

/** The reference of the policy's language: a table for each mapping, in the order in which they are met. Pure. */
export function policyReference(schema: JsonSchema): string {
  const parts = [INTRODUCTION, ...sections("", schema), routes(Object.values(adapters)), conditions()];
  return parts.filter((part) => part !== "").join("\n");
}

function sections(path: string, schema: JsonSchema): readonly string[] {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return [];
  const rows = properties.map(([name, property]) => {
    const isRequired = schema.required?.includes(name) === true;
    return `| \`${name}\`${isRequired ? " (required)" : ""} | ${kindOf(property)} | ${cell(property.description ?? "")} |`;
  });
  const heading = path === "" ? "## The policy" : `### \`${path}\``;
  const table = [heading, "", "| key | holds | |", "|---|---|---|", ...rows, ""].join("\n");
  return [table, ...properties.flatMap(([name, property]) => within(path === "" ? name : `${path}.${name}`, property))];
}

/** What lies within a property: of a list its entries, of names to choose what each holds, of alternatives those that are mappings. */
function within(path: string, schema: JsonSchema): readonly string[] {
  if (schema.items !== undefined) return within(`${path}[]`, schema.items);
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((each) => within(path, each));
  const { additionalProperties: named } = schema;
  if (typeof named === "object") return within(`${path}.<name>`, named);
  // The same rules for every control: told once, with the parameters of each.
  return sections(path, schema);
}

function kindOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(" or ");
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === "array") return `list of ${kindOf(schema.items ?? {})}`;
  if (schema.type === "object") return typeof schema.additionalProperties === "object" ? "mapping by name" : "mapping";
  if (schema.type === "string") return "text";
  if (schema.type === "integer") return bounds(schema);
  return schema.type ?? "anything";
}

function bounds({ minimum = -Infinity, maximum = Infinity }: JsonSchema): string {
  const isBounded = Number.isSafeInteger(minimum) && Math.abs(minimum) < Number.MAX_SAFE_INTEGER;
  return isBounded ? `whole number, ${minimum} to ${maximum}` : "whole number";
}

/** What each adapter takes of a route. Pure. */
export function routes(definitions: readonly AdapterDefinition[]): string {
  const told = definitions.map(({ name, url, secret, settings }) =>
    [
      `### The adapter \`${name}\``,
      "",
      "| key | holds | |",
      "|---|---|---|",
      ...(url.use === "none"
        ? []
        : [`| \`url\`${url.use === "required" ? " (required)" : ""} | text | ${cell(url.meaning)} |`]),
      ...Object.entries(secret).map(([member, meaning]) => `| \`${member}\` of the secret | text | ${cell(meaning)} |`),
      ...Object.entries(settings).map(([key, { type, isRequired, meaning, oneOf }]) => {
        const holds = oneOf?.map((each) => `\`${each}\``).join(", ") ?? SETTINGS[type];
        return `| \`settings.${key}\`${isRequired ? " (required)" : ""} | ${holds} | ${cell(meaning)} |`;
      }),
      "",
    ].join("\n"),
  );
  return told.length === 0 ? "" : ["## Adapters (`tickets.routes[].adapter`)", "", ...told].join("\n");
}

const SETTINGS = { text: "text", list: "list of text", map: "mapping by name" } as const;

function conditions(): string {
  const variables = conditionVariables.map(
    ({ name, type, meaning }) => `| \`${name}\` | ${cell(type)} | ${cell(meaning)} |`,
  );
  const functions = conditionFunctions.map(({ signature, meaning }) => `| \`${cell(signature)}\` | ${cell(meaning)} |`);
  return [
    "## Conditions (`when:`)",
    "",
    "[CEL](https://cel.dev), checked for types when the policy is read. A fact that is not known makes the condition fail: the finding then needs approval.",
    "",
    "| fact | type | |",
    "|---|---|---|",
    ...variables,
    "",
    "| function | |",
    "|---|---|",
    ...functions,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
