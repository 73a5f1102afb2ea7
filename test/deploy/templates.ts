import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { run } from "../e2e/osls.ts";

/** A CloudFormation template as its tests read it. */
export interface ParsedTemplate {
  readonly Description: string;
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/** A generated template as it lies in the repository. */
export function templateText(name: string): string {
  return readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
}

export function readTemplate(name: string): ParsedTemplate {
  return parse(templateText(name)) as ParsedTemplate;
}

/** The statements of every policy in a resource's properties. */
export function statementsIn(properties: Readonly<Record<string, unknown>>): readonly Statement[] {
  const policies = (properties.Policies ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function trustOf(properties: Readonly<Record<string, unknown>>): readonly Statement[] {
  return (properties.AssumeRolePolicyDocument as { Statement: Statement[] }).Statement;
}

/** What cfn-lint has to say about a template of the repository; undefined where it is not on the PATH. */
export async function lint(name: string): Promise<string | undefined> {
  const file = fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
  const { code, stdout, stderr } = await run("cfn-lint", ["--format", "parseable", file]);
  return stderr.includes("ENOENT") || code === 127 ? undefined : `${stdout}${stderr}`;
}
