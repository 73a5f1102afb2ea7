import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type * as z from "zod/mini";
import { compilePolicy, type Problem } from "./compile-policy.ts";
import type { ResidencyPolicy } from "./policy.ts";
import { policySchema } from "./schema.ts";

/** One mistake in a policy file: where it is, what was found and what was expected. Lines and columns count from 1. */
export interface PolicyError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: ResidencyPolicy }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/** Larger files are refused unread: a policy is written by people. */
const MAX_BYTES = 1_000_000;

/**
 * Policy text -> a compiled policy, or every mistake in it at once. Pure.
 *
 * @param text YAML 1.2 (JSON is YAML); duplicate keys and alias bombs are refused
 * @param file the name to report mistakes under
 * @param controlIds the controls that exist, so that a misspelt one is found
 */
export function parsePolicy(text: string, file: string, controlIds: readonly string[]): ParsedPolicy {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    return {
      ok: false,
      errors: [{ file, line: 1, column: 1, message: `found over ${MAX_BYTES} bytes, expected fewer` }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => {
    const position = lines.linePos(offset);
    return { file, line: Math.max(1, position.line), column: Math.max(1, position.col) };
  };
  if (document.errors.length > 0) {
    return { ok: false, errors: document.errors.map((error) => ({ ...at(error.pos[0]), message: error.message })) };
  }

  const reserved = reservedKeys(document);
  if (reserved.length > 0) {
    return {
      ok: false,
      errors: reserved.map(({ key, offset }) => ({ ...at(offset), message: `the key "${key}" is reserved` })),
    };
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return { ok: false, errors: [{ ...at(0), message: error instanceof Error ? error.message : "can't be read" }] };
  }
  const problems = (list: readonly Problem[]): ParsedPolicy => ({
    ok: false,
    errors: list
      .map((problem) => ({ ...at(offsetOf(document, problem.path)), message: problem.message }))
      .sort((a, b) => a.line - b.line || a.column - b.column),
  });
  const checked = policySchema.safeParse(content, { reportInput: true });
  if (!checked.success) return problems(checked.error.issues.flatMap(problemsOf));
  const compiled = compilePolicy(checked.data, controlIds);
  return compiled.ok ? compiled : problems(compiled.problems);
}

/** One line per mistake, as compilers print them: `file:line:column: message`. */
export function formatPolicyErrors(errors: readonly PolicyError[]): string {
  return errors.map((error) => `${error.file}:${error.line}:${error.column}: ${error.message}`).join("\n");
}

/** Keys that mean something to JavaScript's objects; the schema would not see them. */
function reservedKeys(document: Document): { key: string; offset: number }[] {
  const found: { key: string; offset: number }[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && RESERVED.has(String(key.value)))
        found.push({ key: String(key.value), offset: key.range?.[0] ?? 0 });
    },
  });
  return found;
}

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  const where = path.length > 0 ? `${path.join(".")}: ` : "";
  const found = describeFound(issue.input);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], message: `${where}unknown key "${key}"` }));
    case "invalid_type":
      return [{ path, message: `${where}found ${found}, expected ${article(issue.expected)}` }];
    case "invalid_value":
      return [
        {
          path,
          message: `${where}found ${found}, expected ${issue.values.map((v) => JSON.stringify(v)).join(" or ")}`,
        },
      ];
    case "invalid_key":
      return [{ path, message: `${where}expected a name of lower-case letters, digits and dashes` }];
    default:
      return [{ path, message: `${where}found ${found}, ${issue.message}` }];
  }
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

/** Where a path stands in the text: the key or value itself or, when it is missing, the mapping that lacks it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else {
      const parent: unknown = node;
      node =
        isNode(parent) && "get" in parent
          ? (parent as { get(key: unknown, keep: true): unknown }).get(part, true)
          : undefined;
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    }
    if (isScalar(node) && node.range) offset = node.range[0];
  }
  return offset;
}
