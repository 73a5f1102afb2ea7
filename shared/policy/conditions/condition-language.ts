/**
 * What a `when:` may say, as data: the facts, the functions and the limits. The environment, the guard, the cost estimate and the authors'
 * documentation are all made from these tables, so that none can promise what another refuses.
 */

/** The most of everything; what is beyond is refused, so that no condition and no value can hold a decision up. */
export const conditionLimits = {
  expressionCharacters: 2_000,
  /** Names, values, operators and calls: nodes of the syntax tree. */
  parts: 200,
  /** Brackets, calls, fields and elements within each other. */
  levels: 24,
  /** Of a list that is written into a condition. */
  listElements: 100,
  patternCharacters: 200,
  textCharacters: 4_096,
  /** Of a list or a map among the facts. */
  entries: 100,
  /** Of each text in a list or a map: twice the 256 that AWS allows in a tag's value, for a letter may take two. */
  entryCharacters: 512,
  /** What one evaluation may take on the largest facts, by estimate (condition-cost.ts). */
  evaluationMs: 20,
} as const;

export type ConditionType = "string" | "int" | "list<string>" | "map<string, string>";

export interface ConditionVariable {
  /** As a condition names it: `tags`, `transfer.to`. */
  readonly name: string;
  readonly type: ConditionType;
  /** A Region or Local Zone code, which `within` can be asked of. */
  readonly isPlace?: true;
  /** May be unknown; a condition that needs it can't be told then. */
  readonly isOptional?: true;
  readonly meaning: string;
}

/** Every fact that a condition can ask for. */
export const conditionVariables: readonly ConditionVariable[] = [
  { name: "resource.arn", type: "string", meaning: "ARN of the resource the finding is about" },
  { name: "resource.name", type: "string", meaning: "its name" },
  { name: "resource.account", type: "string", meaning: "the account it is in: 12 digits" },
  { name: "resource.region", type: "string", isPlace: true, meaning: "where it lies" },
  { name: "resource.type", type: "string", meaning: "its type, as CloudFormation names it" },
  {
    name: "units",
    type: "list<string>",
    meaning: "organisational units of the resource's account, the outermost first",
  },
  { name: "part", type: "string", meaning: "the part of the resource: a replication rule's id, for example" },
  {
    name: "tags",
    type: "map<string, string>",
    isOptional: true,
    meaning: 'the resource\'s own tags; a tag that may be absent is asked by "key" in tags first',
  },
  { name: "classification.name", type: "string", isOptional: true, meaning: "class of the data" },
  { name: "classification.rank", type: "int", isOptional: true, meaning: "its rank; higher is more restrictive" },
  { name: "transfer.from", type: "string", isPlace: true, isOptional: true, meaning: "where the data comes from" },
  { name: "transfer.to", type: "string", isPlace: true, isOptional: true, meaning: "where the data goes" },
  { name: "transfer.destination", type: "string", isOptional: true, meaning: "ARN of what the data goes to" },
  {
    name: "transfer.destinationAccount",
    type: "string",
    isOptional: true,
    meaning: "the account of that; not known where AWS does not tell it",
  },
  {
    name: "transfer.prefix",
    type: "string",
    isOptional: true,
    meaning: "only data under this prefix moves; empty: all of it",
  },
  {
    name: "transfer.replicaKey",
    type: "string",
    isOptional: true,
    meaning: "the KMS key the copy is encrypted with; empty where AWS tells nothing",
  },
  {
    name: "transfer.tags",
    type: "map<string, string>",
    isOptional: true,
    meaning: "only data with all of these tags moves",
  },
];

export interface ConditionFunction {
  readonly name: string;
  /** A loop asks something of every element of a list, or of every key of a map; one must not be within another. */
  readonly form: "function" | "method" | "loop";
  readonly signature: string;
  readonly meaning: string;
}

/** Every function there is. CEL has more; what is not here is refused. */
export const conditionFunctions: readonly ConditionFunction[] = [
  {
    name: "within",
    form: "method",
    signature: 'place.within("jurisdiction")',
    meaning: "the place is in that jurisdiction of the policy",
  },
  {
    name: "matchesRe2",
    form: "method",
    signature: 'text.matchesRe2("pattern")',
    meaning: "the RE2 pattern is found anywhere in the text; ^ and $ tie it to the start and the end",
  },
  { name: "startsWith", form: "method", signature: "text.startsWith(text)", meaning: "the text starts with the other" },
  { name: "endsWith", form: "method", signature: "text.endsWith(text)", meaning: "the text ends with the other" },
  { name: "contains", form: "method", signature: "text.contains(text)", meaning: "the other is found in the text" },
  {
    name: "size",
    form: "function",
    signature: "size(value)",
    meaning: "how many characters a text has, or entries a list or a map",
  },
  { name: "size", form: "method", signature: "value.size()", meaning: "the same" },
  { name: "all", form: "loop", signature: "list.all(x, condition)", meaning: "it holds for each" },
  { name: "exists", form: "loop", signature: "list.exists(x, condition)", meaning: "it holds for one at least" },
  { name: "exists_one", form: "loop", signature: "list.exists_one(x, condition)", meaning: "it holds for exactly one" },
  { name: "filter", form: "loop", signature: "list.filter(x, condition)", meaning: "a list of those it holds for" },
];
