import { type Document, LineCounter, parseDocument } from "yaml";
import type { KnownControl } from "../../control.ts";
import type { ResidencyPolicy } from "../policy.ts";
import { compilePolicy } from "./compile-policy.ts";
import { formProblems, withoutMistakes } from "./form-problems.ts";
import type { Problem } from "./problems.ts";
import { policySchema } from "./schema.ts";
import { hiddenMistakes, offsetOf } from "./source-map.ts";

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

/** So many mistakes are told at once; who has more knows where to begin. */
const MAX_TOLD = 100;

/** No policy is written this deep; what a parser that recurses would fall over is refused before it begins. */
const MAX_DEPTH = 60;

/**
 * Policy text -> a compiled policy, or every mistake in it at once. Pure.
 *
 * @param text YAML 1.2 (JSON is YAML); duplicate keys and alias bombs are refused
 * @param file the name to report mistakes under
 * @param controls the controls that exist, so that a misspelt one is found
 */
export function parsePolicy(text: string, file: string, controls: readonly KnownControl[]): ParsedPolicy {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  const schema = policySchema(controls);
  const checked = schema.safeParse(read.content, { reportInput: true });
  if (checked.success) {
    const compiled = compilePolicy(checked.data, controls);
    return compiled.ok ? compiled : read.refused(compiled.problems);
  }
  const problems = formProblems(schema, checked.error.issues.slice(0, MAX_TOLD));
  return read.refused([...problems, ...furtherProblems(schema, read.content, problems, controls)]);
}

/** One line per mistake, as compilers print them: `file:line:column: message`. */
export function formatPolicyErrors(errors: readonly PolicyError[]): string {
  return errors.map((error) => `${error.file}:${error.line}:${error.column}: ${error.message}`).join("\n");
}

/** What is wrong besides the form: told at once, as far as it doesn't rest on what is in doubt itself. */
function furtherProblems(
  schema: ReturnType<typeof policySchema>,
  content: unknown,
  problems: readonly Problem[],
  controls: readonly KnownControl[],
): readonly Problem[] {
  const { contents, isDoubtful } = withoutMistakes(schema, content, problems);
  const form = contents.map((each) => schema.safeParse(each)).find(({ success }) => success);
  if (form?.success !== true) return [];
  const compiled = compilePolicy(form.data, controls);
  return compiled.ok ? [] : compiled.problems.filter((problem) => !isDoubtful(problem));
}

/** YAML as plain data, and a way to report mistakes at their place in it. */
export type ReadYaml =
  | {
      readonly ok: true;
      readonly content: unknown;
      refused(problems: readonly Problem[]): { readonly ok: false; readonly errors: readonly PolicyError[] };
    }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/** Reads YAML that a stranger may have written: bounded in size, depth and aliases, no key twice, none that JavaScript reserves. Pure. */
export function readYaml(text: string, file: string): ReadYaml {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refuse = (message: string, offset = 0) => ({ ok: false as const, errors: [{ ...at(offset), message }] });
  if (Buffer.byteLength(text) > MAX_BYTES) return refuse(`found over ${MAX_BYTES} bytes, expected fewer`);
  if (isTooDeep(text)) return refuse(`found more than ${MAX_DEPTH} levels, expected fewer`);
  let document: Document;
  let content: unknown;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: "1.2" });
    const mistakes = [
      ...[...document.errors, ...document.warnings].map(({ message, pos }) => ({ message, offset: pos[0] })),
      ...hiddenMistakes(document),
    ];
    if (mistakes.length > 0) {
      const errors = mistakes.slice(0, MAX_TOLD).map(({ message, offset }) => ({ ...at(offset), message }));
      return { ok: false, errors: errors.sort(byPlace) };
    }
    content = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : "can't be read");
  }
  return {
    ok: true,
    content,
    refused: (problems) => ({
      ok: false,
      errors: problems
        .slice(0, MAX_TOLD)
        .map((problem) => ({ ...at(offsetOf(document, text, problem)), message: problem.message }))
        .sort(byPlace),
    }),
  };
}

function byPlace(one: PolicyError, other: PolicyError): number {
  return one.line - other.line || one.column - other.column;
}

/** By indentation, marks or brackets, which may be spread over lines; what is quoted or a comment nests nothing. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const letter of text.replaceAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?:^|\s)#[^\n]*/g, "")) {
    if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return /^ *(?:[-?] ?){60}|^ {240}/m.test(text);
}
