import { readFileSync } from "node:fs";
import type { Heard } from "../fake-server.ts";

interface Column {
  readonly type: string;
  readonly maxLength?: number;
}

/** As ServiceNow publishes them of its base system: see excerpt-servicenow-columns.ts. */
const { columns }: { readonly columns: Readonly<Record<string, Column>> } = JSON.parse(
  readFileSync(new URL("servicenow-columns.json", import.meta.url), "utf8"),
);
/** With two that an instance has added, as instances do. */
export const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ...Object.entries(columns),
  ...["u_account", "u_tool"].map((name): [string, Column] => [name, { type: "String" }]),
]);
/** Of columns that are published without a length. */
const MAX_LENGTH = 255;

/** @see https://www.servicenow.com/docs/bundle/yokohama-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html */
const PARAMETERS: ReadonlySet<string> = new Set([
  ...["sysparm_query", "sysparm_fields", "sysparm_limit", "sysparm_offset", "sysparm_display_value"],
  ...["sysparm_exclude_reference_link", "sysparm_input_display_value", "sysparm_view", "sysparm_query_no_domain"],
]);
/** Of the base system; an instance may have others. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  state: ["1", "2", "3", "6", "7", "8"],
  impact: ["1", "2", "3"],
  urgency: ["1", "2", "3"],
};

/**
 * What a request to the Table API has wrong. There is no schema of it: tables are an instance's own. So this is by the API's documentation, and by the columns that ServiceNow
 * publishes of `incident`: values are texts, no longer than the column, and of columns that there are, for others would be passed over without a word.
 */
export function mistakesOf({ method, path, body }: Pick<Heard, "method" | "path" | "body">): readonly string[] {
  const { pathname, searchParams } = new URL(path, "http://instance");
  if (pathname === "/oauth_token.do") return [];
  const unknown = [...searchParams.keys()].filter((name) => !PARAMETERS.has(name));
  const sent: unknown = method === "GET" || body === "" ? {} : JSON.parse(body);
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return ["/ must be an object"];
  return [
    ...unknown.map((name) => `unknown parameter ${name}`),
    ...Object.entries(sent).flatMap(([name, value]) => mistakeIn(name, value) ?? []),
  ];
}

function mistakeIn(name: string, value: unknown): string | undefined {
  const column = COLUMNS.get(name);
  if (column === undefined) return `/${name} is no column`;
  if (typeof value !== "string") return `/${name} must be a text`;
  const { type, maxLength = MAX_LENGTH } = column;
  if (value.length > maxLength) return `/${name} would be cut after ${maxLength} letters`;
  if (type === "Integer" && !/^\d+$/.test(value)) return `/${name} must be a number`;
  return CHOICES[name]?.includes(value) === false ? `/${name} has no choice ${value}` : undefined;
}
