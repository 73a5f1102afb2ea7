/** A policy as IAM writes it. Parts may be missing or wrong: it comes from templates and calls. */
export interface PolicyDocument {
  Version?: string;
  Statement?: Statement | readonly Statement[];
}

export interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: PrincipalElement;
  NotPrincipal?: PrincipalElement;
  Action?: OneOrMore;
  NotAction?: OneOrMore;
  Resource?: OneOrMore;
  NotResource?: OneOrMore;
  /** Operator to key to values. */
  Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore | boolean | number>>>>;
}

export type OneOrMore = string | readonly string[];
export type PrincipalElement = "*" | Readonly<Record<string, OneOrMore>>;

/** What a request tells a policy, by condition key; keys are compared without case, a key without value is absent. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One or more as a list. */
export function listOf<Value>(value: Value | readonly Value[] | undefined): readonly Value[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value as Value];
}

/** Policies are read at each call, and their patterns are few. */
const compiled = new Map<string, RegExp>();
const MAX_COMPILED = 10_000;

/** `*` for any text, `?` for any character. */
export function isLike(pattern: string, text: string): boolean {
  const known = compiled.get(pattern);
  if (known !== undefined) return known.test(text);
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, "s");
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, expression);
  return expression.test(text);
}

/** The value of a condition key, as a list; undefined when the request does not have it. */
export function readKey(keys: ConditionKeys, name: string): readonly string[] | undefined {
  const found = Object.entries(keys).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return found === undefined ? undefined : listOf(found);
}

/** `pattern` with its `${aws:PrincipalAccount}` filled in; undefined when the request lacks one of them, which then matches nothing. */
export function fillVariables(pattern: string, keys: ConditionKeys): string | undefined {
  let isComplete = true;
  const filled = pattern.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const [value] = readKey(keys, name) ?? [];
    if (value === undefined) isComplete = false;
    return value ?? "";
  });
  return isComplete ? filled : undefined;
}
