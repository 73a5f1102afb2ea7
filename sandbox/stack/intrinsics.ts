/** What a template's functions are resolved against. Every look-up throws Error for what it does not know. */
export interface Scope {
  /** A parameter's or pseudo parameter's value, or a resource's reference. */
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
}

/** Stands for a property that is not there. */
const NO_VALUE = Symbol("AWS::NoValue");

type Resolve = (value: unknown) => unknown;

const functions: Record<string, (operand: unknown, resolve: Resolve, scope: Scope) => unknown> = {
  Ref: (operand, _resolve, scope) => (operand === "AWS::NoValue" ? NO_VALUE : scope.ref(String(operand))),
  "Fn::GetAtt"(operand, resolve, scope) {
    // YAML's short form has one text.
    const [logicalId = "", ...path] = typeof operand === "string" ? operand.split(".") : (operand as unknown[]);
    return scope.attribute(String(logicalId), path.map((part) => String(resolve(part))).join("."));
  },
  "Fn::Sub"(operand, resolve, scope) {
    const [template, variables] = Array.isArray(operand) ? operand : [operand, {}];
    const own = resolve(variables ?? {}) as Record<string, unknown>;
    return String(template).replace(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
      if (literal) return whole.replace("!", "");
      if (Object.hasOwn(own, name)) return String(own[name]);
      const [logicalId = "", ...path] = name.split(".");
      return String(path.length > 0 ? scope.attribute(logicalId, path.join(".")) : scope.ref(name));
    });
  },
  "Fn::Join"(operand, resolve) {
    const [delimiter, parts] = resolve(operand) as [string, unknown[]];
    return parts.map(String).join(delimiter);
  },
  "Fn::Select"(operand, resolve) {
    const [index, list] = resolve(operand) as [number | string, unknown[]];
    if (!Array.isArray(list) || !(Number(index) in list)) throw new Error(`Fn::Select has no element ${index}`);
    return list[Number(index)];
  },
  "Fn::Split"(operand, resolve) {
    const [delimiter, text] = resolve(operand) as [string, string];
    return text.split(delimiter);
  },
  "Fn::If"(operand, resolve, scope) {
    const [name, then, otherwise] = operand as [string, unknown, unknown];
    return resolve(scope.condition(name) ? then : otherwise);
  },
};

/** `value` with every function of CloudFormation's in it resolved. Throws Error for functions that are not known here. */
export function resolveIntrinsics(value: unknown, scope: Scope): unknown {
  const resolve = (each: unknown): unknown => resolveIntrinsics(each, scope);
  if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== NO_VALUE);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [[name, operand] = ["", undefined]] = entries;
  if (entries.length === 1 && (name === "Ref" || name.startsWith("Fn::"))) {
    const apply = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!apply) throw new Error(`The sandbox does not know ${name}`);
    return apply(operand, resolve, scope);
  }
  return Object.fromEntries(
    entries.map(([key, each]) => [key, resolve(each)] as const).filter(([, each]) => each !== NO_VALUE),
  );
}

/** A condition of a template: Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition. */
export function evaluateCondition(expression: unknown, scope: Scope): boolean {
  const [[name, operand] = ["", []]] = Object.entries(Object(expression) as Record<string, unknown[]>);
  const holds = (each: unknown): boolean => evaluateCondition(each, scope);
  switch (name) {
    case "Fn::Equals": {
      const [one, two] = operand.map((each) => JSON.stringify(resolveIntrinsics(each, scope)));
      return one === two;
    }
    case "Fn::Not":
      return !holds(operand[0]);
    case "Fn::And":
      return operand.every(holds);
    case "Fn::Or":
      return operand.some(holds);
    case "Condition":
      return scope.condition(String(operand));
    default:
      throw new Error(`The sandbox does not know this condition: ${JSON.stringify(expression)}`);
  }
}
