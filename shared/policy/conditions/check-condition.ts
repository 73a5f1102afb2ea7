import { type TypeError as CelTypeError, type Environment, ParseError } from "@marcbachmann/cel-js";
import { estimateCostMs } from "./condition-cost.ts";
import { conditionEnvironment, notLoaded } from "./condition-environment.ts";
import { type ConditionProblem, guardCondition } from "./condition-guard.ts";
import { conditionFunctions, conditionLimits } from "./condition-language.ts";

export type CheckedCondition =
  /** `jurisdictions`: the names that `within` is asked for, which the policy has to define. `costMs`: the most that one evaluation can take, by estimate. */
  | { readonly ok: true; readonly jurisdictions: readonly string[]; readonly costMs: number }
  | { readonly ok: false; readonly problems: readonly ConditionProblem[] };

const refused = (...problems: ConditionProblem[]): CheckedCondition => ({ ok: false, problems });

/**
 * Whether an expression may be a `when:` of a policy: it says what can be told of the facts, gives true or false, and is quick whatever
 * the facts are. Loads CEL and RE2, and takes milliseconds: for when a policy is compiled. Pure.
 */
export function checkCondition(expression: string): CheckedCondition {
  const { expressionCharacters, evaluationMs } = conditionLimits;
  if (expression.length > expressionCharacters) {
    const message = `found a condition of ${expression.length} characters, expected at most ${expressionCharacters}`;
    return refused({ offset: expressionCharacters, message });
  }
  const parsed = parse(conditionEnvironment({ within: notLoaded, matchesRe2: notLoaded }), expression);
  if (parsed instanceof ParseError)
    return refused({ offset: rangeOf(parsed).start, message: syntaxError(parsed, expression) });

  // Before the guard, which looks at the types that this leaves in the tree.
  const { type, error } = parsed.check();
  const found = [...guardCondition(parsed.ast)];
  const problems = found.flatMap((each) => (each.kind === "problem" ? each.problem : []));
  if (problems.length > 0) return refused(...problems);
  if (error !== undefined) return refused({ offset: rangeOf(error).start, message: typeError(error) });
  if (type !== "bool") return refused({ offset: 0, message: `found a condition that gives ${type}, expected bool` });

  const automata = new Map(
    found.flatMap((each) => (each.kind === "pattern" ? [[each.pattern, each.automatonSize]] : [])),
  );
  const costMs = estimateCostMs(parsed.ast, automata.values());
  const jurisdictions = new Set(found.flatMap((each) => (each.kind === "jurisdiction" ? each.name : [])));
  if (costMs <= evaluationMs) return { ok: true, jurisdictions: [...jurisdictions], costMs };
  const message = `found a condition that can take ${Math.ceil(costMs)} ms, expected at most ${evaluationMs}: ask less of each element or of long texts`;
  return refused({ offset: 0, message });
}

function parse(language: Environment, expression: string): ReturnType<Environment["parse"]> | ParseError {
  try {
    return language.parse(expression);
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
}

function rangeOf({ range }: ParseError | CelTypeError): { readonly start: number; readonly end: number } {
  return range ?? { start: 0, end: 0 };
}

/** What each limit that the parser keeps is about, by cel-js's name for it. */
const LIMITS: Readonly<Record<string, string>> = {
  maxAstNodes: `more than ${conditionLimits.parts} names, values, operators and calls`,
  maxDepth: `brackets, fields and elements more than ${conditionLimits.levels} deep`,
  maxListElements: `a list of more than ${conditionLimits.listElements} elements`,
};

const TOKENS: Readonly<Record<string, string>> = {
  RPAREN: ")",
  RBRACKET: "]",
  RBRACE: "}",
  COLON: ":",
  IDENTIFIER: "a name",
};

/** Single signs that are meant to be double. */
const DOUBLED = ["=", "&", "|"];

function syntaxError(error: ParseError, expression: string): string {
  const { start, end } = rangeOf(error);
  const found = expression.slice(start, end) || "the end";
  const subject = error.summary.split(/\W/)[1] ?? "";
  switch (error.code) {
    case "limit_exceeded":
      return `found ${LIMITS[subject] ?? subject}, expected fewer`;
    case "expected_token":
      return `found ${found}, expected ${TOKENS[subject] ?? subject}`;
    case "unexpected_token":
      return `found ${found}, expected a value`;
    case "unexpected_character":
      return `found ${found}, expected ${DOUBLED.includes(found) ? found + found : "an operator or the end"}`;
    case "invalid_macro_argument":
      return `found ${found}, expected a name for the elements`;
    default:
      return `found ${lowered(error.summary)}, expected CEL`;
  }
}

function typeError({ code, summary }: ParseError | CelTypeError): string {
  switch (code) {
    case "no_such_overload":
      return `found ${summary.replace("no such overload: ", "")}, expected types that go together`;
    case "no_matching_overload": {
      const call = summary.slice(summary.indexOf("'") + 1, -1);
      const name = /\w+(?=\()/.exec(call)?.[0];
      const signatures = conditionFunctions.filter((each) => each.name === name).map(({ signature }) => signature);
      return `found ${call}, expected ${signatures.join(" or ")}`;
    }
    case "cannot_index_type":
      return `found a field or an element of ${summary.replace("Cannot index type ", "")}, expected a list or a map`;
    default:
      return `found a mistake: ${lowered(summary)}`;
  }
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
