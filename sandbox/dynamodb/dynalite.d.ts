/**
 * The parts of dynalite the sandbox borrows: its expression parsers, its condition checker and its single-item actions,
 * which it runs over maps in memory. dynalite ships no types.
 */
declare module "dynalite/db/index.js" {
  type AttributeMap = import("./store.ts").AttributeMap;
  type TableSchema = import("./store.ts").TableSchema;
  const db: {
    validateKey(key: AttributeMap, table: TableSchema): Error | undefined | null;
    createKey(item: AttributeMap, table: TableSchema, keySchema?: TableSchema["KeySchema"]): string;
    checkConditional(data: object, existing: AttributeMap | undefined): Error | undefined | null;
    matchesExprFilter(item: AttributeMap, expression: object): boolean;
    compare(operator: string, value: unknown, operands: unknown): boolean;
    mapPaths(paths: unknown[], item: AttributeMap): AttributeMap;
  };
  export default db;
}

declare module "dynalite/validations/index.js" {
  const validations: {
    checkTypes(data: object, types: object): Record<string, unknown>;
    checkValidations(data: object, types: object, custom: unknown, store: object): void;
  };
  export default validations;
}

declare module "dynalite/validations/*" {
  const validation: import("./store.ts").Validation;
  export default validation;
}

declare module "dynalite/actions/*" {
  const action: import("./store.ts").Action;
  export default action;
}

declare module "dynalite/db/conditionParser.js" {
  export interface ParserContext {
    attrNames?: Record<string, string>;
    attrVals?: Record<string, object>;
    /** The parser takes out what it has met. */
    unusedAttrNames: Record<string, true>;
    unusedAttrVals: Record<string, true>;
    isKeyCondition?: true;
  }
  export interface ExpressionParser {
    /** A tree, or what is wrong as text. Throws SyntaxError. */
    parse(text: string, options: { context: ParserContext }): unknown;
  }
  const parser: ExpressionParser;
  export default parser;
}
declare module "dynalite/db/updateParser.js" {
  export { default } from "dynalite/db/conditionParser.js";
}
