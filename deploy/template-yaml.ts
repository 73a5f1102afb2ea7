import { Document, isMap, isScalar, type Scalar } from "yaml";
import type { Json } from "./json.ts";

/** A plain CloudFormation template, and what its reader is told besides: at its top, and above single entries by their path. */
export interface Template {
  readonly head: string;
  /** Comments by path, e.g. `Resources.Role`. */
  readonly comments: Readonly<Record<string, string>>;
  readonly body: Json;
}

/**
 * The template as YAML, without anchors, as CloudFormation wants it.
 *
 * @throws Error when a comment belongs to an entry that is not there
 */
export function writeTemplate({ head, comments, body }: Template): string {
  // CloudFormation reads YAML 1.1, where a date without quotes is no text.
  const document = new Document(body, { version: "1.1", aliasDuplicateObjects: false });
  document.commentBefore = asComment(
    `Written by \`npm run generate\`. Don't edit: a test fails when it is stale.\n\n${head}`,
  );
  for (const [path, comment] of Object.entries(comments)) {
    const { key, isFirst } = entryAt(document, path);
    key.commentBefore = asComment(comment);
    key.spaceBefore = !isFirst;
  }
  return document.toString({ lineWidth: 0 });
}

function entryAt(document: Document, path: string): { readonly key: Scalar; readonly isFirst: boolean } {
  const names = path.split(".");
  const parent = names.length === 1 ? document.contents : document.getIn(names.slice(0, -1));
  const keys = isMap(parent) ? parent.items.map(({ key }) => key).filter(isScalar) : [];
  const index = keys.findIndex(({ value }) => value === names.at(-1));
  const key = keys[index];
  if (key === undefined) throw new Error(`the template has no ${path} to comment on`);
  return { key, isFirst: index === 0 };
}

function asComment(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : ` ${line}`))
    .join("\n");
}
