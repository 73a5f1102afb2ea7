import * as z from "zod/mini";
import type { KnownControl } from "../../control.ts";
import { policySchema } from "./schema.ts";

/** A JSON Schema, draft 2020-12, as far as the reference reads it. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The schema of policies for editors, from the same source that checks them. Pure. */
export function policyJsonSchema(controls: readonly KnownControl[]): JsonSchema {
  const title = "Cordon residency policy";
  return { title, ...z.toJSONSchema(policySchema(controls), { reused: "inline" }) } as JsonSchema;
}
