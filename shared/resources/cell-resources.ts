import type { CodeChange, OwnResource, Source } from "../deployment/own-resource.ts";
import type { Reading } from "./port.ts";

export type Properties = Readonly<Record<string, unknown>>;

/** Cordon's own resources: what was deployed, and what is there. It reads; putting back is for people. */
export interface CellResources {
  /** As deployed, from the same source as the template. */
  readonly own: readonly OwnResource[];
  /** Live state by CloudFormation's property names, never cached. */
  read(source: Source): Promise<Reading<Properties>>;
}

/**
 * What has been heard of changes to functions' code, kept in the cell's table.
 *
 * @throws CordonError `unavailable`
 */
export interface CodeChanges {
  /** Keeps a change that was not a deployment's, unless something later is known. */
  record(change: CodeChange): Promise<void>;
  /** A deployment has put its own code there at that time: what came before it is over. */
  settle(functionName: string, at: string): Promise<void>;
  /** The last change that no deployment has followed. */
  last(functionName: string): Promise<CodeChange | undefined>;
}
