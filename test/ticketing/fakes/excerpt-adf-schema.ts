import { readFileSync } from "node:fs";
import { excerptOf, readLicenses, writeExcerpt } from "./excerpt.ts";

/**
 * What of Atlassian's published schema of the Atlassian Document Format (npm package @atlaskit/adf-schema, Apache-2.0) Jira's descriptions and comments are held to: text, code,
 * headings and lists. Links, mentions, cards and pictures are left out on purpose: a ticket has none. To bring it up to date:
 *
 *     npm pack @atlaskit/adf-schema@<version> && tar xzf atlaskit-adf-schema-<version>.tgz
 *     node test/ticketing/fakes/excerpt-adf-schema.ts package
 */
const NAMES = [
  ...["doc_node", "heading_node", "heading_with_no_marks_node", "paragraph_node", "paragraph_with_no_marks_node"],
  ...["bulletList_node", "listItem_node", "codeBlock_node", "text_with_no_marks_node"],
  ...["inline_node", "code_inline_node", "code_mark", "hardBreak_node", "text_node"],
];

const folder = process.argv[2] ?? "";
const { definitions } = JSON.parse(readFileSync(`${folder}/dist/json-schema/v1/full.json`, "utf8"));
const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
writeExcerpt(
  "adf-schema.json",
  {
    source: "@atlaskit/adf-schema, dist/json-schema/v1/full.json",
    version,
    license: readLicenses(`${folder}/LICENSE`),
  },
  excerptOf(definitions, { definitions: NAMES }),
);
