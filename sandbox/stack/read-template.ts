import { readFileSync } from "node:fs";
import { parse, type ScalarTag, type SchemaOptions } from "yaml";
import type { Template } from "./template.ts";

const SHORT_FORMS =
  "Ref Condition Fn::GetAtt Fn::Sub Fn::Join Fn::Select Fn::Split Fn::If Fn::Equals Fn::Not Fn::And Fn::Or";

/** Read a CloudFormation template, JSON or YAML with short forms such as `!Ref`. Throws Error when it can't be read. */
export function readTemplate(file: string): Template {
  const text = readFileSync(file, "utf8");
  return (file.endsWith(".json") ? JSON.parse(text) : parse(text, { customTags: shortForms })) as Template;
}

const shortForms = SHORT_FORMS.split(" ").flatMap((name) => {
  const tag = `!${name.replace("Fn::", "")}`;
  const scalar: ScalarTag = { tag, resolve: (text) => ({ [name]: text }) };
  const list = { tag, collection: "seq", resolve: (node: { toJSON(): unknown }) => ({ [name]: node.toJSON() }) };
  return [scalar, list];
}) as NonNullable<Extract<SchemaOptions["customTags"], unknown[]>>;
