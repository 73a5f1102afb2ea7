import type * as z from "zod/mini";
import { didYouMean, nearest, type Problem } from "./problems.ts";

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** What a schema found wrong with the form, as people are told it. Pure. */
export function formProblems(schema: Schema, issues: readonly Issue[]): readonly Problem[] {
  return issues.flatMap((issue) => problemsOf(schema, issue));
}

function problemsOf(schema: Schema, issue: Issue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const where = path.length > 0 ? `${path.join(".")}: ` : "";
  const found = describeFound(issue.input);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        isKey: true,
        message: `${where}unknown key "${key}"${expectedKeys(key, keysAt(schema, path))}`,
      }));
    case "invalid_type":
      return [{ path, message: `${where}found ${found}, expected ${article(issue.expected)}` }];
    case "invalid_value": {
      const values = issue.values.map((value) => JSON.stringify(value)).join(" or ");
      const suggestion = typeof issue.input === "string" ? didYouMean(issue.input, issue.values.map(String)) : "";
      return [{ path, message: `${where}found ${found}, expected ${values}${suggestion}` }];
    }
    case "invalid_key":
      return [{ path, isKey: true, message: `${where}expected a name of lower-case letters, digits and dashes` }];
    default:
      return [{ path, message: `${where}found ${found}, ${issue.message}` }];
  }
}

function expectedKeys(key: string, known: readonly string[]): string {
  const suggestion = didYouMean(key, known);
  return suggestion || (known.length === 0 ? "" : `, expected ${known.join(", ")}`);
}

/** The keys that a schema knows at a path: it is open only where keys are names. */
function keysAt(schema: Schema, path: readonly (string | number)[]): readonly string[] {
  let at: Schema | undefined = schema;
  for (const part of path) at = at && inner(at, part);
  return at === undefined ? [] : Object.keys(shapeOf(at) ?? {});
}

function inner(schema: Schema, part: string | number): Schema | undefined {
  const { def } = unwrapped(schema)._zod as unknown as {
    def: { type: string; element?: Schema; valueType?: Schema; options?: readonly Schema[] };
  };
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  if (def.type === "union") return def.options?.map((option) => inner(option, part)).find((each) => each !== undefined);
  return shapeOf(schema)?.[part];
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  return (unwrapped(schema)._zod.def as { readonly shape?: Readonly<Record<string, Schema>> }).shape;
}

function unwrapped(schema: Schema): Schema {
  const { innerType } = schema._zod.def as { readonly innerType?: Schema };
  return innerType === undefined ? schema : unwrapped(innerType);
}

function describeFound(input: unknown): string {
  if (input === undefined) return "nothing";
  if (typeof input === "object" && input !== null) return Array.isArray(input) ? "a list" : "a mapping";
  return JSON.stringify(input).slice(0, 80);
}

function article(expected: string): string {
  if (expected === "object" || expected === "record") return "a mapping";
  if (expected === "array") return "a list";
  if (expected === "string") return "a text";
  return expected === "int" ? "a whole number" : `a ${expected}`;
}

/** What may still be said of a document when its form is wrong here and there. */
export interface Remainder {
  /** The content without the mistakes; and without the sections that hold them, for when it can't do without what was taken out. */
  readonly contents: readonly unknown[];
  /** Whether a further problem rests on what is in doubt: it lies in an entry with a mistake, or follows from a section with one. */
  isDoubtful(problem: Problem): boolean;
}

/** What is left of a document beside the mistakes in its form. A misspelt section puts the one in doubt that it was probably meant to be. Pure. */
export function withoutMistakes(schema: Schema, content: unknown, problems: readonly Problem[]): Remainder {
  const sections = new Set<string>();
  const entries = new Set<string>();
  const [without, bare] = [structuredClone(content), structuredClone(content)];
  for (const { path } of problems) {
    const section = String(path[0]);
    const meant = path.length === 1 ? nearest(section, keysAt(schema, [])) : undefined;
    for (const each of [section, meant ?? section]) sections.add(each);
    entries.add(path.slice(0, 2).join(" "));
    remove(without, path);
    remove(bare, path.slice(0, 1));
  }
  return {
    contents: [without, bare],
    isDoubtful: ({ path, restsOn = [] }) =>
      restsOn.some((section) => sections.has(section)) || entries.has(path.slice(0, 2).join(" ")),
  };
}

/** Takes out what is at a path. An entry of a list leaves a gap, so that the paths after it stay true. */
function remove(content: unknown, path: readonly (string | number)[]): void {
  let at = content as Record<string, unknown> | undefined;
  for (const part of path.slice(0, -1)) at = at?.[part] as Record<string, unknown> | undefined;
  const last = path.at(-1);
  if (typeof at === "object" && at !== null && last !== undefined) delete at[last];
}
