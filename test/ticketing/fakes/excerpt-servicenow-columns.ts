import { readFileSync, writeFileSync } from "node:fs";
import { readLicenses } from "./excerpt.ts";

/**
 * The columns of `incident` that are written here, as ServiceNow publishes the tables of its base system (npm package @servicenow/sdk-core, MIT), with their types and lengths.
 * To bring them up to date:
 *
 *     npm pack @servicenow/sdk-core@<version> && tar xzf servicenow-sdk-core-<version>.tgz
 *     node test/ticketing/fakes/excerpt-servicenow-columns.ts package
 */
const COLUMNS = [
  ...["short_description", "description", "close_notes", "close_code", "work_notes"],
  ...["correlation_id", "correlation_display", "state", "impact", "urgency"],
  ...["category", "caller_id", "assignment_group", "parent"],
];

const folder = process.argv[2] ?? "";
const tables = ["task", "incident"].map((name) => readFileSync(`${folder}/src/fluent/tables/${name}.now.ts`, "utf8"));
const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const excerpt = {
  source: "@servicenow/sdk-core, src/fluent/tables: task and incident, which extends it",
  version,
  license: readLicenses(`${folder}/license`),
  columns: Object.fromEntries(COLUMNS.map((name) => [name, columnOf(name)])),
};
writeFileSync(new URL("servicenow-columns.json", import.meta.url), `${JSON.stringify(excerpt, null, 2)}\n`);

/** The tables are programs in a language of their own: each column is a call, indented by eight. */
function columnOf(name: string): object {
  const found = tables.flatMap((table) => [
    ...table.matchAll(new RegExp(`^ {8}${name}: (\\w+)Column\\(\\{$([^]*?)^ {8}\\}\\),$`, "gm")),
  ]);
  const [, type, settings = ""] = found.at(-1) ?? [];
  if (type === undefined) throw new Error(`There is no column ${name}`);
  const [, maxLength] = /^ {12}maxLength: (\d+),$/m.exec(settings) ?? [];
  return { type, ...(maxLength !== undefined && { maxLength: Number(maxLength) }) };
}
